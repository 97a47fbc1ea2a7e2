"""An indicator on the map: a region, and the regions and facilities directly in it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from quality import levels, repository
from quality.baselines import Bounds, beside, bounds
from quality.definitions import Definition
from quality.facts import current
from quality.groups import Group
from quality.handbook.showing import definition_out
from quality.indicators import check_period, scope_out, untold, version_of
from quality.levels import Areas
from quality.outlines import outlines
from quality.passes import asked_of
from quality.repository import LateEntries, Scope
from quality.schemas import AreaOut, AreaRef, IndicatorAreas
from quality.untold import Untold, confidential
from quality.values import value_in
from registry.facilities import queries as facilities
from registry.facilities.rules import FacilityRole
from registry.facilities.schemas import FacilityOut, RegionOut

_OWN = text("SELECT id FROM region WHERE id = ANY(app_regions()) ORDER BY code")
CARE = {FacilityRole.MATERNAL_CENTRE, FacilityRole.NEONATAL_CENTRE, FacilityRole.MIDWIFERY}
"""Whoever has one of these roles stands on the map, also with nobody counted there."""


async def areas(
    session: AsyncSession, at: datetime, scope: Scope, late: LateEntries, code: str
) -> IndicatorAreas:
    """What an indicator comes to in a region and in each part of it.

    Without a region: the viewer's own, if there is one; else the country's provinces.

    Raises:
        NotFound: there is no such region.
        IndicatorUnknown: no indicator of this code is in force.
    """
    check_period(scope)
    await current(session)
    version = await version_of(session, scope, code)
    definition = version.definition
    tree = {one.id: one for one in await facilities.regions(session)}
    here = await _here(session, tree, scope.region_id)
    asked = asked_of(definition)
    whole = Scope(scope.start, scope.end, here.id if here else None, as_of=scope.as_of)
    path = _path(tree, here, set((await session.execute(_OWN)).scalars()))
    hushed = await _untold(session, whole, late, definition)
    if hushed is not None:
        return IndicatorAreas(
            scope=await scope_out(session, whole, late),
            definition=definition_out(version),
            path=path,
            here=None,
            parts=[],
            untold=hushed,
        )
    found: Areas | None = None
    if asked is not None:
        (found,) = await levels.everywhere(session, whole, late, [asked])
    inside = [one for one in tree.values() if one.parent_id == (here.id if here else None)]
    houses = [
        one for one in await facilities.facilities(session, at) if here and one.region_id == here.id
    ]
    within = bounds(definition, whole)
    parts = [_region(definition, within, one, found) for one in inside]
    parts += [
        part for one in houses if (part := _house(definition, within, one, found)) is not None
    ]
    return IndicatorAreas(
        scope=await scope_out(session, whole, late),
        definition=definition_out(version),
        path=path,
        here=None if here is None else _region(definition, within, here, found),
        parts=parts,
    )


async def _untold(
    session: AsyncSession, scope: Scope, late: LateEntries, definition: Definition
) -> Untold | None:
    """Why nothing is said of the parts; what the platform holds no data of is said as before."""
    why, asked = untold(definition, scope), asked_of(definition)
    if why is not None or asked is None or not confidential(definition.measure):
        return None if why == "no_data" else why
    (found,) = await repository.totals(session, scope, late, [asked])
    return "not_by_house" if found.all.closed else None


async def _here(
    session: AsyncSession, tree: dict[UUID, RegionOut], wanted: UUID | None
) -> RegionOut | None:
    if wanted is not None:
        if wanted not in tree:
            raise NotFound()
        return tree[wanted]
    own = list((await session.execute(_OWN)).scalars())
    if len(own) == 1:
        return tree[own[0]]
    tops = [one for one in tree.values() if one.parent_id is None]
    return tops[0] if len(tops) == 1 else None


def _path(tree: dict[UUID, RegionOut], here: RegionOut | None, own: set[UUID]) -> list[AreaRef]:
    """From the top, or from the viewer's own region, down to where she looks."""
    found: list[AreaRef] = []
    while here is not None:
        found.insert(0, AreaRef(here.id, here.name))
        here = tree.get(here.parent_id) if here.parent_id and here.id not in own else None
    return found


def _region(
    definition: Definition, within: Bounds, region: RegionOut, found: Areas | None
) -> AreaOut:
    group = None if found is None else found.get(region.id)
    named = region.id, region.name, region.level
    return _area(definition, within, "region", *named, group, shape(region))


def shape(region: RegionOut) -> list[list[tuple[float, float]]] | None:
    """Its outline, where one is known."""
    return outlines().get(region.code)


def _house(
    definition: Definition, within: Bounds, house: FacilityOut, found: Areas | None
) -> AreaOut | None:
    group = None if found is None else found.get(house.id)
    if group is None and CARE.isdisjoint(house.roles):
        return None
    point = None
    if house.longitude is not None and house.latitude is not None:
        point = (house.longitude, house.latitude)
    named = house.id, house.short_name, house.tier
    return _area(definition, within, "facility", *named, group, None, point)


def _area(
    definition: Definition,
    within: Bounds,
    kind: str,
    id_: UUID,
    name: str,
    level: str,
    group: Group | None,
    rings: list[list[tuple[float, float]]] | None,
    point: tuple[float, float] | None = None,
) -> AreaOut:
    n = 0 if group is None else group.n
    value = None if group is None else value_in(definition, group)
    judged, worse = beside(definition, value, within)
    return AreaOut(
        id=id_,
        kind=kind,  # type: ignore[arg-type]
        name=name,
        level=level,
        n=n,
        met=group.met if group is not None and definition.fraction else None,
        value=value,
        beside=judged,
        worse=worse,
        shape=rings,
        point=point,
    )
