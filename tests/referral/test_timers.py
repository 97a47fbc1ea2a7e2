"""Limits run out: questions expire, the next unit is asked, people are told, nothing twice."""

import asyncio
from datetime import timedelta

import pytest

from kernel.clock import SystemClock
from referral import timers
from referral.commands.on_case import Commit, GuideInPlace
from referral.commands.on_leg import Depart
from referral.commands.on_offer import Accept, Acknowledge, Ask
from referral.rules.timers import TIMERS
from referral.service.accept import accept
from referral.service.answer import acknowledge, ask
from referral.service.commit import take_up
from referral.service.guide import guide_in_place
from referral.service.travel import depart
from tests.referral.network import STABLE, Network


async def _run(net: Network) -> bool:
    return await timers.run_due(net.clone.system, net.clock)


async def test_before_the_limit_nothing_happens(fresh_net: Network) -> None:
    case = await fresh_net.sent(fresh_net.places["city"])
    fresh_net.wait(seconds=TIMERS["acknowledge"].total_seconds() - 1)
    assert not await _run(fresh_net)
    assert (await fresh_net.see("county_doctor", case)).offers[0].state == "offered"


async def test_nobody_answers_so_the_next_tier_is_asked_and_a_late_yes_counts(
    fresh_net: Network,
) -> None:
    net = fresh_net
    case = await net.sent(net.places["city"])
    net.wait(minutes=10)
    assert await _run(net)
    assert not await _run(net), "once is enough"
    seen = await net.see("county_doctor", case)
    assert [(o.facility.short_name, o.state) for o in seen.offers] == [
        ("清江市妇幼", "expired"),
        ("云山省妇幼", "offered"),
    ]
    event = next(e for e in await net.events(case) if e.row.kind == "offer.expired")
    assert event.row.auto
    assert event.row.actor is None
    assert event.payload["timers"] == TIMERS.version
    await net.act("city_expert", case, accept, Accept, on=seen.offers[0].id, bed="1")
    after = await net.see("county_doctor", case)
    assert after.offers[0].state == "accepted"
    net.wait(minutes=30)
    await _run(net)
    # Once somebody said yes, no further unit is rung for silence.
    assert [o.state for o in (await net.see("county_doctor", case)).offers] == [
        "accepted",
        "offered",
    ]


async def test_acknowledged_but_undecided_calls_the_coordinator(fresh_net: Network) -> None:
    net = fresh_net
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, acknowledge, Acknowledge, on=offer)
    net.wait(minutes=10)
    assert await _run(net)
    events = await net.events(case)
    assert "offer.decision_overdue" in [e.row.kind for e in events]
    pages = [e.payload["event"] for e in events if e.row.kind == "page.sent"]
    assert pages[-1] == "offer.decision_overdue"
    assert (await net.see("county_doctor", case)).offers[0].state == "acknowledged"


async def test_an_unanswered_question_gives_the_decision_clock_back(fresh_net: Network) -> None:
    net = fresh_net
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, ask, Ask, on=offer, question="?")
    start = net.clock.now()
    net.wait(minutes=5)
    assert await _run(net)
    seen = (await net.see("county_doctor", case)).offers[0]
    assert seen.state == "info_requested"
    assert seen.decision_due_at == start + TIMERS["decide"] + TIMERS["answer_question"]
    net.wait(minutes=10)
    assert await _run(net)
    assert "offer.decision_overdue" in await net.kinds(case)


async def test_late_then_missing_then_the_coordinator(fresh_net: Network) -> None:
    net = fresh_net
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, accept, Accept, on=offer, bed="1")
    await net.act("county_doctor", case, take_up, Commit, offer_id=offer)
    leg = (await net.see("county_doctor", case)).legs[0].id
    net.wait(minutes=30)
    assert await _run(net)
    assert "leg.departure_overdue" in await net.kinds(case)

    eta = net.clock.now() + timedelta(minutes=40)
    await net.act("county_doctor", case, depart, Depart, on=leg, checklist=STABLE, eta=eta)
    net.wait(minutes=40 + 14)
    assert not await _run(net)
    net.wait(minutes=1)
    assert await _run(net)
    assert (await net.kinds(case))[-1] == "leg.arrival_overdue"
    net.wait(minutes=14)
    assert not await _run(net)
    net.wait(minutes=1)
    assert await _run(net)
    seen = await net.see("county_doctor", case)
    assert seen.legs[0].state == "not_arrived"
    pages = [e.payload["event"] for e in await net.events(case) if e.row.kind == "page.sent"]
    assert pages[-1] == "leg.not_arrived"


async def test_a_kept_bed_comes_free_again(fresh_net: Network) -> None:
    net = fresh_net
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, accept, Accept, on=offer, bed="1")
    net.wait(hours=2)
    assert await _run(net)
    assert [hold.state for hold in (await net.see("county_doctor", case)).holds] == ["expired"]


async def test_guidance_is_looked_at_every_quarter_of_an_hour(fresh_net: Network) -> None:
    net = fresh_net
    case = await net.sent(net.places["city"])
    lead = net.staff["city_expert"].person_id
    await net.act(
        "county_doctor", case, guide_in_place, GuideInPlace, reason="休克", remote_lead_id=lead
    )
    net.wait(minutes=15)
    assert await _run(net)
    guidance = (await net.see("county_doctor", case)).guidance
    assert guidance is not None
    assert guidance.review_due_at == net.clock.now(), "overdue until somebody looks"
    assert "referral.guided_review_overdue" not in await net.kinds(case)


async def test_a_look_that_nobody_takes_climbs_to_the_coordinator(fresh_net: Network) -> None:
    net = fresh_net
    case = await net.sent(net.places["city"])
    lead = net.staff["city_expert"].person_id
    await net.act(
        "county_doctor", case, guide_in_place, GuideInPlace, reason="休克", remote_lead_id=lead
    )
    net.wait(minutes=15)
    await _run(net)
    net.wait(minutes=5)
    assert await _run(net)
    events = await net.events(case)
    assert events[-1].row.kind in ("page.sent", "page.exhausted")
    pages = [e.payload["event"] for e in events if e.row.kind == "page.sent"]
    assert pages[-1] == "referral.guided_review_overdue"
    net.wait(minutes=20)
    await _run(net)
    net.wait(minutes=5)
    await _run(net)
    assert (await net.kinds(case)).count("referral.guided_review_overdue") == 2


async def test_two_engines_expire_an_offer_once(fresh_net: Network) -> None:
    net = fresh_net
    cases = [await net.sent(net.places["city"]) for _ in range(4)]
    net.wait(minutes=10)
    await asyncio.gather(*(_run(net) for _ in range(4)))
    await _run(net)
    for case in cases:
        assert (await net.kinds(case)).count("offer.expired") == 1


async def test_real_time_leaves_made_up_cases_alone(fresh_net: Network) -> None:
    net = fresh_net
    await net.sent(net.places["city"])
    assert not await timers.run_due(net.clone.system, SystemClock())
    assert await timers.next_due(net.clone.system, SystemClock()) is None
    assert (
        await timers.next_due(net.clone.system, net.clock)
        == net.clock.now() + TIMERS["acknowledge"]
    )


@pytest.mark.parametrize("step", sorted(TIMERS.limits))
def test_every_limit_has_somebody_who_acts_on_it(step: str) -> None:
    assert step in timers.STEPS
