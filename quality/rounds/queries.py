"""Reads: rounds, what a plan may hold, a centre's entry, those behind a figure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import FacilityId
from quality import indicators
from quality.frozen import periods
from quality.names import Names, read_names
from quality.repository import Scope
from quality.rounds import items, judging, store
from quality.rounds.rules import Rules, deadlines, is_whole_year
from quality.rounds.schemas import (
    AspectOut,
    DeadlineOut,
    EntryLine,
    ItemCases,
    RegionRef,
    RoundChoices,
    RoundDetail,
    RoundOut,
    TotalOut,
)
from quality.rounds.sides import allowed, allowed_in_round, side_of
from quality.rulebook import versions as rulebook
from registry.facilities import queries as facilities
from registry.facilities.rules import local_date
from registry.facilities.schemas import FacilityRef


async def choices(
    session: AsyncSession, clock: Clock, region_id: UUID, period_id: UUID
) -> RoundChoices:
    """What a round of a region over a closed period may assess.

    Raises:
        NotFound: there is no such period.
    """
    period = await periods.get(session, period_id)
    book = await rulebook.round_rules(session)
    known = book.at(region_id, local_date(clock.now())).content
    days = deadlines(local_date(period.starts_at).year, known.deadlines)
    offered = await items.offered(session, period.id)
    sites = [items.of_site(items.proposed_site(one, known), one) for one in known.on_site]
    return RoundChoices(
        rules=known.version,
        whole_year=is_whole_year(period.starts_at, period.ends_at),
        centres=len(await store.centres(session, period.id, region_id)),
        deadlines=[
            DeadlineOut(
                one.code, one.name, days[one.code], one.source, one.confidence, one.to_be_verified
            )
            for one in known.deadlines
        ],
        aspects=aspects(known),
        items=[items.of_indicator(items.proposed(one, known), one) for one in offered] + sites,
    )


def aspects(rules: Rules) -> list[AspectOut]:
    """The assessment's aspects."""
    return [AspectOut(one.code, one.name, one.source, one.to_be_verified) for one in rules.aspects]


async def rounds(session: AsyncSession, clock: Clock) -> list[RoundOut]:
    """Rounds that the viewer sees, the newest period first."""
    found = await store.rounds(session)
    entries = await store.entries(session, [one.id for one in found])
    names = await read_names(session, person_ids=[one.planned_by for one in found])
    today = local_date(clock.now())
    return [
        round_out(one, [entry for entry in entries if entry.round_id == one.id], names, today)
        for one in found
    ]


async def one_round(session: AsyncSession, clock: Clock, round_id: UUID) -> RoundDetail:
    """A round with its items and entries.

    Raises:
        NotFound: unknown or foreign.
    """
    row = await store.round_(session, round_id)
    entries = await store.entries(session, [row.id])
    names = await read_names(session, person_ids=[row.planned_by])
    today = local_date(clock.now())
    plan = store.plan_of(row)
    shown = await items.shown(session, plan)
    if not row.owned and not any(entry.overseen for entry in entries):
        shown = [one for one in shown if one.kind != "on_site"]
    return RoundDetail(
        round_out(row, entries, names, today),
        aspects(await rulebook.rules_called(session, plan.rules)),
        shown,
        await lines(session, entries, today),
    )


def round_out(row: Row[Any], entries: Sequence[Row[Any]], names: Names, today: date) -> RoundOut:
    """A round in a list."""
    plan = store.plan_of(row)
    return RoundOut(
        id=row.id,
        title=row.title,
        region=RegionRef(row.region_id, row.region, row.region_level, row.region_code),
        state=row.state,
        period_id=row.freeze_id,
        first_day=local_date(row.starts_at),
        last_day=Scope(row.starts_at, row.ends_at).last_day,
        whole_year=is_whole_year(row.starts_at, row.ends_at),
        self_check_by=row.self_check_by,
        assess_by=row.assess_by,
        rules=plan.rules,
        weight=sum(one.weight or 0 for one in plan.items),
        planned_by=names.person(row.planned_by),
        planned_at=row.planned_at,
        states=dict(Counter(one.state for one in entries)),
        overdue=sum(_overdue(one, today) for one in entries),
        actions=allowed_in_round(row),
        version=row.version,
    )


def _overdue(row: Row[Any], today: date) -> bool:
    due = store.due(row)
    return due is not None and due < today


async def lines(session: AsyncSession, entries: Sequence[Row[Any]], today: date) -> list[EntryLine]:
    """Entries in a list, with points where they are open to the viewer."""
    places = await facilities.get_many(session, [FacilityId(one.facility_id) for one in entries])
    results = await judging.results(session, [one.id for one in entries])
    return [_line(one, places, results.get(one.id, []), today) for one in entries]


def _line(
    row: Row[Any],
    places: Mapping[FacilityId, FacilityRef],
    results: Sequence[Row[Any]],
    today: date,
) -> EntryLine:
    decisive = judging.decisive(results)
    side = side_of(row)
    return EntryLine(
        id=row.id,
        round_id=row.round_id,
        facility=places[FacilityId(row.facility_id)],
        facility_code=row.facility_code,
        region=RegionRef(row.region_id, row.region, row.region_level, row.region_code),
        state=row.state,
        due=store.due(row),
        overdue=_overdue(row, today),
        submitted_at=row.submitted_at,
        total=None if decisive is None else total_of(decisive),
        tasks_open=row.tasks_open,
        side=None if side is None else side.value,  # type: ignore[arg-type]
        actions=allowed(row),
        version=row.version,
    )


def total_of(row: Row[Any]) -> TotalOut:
    """A result's sums."""
    return TotalOut(float(row.points), float(row.of), float(row.without))


async def behind(session: AsyncSession, entry_id: UUID, code: str) -> ItemCases:
    """Those behind a centre's figure, as the frozen period keeps them.

    Raises:
        NotFound: unknown or foreign, or the entry has no such figure.
    """
    row = await store.entry(session, entry_id)
    round_ = await store.round_(session, row.round_id)
    figures = (await store.values(session, row.id)).get(code)
    if figures is None:
        raise NotFound()
    scope = Scope(
        round_.starts_at, round_.ends_at, facility_id=row.facility_id, frozen=round_.freeze_id
    )
    found = await indicators.behind(session, scope, "with", code)
    item = next(
        one for one in await items.shown(session, store.plan_of(round_)) if one.code == code
    )
    # A figure is of the house at which its members stand, not of all that had a part in them.
    own = [one for one in found.cases if one.origin and one.origin.id == row.facility_id]
    return ItemCases(item=item, period_id=round_.freeze_id, figures=figures, cases=own)
