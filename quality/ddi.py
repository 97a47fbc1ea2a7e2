"""Decision to delivery, split by class, by where she was, and by anaesthesia.

The classes measure what the clock of the case measures, and take target and definition from the
indicator of that class: nothing is defined here. Who is slow and who is fast differs by where the
woman was and how she was anaesthetised (92 of 304 within 30 minutes in one published series, with
worse Apgar scores among the fast), so no share stands alone: each row has its n, median and P90,
with and without times that were entered after the fact, and how many cases are not in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy.ext.asyncio import AsyncSession

from quality import repository
from quality.distributions import describe
from quality.facts import current
from quality.handbook.showing import definition_out
from quality.handbook.versions import Version
from quality.indicators import check_period, in_force, scope_out
from quality.repository import CaseRow, Scope
from quality.schemas import Ddi, DdiCase, DdiClass, DdiRow
from referral.clocks.data import Interval
from referral.commands.fields import Anaesthesia, Place

DECISION, BIRTH = "decision_for_cs", "birth"
CLASSES = (1, 2, 3, 4)
PLACES: tuple[Place | None, ...] = (*get_args(Place), None)
ANAESTHESIA: tuple[Anaesthesia | None, ...] = (*get_args(Anaesthesia), None)
_SAYS_ANAESTHESIA = ("anaesthesia_started", BIRTH, DECISION)
"""Milestones that may say which anaesthesia it was, the nearest to the fact first."""
_READ = (DECISION, BIRTH, "anaesthesia_started")


@dataclass(frozen=True, slots=True)
class Measured:
    """How long one case took; `seconds` only where it counts."""

    seconds: float | None
    state: Literal["counted", "open", "inconsistent"]
    late: bool
    demo: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One case of a class."""

    case: CaseRow
    place: Place | None
    anaesthesia: Anaesthesia | None
    measured: Measured


async def split(session: AsyncSession, scope: Scope) -> Ddi:
    """Every class in which a decision fell, over the cases that the viewer may see."""
    check_period(scope)
    await current(session)
    cases = await repository.cases(session, scope, _READ)
    definitions = await in_force(session, scope)
    return Ddi(
        scope=await scope_out(session, scope, "with"),
        classes=[found for number in CLASSES if (found := _class(number, cases, definitions))],
    )


def _class(
    number: int, cases: Sequence[CaseRow], definitions: Iterable[Version]
) -> DdiClass | None:
    definition, interval = measured_by(number, definitions)
    entries = entries_of(cases, interval)
    if not entries and definition is None:
        return None
    seconds = interval.seconds
    return DdiClass(
        urgency_class=number,
        definition=None if definition is None else definition_out(definition),
        total=row(entries, seconds),
        by_place=[row(_at(entries, place), seconds, place=place) for place in _places(entries)],
        by_anaesthesia=[
            row(_under(entries, how), seconds, anaesthesia=how) for how in _anaesthesia(entries)
        ],
        cells=[
            row(cell, seconds, place=place, anaesthesia=how)
            for place in _places(entries)
            for how in _anaesthesia(entries)
            if (cell := _under(_at(entries, place), how))
        ],
        cases=[_case(one) for one in sorted(entries, key=_slowest) if one.case.listed],
    )


def _slowest(entry: Entry) -> tuple[bool, float]:
    seconds = entry.measured.seconds
    return seconds is None, -(seconds or 0)


def _case(entry: Entry) -> DdiCase:
    case, measured = entry.case, entry.measured
    return DdiCase(
        case_id=case.case_id,
        number=case.number,
        decided_at=case.milestones[DECISION].at,
        seconds=measured.seconds,
        state=measured.state,
        place=entry.place,
        anaesthesia=entry.anaesthesia,
        late=measured.late,
        demo=measured.demo,
    )


def measured_by(number: int, definitions: Iterable[Version]) -> tuple[Version | None, Interval]:
    """The indicator of a class and its interval; a class without one has no target."""
    for entry in definitions:
        found = entry.definition.interval
        ends = None if found is None else (found.start, found.end)
        if ends == (DECISION, BIRTH) and found and found.where == {"urgency_class": number}:
            return entry, found
    where: dict[str, int | str] = {"urgency_class": number}
    return None, Interval(start=DECISION, end=BIRTH, zh="DDI", en="DDI", where=where)


def entries_of(cases: Iterable[CaseRow], interval: Interval) -> list[Entry]:
    """The cases of an interval, each with where the woman was and her anaesthesia."""
    return [
        Entry(case, _place(case), _anaesthetised(case), measured)
        for case in cases
        if (measured := measure_interval(interval, case)) is not None
    ]


def measure_interval(measured: Interval, case: CaseRow) -> Measured | None:
    """The case under an interval, or None when it is not in its population."""
    start, end = case.milestones.get(measured.start), case.milestones.get(measured.end)
    if start is None or not measured.matches(dict(start.payload)):
        return None
    late = start.late or (end is not None and end.late)
    if end is None:
        return Measured(None, "open", late, case.demo)
    if end.at < start.at:
        return Measured(None, "inconsistent", late, case.demo)
    return Measured((end.at - start.at).total_seconds(), "counted", late, case.demo)


def _place(case: CaseRow) -> Place | None:
    said = case.milestones[DECISION].payload.get("place")
    return said if said in PLACES else None


def _anaesthetised(case: CaseRow) -> Anaesthesia | None:
    for name in _SAYS_ANAESTHESIA:
        reached = case.milestones.get(name)
        said = None if reached is None else reached.payload.get("anaesthesia")
        if said in ANAESTHESIA and said is not None:
            return said
    return None


def _places(entries: Sequence[Entry]) -> list[Place | None]:
    return [place for place in PLACES if _at(entries, place)]


def _anaesthesia(entries: Sequence[Entry]) -> list[Anaesthesia | None]:
    return [how for how in ANAESTHESIA if _under(entries, how)]


def _at(entries: Sequence[Entry], place: Place | None) -> list[Entry]:
    return [entry for entry in entries if entry.place == place]


def _under(entries: Sequence[Entry], how: Anaesthesia | None) -> list[Entry]:
    return [entry for entry in entries if entry.anaesthesia == how]


def row(
    entries: Sequence[Entry],
    target_s: int | None,
    *,
    place: Place | None = None,
    anaesthesia: Anaesthesia | None = None,
) -> DdiRow:
    """One line of the table: with late entries, without them, and what is in neither."""
    measured = [entry.measured for entry in entries]
    counted = [one for one in measured if one.seconds is not None]
    return DdiRow(
        place=place,
        anaesthesia=anaesthesia,
        with_late=describe([one.seconds for one in counted if one.seconds is not None], target_s),
        without_late=describe(
            [one.seconds for one in counted if one.seconds is not None and not one.late], target_s
        ),
        open=sum(one.state == "open" for one in measured),
        inconsistent=sum(one.state == "inconsistent" for one in measured),
        demo=sum(one.demo for one in counted),
    )
