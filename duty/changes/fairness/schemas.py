"""What the API says about the burden of duty."""

from datetime import datetime
from uuid import UUID

import msgspec

from duty.changes.schemas import SwapPerson


class FairnessRow(msgspec.Struct, frozen=True):
    """One person's duty in the period; `share`: points against the average of those listed."""

    person: SwapPerson
    shifts: int
    hours: float
    nights: int
    night_hours: float
    weekend_hours: float
    holiday_hours: float
    points: float
    share: float


class FairnessShift(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """One shift of the person asked about, and what it counts."""

    group: str
    specialty: str
    tier: str
    from_: datetime
    to: datetime
    points: float


class FairnessGroup(msgspec.Struct, frozen=True):
    """A group of the facility."""

    id: UUID
    name: str


class FairnessReport(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Weighted duty of a facility or one group; `shifts` only when one person is asked about.

    `unknown_years`: years whose public holidays nobody entered; they count by weekday alone.
    """

    facility_id: UUID
    from_: datetime
    to: datetime
    groups: list[FairnessGroup]
    rows: list[FairnessRow]
    shifts: list[FairnessShift]
    unknown_years: list[int]
    weights_version: UUID
    source: str
    confidence: str
