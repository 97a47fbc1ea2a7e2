"""A region chooses its table: from a day on, for itself and all below it."""

from datetime import date, datetime

import pytest

from kernel.viewer import Viewer
from registry.facilities.errors import RegionUnknown
from registry.risk.choosing import choose
from registry.risk.errors import RulesetUnknown, VariantChosenLater
from registry.risk.repository import RiskRepository
from tests.fixtures.database import Clone
from tests.registry.world import World, build

PROVINCE = "990000"
SYSTEM = Viewer.system("test")
LATER, LATEST = date(2027, 1, 1), date(2028, 1, 1)


async def grades_by(clone: Clone, world: World, day: date) -> str:
    """What the county hospital grades by at noon of `day`."""
    async with clone.app.session(world.doctor) as session:
        repository = RiskRepository(session, world.doctor)
        noon = datetime.fromisoformat(f"{day.isoformat()}T12:00:00+08:00")
        return await repository.variant(world.county_hospital, noon)


async def test_a_province_chooses_and_changes_and_nothing_before_is_touched(
    database: Clone,
) -> None:
    world = await build(database.system)
    async with database.system.session(SYSTEM) as session:
        await choose(session, PROVINCE, "zhejiang_2018", LATER)
        await choose(session, PROVINCE, "national_2017_carrier_purple", LATEST)
        await choose(session, PROVINCE, "beijing", LATEST)
    days = (date(2026, 12, 31), LATER, date(2027, 12, 31), LATEST)
    assert [await grades_by(database, world, day) for day in days] == [
        "national_2017",
        "zhejiang_2018",
        "zhejiang_2018",
        "beijing",
    ]


async def test_what_cannot_be_chosen_is_said_and_changes_nothing(database: Clone) -> None:
    world = await build(database.system)
    async with database.system.session(SYSTEM) as session:
        await choose(session, PROVINCE, "zhejiang_2018", LATEST)
        with pytest.raises(RulesetUnknown):
            await choose(session, PROVINCE, "guesswork", LATEST)
        with pytest.raises(RegionUnknown):
            await choose(session, "no such code", "beijing", LATEST)
        with pytest.raises(VariantChosenLater):
            await choose(session, PROVINCE, "beijing", LATER)
    assert await grades_by(database, world, LATEST) == "zhejiang_2018"
