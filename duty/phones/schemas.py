"""What the API says about telephones."""

from datetime import datetime
from typing import Literal

import msgspec

from duty.rosters.schemas import PhoneList

Relation = Literal["centre", "upper", "own"]


class PhonePlace(msgspec.Struct, frozen=True):
    """One house of the book and why it is in it; `gaps`: required places nobody fills now."""

    relation: Relation
    list: PhoneList
    gaps: int


class PhoneBook(msgspec.Struct, frozen=True):
    """The responsible centres first, then the centres above them, then one's own house.

    `at` is when it was true: a copy kept on a device is as old as that.
    """

    at: datetime
    places: list[PhonePlace]
