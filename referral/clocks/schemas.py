"""What the API says about a case's clocks, and what it is told. Durations are in seconds."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from kernel.confidence import Confidence
from referral.clocks.data import Text, Who
from referral.clocks.rules import State
from referral.commands.fields import Anaesthesia, Input, Place, ShortText, When
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef


class MilestoneOut(msgspec.Struct, frozen=True):
    """One milestone of the case with the event that reports it.

    `undo_until`: the viewer pressed it and may still take it back as a slip.
    """

    name: str
    words: Text
    seq: int
    at: datetime
    recv_at: datetime
    device_at: datetime | None
    source: str
    auto: bool
    late: bool
    amended: bool
    actor: PersonRef | None
    facility: FacilityRef | None
    urgency_class: int | None
    place: Place | None
    anaesthesia: Anaesthesia | None
    undo_until: datetime | None


class TargetOut(msgspec.Struct, frozen=True):
    """What is aimed at, where that comes from, and whether it is still to be verified (待核实)."""

    seconds: int | None
    text: Text
    source: str
    confidence: Confidence
    to_be_verified: bool


class BreachOut(msgspec.Struct, frozen=True):
    """A step of the ladder that was taken."""

    step: int
    who: Who
    at: datetime


class OwnerOut(msgspec.Struct, frozen=True):
    """Who took the breach upon themselves."""

    person: PersonRef | None
    at: datetime


class DelayOut(msgspec.Struct, frozen=True):
    """Why it was late, and who said so."""

    code: str
    words: Text
    person: PersonRef | None
    at: datetime


class ClockOut(msgspec.Struct, frozen=True):
    """One running or stopped clock of the case.

    Running: `stopped_at` and `elapsed_s` are null, count from `started_at` with server time.
    `inconsistent`: the two times stand in the wrong order; no duration is shown.
    `next_step_at`: when the ladder climbs next; null once somebody owns the breach.
    """

    code: str
    set: str
    version: int
    name: Text
    from_milestone: str
    to_milestone: str
    state: State
    started_at: datetime
    stopped_at: datetime | None
    elapsed_s: float | None
    due_at: datetime | None
    overdue: bool | None
    late: bool
    target: TargetOut | None
    breaches: list[BreachOut]
    owner: OwnerOut | None
    delays: list[DelayOut]
    next_step_at: datetime | None
    next_step_who: Who | None


class PromptOut(msgspec.Struct, frozen=True):
    """A question to be asked from `ask_at` on; "yes" records the milestone."""

    code: str
    set: str
    words: Text
    ask_at: datetime
    records: str
    to_be_verified: bool


class SetOut(msgspec.Struct, frozen=True):
    """A condition set that applies to the case; `keys` are the big clock's, in order."""

    code: str
    version: int
    name: Text
    keys: list[str]
    source: str
    confidence: Confidence
    to_be_verified: bool


class CaseClock(msgspec.Struct, frozen=True):
    """Milestones and clocks of a case; the same on every screen."""

    case_id: UUID
    server_time: datetime
    ended: bool
    drill: bool
    demo: bool
    milestones: list[MilestoneOut]
    sets: list[SetOut]
    clocks: list[ClockOut]
    prompts: list[PromptOut]
    may_act: bool


class MilestoneWords(msgspec.Struct, frozen=True):
    """A milestone by name; `manual`: a person may enter it."""

    name: str
    words: Text
    by: str
    manual: bool


class ReasonWords(msgspec.Struct, frozen=True):
    """A coded reason; `text`: it needs words of its own."""

    code: str
    words: Text
    text: bool


class ClockCatalogue(msgspec.Struct, frozen=True):
    """The words of the clocks: milestones, reasons for delay, reasons not to do something."""

    milestones: list[MilestoneWords]
    delays: list[ReasonWords]
    not_needed: list[ReasonWords]
    sets: list[SetOut]


class AnswerPrompt(Input, kw_only=True):
    """The answer to a prompt: done (at that time, if not now), or not needed and why."""

    prompt: ShortText
    answer: Literal["yes", "not_needed"]
    code: ShortText | None = None
    note: ShortText | None = None
    at: When | None = None
    late_reason: ShortText | None = None


class OwnBreach(Input, kw_only=True):
    """I take this late clock upon myself."""

    interval: ShortText


class UndoMoment(Input, kw_only=True):
    """That was a slip: the event to take back."""

    seq: Annotated[int, msgspec.Meta(ge=1, le=2**31)]


class AttributeDelay(Input, kw_only=True):
    """Why an interval took longer than aimed at."""

    interval: ShortText
    code: ShortText
    note: ShortText | None = None


class AmendEvent(Input, kw_only=True):
    """Correct a milestone; the original stays. A second person has checked it."""

    reason: ShortText
    second_person_id: UUID
    occurred_at: When | None = None
    urgency_class: Literal[1, 2, 3, 4] | None = None
    place: Place | None = None
    anaesthesia: Anaesthesia | None = None
    withdrawn: bool = False
