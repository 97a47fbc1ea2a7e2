"""Several must come, and who said yes must come in time."""

from collections.abc import Sequence

import pytest
from sqlalchemy import text

from duty.escalation import policy, queries, service
from duty.escalation.engine import EscalationEngine
from duty.escalation.ladder import Mode
from duty.escalation.schemas import PageOut
from duty.notify import inbox
from duty.rosters import service as rosters
from duty.rosters.oncall import DutyTier
from kernel.clock import SimulatedClock
from kernel.ids import CaseId, PageId, SlotId
from kernel.parties import PartyRole, add_facility
from kernel.viewer import Role, Viewer
from tests.duty.region import EVENT, LEVEL, SEEDER, Region, centre_above

FIRST, SECOND, LEAD, DESK = (
    DutyTier.FIRST,
    DutyTier.SECOND,
    DutyTier.LEAD,
    DutyTier.GENERAL_DUTY,
)
ANYBODY = ["*"]


def step(delay_s: int, *tiers: str, at: str = "own") -> dict[str, object]:
    return {"delay_s": delay_s, "tiers": list(tiers), "specialties": ANYBODY, "at": at}


async def ladder(
    region: Region,
    *steps: dict[str, object],
    mode: Mode = Mode.FIRST,
    quorum: dict[str, int] | None = None,
    join_within_s: int = 180,
) -> None:
    """The centre's policy for a page of these tests."""
    async with region.clone.system.session(SEEDER) as session:
        await policy.install(
            session,
            facility_id=region.centre,
            event=EVENT,
            level=LEVEL,
            steps=steps,
            repeat_s=60,
            source="test",
            confidence="test",
            mode=mode,
            quorum=quorum,
            join_within_s=join_within_s,
        )


