"""Which table a region grades by, from a day on: an operator's act. What was graded stands."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import new_id
from registry.facilities.errors import RegionUnknown
from registry.facilities.models import Region
from registry.risk.errors import RulesetUnknown, VariantChosenLater
from registry.risk.models import VariantRow
from registry.risk.rulesets import Kind, rulebook


async def choose(session: AsyncSession, region_code: str, variant: str, since: date) -> None:
    """The region, and all below it that chose nothing else, grade by `variant` from `since` on.

    What was in force ends the day before; a choice for the same day is corrected.

    Raises:
        RulesetUnknown: there is no assessment table of this name.
        RegionUnknown: no region has this code.
        VariantChosenLater: a choice that begins after `since` stands already.
    """
    if (variant, Kind.ASSESSMENT) not in rulebook().rulesets:
        raise RulesetUnknown(ruleset=variant)
    region = await session.scalar(select(Region.id).where(Region.code == region_code))
    if region is None:
        raise RegionUnknown(region=region_code)
    last = await session.scalar(
        select(VariantRow)
        .where(VariantRow.region_id == region, func.upper_inf(VariantRow.during))
        .with_for_update()
    )
    if last is not None and last.during.lower is not None:
        if last.during.lower > since:
            raise VariantChosenLater(since=last.during.lower.isoformat())
        if last.during.lower == since:
            last.variant = variant
            return
        last.during = Range(last.during.lower, since)
        await session.flush()
    session.add(
        VariantRow(id=new_id(), region_id=region, variant=variant, during=Range(since, None))
    )
    await session.flush()
