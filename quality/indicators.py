"""Indicators: counted by the database, described, and given out with their definition."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.confidence import unverified
from quality import closed_numbers, repository
from quality.baselines import baseline, beside
from quality.charts import chart_of, funnel_of
from quality.compiling import Compiled, compiled
from quality.definitions import Definition
from quality.distributions import Distribution, Within, histogram
from quality.errors import IndicatorUnknown, PeriodInvalid
from quality.facts import current
from quality.frozen import periods, rows
from quality.groups import Group
from quality.handbook import versions
from quality.handbook.showing import definition_out
from quality.handbook.versions import Version
from quality.names import Names, read_names
from quality.passes import Few, asked_of
from quality.published import Figure, figures_of
from quality.repository import LateEntries, Member, Page, Scope, Totals
from quality.schemas import (
    CentreValue,
    Compared,
    CountValue,
    ElsewhereValue,
    FrozenMark,
    HouseValue,
    Indicator,
    IndicatorCase,
    IndicatorCases,
    IndicatorDetail,
    Indicators,
    IntervalValue,
    LeftOut,
    Month,
    Point,
    PublishedOut,
    ScopeOut,
    ShareValue,
    Value,
)
from quality.sources import NO_CASE, SOURCES
from quality.untold import Untold, by_period
from quality.values import mean_of_centres, rate, shown_of_each, value_in
from quality.vocabulary import CountMeasure, RateMeasure, ShareMeasure

LONGEST_DAYS = 800
MOST_POINTS = 2000
MOST_CASES = 5000


def check_period(scope: Scope) -> None:
    """Raise `PeriodInvalid` for a period that ends before it begins or is too long."""
    if not timedelta(0) < scope.end - scope.start <= timedelta(days=LONGEST_DAYS):
        raise PeriodInvalid(days=LONGEST_DAYS)


async def overview(
    session: AsyncSession, scope: Scope, late: LateEntries, *, houses: int | None = None
) -> Indicators:
    """All indicators in force, over what the viewer may see.

    Args:
        houses: how many facilities are named of each, those with the most; None: all.
    """
    check_period(scope)
    await current(session)
    versions = await in_force(session, scope)
    centres = await repository.centres(session, scope)
    few = None if houses is None else shown_of_each(houses, versions, scope, centres)
    totals = await measured(session, scope, late, versions, few=few, every=versions)
    found = list(zip(versions, totals, strict=True))
    names = await names_of(session, [totals for _, totals in found], centres)
    return Indicators(
        await scope_out(session, scope, late),
        [
            _indicator(version, totals, scope, centres, names, houses=houses)
            for version, totals in found
        ],
    )


async def detail(
    session: AsyncSession, scope: Scope, late: LateEntries, code: str
) -> IndicatorDetail:
    """One indicator with points and months."""
    check_period(scope)
    await current(session)
    version = await version_of(session, scope, code)
    (totals,) = await measured(session, scope, late, [version], months=True)
    centres = await repository.centres(session, scope)
    names = await names_of(session, [totals], centres)
    counted = rows_of(scope, version) if of_cases(version.definition) else None
    newest = (
        []
        if counted is None
        else await repository.points(session, scope, late, counted, MOST_POINTS)
    )
    return IndicatorDetail(
        scope=await scope_out(session, scope, late),
        indicator=_indicator(version, totals, scope, centres, names),
        houses=_houses(version.definition, totals, scope, names),
        points=[
            Point(one.case_id, one.from_at, one.seconds, one.met, one.late, one.demo)
            for one in newest
            if one.case_id is not None
        ],
        months=_months(version.definition, totals),
        control=None if totals is None else chart_of(version.definition, totals, scope),
        funnel=None if totals is None else funnel_of(version.definition, totals, names),
        published=[_published(one) for one in figures_of(code)],
    )


def _published(figure: Figure) -> PublishedOut:
    return PublishedOut(
        place=figure.place,
        n=figure.n,
        of=figure.of,
        unit=figure.unit,
        printed=figure.printed,
        recomputed=figure.recomputed,
        consistent=figure.consistent,
        source=figure.source,
        confidence=figure.confidence,
        to_be_verified=unverified(figure.confidence),
        note=figure.note,
    )


async def behind(
    session: AsyncSession, scope: Scope, late: LateEntries, code: str
) -> IndicatorCases:
    """Those behind one number, slowest first, those not counted included."""
    check_period(scope)
    await current(session)
    version = await version_of(session, scope, code)
    counted = rows_of(scope, version)
    found = (
        []
        if counted is None
        else await repository.members(session, scope, late, counted, MOST_CASES)
    )
    names = await read_names(session, facility_ids=[one.place for one in found])
    pages = await pages_of(session, version.definition, [one.case_id for one in found])
    return IndicatorCases(
        scope=await scope_out(session, scope, late),
        definition=definition_out(version),
        cases=[_case(one, names, pages) for one in found],
        unlisted=0 if counted is None else await repository.unlisted(session, scope, late, counted),
    )


async def pages_of(
    session: AsyncSession, definition: Definition, cases: Sequence[UUID | None]
) -> Mapping[UUID | None, Page]:
    """Where members are shown. Whoever is shown a transfer may open it; the rest is looked up."""
    measure, ids = definition.measure, [one for one in cases if one is not None]
    if isinstance(measure, CountMeasure | ShareMeasure | RateMeasure) and measure.of != "cases":
        return await repository.pages(session, ids)
    return dict.fromkeys(ids, "case")


def _case(member: Member, names: Names, pages: Mapping[UUID | None, Page]) -> IndicatorCase:
    return IndicatorCase(
        case_id=member.case_id,
        page=pages.get(member.case_id),
        number=member.number,
        opened_at=member.opened_at,
        origin=names.place(member.place),
        from_at=member.from_at,
        to_at=member.to_at,
        seconds=member.seconds,
        state=member.state,
        reason=member.reason,
        met=member.met,
        part=member.part,
        whole=member.whole,
        late=member.late,
        demo=member.demo,
    )


async def in_force(session: AsyncSession, scope: Scope) -> Sequence[Version]:
    """Definitions in force on the period's last day, or frozen with it, in the handbook's order."""
    if scope.frozen is None:
        return await versions.counting(session, scope.last_day)
    kept = await rows.version_ids(session, scope.frozen)
    return [one for one in await versions.every(session) if one.id in kept]


def rows_of(scope: Scope, version: Version) -> Compiled | None:
    """The rows of a version as they read now, or as they were frozen; None: there are none."""
    if untold(version.definition, scope) is not None:
        return None
    if scope.frozen is None:
        return compiled(version.definition.measure)
    return rows.rows_of(scope.frozen, version)


def untold(definition: Definition, scope: Scope) -> Untold | None:
    """Why a definition says nothing of a scope, whoever asks; None: it does."""
    return by_period(definition.measure, scope.start, scope.end, reviews_kept=scope.reviews_kept)


async def version_of(session: AsyncSession, scope: Scope, code: str) -> Version:
    """The version of a code that is in force.

    Raises:
        IndicatorUnknown: there is none.
    """
    for one in await in_force(session, scope):
        if one.definition.code == code:
            return one
    raise IndicatorUnknown(code=code)


def of_cases(definition: Definition) -> bool:
    """Whether those behind a number are cases that somebody can open."""
    measure = definition.measure
    if isinstance(measure, CountMeasure | ShareMeasure | RateMeasure):
        return SOURCES[measure.of].case_id != NO_CASE
    return True


async def measured(
    session: AsyncSession,
    scope: Scope,
    late: LateEntries,
    versions: Sequence[Version],
    *,
    months: bool = False,
    few: Sequence[Few] | None = None,
    every: Sequence[Version] | None = None,
) -> list[Totals | None]:
    """The numbers of each version; None: nothing is said of the scope (`untold`).

    Args:
        few: of each version, which facilities alone are shown; None: all.
        every: all that are in force, where the caller knows them.
    """
    if scope.frozen is not None:
        kept = [await kept_totals(session, scope, late, one) for one in versions]
        return await _guarded(session, scope, late, versions, kept, every)
    asked = {
        at: one
        for at, version in enumerate(versions)
        if (one := asked_of(version.definition)) is not None
        and untold(version.definition, scope) is None
    }
    shown = None if few is None else [few[at] for at in asked]
    found = await repository.totals(
        session, scope, late, list(asked.values()), months=months, few=shown
    )
    known = dict(zip(asked, found, strict=True))
    told = [known.get(at) for at in range(len(versions))]
    return await _guarded(session, scope, late, versions, told, every)


async def _guarded(
    session: AsyncSession,
    scope: Scope,
    late: LateEntries,
    versions: Sequence[Version],
    found: Sequence[Totals | None],
    every: Sequence[Version] | None,
) -> list[Totals | None]:
    """What of the numbers the viewer may hear."""
    if not any(one is not None and one.all.closed for one in found):
        return list(found)
    measures = [one.definition.measure for one in versions]
    every = every or await in_force(session, scope)
    return await closed_numbers.guarded(
        session, scope, late, list(zip(measures, found, strict=True)), every
    )


async def kept_totals(
    session: AsyncSession, scope: Scope, late: LateEntries, version: Version
) -> Totals | None:
    """What a closed period keeps of a version, also what is told in sums alone; None: nothing."""
    if scope.frozen is None or untold(version.definition, scope) is not None:
        return None
    kept = rows.counted_rows(scope.frozen, version)
    return await repository.frozen_totals(session, scope, late, kept, target_s(version.definition))


def target_s(definition: Definition) -> int | None:
    """What is aimed at, in seconds."""
    return None if definition.target is None else definition.target.seconds


def _indicator(
    version: Version,
    totals: Totals | None,
    scope: Scope,
    centres: Sequence[UUID],
    names: Names,
    *,
    houses: int | None = None,
) -> Indicator:
    definition = version.definition
    return Indicator(
        definition_out(version),
        value_of(definition, totals, scope, centres, names, houses=houses),
        _compared(definition, scope, None if totals is None or totals.untold else totals.all),
    )


def _compared(definition: Definition, scope: Scope, group: Group | None) -> Compared | None:
    value = None if group is None or not group.n else value_in(definition, group)
    said, worse = beside(definition, value, baseline(definition, scope))
    return None if said is None else Compared(said, worse)


def _houses(
    definition: Definition, totals: Totals | None, scope: Scope, names: Names
) -> list[HouseValue]:
    if totals is None or totals.untold is not None:
        return []
    return [
        HouseValue(
            centre=place,
            n=one.n,
            met=one.met if definition.fraction else None,
            value=value_in(definition, one),
            compared=_compared(definition, scope, one),
        )
        for one in sorted(totals.places, key=lambda one: -one.n)
        if one.n and (place := names.place(one.key if isinstance(one.key, UUID) else None))
    ]


def value_of(
    definition: Definition,
    totals: Totals | None,
    scope: Scope,
    centres: Sequence[UUID],
    names: Names,
    *,
    houses: int | None = None,
) -> Value:
    """What a definition comes to, as the API says it; `houses` as in `overview`."""
    if totals is None or totals.untold is not None:
        why = untold(definition, scope) if totals is None else totals.untold
        return ElsewhereValue(why or "no_data")
    whole = totals.all
    known = [
        (place, one)
        for one in sorted(totals.places, key=lambda one: -one.n)
        if one.n and (place := names.place(one.key if isinstance(one.key, UUID) else None))
    ]
    by_centre = [
        CentreValue(place, one.n, one.met if definition.fraction else None, one.p50_s)
        for place, one in known[:houses]
    ]
    more_centres = len(known) - len(by_centre) + totals.more
    mean = mean_of_centres(definition, totals.places, scope, centres)
    outside = [LeftOut(key, n) for key, n in totals.outside.items()]
    if definition.kind == "interval":
        return IntervalValue(
            distribution=_distribution(definition, totals),
            open=whole.open,
            inconsistent=whole.inconsistent,
            by_centre=by_centre,
            mean=mean,
            late=whole.late,
            demo=whole.demo,
            more_centres=more_centres,
        )
    if definition.fraction:
        return ShareValue(
            n=whole.met,
            of=whole.n,
            value=rate(definition, whole.met, whole.n),
            by_centre=by_centre,
            mean=mean,
            outside=outside,
            late=whole.late,
            demo=whole.demo,
            more_centres=more_centres,
        )
    return CountValue(
        n=whole.n,
        by_centre=by_centre,
        mean=mean,
        outside=outside,
        late=whole.late,
        demo=whole.demo,
        more_centres=more_centres,
    )


def _distribution(definition: Definition, totals: Totals) -> Distribution:
    whole = totals.all
    if whole.max_s is None:
        return Distribution(0, None, None, None, None, [], None)
    target = target_s(definition)
    return Distribution(
        n=whole.n,
        p50_s=whole.p50_s,
        p90_s=whole.p90_s,
        min_s=whole.min_s,
        max_s=whole.max_s,
        histogram=histogram(totals.bins, whole.max_s),
        within_target=None
        if target is None
        else Within(whole.within, whole.n, whole.within / whole.n),
    )


def _months(definition: Definition, totals: Totals | None) -> list[Month]:
    """By month; a year's figures have none."""
    if totals is None or definition.kind == "rate":
        return []
    return [_month(definition, one) for one in totals.months]