async def neonatologist(region: Region, tier: DutyTier = FIRST) -> Viewer:
    """One more on the centre's roster, of another specialty."""
    person = await region.staff(region.centre, Role.EXPERT)
    async with region.clone.system.session(SEEDER) as session:
        slot: SlotId = await rosters.create_slot(
            session,
            SEEDER,
            facility_id=region.centre,
            group_id=region.group,
            specialty="neonatology",
            tier=tier,
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
    return person


async def say(region: Region, who: Viewer, what: str, page_id: PageId) -> None:
    async with region.clone.app.session(who) as session:
        command = {"yes": service.acknowledge, "here": service.joined}[what]
        await command(session, region.clock, who, page_id)


async def seen_by(region: Region, who: Viewer, page_id: PageId) -> PageOut:
    async with region.clone.app.session(who) as session:
        return await queries.page(session, page_id)


async def rings(region: Region, who: Viewer) -> bool:
    async with region.clone.app.session(who) as session:
        return bool(await queries.mine(session, who))


async def answered(region: Region, case_id: CaseId) -> int:
    """How many people have answered, as the board counts them."""
    async with region.clone.app.session(region.doctor) as session:
        return (await queries.reach(session, [case_id]))[case_id].acknowledged


async def later(
    region: Region, page_id: PageId, engine: EscalationEngine, *, silent: bool = True
) -> None:
    """Time passes until the ladder is due: long enough for a yes to count as silence."""
    async with region.clone.system.session(SEEDER) as session:
        await session.execute(
            text("UPDATE escalation SET next_due_at = clock_timestamp() WHERE page_id = :p"),
            {"p": page_id},
        )
        if silent:
            await session.execute(
                text(
                    "UPDATE page_target SET acknowledged_at ="
                    "  acknowledged_at - interval '10 minutes' WHERE page_id = :p"
                ),
                {"p": page_id},
            )
    await engine.run_once()


async def kinds(region: Region, case_id: CaseId) -> Sequence[str]:
    async with region.clone.system.session(SEEDER) as session:
        rows = await session.execute(
            text("SELECT kind FROM case_event WHERE case_id = :c ORDER BY seq"), {"c": case_id}
        )
        return [row.kind for row in rows][1:]


@pytest.fixture
def engine(region: Region) -> EscalationEngine:
    return EscalationEngine(region.clone.system, region.clock)


MDT = {"obstetrics": 1, "neonatology": 1}


async def test_a_quorum_goes_on_ringing_for_what_is_missing(
    region: Region, engine: EscalationEngine
) -> None:
    neo = await neonatologist(region)
    neo_second = await neonatologist(region, SECOND)
    await ladder(region, step(0, "first"), step(600, "second"), mode=Mode.QUORUM, quorum=MDT)
    case_id = await region.open_case()
    page_id = await region.page(case_id)
    obstetrician = region.experts[FIRST]
    await say(region, obstetrician, "yes", page_id)
    page = await seen_by(region, region.doctor, page_id)
    assert (page.state, page.acknowledged_by) == ("running", None)
    assert [(n.specialty, n.needed, n.answered) for n in page.needs] == [
        ("obstetrics", 1, 1),
        ("neonatology", 1, 0),
    ]
    assert not await rings(region, obstetrician)
    assert await rings(region, neo)
    waiting = await states_of(region, page_id, neo)
    assert waiting == ["queued"]
    await later(region, page_id, engine, silent=False)
    # The second line of obstetrics is left in peace: obstetrics has answered.
    assert not await rings(region, region.experts[SECOND])
    assert await rings(region, neo_second)
    await say(region, neo_second, "yes", page_id)
    page = await seen_by(region, region.doctor, page_id)
    assert (page.state, page.next_step_at) == ("acknowledged", None)
    assert page.join_by is not None
    assert not await rings(region, neo)
    assert await kinds(region, case_id) == [
        "page.sent",
        "page.answered",
        "page.escalated",
        "page.acknowledged",
    ]


async def states_of(region: Region, page_id: PageId, who: Viewer) -> list[str]:
    async with region.clone.system.session(SEEDER) as session:
        rows = await session.execute(
            text(
                "SELECT state FROM page_message WHERE page_id = :p AND person_id = :w"
                " ORDER BY step, channel"
            ),
            {"p": page_id, "w": who.person_id},
        )
        return [row.state for row in rows]


async def test_a_second_of_the_same_specialty_is_stood_down(region: Region) -> None:
    neo = await neonatologist(region)
    await ladder(region, step(0, "first", "second"), mode=Mode.QUORUM, quorum=MDT)
    page_id = await region.page()
    await say(region, region.experts[FIRST], "yes", page_id)
    assert not await rings(region, region.experts[SECOND])
    assert await states_of(region, page_id, region.experts[SECOND]) == ["unreachable"]
    page = await seen_by(region, region.doctor, page_id)
    spared = [t for t in page.targets if t.stood_down_at is not None]
    assert [t.person.id for t in spared] == [region.experts[SECOND].person_id]
    # Whoever comes all the same is welcome.
    await say(region, region.experts[SECOND], "yes", page_id)
    await say(region, neo, "here", page_id)
    page = await seen_by(region, region.doctor, page_id)
    assert page.state == "acknowledged"
    assert {n.specialty: n.answered for n in page.needs} == {"obstetrics": 2, "neonatology": 1}


async def test_all_must_join_means_all(region: Region) -> None:
    neo = await neonatologist(region)
    await ladder(region, step(0, "first", "second"), mode=Mode.ALL)
    page_id = await region.page()
    team = [region.experts[FIRST], region.experts[SECOND], neo]
    for who in team[:2]:
        await say(region, who, "here", page_id)
        assert (await seen_by(region, who, page_id)).state == "running"
    await say(region, neo, "yes", page_id)
    page = await seen_by(region, neo, page_id)
    assert (page.state, page.joined_at) == ("acknowledged", None)
    await say(region, neo, "here", page_id)
    page = await seen_by(region, neo, page_id)
    assert page.joined_at is not None
    assert page.join_by is None


async def test_a_specialty_that_nobody_has_is_said_aloud(
    region: Region, engine: EscalationEngine
) -> None:
    await ladder(region, step(0, "first"), mode=Mode.QUORUM, quorum=MDT)
    page_id = await region.page()
    async with region.clone.app.session(region.doctor) as session:
        (notice,) = await inbox.after(session, region.doctor.person_id, 0)
    assert b"duty.specialty_empty" in bytes(notice.data)
    assert b"neonatology" in bytes(notice.data)
    await say(region, region.experts[FIRST], "yes", page_id)
    for _ in range(2):
        await later(region, page_id, engine)
        page = await seen_by(region, region.doctor, page_id)
        # Never in silence: group lead and 总值班 hear of it every time.
        assert page.state == "exhausted"
        assert await rings(region, region.experts[LEAD])
        assert await rings(region, region.experts[DESK])


async def test_yes_and_then_silence_rings_them_again_and_the_next(
    region: Region, engine: EscalationEngine
) -> None:
    await ladder(region, step(0, "first"), step(600, "second"))
    case_id = await region.open_case()
    page_id = await region.page(case_id)
    first, second = region.experts[FIRST], region.experts[SECOND]
    await say(region, first, "yes", page_id)
    await engine.run_once()
    assert not await rings(region, first)
    await later(region, page_id, engine)
    assert await rings(region, first)
    assert await rings(region, second)
    page = await seen_by(region, region.doctor, page_id)
    assert (page.state, page.step, page.acknowledged_by) == ("running", 1, None)
    assert await answered(region, case_id) == 0, "the board says what the page says"
    await say(region, first, "here", page_id)
    assert await answered(region, case_id) == 1
    page = await seen_by(region, region.doctor, page_id)
    assert page.state == "acknowledged"
    assert page.joined_at is not None
    assert not await rings(region, second)
    assert page.join_by is None
    assert await kinds(region, case_id) == [
        "page.sent",
        "page.acknowledged",
        "page.silent",
        "page.escalated",
        "page.acknowledged",
        "page.joined",
    ]


async def test_who_has_joined_is_never_rung_again(region: Region, engine: EscalationEngine) -> None:
    page_id = await region.page()
    first = region.experts[FIRST]
    await say(region, first, "yes", page_id)
    await say(region, first, "here", page_id)
    await say(region, first, "here", page_id)
    assert await engine.next_due_s() is None
    async with region.clone.system.session(SEEDER) as session:
        told = await session.execute(
            text("SELECT count(*) FROM case_event WHERE kind = 'page.joined'")
        )
        assert told.scalar_one() == 1


async def test_a_case_that_ends_waits_for_nobody(region: Region, engine: EscalationEngine) -> None:
    case_id = await region.open_case()
    page_id = await region.page(case_id)
    await say(region, region.experts[FIRST], "yes", page_id)
    async with region.clone.app.session(region.doctor) as session:
        await service.stop(session, region.clock, case_id, None, "handed_over")
    assert await engine.next_due_s() is None
    assert (await seen_by(region, region.doctor, page_id)).state == "acknowledged"


async def test_a_ladder_that_asks_for_no_joining_ends_with_the_yes(
    region: Region, engine: EscalationEngine
) -> None:
    await ladder(region, step(0, "first"), join_within_s=0)
    page_id = await region.page()
    await say(region, region.experts[FIRST], "yes", page_id)
    assert await engine.next_due_s() is None


async def test_answering_for_the_house_is_joining(region: Region, engine: EscalationEngine) -> None:
    case_id = await region.open_case()
    page_id = await region.page(case_id)
    desk = await region.staff(region.centre, Role.DUTY_DESK)
    async with region.clone.system.session(SEEDER) as session:
        await add_facility(session, case_id, region.centre, PartyRole.RECEIVER)
    async with region.clone.app.session(desk) as session:
        await service.acknowledge_for(session, region.clock, desk, case_id, region.centre)
    assert await engine.next_due_s() is not None
    async with region.clone.app.session(desk) as session:
        await service.joined_for(session, region.clock, desk, case_id, region.centre)
    assert await engine.next_due_s() is None
    assert (await seen_by(region, desk, page_id)).joined_at is not None


async def test_working_on_the_case_is_joining(region: Region, engine: EscalationEngine) -> None:
    case_id = await region.open_case()
    page_id = await region.page(case_id)
    first, second = region.experts[FIRST], region.experts[SECOND]
    await say(region, first, "yes", page_id)
    for who in (second, first):
        async with region.clone.app.session(who) as session:
            await service.joined_case(session, region.clock, who, case_id)
        assert (await engine.next_due_s() is None) is (who is first)


async def test_a_house_that_answers_does_not_answer_for_a_team(region: Region) -> None:
    neo = await neonatologist(region)
    await ladder(region, step(0, "first"), mode=Mode.QUORUM, quorum=MDT)
    case_id = await region.open_case()
    page_id = await region.page(case_id)
    first = region.experts[FIRST]
    for who in (await region.staff(region.centre, Role.DUTY_DESK), first):
        async with region.clone.system.session(SEEDER) as session:
            await add_facility(session, case_id, region.centre, PartyRole.RECEIVER)
        async with region.clone.app.session(who) as session:
            await service.acknowledge_for(
                session, region.clock, who, case_id, region.centre, arrived=True
            )
    page = await seen_by(region, first, page_id)
    assert page.state == "running"
    assert [(n.answered, n.joined) for n in page.needs] == [(1, 1), (0, 0)]
    assert await rings(region, neo)


async def test_the_centre_above_is_rung_when_its_step_fires(
    region: Region, engine: EscalationEngine
) -> None:
    await ladder(region, step(0, "first"), step(600, "first", at="upper"))
    case_id = await region.open_case()
    page_id = await region.page(case_id)
    # It is founded only now: whose step it is, is decided when the step fires.
    chief = await centre_above(region)
    await later(region, page_id, engine)
    assert await rings(region, chief)
    alone = Viewer(
        **{**{f: getattr(chief, f) for f in chief.__slots__}, "facility_ids": frozenset()}
    )
    page = await seen_by(region, alone, page_id)
    assert [t.facility.short_name for t in page.targets] == ["云江市妇幼", "云岭省妇幼"]
    async with region.clone.system.session(SEEDER) as session:
        said = await session.execute(
            text(
                "SELECT convert_from(payload, 'UTF8')::jsonb ->> 'upper_facility_id'"
                " FROM case_event WHERE kind = 'page.escalated'"
            )
        )
        assert said.scalar_one() == str(chief.facility_id)
    await say(region, alone, "yes", page_id)
    assert (await seen_by(region, region.doctor, page_id)).state == "acknowledged"


async def test_without_a_centre_above_the_next_step_rings_at_once(
    region: Region, engine: EscalationEngine
) -> None:
    await ladder(region, step(0, "first", at="upper"), step(600, "second"))
    page_id = await region.page()
    assert await rings(region, region.experts[SECOND])
    assert (await seen_by(region, region.doctor, page_id)).step == 1
