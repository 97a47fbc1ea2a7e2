"""A number beside the province's baseline: each that has one, with its n; counts of years."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec.structs import replace as changed

from quality import indicators
from quality.baselines import baseline, beside, bounds
from quality.definitions import Baseline, Definition, shipped
from quality.handbook import versions
from quality.repository import Scope
from quality.schemas import Compared
from tests.fixtures.database import Clone
from tests.quality.cases import SYSTEM, Place, county_of, far_county_of, region, write_case
from tests.quality.test_engine import PERIOD
from tests.registry.world import World, account

CODE = "request_to_accept"
BY_CODE = {one.code: one for one in shipped()}
YEAR = Scope(datetime(2025, 12, 31, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC))


def with_baseline(code: str, low: float | None, high: float | None, **more: Any) -> Definition:
    """A definition that a province gave a baseline."""
    said = Baseline(low=low, high=high, confidence="I", source="省卫生健康委")
    return changed(BY_CODE[code], baseline=said, **more)


@pytest.mark.parametrize(
    ("definition", "value", "said"),
    [
        (BY_CODE[CODE], 600, ("within", None)),
        (BY_CODE[CODE], 601, ("above", True)),
        (BY_CODE["departure_to_arrival"], 9999, (None, None)),
        (BY_CODE["referrals_accepted"], 50, (None, None)),
        (with_baseline("referrals_accepted", 90, None), 50, ("below", True)),
        (with_baseline("referrals_accepted", 90, 95), 99, ("above", False)),
        (with_baseline("ob_caesarean_rate", 30, 40, direction="none"), 44, ("above", None)),
        (with_baseline(CODE, 60, 300), 30, ("below", False)),
        (with_baseline(CODE, 60, 300), None, (None, None)),
    ],
)
def test_a_value_beside_its_baseline_or_target(
    definition: Definition, value: float | None, said: tuple[str | None, bool | None]
) -> None:
    assert beside(definition, value, bounds(definition, PERIOD)) == said


def test_a_target_is_no_baseline() -> None:
    assert baseline(BY_CODE[CODE], PERIOD) == (None, None)
    assert baseline(with_baseline(CODE, 60, 300), PERIOD) == (60, 300)


def test_a_count_is_compared_over_whole_years_alone() -> None:
    drills = with_baseline("quarterly_drills", 4, None)
    assert (baseline(drills, YEAR), baseline(drills, PERIOD)) == ((4, None), (None, None))
    assert bounds(drills, PERIOD) == (None, None)


async def test_every_number_says_where_it_lies(database: Clone) -> None:
    """Of 6, 4 were accepted: the county's 3, one of the city's 2, none of the other county's."""
    world: World = await region(database)
    entered = with_baseline(
        "referrals_accepted", 60, 90, version=2, valid_from=date(2026, 11, 1), source="省方案"
    )
    by, _ = await account(database.system, world.clock, "admin", world.province_centre)
    other, _ = await account(database.system, world.clock, "other", world.province_centre)
    centre = Place(world.city_centre, world.city)
    async with database.system.session(SYSTEM) as session:
        made = await versions.install(session, entered, added_by=by)
        assert made is not None
        await versions.verify(session, made, person_id=other, document="省方案附件")
        for _ in range(3):
            await write_case(session, county_of(world), ("offer.accepted", 5))
        await write_case(session, centre, ("offer.accepted", 5))
        await write_case(session, centre)
        await write_case(session, far_county_of(world))
        overview = await indicators.overview(session, PERIOD, "with")
        found = await indicators.detail(session, PERIOD, "with", "referrals_accepted")
        plain = await indicators.detail(session, PERIOD, "with", "remote_consults")
    compared = {one.definition.code: one.compared for one in overview.indicators}
    assert compared["referrals_accepted"] == found.indicator.compared == Compared("within", None)
    assert {code for code, one in compared.items() if one} == {"referrals_accepted"}
    assert [(one.centre.id, one.met, one.n, one.value, one.compared) for one in found.houses] == [
        (world.county_hospital, 3, 3, 100, Compared("above", False)),
        (world.city_centre, 1, 2, 50, Compared("below", True)),
        (world.stranger, 0, 1, 0, Compared("below", True)),
    ]
    assert (plain.indicator.compared, plain.houses) == (None, [])
