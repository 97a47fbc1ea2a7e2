"""One button rings a whole house for a case."""

import pytest
from sqlalchemy import text

from duty.escalation import calling, policy, queries, service
from duty.escalation.errors import NotYourCall
from duty.rosters import service as rosters
from duty.rosters.oncall import DutyTier
from kernel.clock import SimulatedClock
from kernel.errors import NotFound
from kernel.ids import CaseId, PageId
from kernel.viewer import Role, Viewer
from tests.duty.region import SEEDER, Region

SPECIALTIES = ("obstetrics", "neonatology", "anaesthesia", "icu", "transfusion", "internal")
FIRST, THIRD = DutyTier.FIRST, DutyTier.THIRD


async def call(region: Region, who: Viewer, case_id: CaseId, key: str = "k") -> PageId:
    async with region.clone.app.session(who) as session:
        return await calling.call_team(
            session,
            region.clock,
            who,
            case_id=case_id,
            facility_id=region.centre,
            level="critical",
            colour="red",
            condition="pph",
            key=key,
        )


@pytest.fixture
async def team(region: Region) -> list[Viewer]:
    """Thirty people on call at the centre: six specialties, five places each."""
    people = []
    for specialty in SPECIALTIES:
        for _ in range(5):
            person = await region.staff(region.centre, Role.EXPERT)
            async with region.clone.system.session(SEEDER) as session:
                slot = await rosters.create_slot(
                    session,
                    SEEDER,
                    facility_id=region.centre,
                    group_id=region.group,
                    specialty=specialty,
                    tier=THIRD,
                )
                now = region.clock.now()
                await rosters.put_shift(
                    session,
                    SimulatedClock(now),
                    SEEDER,
                    slot_id=slot,
                    person_id=person.person_id,
                    start=now,
                    end=now.replace(year=now.year + 1),
                )
            people.append(person)
    async with region.clone.system.session(SEEDER) as session:
        await policy.install_shipped(session)
    return people


async def test_thirty_people_ring_at_once_by_the_platforms_quorum(
    region: Region, team: list[Viewer]
) -> None:
    case_id = await region.open_case()
    offered = await region.page(case_id)
    page_id = await call(region, region.doctor, case_id)
    assert await call(region, region.doctor, case_id, "again") == page_id
    async with region.clone.app.session(region.doctor) as session:
        page = await queries.page(session, page_id)
    rung = {target.person.id for target in page.targets}
    assert {person.person_id for person in team} <= rung
    assert (page.mode, page.title, page.colour) == ("quorum", "YL-1", "red")
    assert {need.specialty for need in page.needs} == {"obstetrics", "neonatology", "anaesthesia"}
    assert offered != page_id
    async with region.clone.system.session(SEEDER) as session:
        queued = await session.execute(
            text("SELECT count(*) FROM inbox_item WHERE kind = 'page' AND data ->> 'page_id' = :p"),
            {"p": str(page_id)},
        )
        assert queued.scalar_one() == len(rung) >= 30


async def test_only_the_side_that_called_calls_it_off(region: Region, team: list[Viewer]) -> None:
    case_id = await region.open_case()
    page_id = await call(region, region.doctor, case_id)
    offered = await region.page(case_id)
    for who, page in ((team[0], page_id), (region.doctor, offered)):
        with pytest.raises(NotYourCall):
            async with region.clone.app.session(who) as session:
                await calling.call_off(session, region.clock, who, page)
    for _ in range(2):
        async with region.clone.app.session(region.doctor) as session:
            await calling.call_off(session, region.clock, region.doctor, page_id)
    async with region.clone.app.session(region.doctor) as session:
        ended = await queries.page(session, page_id)
    assert (ended.state, ended.end_reason) == ("cancelled", "called_off")


async def test_nobody_calls_a_team_for_a_case_they_cannot_see(region: Region) -> None:
    case_id = await region.open_case()
    stranger = await region.staff(region.centre, Role.EXPERT)
    with pytest.raises(NotFound):
        await call(region, stranger, case_id)


async def test_who_need_not_answer_any_more_is_counted_apart(
    region: Region, team: list[Viewer]
) -> None:
    case_id = await region.open_case()
    page_id = await call(region, region.doctor, case_id)
    async with region.clone.app.session(region.doctor) as session:
        wanted = (await queries.lacking(session, [case_id]))[case_id]
    async with region.clone.app.session(team[0]) as session:
        await service.acknowledge(session, region.clock, team[0], page_id)
    async with region.clone.app.session(region.doctor) as session:
        page = await queries.page(session, page_id)
        still = (await queries.lacking(session, [case_id]))[case_id]
        counts = (await queries.reach(session, [case_id]))[case_id]
    assert set(wanted) - set(still) == {"obstetrics"}
    assert set(still) == {one.specialty for one in page.needs if one.answered < one.needed}
    spared = {one.person.id for one in page.targets if one.stood_down_at is not None}
    assert len(spared) >= 4, "colleagues of the specialty are left in peace"
    assert (counts.acknowledged, counts.spared) == (1, len(spared))
