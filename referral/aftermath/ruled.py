"""Which rules after a death count where: a region's own by its day, else the release's.

Regions' versions are written elsewhere; here the database says which one counts.
"""

from collections.abc import Collection
from datetime import date
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from referral.aftermath.deadlines import DEADLINES, Ruleset

KIND: Final = "after_death"

_IN_FORCE = text("SELECT rules_in_force(:kind, :region, :day)")
_CALLED = text("SELECT label, content FROM rules_called(:kind, CAST(:labels AS text[]))")


async def in_force(session: AsyncSession, region_id: UUID | None, day: date) -> Ruleset:
    """What counts in a region on a day."""
    if region_id is None:
        return DEADLINES
    named = {"kind": KIND, "region": region_id, "day": day}
    found = (await session.execute(_IN_FORCE, named)).scalar_one()
    return DEADLINES if found is None else msgspec.json.decode(found, type=Ruleset)


async def called(session: AsyncSession, labels: Collection[str]) -> dict[str, Ruleset]:
    """The rules that deaths were judged by; the release's where a version was not kept."""
    found = dict.fromkeys(labels, DEADLINES)
    wanted = [one for one in found if one != DEADLINES.version]
    if wanted:
        for row in await session.execute(_CALLED, {"kind": KIND, "labels": wanted}):
            found[row.label] = msgspec.json.decode(row.content, type=Ruleset)
    return found
