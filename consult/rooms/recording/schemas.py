"""What the API takes and says about recordings."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from registry.people.schemas import PersonRef

AnswerName = Literal["unasked", "agreed", "refused", "withdrawn"]
Beside = Literal["nobody", "agreed"]
WhyRecordingEnded = Literal["refused", "withdrawn", "stopped", "room_ended"]
SourceName = Literal["microphone", "camera", "screen", "ultrasound"]


class AgreeRecording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One's own agreement, to the text of this version.

    `beside`: nobody else can be heard or seen where one is, or all who can (the patient, her
    family, colleagues) have said yes.
    """

    beside: Beside
    text_version: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class ConsentText(msgspec.Struct, frozen=True):
    """What is agreed to, in both languages; `confidence` says whether it is verified."""

    version: str
    zh: str
    en: str
    source: str
    confidence: str


class RecordingAnswer(msgspec.Struct, frozen=True):
    """What one participant said last."""

    admission_id: UUID
    person: PersonRef | None
    answer: AnswerName
    beside: Beside | None
    said_at: datetime


class RoomRecording(msgspec.Struct, frozen=True):
    """A recording as those in the room see it; whether bytes are written now the worker says.

    `mine` is one's own answer; `allowed` are agree, refuse, withdraw, stop.
    """

    id: UUID
    room_id: UUID
    asked_by: PersonRef | None
    asked_at: datetime
    ended_at: datetime | None
    ended_by: PersonRef | None
    why_ended: WhyRecordingEnded | None
    answers: list[RecordingAnswer]
    mine: AnswerName
    allowed: list[str]


class RecordingViewed(msgspec.Struct, frozen=True):
    """Somebody looked at it."""

    person: PersonRef | None
    opened_at: datetime


class KeptRecording(msgspec.Struct, frozen=True):
    """A recording of a consultation: who agreed, how long it is kept, who looked at it.

    `parts` counts its files; `may_view` says whether the viewer may open it now.
    """

    recording: RoomRecording
    parts: int
    kept_at: datetime | None
    retain_until: date | None
    retention_source: str
    retention_confidence: str
    erased_at: datetime | None
    viewings: list[RecordingViewed]
    may_view: bool


class RecordingPart(msgspec.Struct, frozen=True):
    """A source of one participant, from its first frame on; `whole` is false after a crash."""

    id: UUID
    admission_id: UUID
    person: PersonRef | None
    source: SourceName
    began_at: datetime
    length_ms: int
    size_bytes: int
    whole: bool
    sha256: str


class Viewing(msgspec.Struct, frozen=True):
    """An opened recording; its `id` opens the parts for whoever opened it, for twelve hours."""

    id: UUID
    recording: RoomRecording
    parts: list[RecordingPart]


class ViewingRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    id: UUID
