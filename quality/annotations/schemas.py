"""What the API takes and says about notes beside a chart."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from quality.returns.schemas import Strict
from quality.schemas import PersonOut

NoteWords = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class WriteNote(Strict, frozen=True, kw_only=True):
    """Say something of a month, for a house or for a region: one of the two.

    `month`: any day of it. `text`: one line, of things and never of a patient.
    """

    month: date
    text: NoteWords
    facility_id: UUID | None = None
    region_id: UUID | None = None


class NotePlace(msgspec.Struct, frozen=True, kw_only=True):
    """A house or a region."""

    kind: Literal["facility", "region"]
    id: UUID
    name: str


class ChartNote(msgspec.Struct, frozen=True, kw_only=True):
    """A note that stands; `month` as 2026-03."""

    id: UUID
    month: str
    text: str
    place: NotePlace
    written_by: PersonOut | None
    written_at: datetime
    may_withdraw: bool


class ChartNotes(msgspec.Struct, frozen=True, kw_only=True):
    """Notes of the months asked for; `places`: for which of those asked for the viewer writes."""

    notes: list[ChartNote]
    places: list[NotePlace]


class NoteMade(msgspec.Struct, frozen=True):
    """The new note."""

    id: UUID