def _month(definition: Definition, group: Group) -> Month:
    share = rate(definition, group.met, group.n) if definition.fraction else None
    return Month(str(group.key), group.n, group.p50_s, group.p90_s, share)


async def names_of(
    session: AsyncSession, found: Sequence[Totals | None], centres: Sequence[UUID]
) -> Names:
    """Names of all facilities that numbers speak of."""
    places = {one.key for totals in found if totals for one in totals.places}
    known = [key for key in places if isinstance(key, UUID)]
    return await read_names(session, facility_ids=[*known, *centres])


async def scope_out(session: AsyncSession, scope: Scope, late: LateEntries) -> ScopeOut:
    """What the numbers cover, as the API says it."""
    found = await repository.in_scope(session, scope)
    frozen = None
    if scope.frozen is not None:
        period = await periods.get(session, scope.frozen)
        names = await read_names(session, person_ids=[period.frozen_by])
        frozen = FrozenMark(
            period.id, period.region, names.person(period.frozen_by), period.frozen_at
        )
    return ScopeOut(
        start=scope.start,
        end=scope.end,
        region_id=scope.region_id,
        facility_id=scope.facility_id,
        late=late,
        cases=found.cases,
        drills_left_out=found.drills,
        voided_left_out=found.voided,
        back_referrals_left_out=found.back_referrals,
        missing=found.missing,
        frozen=frozen,
    )
