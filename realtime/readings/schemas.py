"""What the API takes and says about readings."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from realtime.alarms.schemas import PersonName
from realtime.readings.limits.rules import ReadingLimits
from realtime.schemas import FetusOut

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Note = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Seq = Annotated[int, msgspec.Meta(ge=1, le=2**32 - 1)]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Urgency = Literal["urgent", "routine"]
ReadingStateName = Literal["asked", "claimed", "signed", "received", "withdrawn"]
Standard = Literal["cn2015_nst", "cn2015_labour", "none"]
"""中国 2015: antepartum NST, or the three tiers in labour; `none`: not classified."""
Category = Literal["normal", "atypical", "abnormal", "pending", "I", "II", "III", "unsatisfactory"]


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Unknown fields are refused, not ignored."""


class Cited(Strict, frozen=True, kw_only=True):
    """Seconds of the strip that the words are about, both ends included."""

    from_seq: Seq
    to_seq: Seq
    note: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Findings(Strict, frozen=True, kw_only=True):
    """What the reader saw. Nothing here is computed: the reader says it.

    `baseline_bpm` in beats per minute, null where it cannot be determined; `variability` as
    NICHD/中国 2015 name it; contractions per 10 minutes.
    """

    baseline_bpm: Annotated[int, msgspec.Meta(ge=50, le=220)] | None
    variability: Literal["absent", "minimal", "moderate", "marked", "undetermined"]
    accelerations: Literal["present", "absent", "undetermined"]
    decelerations: Annotated[
        list[Literal["early", "late", "variable", "prolonged"]], msgspec.Meta(max_length=4)
    ]
    sinusoidal: bool = False
    contractions_per_10min: Annotated[float, msgspec.Meta(ge=0, le=20)] | None = None
    standard: Standard
    category: Category | None = None


class ReadingReport(Strict, frozen=True, kw_only=True):
    """The written reading."""

    findings: Findings
    conclusion: Text
    recommendation: Text
    cited: Annotated[list[Cited], msgspec.Meta(min_length=1, max_length=40)]
    follow_up_at: Moment | None = None


class ReadingAddendum(Strict, frozen=True, kw_only=True):
    """Words added to a signed reading; a new recommendation or time replaces none, it follows."""

    text: Text
    cited: Annotated[list[Cited], msgspec.Meta(max_length=40)] = msgspec.field(default_factory=list)
    recommendation: Text | None = None
    follow_up_at: Moment | None = None


class AskIn(Strict, frozen=True, kw_only=True):
    """Ask a centre to read these seconds of a tracing."""

    recording_id: UUID
    reader_facility_id: UUID
    from_seq: Seq
    to_seq: Seq
    urgency: Urgency
    question: Note


class LookIn(Strict, frozen=True, kw_only=True):
    """The seconds to look at; without them those that were asked about."""

    from_seq: Seq | None = None
    to_seq: Seq | None = None


class MoveIn(Strict, frozen=True, kw_only=True):
    """A step of a reading; `version` as last seen."""

    version: int
    note: Note | None = None


class SignIn(Strict, frozen=True, kw_only=True):
    """The report on what `view_id` showed, and the author's password once more."""

    version: int
    view_id: UUID
    report: ReadingReport
    password: Password


class AddIn(Strict, frozen=True, kw_only=True):
    """An addendum on what `view_id` showed, and the author's password once more."""

    version: int
    view_id: UUID
    addendum: ReadingAddendum
    password: Password


class ViewOut(msgspec.Struct, frozen=True):
    """What somebody was shown: `parts` are the seconds that were there, inclusive ranges.

    `sha256` is over the frames of those seconds, in order: the version of the data.
    """

    id: UUID
    person: PersonName | None
    at: datetime
    from_seq: int
    to_seq: int
    seconds: int
    parts: list[tuple[int, int]]
    sha256: str


class SignedOut(msgspec.Struct, frozen=True):
    """The report (n = 1) or an addendum, as signed."""

    n: int
    author: PersonName | None
    facility_id: UUID
    view_id: UUID
    signed_at: datetime
    sha256: str
    report: ReadingReport | None
    addendum: ReadingAddendum | None


class ReadingEventOut(msgspec.Struct, frozen=True):
    """One thing that happened to a reading."""

    at: datetime
    action: str
    state: ReadingStateName
    person: PersonName | None
    note: str | None


class LimitsUsed(msgspec.Struct, frozen=True):
    """The version of the time limits that a reading keeps."""

    id: UUID
    limits: ReadingLimits
    source: str
    confidence: str


class ReadingOut(msgspec.Struct, frozen=True):
    """A reading as lists show it. `due_at`: signed by then; `receive_by`: received by then.

    `follow_up_at`: when the bedside is to look again, as signed last; `followed_at`: when it had.
    """

    id: UUID
    recording_id: UUID
    pregnancy_id: UUID
    of_case_id: UUID | None
    facility_id: UUID
    facility: str
    reader_facility_id: UUID
    reader_facility: str
    from_seq: int
    to_seq: int
    urgency: Urgency
    question: str
    state: ReadingStateName
    asked_by: PersonName | None
    asked_at: datetime
    due_at: datetime
    claimed_by: PersonName | None
    claimed_at: datetime | None
    signed_at: datetime | None
    received_by: PersonName | None
    received_at: datetime | None
    receive_by: datetime | None
    escalated_at: datetime | None
    follow_up_at: datetime | None
    followed_by: PersonName | None
    followed_at: datetime | None
    version: int
    limits: LimitsUsed
    bed: str
    device: str
    channels: list[str]
    fetuses: list[FetusOut]
    started_at: datetime
    woman: str
    gestation_days: int | None
    allowed: list[str]


class ReadingDetail(msgspec.Struct, frozen=True):
    """A reading with what was signed, what was looked at, and all that happened."""

    reading: ReadingOut
    signed: list[SignedOut]
    views: list[ViewOut]
    history: list[ReadingEventOut]


class AskedOut(msgspec.Struct, frozen=True):
    """What an idempotency key remembers: no text, only which reading."""

    reading_id: UUID
