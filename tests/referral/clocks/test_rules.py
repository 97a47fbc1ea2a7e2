"""Each interval on both sides of its target, prompts, and which step of the ladder comes next."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from referral.clocks.data import ConditionSet, Interval, Prompt, all_versions
from referral.clocks.rules import (
    Breach,
    Course,
    Delay,
    Marks,
    NotNeeded,
    Owner,
    Point,
    Reading,
    questions,
    readings,
)
from tests.referral.clocks.test_milestones import CASE

SETS = all_versions()
AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
INTERVALS = [(entry, code, entry.interval[code]) for entry in SETS for code in entry.interval]
TIMED = [row for row in INTERVALS if row[2].seconds is not None]
PROMPTS = [(entry, code, entry.prompt[code]) for entry in SETS for code in entry.prompt]


def point(
    name: str, seconds: float = 0, *, entered: float | None = None, **payload: object
) -> Point:
    at = AT + timedelta(seconds=seconds)
    known = at if entered is None else AT + timedelta(seconds=entered)
    return Point(name, 1, at, known, late=entered is not None, payload=payload)


def course(
    *points: Point, marks: Marks | None = None, ended: bool = False, **facts: object
) -> Course:
    names = {one.name: one for one in points}
    known = {"direction": "up", "milestones": frozenset(names), **facts}
    return Course(names, known, marks or Marks(), ended)


def on_clock(entry: ConditionSet, code: str, made: Course, seconds: float) -> Reading | None:
    """The clock so many seconds after its start, with the set switched on whatever it is for."""
    found = readings(made, [_always(entry)], AT + timedelta(seconds=seconds))
    return next((reading for reading in found if reading.code == code), None)


def _always(entry: ConditionSet) -> ConditionSet:
    return msgspec.structs.replace(entry, applies={"fact": "direction", "eq": "up"})


@pytest.mark.parametrize(("entry", "code", "interval"), TIMED, ids=lambda x: str(x)[:40])
def test_each_target_is_late_only_after_its_second(
    entry: ConditionSet, code: str, interval: Interval
) -> None:
    assert interval.seconds is not None
    start = point(interval.start, **interval.where)
    for seconds, over in ((interval.seconds, False), (interval.seconds + 1, True)):
        running = on_clock(entry, code, course(start), seconds)
        assert running is not None
        assert (running.state, running.overdue, running.elapsed) == ("running", over, None)
        stopped = on_clock(entry, code, course(start, point(interval.end, seconds)), 99_999)
        assert stopped is not None
        assert (stopped.state, stopped.overdue) == ("stopped", over)
        assert stopped.elapsed == timedelta(seconds=seconds)
        assert stopped.climb is None


@pytest.mark.parametrize(("entry", "code", "interval"), INTERVALS, ids=lambda x: str(x)[:40])
def test_each_interval_starts_stops_and_never_runs_backwards(
    entry: ConditionSet, code: str, interval: Interval
) -> None:
    assert on_clock(entry, code, course(), 10) is None
    start, end = point(interval.start, 60, **interval.where), point(interval.end, 30)
    wrong = on_clock(entry, code, course(start, end), 90)
    assert wrong is not None
    assert (wrong.state, wrong.elapsed, wrong.overdue) == ("inconsistent", None, None)
    over = on_clock(entry, code, course(start, ended=True), 99_999)
    assert over is not None
    assert (over.state, over.overdue, over.climb) == ("abandoned", None, None)
    if interval.where:
        assert on_clock(entry, code, course(point(interval.start)), 10) is None
    if interval.target is None:
        running = on_clock(entry, code, course(start), 99_999)
        assert running is not None
        assert (running.due_at, running.overdue, running.climb) == (None, None, None)


@pytest.mark.parametrize(("entry", "code", "prompt"), PROMPTS, ids=lambda x: str(x)[:40])
def test_each_prompt_is_asked_once_its_time_has_come_and_until_answered(
    entry: ConditionSet, code: str, prompt: Prompt
) -> None:
    sets = [_always(entry)]
    before = course(point(prompt.after))
    (asked,) = [one for one in questions(before, sets) if one.code == code]
    assert asked.ask_at == AT + timedelta(seconds=prompt.after_s)
    assert all(one.code != code for one in questions(course(), sets))
    for name in prompt.unless:
        done = course(point(prompt.after), point(name, 5))
        assert all(one.code != code for one in questions(done, sets))
    spared = Marks(not_needed=(NotNeeded(code, "not_indicated", CASE, AT),))
    assert all(
        one.code != code for one in questions(course(point(prompt.after), marks=spared), sets)
    )
    assert questions(course(point(prompt.after), ended=True), sets) == []


def test_a_set_is_for_its_conditions_and_for_moments_that_name_it() -> None:
    def applied(made: Course) -> set[str]:
        return {entry.code for entry in SETS if entry.condition.test(made.facts) is True}

    assert applied(course(point("request"), condition="pph")) == {"referral", "pph", "blood"}
    assert applied(course(point("request"), point("sepsis_recognised"), condition="prom")) == {
        "referral",
        "sepsis",
    }
    assert applied(course(point("request"), direction="back")) == set()
    assert "newborn_transfer" in applied(course(point("request"), subject="newborn"))


def decided(
    *, marks: Marks | None = None, seconds: float = 0, entered: float | None = None
) -> Course:
    return course(point("decision_for_cs", seconds, entered=entered, urgency_class=1), marks=marks)


def climb(made: Course) -> tuple[int, str, float] | None:
    found = readings(made, SETS, AT + timedelta(hours=1))
    (reading,) = [one for one in found if one.code == "ddi_category_1"]
    if reading.climb is None:
        return None
    return reading.climb.number, reading.climb.step.who, (reading.climb.at - AT).total_seconds()


def breach(step: int, due: datetime = AT + timedelta(minutes=30)) -> Breach:
    return Breach("ddi_category_1", due.isoformat(), step, "bedside", AT)


def test_the_ladder_climbs_step_by_step_until_it_is_used_up() -> None:
    assert climb(decided()) == (0, "bedside", 1800)
    assert climb(decided(marks=Marks(breaches=(breach(0),)))) == (1, "unit", 1920)
    assert climb(decided(marks=Marks(breaches=(breach(0), breach(1))))) == (2, "coordinator", 2400)
    used_up = tuple(breach(step) for step in range(3))
    assert climb(decided(marks=Marks(breaches=used_up))) is None


def test_a_name_stops_the_ladder_and_a_reason_does_not() -> None:
    owner = Owner("ddi_category_1", CASE, AT)
    assert climb(decided(marks=Marks(breaches=(breach(0),), owners=(owner,)))) is None
    why = Delay("ddi_category_1", "no_theatre", CASE, AT)
    assert climb(decided(marks=Marks(breaches=(breach(0),), delays=(why,)))) is not None


def test_a_corrected_start_begins_the_ladder_anew() -> None:
    fired = Marks(breaches=(breach(0), breach(1)))
    assert climb(decided(marks=fired, seconds=600)) == (0, "bedside", 2400)


def test_what_is_entered_late_rings_nobody_for_the_past() -> None:
    assert climb(decided(entered=7200)) == (0, "bedside", 7200)
