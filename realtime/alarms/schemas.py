"""What the API and the watch socket say about alarms."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from realtime.alarms.limits import Limits

Kind = Literal[
    "bradycardia", "tachycardia", "signal_loss", "maternal_rate", "same_fetus", "battery_low",
    "device_silent", "offline",
]  # fmt: skip
State = Literal["active", "silenced", "latched", "acknowledged", "closed"]
Why = Literal[
    "attending", "doctor_called", "transducer_adjusted", "known", "false_alarm",
    "monitoring_ended", "other",
]  # fmt: skip
"""Why somebody takes an alarm, or pauses its sound; "other" needs words."""

Note = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class PersonName(msgspec.Struct, frozen=True):
    """Who answered."""

    id: UUID
    name: str
    title: str


class AlarmOut(msgspec.Struct, frozen=True):
    """One alarm.

    `channel` is 1-3 for a fetal channel, 0 for the recording; `fetus` is whom it hears, A, B or C,
    where the monitor hears several; `onset_seq` and `seq` are the seconds
    in which the condition began and in which it was raised (0: a line went quiet, no second says
    it); `value_bpm` is the rate when raised. `present` is false once the condition is over: with
    state `latched` it is resolved and nobody has answered yet. `escalated_at`: since when people on
    call are rung.
    """

    id: UUID
    recording_id: UUID
    facility_id: UUID
    kind: Kind
    channel: int
    fetus: str | None
    priority: Literal["high", "medium", "low"]
    state: State
    present: bool
    raised_at: datetime
    onset_seq: int
    seq: int
    value_bpm: float | None
    limits: Limits
    ceased_at: datetime | None
    acknowledged_by: PersonName | None
    acknowledged_at: datetime | None
    silenced_until: datetime | None
    escalate_at: datetime | None
    escalated_at: datetime | None
    version: int
    device: str
    bed: str
    unit: str
    pregnancy_id: UUID | None
    case_id: UUID | None
    allowed: list[Literal["acknowledge", "silence"]]


class WatchedAlarm(msgspec.Struct, frozen=True, omit_defaults=True):
    """An alarm in `alarm` and `subscribed` messages of the watch socket; fields as in `AlarmOut`.

    `provisional`: told before it is recorded, with version 0; the recorded word follows under the
    same id, or, if another gateway was first, this one never comes again.
    """

    id: UUID
    kind: Kind
    channel: int
    priority: Literal["high", "medium", "low"]
    state: State
    present: bool
    raised_at: datetime
    onset_seq: int
    seq: int
    version: int
    value_bpm: float | None = None
    ceased_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    silenced_until: datetime | None = None
    escalated_at: datetime | None = None
    provisional: bool = False


class AlarmEventOut(msgspec.Struct, frozen=True):
    """One thing that happened to an alarm; `until` of a silence."""

    at: datetime
    action: str
    state: State
    person: PersonName | None
    reason: str | None
    note: str | None
    seq: int | None
    until: datetime | None


class AlarmDetail(msgspec.Struct, frozen=True):
    """An alarm with all that happened to it, oldest first."""

    alarm: AlarmOut
    history: list[AlarmEventOut]


class AcknowledgeAlarm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Take the alarm by name; `version` as last seen."""

    version: int
    reason: Why
    note: Note | None = None


class SilenceAlarm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pause the sound for so many seconds; the alarm stays unanswered."""

    version: int
    seconds: Annotated[int, msgspec.Meta(ge=10, le=300)]
    reason: Why
    note: Note | None = None


class LimitsOut(msgspec.Struct, frozen=True):
    """A version of the limits: whose, since when, from where, and how sure that is."""

    id: UUID
    owner: Literal["unit", "facility", "platform"]
    unit: str
    valid_from: datetime
    in_force: bool
    limits: Limits
    source: str
    confidence: str
    recorded_by: PersonName | None
    recorded_at: datetime
    supersedes_id: UUID | None


class Bound(msgspec.Struct, frozen=True):
    """What a unit may choose for one field, both ends included."""

    field: str
    least: int
    most: int


class LimitsBook(msgspec.Struct, frozen=True):
    """The limits of a facility: in force for each of its units first, then earlier versions."""

    facility_id: UUID
    units: list[str]
    bounds: list[Bound]
    versions: list[LimitsOut]
    may_write: bool


class NewLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new version for my facility, or one of its units (by the name its devices carry)."""

    limits: Limits
    source: Annotated[str, msgspec.Meta(min_length=2, max_length=500)]
    confidence: Literal["待核实", "已核实"] = "待核实"
    unit: Annotated[str, msgspec.Meta(max_length=64)] = ""
    valid_from: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class LimitsWritten(msgspec.Struct, frozen=True):
    """The new version."""

    id: UUID
