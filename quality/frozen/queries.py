"""Reads: closed periods, and what was entered since."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import zip_longest
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from quality import indicators, repository
from quality.facts import current
from quality.frozen import periods, rows
from quality.frozen.periods import Freeze
from quality.frozen.rows import Changed
from quality.frozen.schemas import (
    MOST_CHANGES,
    ChangedMember,
    FrozenPeriod,
    FrozenPeriods,
    IndicatorDifference,
    MemberReading,
    OverseenRegion,
    PeriodDifference,
)
from quality.frozen.service import LATE, figures_of
from quality.handbook.showing import definition_out
from quality.handbook.versions import Version
from quality.names import Names, read_names
from quality.repository import LateEntries, Page, Scope
from quality.schemas import ElsewhereValue
from quality.untold import confidential
from registry.facilities.rules import local_date

Member: TypeAlias = tuple[UUID | None, str | None, UUID | None]
"""Case, number, place: who a row is about."""


async def closed(session: AsyncSession) -> FrozenPeriods:
    """All closed periods, and where the viewer may close more."""
    found = await periods.every(session)
    names = await read_names(session, person_ids=[one.frozen_by for one in found])
    return FrozenPeriods(
        [_period(one, names) for one in found],
        [OverseenRegion(id_, name) for id_, name in await periods.overseen(session)],
    )


def _period(one: Freeze, names: Names) -> FrozenPeriod:
    return FrozenPeriod(
        id=one.id,
        region_id=one.region_id,
        region=one.region,
        first_day=local_date(one.starts_at),
        last_day=local_date(one.ends_at - timedelta(microseconds=1)),
        frozen_by=names.person(one.frozen_by),
        frozen_at=one.frozen_at,
        checkpoint_no=one.checkpoint_no,
        note=one.note,
    )


async def difference(
    session: AsyncSession,
    freeze_id: UUID,
    late: LateEntries,
    region_id: UUID | None = None,
    facility_id: UUID | None = None,
) -> PeriodDifference:
    """Frozen figures beside the same definitions asked now, and the members that changed.

    Raises:
        NotFound: there is no such period.
    """
    freeze = await periods.get(session, freeze_id)
    await current(session)
    frozen = Scope(
        freeze.starts_at,
        freeze.ends_at,
        region_id,
        facility_id,
        freeze_id,
        reviews_kept=freeze.reviews_kept,
    )
    now = replace(frozen, frozen=None, region_id=region_id or freeze.region_id)
    whole = replace(frozen, region_id=None, facility_id=None)
    kept = await rows.figures(session, freeze_id)
    found, unchanged = [], 0
    for version in await indicators.in_force(session, frozen):
        changes = await rows.changed(session, freeze_id, version, now, MOST_CHANGES)
        intact = await _intact(session, whole, version, kept)
        sums = confidential(version.definition.measure)
        if not (changes or sums or intact is False):
            unchanged += 1
            continue
        one = await _differs(session, frozen, now, late, version, changes, intact)
        if changes or intact is False or _told_otherwise(one):
            found.append(one)
        else:
            unchanged += 1
    names = await read_names(session, person_ids=[freeze.frozen_by])
    return PeriodDifference(
        _period(freeze, names),
        await indicators.scope_out(session, frozen, late),
        unchanged,
        found,
    )


def _told_otherwise(one: IndicatorDifference) -> bool:
    """Whether sums say that something changed; a sum that is hidden now says nothing."""
    return one.frozen != one.now and not isinstance(one.now, ElsewhereValue)


async def _intact(
    session: AsyncSession,
    whole: Scope,
    version: Version,
    kept: dict[tuple[UUID, LateEntries], bytes],
) -> bool | None:
    if (version.id, "with") not in kept:
        return None
    for late in LATE:
        if await figures_of(session, whole, version, late) != kept[version.id, late]:
            return False
    return True


async def _differs(
    session: AsyncSession,
    frozen: Scope,
    now: Scope,
    late: LateEntries,
    version: Version,
    changes: list[Changed],
    intact: bool | None,
) -> IndicatorDifference:
    values = []
    for scope in (frozen, now):
        centres = await repository.centres(session, scope)
        (totals,) = await indicators.measured(session, scope, late, [version])
        names = await indicators.names_of(session, [totals], centres)
        values.append(indicators.value_of(version.definition, totals, scope, centres, names))
    listed = [one for one in changes if one.listed]
    names = await read_names(session, facility_ids=[one.place for one in listed])
    cases = [one.case_id for one in listed]
    pages = await indicators.pages_of(session, version.definition, cases)
    members = list(paired(listed, names, pages))
    return IndicatorDifference(definition_out(version), values[0], values[1], members, intact)


def paired(
    changes: Iterable[Changed], names: Names, pages: Mapping[UUID | None, Page]
) -> Iterable[ChangedMember]:
    """Before and after of one member side by side."""
    held: dict[Member, tuple[list[Changed], list[Changed]]] = {}
    for one in changes:
        sides = held.setdefault((one.case_id, one.number, one.place), ([], []))
        sides[one.side == "after"].append(one)
    for (case_id, number, place), sides in held.items():
        for before, after in zip_longest(*sides):
            yield ChangedMember(
                case_id=case_id,
                page=pages.get(case_id),
                number=number,
                origin=names.place(place),
                before=_reading(before),
                after=_reading(after),
            )


def _reading(one: Changed | None) -> MemberReading | None:
    if one is None:
        return None
    return MemberReading(
        state=one.state,  # type: ignore[arg-type]
        reason=one.reason,
        met=one.met,
        late=one.late,
        from_at=one.from_at,
        to_at=one.to_at,
        seconds=one.seconds,
    )
