"""Outcome and feedback within 72 hours: owed, nagged for, read; and the way back down."""

from datetime import timedelta

import pytest

from kernel.errors import IllegalTransition, NotFound
from kernel.ids import new_id
from referral.aftermath import queries
from referral.aftermath.schemas import Feedback
from referral.commands.on_case import BackRefer, NewbornPlan, ReadFeedback
from referral.errors import WrongMoment, WrongSide
from referral.queries.board import board
from referral.service import send
from referral.service.finish import read_feedback
from referral.timers import run_due
from tests.referral.aftermath.roads import closed, handed_over
from tests.referral.network import SEALER, Network


async def feedback(net: Network, who: str) -> Feedback:
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        return await queries.feedback(session, net.clock, viewer, SEALER)


async def live(net: Network, who: str) -> list[object]:
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        return [row.id for row in (await board(session, net.clock, viewer, SEALER)).rows]


async def test_owed_with_a_clock_nagged_after_72_hours_and_then_weekly(
    fresh_net: Network,
) -> None:
    net = fresh_net
    case = await handed_over(net)
    (owed,) = (await feedback(net, "city_expert")).owed
    assert (owed.case.id, owed.overdue) == (case, False)
    assert owed.due_at == net.clock.now() + timedelta(hours=72)
    assert [person.id for person in owed.asked] == [net.staff["city_expert"].person_id]
    assert (owed.ours, owed.reminded, owed.next_reminder_at) == (True, 0, owed.due_at)
    assert (await feedback(net, "county_doctor")).owed[0].ours is False
    assert len((await feedback(net, "coordinator")).owed) == 1
    assert (await feedback(net, "outsider")).owed == []

    async def nags() -> int:
        return (await net.kinds(case)).count("referral.outcome_overdue")

    net.wait(hours=71, minutes=59)
    await run_due(net.clone.system, net.clock)
    assert await nags() == 0
    net.wait(minutes=1)
    await run_due(net.clone.system, net.clock)
    assert await nags() == 1
    assert (await feedback(net, "city_expert")).owed[0].overdue
    net.wait(days=6, hours=23)
    await run_due(net.clone.system, net.clock)
    assert await nags() == 1
    net.wait(hours=1)
    await run_due(net.clone.system, net.clock)
    assert await nags() == 2
    said = await feedback(net, "city_expert")
    assert (said.owed[0].reminded, said.limit_seconds) == (2, 72 * 3600)
    assert said.to_be_verified


async def test_feedback_stays_on_the_senders_board_until_read(fresh_net: Network) -> None:
    net = fresh_net
    case = await closed(
        net,
        treatment="子宫动脉栓塞，红细胞 4 U",
        to_correct="出发前未备血",
        advice="缩宫素用量先核对",
        timeliness="delayed",
    )
    assert (await feedback(net, "city_expert")).owed == []
    (unread,) = (await feedback(net, "county_doctor")).unread
    assert (unread.case.id, unread.outcome) == (case, "rescued")
    assert await live(net, "county_doctor") == [case]
    assert await live(net, "city_expert") == []
    seen = await net.see("county_doctor", case)
    assert seen.waiting_for == "feedback_reading"
    assert [item.action for item in seen.allowed if item.primary] == ["read_feedback"]
    assert seen.ending is not None
    assert seen.ending.to_correct == "出发前未备血"
    assert seen.ending.by is not None
    with pytest.raises(WrongSide):
        await net.act("city_expert", case, read_feedback, ReadFeedback)
    await net.act("county_doctor", case, read_feedback, ReadFeedback)
    with pytest.raises(WrongMoment):
        await net.act("county_doctor", case, read_feedback, ReadFeedback)
    assert (await feedback(net, "county_doctor")).unread == []
    assert await live(net, "county_doctor") == []
    after = await net.see("city_expert", case)
    assert after.ending is not None
    assert after.ending.feedback_read_by is not None
    assert (await net.kinds(case))[-1] == "referral.feedback_read"
    words = str([event.payload for event in await net.events(case)])
    assert "出发前未备血" not in words


async def test_nothing_to_read_before_it_is_closed(net: Network) -> None:
    case = await handed_over(net)
    with pytest.raises(IllegalTransition):
        await net.act("county_doctor", case, read_feedback, ReadFeedback)


async def test_back_down_with_drugs_follow_up_and_a_new_colour(net: Network) -> None:
    case = await closed(net)
    viewer = net.staff["city_expert"]
    day = (net.clock.now() + timedelta(days=7)).date()
    order = BackRefer(
        version=(await net.see("city_expert", case)).version,
        plan="复查血常规",
        red_flags="发热、出血增多立即返院",
        drugs="琥珀酸亚铁 0.1 g 每日 3 次",
        risk_colour="orange",
        follow_up_facility_id=net.places["township"],
        follow_up_on=day,
    )
    async with net.clone.app.session(viewer) as session:
        back = await send.back_refer(session, net.clock, viewer, SEALER, case, order)
    seen = await net.see("county_expert", back)
    assert seen.plan is not None
    assert (seen.plan.drugs, seen.plan.follow_up_on) == ("琥珀酸亚铁 0.1 g 每日 3 次", day)
    assert seen.plan.follow_up_facility is not None
    assert seen.plan.follow_up_facility.id == net.places["township"]
    assert (seen.plan.risk_colour, seen.risk_colour) == ("orange", "orange")
    offer = seen.offers[0]
    assert offer.facility.id == net.places["county"]
    net.wait(hours=24)
    await run_due(net.clone.system, net.clock)
    assert (await net.see("county_expert", back)).offers[0].state in ("offered", "delivered")


async def test_a_plan_for_somebody_elses_child_is_refused(net: Network) -> None:
    case = await closed(net)
    viewer = net.staff["city_expert"]
    order = BackRefer(
        version=(await net.see("city_expert", case)).version,
        plan="x",
        red_flags="x",
        newborns=[NewbornPlan(newborn_id=new_id(), plan="x")],
    )
    with pytest.raises(NotFound):
        async with net.clone.app.session(viewer) as session:
            await send.back_refer(session, net.clock, viewer, SEALER, case, order)
