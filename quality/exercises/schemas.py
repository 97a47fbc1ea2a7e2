"""What the API takes and says about drills."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from quality.returns.schemas import Code, Reason, Strict
from quality.schemas import PersonOut, PlaceOut

ExerciseKind = Literal["emergency", "skills"]
ExerciseStateName = Literal["planned", "running", "over", "debriefed", "cancelled"]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Debrief = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
MOST_PEOPLE = 100


class PlanExercise(Strict, frozen=True, kw_only=True):
    """Plan a drill of the viewer's house: of the emergency as a whole, or of a skill."""

    kind: ExerciseKind
    scenario: Code
    title: Title
    planned_at: Moment


class BeginExercise(Strict, frozen=True, kw_only=True):
    """It begins; of an emergency, `case_id` is the transfer that was sent as a drill."""

    version: int
    case_id: UUID | None = None


class MoveExercise(Strict, frozen=True, kw_only=True):
    """A step; `version` as last seen."""

    version: int


class CancelExercise(Strict, frozen=True, kw_only=True):
    """It does not take place, and why."""

    version: int
    note: Reason


class Participant(Strict, frozen=True, kw_only=True):
    """Who took part, as what; `passed` where a skill was tried."""

    name: Name
    post: Annotated[str, msgspec.Meta(max_length=60)] = ""
    passed: bool | None = None


class DebriefExercise(Strict, frozen=True, kw_only=True):
    """What was found; timings are the system's and are not typed."""

    version: int
    text: Debrief
    people: Annotated[list[Participant], msgspec.Meta(min_length=1, max_length=MOST_PEOPLE)]


class TimingOut(msgspec.Struct, frozen=True, kw_only=True):
    """A milestone of the drill: when, and how long after the first one."""

    name: str
    zh: str
    en: str
    at: datetime
    after_s: float
    late: bool


class IntervalOut(msgspec.Struct, frozen=True, kw_only=True):
    """A clock of the drill; `elapsed_s` null where it never stopped."""

    name: str
    zh: str
    en: str
    elapsed_s: float | None
    target_s: int | None
    met: bool | None
    to_be_verified: bool


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """What the drill's events say."""

    milestones: list[TimingOut]
    intervals: list[IntervalOut]


class ScenarioOut(msgspec.Struct, frozen=True):
    """A scenario, in two languages."""

    code: str
    zh: str
    en: str
    to_be_verified: bool


class ExerciseScenarios(msgspec.Struct, frozen=True):
    """The list in force."""

    version: str
    source: str
    scenarios: list[ScenarioOut]


class DrillCase(msgspec.Struct, frozen=True):
    """A transfer of the house that was sent as a drill and belongs to none yet."""

    id: UUID
    number: str
    sent_at: datetime


class ExerciseOut(msgspec.Struct, frozen=True, kw_only=True):
    """A drill in a list."""

    id: UUID
    kind: ExerciseKind
    scenario: str
    title: str
    facility: PlaceOut | None
    state: ExerciseStateName
    planned_by: PersonOut | None
    planned_at: datetime
    case_id: UUID | None
    begun_at: datetime | None
    ended_at: datetime | None
    version: int
    mine: bool
    allowed: list[str]


class ExerciseDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A drill with its timings; `candidates` are the cases it may begin with."""

    exercise: ExerciseOut
    people: list[Participant]
    debrief: str | None
    debriefed_by: PersonOut | None
    debriefed_at: datetime | None
    note: str | None
    timings: Timings | None
    candidates: list[DrillCase]


class ExerciseRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    exercise_id: UUID
