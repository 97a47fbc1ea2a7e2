"""Indicators: counted from the views, described, and given out with their definition."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from quality import repository
from quality.definitions import Definition
from quality.distributions import describe
from quality.errors import IndicatorUnknown, PeriodInvalid
from quality.handbook import versions
from quality.handbook.showing import definition_out
from quality.handbook.versions import Version
from quality.names import read_names
from quality.repository import CaseRow, Scope, Session15
from quality.schemas import (
    CentreCount,
    CountValue,
    Indicator,
    IndicatorCase,
    IndicatorCases,
    IndicatorDetail,
    Indicators,
    IntervalValue,
    Month,
    PlaceOut,
    Point,
    ScopeOut,
)
from referral.clocks.data import Interval
from registry.facilities.rules import CHINA, local_date

LateEntries = Literal["with", "without"]
State = Literal["counted", "open", "inconsistent", "late_left_out", "outside"]

LONGEST_DAYS = 800
MOST_POINTS = 2000


@dataclass(frozen=True, slots=True)
class Measured:
    """One case or session as one indicator sees it."""

    case_id: UUID
    number: str | None
    opened_at: datetime
    place: UUID | None
    from_at: datetime
    to_at: datetime | None
    seconds: float | None
    state: State
    late: bool
    demo: bool


def check_period(scope: Scope) -> None:
    """Raise `PeriodInvalid` for a period that ends before it begins or is too long."""
    if not timedelta(0) < scope.end - scope.start <= timedelta(days=LONGEST_DAYS):
        raise PeriodInvalid(days=LONGEST_DAYS)


async def overview(session: AsyncSession, scope: Scope, late: LateEntries) -> Indicators:
    """All indicators in force, over the cases that the viewer may see."""
    check_period(scope)
    cases = await repository.cases(session, scope)
    sessions = await repository.guidance(session, scope)
    places = await _places(session, sessions)
    found = [
        _indicator(one, _measure(one.definition, cases, sessions, late), sessions, places)
        for one in await in_force(session, scope)
    ]
    return Indicators(await scope_out(session, scope, late, len(cases)), found)


async def detail(
    session: AsyncSession, scope: Scope, late: LateEntries, code: str
) -> IndicatorDetail:
    """One indicator with points and months."""
    check_period(scope)
    version = await _version(session, scope, code)
    cases = await repository.cases(session, scope)
    sessions = await repository.guidance(session, scope)
    measured = _measure(version.definition, cases, sessions, late)
    counted = [entry for entry in measured if entry.state == "counted"]
    places = await _places(session, sessions)
    return IndicatorDetail(
        scope=await scope_out(session, scope, late, len(cases)),
        indicator=_indicator(version, measured, sessions, places),
        points=[
            Point(entry.case_id, entry.from_at, entry.seconds, entry.late, entry.demo)
            for entry in counted[-MOST_POINTS:]
        ],
        months=_months(counted),
    )


async def behind(
    session: AsyncSession, scope: Scope, late: LateEntries, code: str
) -> IndicatorCases:
    """Every case behind one number, those not counted included, slowest first."""
    check_period(scope)
    version = await _version(session, scope, code)
    cases = await repository.cases(session, scope)
    sessions = await repository.guidance(session, scope)
    measured = _measure(version.definition, cases, sessions, late)
    names = await read_names(session, facility_ids=[entry.place for entry in measured])
    ordered = sorted(measured, key=lambda entry: (-(entry.seconds or 0), entry.from_at))
    return IndicatorCases(
        scope=await scope_out(session, scope, late, len(cases)),
        definition=definition_out(version),
        cases=[
            IndicatorCase(
                case_id=entry.case_id,
                number=entry.number,
                opened_at=entry.opened_at,
                origin=names.place(entry.place),
                from_at=entry.from_at,
                to_at=entry.to_at,
                seconds=entry.seconds,
                state=entry.state,
                late=entry.late,
                demo=entry.demo,
            )
            for entry in ordered
        ],
    )


def measure_interval(measured: Interval, case: CaseRow, late: LateEntries) -> Measured | None:
    """The case under an interval, or None when it is not in its population."""
    start = case.milestones.get(measured.start)
    if start is None or not measured.matches(dict(start.payload)):
        return None
    end = case.milestones.get(measured.end)
    entered_late = start.late or (end is not None and end.late)
    seconds, state = None, _state(start.at, None if end is None else end.at)
    if state == "counted" and entered_late and late == "without":
        state = "late_left_out"
    elif state == "counted" and end is not None:
        seconds = (end.at - start.at).total_seconds()
    return Measured(
        case_id=case.case_id,
        number=case.number,
        opened_at=case.opened_at,
        place=case.origin,
        from_at=start.at,
        to_at=None if end is None else end.at,
        seconds=seconds,
        state=state,
        late=entered_late,
        demo=case.demo,
    )


def _state(start: datetime, end: datetime | None) -> State:
    if end is None:
        return "open"
    return "counted" if end >= start else "inconsistent"


def _measure(
    definition: Definition,
    cases: Sequence[CaseRow],
    sessions: Sequence[Session15],
    late: LateEntries,
) -> list[Measured]:
    if definition.interval is not None:
        found = (measure_interval(definition.interval, case, late) for case in cases)
        return [entry for entry in found if entry is not None]
    return [_measure_session(entry, late) for entry in sessions]


def _measure_session(entry: Session15, late: LateEntries) -> Measured:
    state: State = "counted" if entry.counts else "outside"
    if entry.counts and entry.late and late == "without":
        state = "late_left_out"
    return Measured(
        case_id=entry.case_id,
        number=None,
        opened_at=entry.at,
        place=entry.centre,
        from_at=entry.at,
        to_at=None,
        seconds=None,
        state=state,
        late=entry.late,
        demo=entry.demo,
    )


def _indicator(
    version: Version,
    measured: Sequence[Measured],
    sessions: Sequence[Session15],
    places: dict[UUID, PlaceOut],
) -> Indicator:
    definition = version.definition
    counted = [entry for entry in measured if entry.state == "counted"]
    late, demo = sum(entry.late for entry in measured), sum(entry.demo for entry in counted)
    if definition.kind == "interval":
        target = None if definition.target is None else definition.target.seconds
        durations = [entry.seconds for entry in counted if entry.seconds is not None]
        states = Counter(entry.state for entry in measured)
        value: IntervalValue | CountValue = IntervalValue(
            distribution=describe(durations, target),
            open=states["open"],
            inconsistent=states["inconsistent"],
            late=late,
            demo=demo,
        )
    else:
        by_centre = Counter(entry.place for entry in counted)
        value = CountValue(
            n=len(counted),
            by_centre=[
                CentreCount(places[centre], n)
                for centre, n in by_centre.most_common()
                if centre in places
            ],
            outside_area=sum(entry.upper_tier and not entry.in_area for entry in sessions),
            county_centres=sum(not entry.upper_tier for entry in sessions),
            late=late,
            demo=demo,
        )
    return Indicator(definition_out(version), value)


def _months(counted: Iterable[Measured]) -> list[Month]:
    groups: dict[str, list[Measured]] = {}
    for entry in counted:
        month = entry.from_at.astimezone(CHINA).strftime("%Y-%m")
        groups.setdefault(month, []).append(entry)
    months = []
    for month, group in sorted(groups.items()):
        found = describe([entry.seconds for entry in group if entry.seconds is not None])
        months.append(Month(month, len(group), found.p50_s, found.p90_s))
    return months


COMPUTED = ("interval", "responsible_area_guidance")


async def in_force(session: AsyncSession, scope: Scope) -> list[Version]:
    """Definitions in force on the period's last day that are computed here, in order."""
    last = local_date(scope.end - timedelta(microseconds=1))
    counting = await versions.counting(session, last)
    return [one for one in counting if {one.definition.kind, one.definition.code} & {*COMPUTED}]


async def _version(session: AsyncSession, scope: Scope, code: str) -> Version:
    for one in await in_force(session, scope):
        if one.definition.code == code:
            return one
    raise IndicatorUnknown(code=code)


async def _places(session: AsyncSession, sessions: Iterable[Session15]) -> dict[UUID, PlaceOut]:
    names = await read_names(session, facility_ids=[entry.centre for entry in sessions])
    return names.places


async def scope_out(session: AsyncSession, scope: Scope, late: LateEntries, cases: int) -> ScopeOut:
    """What the numbers cover, as the API says it."""
    left = await repository.left_out(session, scope)
    return ScopeOut(
        start=scope.start,
        end=scope.end,
        region_id=scope.region_id,
        facility_id=scope.facility_id,
        late=late,
        cases=cases,
        drills_left_out=left.drills,
        voided_left_out=left.voided,
        back_referrals_left_out=left.back_referrals,
    )
