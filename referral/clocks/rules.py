"""What the clocks of a case say now: pure, from its milestones and the marks people left on them.

Screens, the ladder and the indicators ask here, so that one interval has one answer everywhere.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from referral.clocks.data import ConditionSet, Interval, Prompt, Step

State = Literal["running", "stopped", "abandoned", "inconsistent"]


@dataclass(frozen=True, slots=True)
class Point:
    """A milestone that was reached, as far as clocks care.

    `entered_at` is when it became known: a ladder never climbs for time that nobody could use.
    """

    name: str
    seq: int
    at: datetime
    entered_at: datetime
    late: bool = False
    payload: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Breach:
    """A step of the ladder that was taken. `due` is the moment that had passed, as written."""

    interval: str
    due: str
    step: int
    who: str
    at: datetime
    page_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Owner:
    """Who took a breach upon themselves, and when."""

    interval: str
    person_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Delay:
    """Why an interval was late, by whom it was said."""

    interval: str
    code: str
    person_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class NotNeeded:
    """A prompt that was answered "not needed"."""

    prompt: str
    code: str
    person_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Marks:
    """What people and the ladder have said about a case's clocks."""

    breaches: tuple[Breach, ...] = ()
    owners: tuple[Owner, ...] = ()
    delays: tuple[Delay, ...] = ()
    not_needed: tuple[NotNeeded, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """A case as its clocks see it.

    Attributes:
        facts: what `applies` conditions ask for: condition, acuity, subject, direction, milestones.
    """

    points: dict[str, Point]
    facts: dict[str, object]
    marks: Marks
    ended: bool


@dataclass(frozen=True, slots=True)
class Climb:
    """The next step of a ladder, and when it is due."""

    number: int
    step: Step
    at: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """One clock of the case."""

    set: ConditionSet
    code: str
    interval: Interval
    start: Point
    end: Point | None
    state: State
    due_at: datetime | None
    overdue: bool | None
    breaches: tuple[Breach, ...]
    owner: Owner | None
    delays: tuple[Delay, ...]
    climb: Climb | None

    @property
    def elapsed(self) -> timedelta | None:
        """How long it took; None while it runs and where the two times stand the wrong way."""
        if self.end is None or self.state != "stopped":
            return None
        return self.end.at - self.start.at

    @property
    def late(self) -> bool:
        """Either end was entered after the fact."""
        return self.start.late or (self.end is not None and self.end.late)


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt that waits for an answer, from `ask_at` on."""

    set: ConditionSet
    code: str
    prompt: Prompt
    ask_at: datetime


def applying(course: Course, sets: Iterable[ConditionSet]) -> list[ConditionSet]:
    """The sets that are for this case: what is not known does not switch a clock on."""
    return [entry for entry in sets if entry.condition.test(course.facts) is True]


def readings(course: Course, sets: Sequence[ConditionSet], now: datetime) -> list[Reading]:
    """Every clock that has started, in the order of the sets."""
    return list(_readings(course, sets, now))


def _readings(course: Course, sets: Sequence[ConditionSet], now: datetime) -> Iterator[Reading]:
    for entry in applying(course, sets):
        for code, interval in entry.interval.items():
            start = course.points.get(interval.start)
            if start is not None and interval.matches(start.payload):
                yield _reading(course, entry, code, start, now)


def _reading(
    course: Course, entry: ConditionSet, code: str, start: Point, now: datetime
) -> Reading:
    interval, marks = entry.interval[code], course.marks
    end = course.points.get(interval.end)
    state = _state(start, end, ended=course.ended)
    due = None if interval.seconds is None else start.at + timedelta(seconds=interval.seconds)
    overdue = None
    if due is not None and state in ("running", "stopped"):
        overdue = (now if end is None else end.at) > due
    breaches = tuple(mark for mark in marks.breaches if mark.interval == code)
    owner = next((mark for mark in marks.owners if mark.interval == code), None)
    climb = None
    if state == "running" and owner is None and due is not None:
        climb = _climb(entry.ladder, breaches, start, due)
    return Reading(
        set=entry,
        code=code,
        interval=interval,
        start=start,
        end=end,
        state=state,
        due_at=due,
        overdue=overdue,
        breaches=breaches,
        owner=owner,
        delays=tuple(mark for mark in marks.delays if mark.interval == code),
        climb=climb,
    )


def _state(start: Point, end: Point | None, *, ended: bool) -> State:
    if end is None:
        return "abandoned" if ended else "running"
    return "stopped" if end.at >= start.at else "inconsistent"


def _climb(
    ladder: Sequence[Step], breaches: Sequence[Breach], start: Point, due: datetime
) -> Climb | None:
    """The first step not yet taken for this due moment; a corrected start begins anew."""
    taken = {mark.step for mark in breaches if mark.due == due.isoformat()}
    base = max(due, start.entered_at)
    for number, step in enumerate(ladder):
        if number not in taken:
            return Climb(number, step, base + timedelta(seconds=step.after_s))
    return None


def questions(course: Course, sets: Sequence[ConditionSet]) -> list[Question]:
    """Prompts that wait for an answer, the earliest first."""
    if course.ended:
        return []
    answered = {mark.prompt for mark in course.marks.not_needed}
    found = [
        Question(entry, code, prompt, start.at + timedelta(seconds=prompt.after_s))
        for entry in applying(course, sets)
        for code, prompt in entry.prompt.items()
        if (start := course.points.get(prompt.after)) is not None
        and code not in answered
        and not any(name in course.points for name in prompt.unless)
    ]
    return sorted(found, key=lambda question: (question.ask_at, question.code))
