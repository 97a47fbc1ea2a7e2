"""By whose roster a step rings: leave, and the line of centres above."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from duty.escalation.ladder import ANY, At, Policy, Step
from duty.escalation.resolving import centre_above, next_move
from duty.rosters import leave
from duty.rosters.oncall import DutyTier
from kernel.viewer import Viewer
from registry.facilities import service as facilities
from registry.facilities.rules import AreaKind
from tests.duty import region as regions
from tests.duty.changes.ward import account
from tests.duty.region import SEEDER, Region

FIRST, SECOND, LEAD, DESK = (
    DutyTier.FIRST,
    DutyTier.SECOND,
    DutyTier.LEAD,
    DutyTier.GENERAL_DUTY,
)
HOUR = timedelta(hours=1)


async def away(region: Region, who: Viewer, begins: timedelta = -HOUR) -> None:
    """This person is on leave for a day although a shift of theirs stands."""
    now = region.clock.now()
    async with region.clone.system.session(SEEDER) as session:
        await leave.record(
            session,
            region.clock,
            SEEDER,
            person_id=who.person_id,
            period=(now + begins, now + begins + timedelta(days=1)),
            kind="sick",
        )


async def rung(region: Region) -> dict[object, int]:
    """Person to the step at which the one page rang them."""
    async with region.clone.system.session(SEEDER) as session:
        rows = await session.execute(text("SELECT person_id, step FROM page_target"))
        return {row.person_id: row.step for row in rows}


async def test_a_step_all_on_leave_rings_the_next_in_the_same_breath(region: Region) -> None:
    first, second = region.experts[FIRST], region.experts[SECOND]
    await region.policy(0, 600)
    await away(region, first)
    await region.page()
    assert await rung(region) == {second.person_id: 1, first.person_id: 1}
    async with region.clone.system.session(SEEDER) as session:
        told = await session.execute(
            text(
                "SELECT data ->> 'code' AS code, data -> 'steps' AS steps, person_id"
                "  FROM inbox_item WHERE kind = 'notice'"
            )
        )
        notices = told.all()
    assert {(one.code, tuple(one.steps)) for one in notices} == {("duty.step_empty", (0,))}
    desk = {region.doctor, region.experts[LEAD], region.experts[DESK]}
    assert {one.person_id for one in notices} == {one.person_id for one in desk}


async def test_who_has_left_is_not_waited_for(region: Region) -> None:
    first, second = region.experts[FIRST], region.experts[SECOND]
    await region.policy(0, 600)
    await account(region, first)
    async with region.clone.system.session(SEEDER) as session:
        await session.execute(text("UPDATE account SET disabled_at = now()"))
    await region.page()
    assert await rung(region) == {second.person_id: 1, first.person_id: 1}


async def test_leave_that_has_not_begun_changes_nothing(region: Region) -> None:
    await region.policy(0, 600)
    await away(region, region.experts[FIRST], HOUR)
    await region.page()
    assert await rung(region) == {region.experts[FIRST].person_id: 0}


@pytest.mark.parametrize("steps", [(At.UPPER, At.TOP), (At.TOP,)])
async def test_the_line_of_centres_is_climbed_to_its_end(
    region: Region, steps: tuple[At, ...]
) -> None:
    """县→市→省: the city's first line answers at the first step; on leave, the province's does."""
    chief = await regions.centre_above(region)
    async with region.clone.system.session(SEEDER) as session:
        await facilities.set_responsible_area(
            session,
            centre_id=region.centre,
            region_id=region.county_region,
            kind=AreaKind.MATERNAL,
        )
    ladder = Policy(
        tuple(Step(0, frozenset({FIRST}), frozenset({ANY}), at) for at in steps), repeat_s=60
    )
    await away(region, region.experts[FIRST])
    now = region.clock.now()
    async with region.clone.system.session(SEEDER) as session:
        line = [
            await centre_above(session, region.county, {"obstetrics"}, now, at)
            for at in (At.UPPER, At.TOP)
        ]
        move = await next_move(session, ladder, region.county, 0, now)
    assert line == [region.centre, chief.facility_id]
    reached = {one.person_id: one.facility_id for one in move.targets}
    held = {} if At.UPPER not in steps else {region.experts[FIRST].person_id: region.centre}
    assert reached == {chief.person_id: chief.facility_id, **held}
    assert move.at is At.TOP
