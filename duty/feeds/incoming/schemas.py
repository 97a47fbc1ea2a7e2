"""What the API says about a file on its way into a plan."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from duty.feeds.incoming.reading import Trouble
from duty.rosters.plans.schemas import RosterPerson

FileName = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class ImportLine(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A line that was understood; `problem` says why it cannot be written all the same."""

    where: str
    name: str
    slot_id: UUID
    from_: datetime
    to: datetime
    person: RosterPerson | None
    problem: str | None


class ImportPreview(msgspec.Struct, frozen=True):
    """What a file would write; nothing has been written. `digest` goes with the confirmation."""

    digest: str
    lines: list[ImportLine]
    troubles: list[Trouble]
    unknown: list[str]


class SaidName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom the file means by a name."""

    name: FileName
    person_id: UUID


class SaidNames(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names explained, for this and for later files."""

    names: Annotated[list[SaidName], msgspec.Meta(min_length=1, max_length=200)]


class Confirmed(msgspec.Struct, frozen=True):
    """What an idempotency key stands for: this file under this preview."""

    sha256: str
    digest: str
    version: int
    skip: bool


class ImportDone(msgspec.Struct, frozen=True):
    """The plan after the import, and how many entries were put."""

    id: UUID
    version: int
    written: int
