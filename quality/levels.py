"""Every level at once: one reading of the facts answers for each region and each facility."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from quality import repository
from quality.groups import Group, groups
from quality.passes import Asked, Cell
from quality.repository import LateEntries, Scope
from quality.tallies import Key

Areas: TypeAlias = dict[UUID, Group]
"""What a measure comes to, by region (where members lie) and by facility (whose they are)."""

_AROUND = text(
    "SELECT f.id, array_agg(r.ancestor_id) AS around"
    "  FROM facility f JOIN region_closure r ON r.descendant_id = f.region_id GROUP BY f.id"
    " UNION ALL SELECT r.descendant_id, array_agg(r.ancestor_id)"
    "  FROM region_closure r GROUP BY r.descendant_id"
)


async def everywhere(
    session: AsyncSession, scope: Scope, late: LateEntries, asked: Sequence[Asked]
) -> list[Areas]:
    """The numbers of each measure for every region and facility that has any."""
    around = {row.id: row.around for row in await session.execute(_AROUND)}
    # One alone is asked as its page asks it by month, which is kept of months that are over.
    by: tuple[Key, ...] = ("house", "place") if len(asked) > 1 else ("place", "month", "house")
    cells = await repository.counted(session, scope, late, asked, by)
    house, place = by.index("house"), by.index("place")
    cells = [{(key[house], key[place], *key): cell for key, cell in one.items()} for one in cells]
    return [_areas(one, around) for one in cells]


def _areas(
    cells: Mapping[tuple[object, ...], Cell], around: Mapping[UUID, Sequence[UUID]]
) -> Areas:
    found: dict[UUID, Cell] = {}
    for (house, place, *_), cell in cells.items():
        for region in around.get(house, ()):  # type: ignore[call-overload]
            found.setdefault(region, Cell()).add(cell)
        if isinstance(place, UUID):
            found.setdefault(place, Cell()).add(cell)
    durations = [b"".join(cell.durations) for cell in found.values()]
    made = groups(list(found), (cell.counts for cell in found.values()), durations)
    return dict(zip(found, made, strict=True))
