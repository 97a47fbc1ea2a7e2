"""What receivers answer: ask, decline, redirect; and who is asked next."""

import pytest
from sqlalchemy import text

from duty.escalation import service as duty
from kernel.errors import IllegalTransition, VersionStale
from kernel.ids import PageId, new_id
from referral.commands.on_case import AddOffer
from referral.commands.on_offer import (
    Accept,
    AcceptAfterStabilising,
    Acknowledge,
    Answer,
    AnswerNeonatal,
    Ask,
    Decline,
    Redirect,
)
from referral.errors import (
    AlreadyAsked,
    BedOrPlaceNeeded,
    CentreMayNotRefuse,
    DestinationIsOrigin,
    DestinationUnknown,
    HopsExhausted,
    NeonatalAnswerNeeded,
    PhysicianDecides,
    WrongSide,
)
from referral.service.accept import accept, accept_after_stabilising
from referral.service.answer import (
    acknowledge,
    answer,
    answer_neonatal,
    ask,
    decline,
    note_delivered,
    note_page_acknowledged,
    redirect,
)
from referral.service.ask import add_offer
from tests.referral.network import SEEDER, Network


async def test_delivered_is_a_machine_fact_and_comes_once(net: Network) -> None:
    case = await net.sent(net.places["city"])
    before = await net.see("county_doctor", case)
    page = before.offers[0].page_id
    assert page is not None
    for about in (page, page, new_id()):
        async with net.clone.system.session(SEEDER) as session:
            await note_delivered(session, net.clock, SEEDER, about)
    seen = await net.see("county_doctor", case)
    assert seen.offers[0].state == "delivered"
    assert seen.version == before.version
    events = [e for e in await net.events(case) if e.row.kind == "offer.delivered"]
    assert [event.row.auto for event in events] == [True]


async def test_a_receipt_of_the_page_is_what_delivers_the_offer(net: Network) -> None:
    case = await net.sent(net.places["city"])
    page = (await net.see("county_doctor", case)).offers[0].page_id
    assert page is not None
    expert = net.staff["city_expert"]
    for state in ("delivered", "seen"):
        async with net.clone.app.session(expert) as session:
            await duty.receipt(session, net.clock, expert, PageId(page), state)
    async with net.clone.system.session(SEEDER) as session:
        found = await session.execute(
            text("SELECT payload FROM outbox WHERE topic = :topic AND key = :key"),
            {"topic": duty.DELIVERED, "key": str(page)},
        )
        assert list(found.scalars()) == [{"page_id": str(page)}]


async def test_taking_the_page_takes_the_offer(net: Network) -> None:
    """One button: whoever answers the ringing need not press again in the case."""
    case = await net.sent(net.places["city"])
    before = await net.see("county_doctor", case)
    page = before.offers[0].page_id
    assert page is not None
    expert = net.staff["city_expert"]
    for _ in range(2):
        async with net.clone.system.session(SEEDER) as session:
            await note_page_acknowledged(session, net.clock, SEEDER, page, expert.person_id)
    seen = await net.see("city_expert", case)
    assert seen.offers[0].state == "acknowledged"
    assert seen.offers[0].decision_due_at is not None
    assert seen.version == before.version, "no open page becomes stale"
    events = [e for e in await net.events(case) if e.row.kind == "offer.acknowledged"]
    assert [event.row.auto for event in events] == [True]
    assert "acknowledge" not in [one.action for one in seen.allowed if one.machine == "offer"]


async def test_a_question_pauses_the_decision_clock_once(net: Network) -> None:
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, acknowledge, Acknowledge, on=offer)
    due = (await net.see("city_expert", case)).offers[0].decision_due_at
    assert due is not None

    net.wait(minutes=2)
    await net.act("city_expert", case, ask, Ask, on=offer, question="血红蛋白多少？")
    net.wait(minutes=3)
    await net.act("county_doctor", case, answer, Answer, on=offer, answer="68 g/L")
    after = (await net.see("city_expert", case)).offers[0]
    assert after.state == "acknowledged"
    assert after.decision_due_at is not None
    assert (after.decision_due_at - due).total_seconds() == 180
    assert after.questions[0].question == "血红蛋白多少？"
    assert after.questions[0].answer == "68 g/L"

    # A second question is answered without another pause.
    await net.act("city_expert", case, ask, Ask, on=offer, question="有无输血？")
    net.wait(minutes=2)
    await net.act("county_doctor", case, answer, Answer, on=offer, answer="红细胞 2 U")
    again = (await net.see("city_expert", case)).offers[0]
    assert again.decision_due_at == after.decision_due_at
    assert len(again.questions) == 2


async def test_the_pause_is_five_minutes_at_most(net: Network) -> None:
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, ask, Ask, on=offer, question="宫缩如何？")
    due = (await net.see("city_expert", case)).offers[0].decision_due_at
    net.wait(minutes=9)
    await net.act("county_doctor", case, answer, Answer, on=offer, answer="宫缩差")
    after = (await net.see("city_expert", case)).offers[0].decision_due_at
    assert due is not None
    assert after is not None
    assert (after - due).total_seconds() == 300


async def test_asking_is_an_acknowledgement_too(net: Network) -> None:
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, ask, Ask, on=offer, question="血压？")
    kinds = await net.kinds(case)
    assert kinds[-2:] == ["offer.acknowledged", "offer.info_requested"]
    chain = [event.row.kind for event in await net.events(case)]
    assert "page.acknowledged" in chain


async def test_accept_after_stabilising_keeps_its_conditions(net: Network) -> None:
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act(
        "city_expert",
        case,
        accept_after_stabilising,
        AcceptAfterStabilising,
        on=offer,
        conditions="先行宫腔填塞，血压稳定后转运",
        no_bed_accept_to="theatre",
    )
    seen = (await net.see("county_doctor", case)).offers[0]
    assert seen.state == "accepted"
    assert seen.after_stabilising
    assert seen.conditions == "先行宫腔填塞，血压稳定后转运"
    assert seen.no_bed_accept_to == "theatre"
    last = next(e for e in await net.events(case) if e.row.kind == "offer.accepted")
    assert last.payload["after_stabilising"] is True


async def test_a_yes_names_a_bed_or_a_place(net: Network) -> None:
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    with pytest.raises(BedOrPlaceNeeded):
        await net.act("city_expert", case, accept, Accept, on=offer)
    assert (await net.see("county_doctor", case)).offers[0].state == "offered"


async def test_a_cot_is_part_of_the_answer(net: Network) -> None:
    case = await net.sent(net.places["city"], needs_neonatal=True)
    offer = (await net.see("county_doctor", case)).offers[0].id
    with pytest.raises(NeonatalAnswerNeeded):
        await net.act("city_expert", case, accept, Accept, on=offer, bed="12")
    await net.act("city_second", case, answer_neonatal, AnswerNeonatal, on=offer, accepted=False)
    with pytest.raises(NeonatalAnswerNeeded):
        await net.act("city_expert", case, accept, Accept, on=offer, bed="12")
    await net.act("city_second", case, answer_neonatal, AnswerNeonatal, on=offer, accepted=True)
    await net.act("city_expert", case, accept, Accept, on=offer, bed="12")
    seen = await net.see("county_doctor", case)
    assert seen.offers[0].neonatal == "accepted"
    assert sorted(hold.kind for hold in seen.holds) == ["maternal_bed", "neonatal_cot"]


async def test_the_duty_desk_acknowledges_but_does_not_decide(net: Network) -> None:
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_desk", case, acknowledge, Acknowledge, on=offer)
    with pytest.raises(PhysicianDecides):
        await net.act("city_desk", case, accept, Accept, on=offer, bed="1")
    names = {item.action for item in (await net.see("city_desk", case)).allowed}
    assert "ask" in names
    assert "accept" not in names


async def test_a_centre_may_not_simply_refuse(net: Network) -> None:
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    with pytest.raises(CentreMayNotRefuse):
        await net.act("city_expert", case, decline, Decline, on=offer, code="no_bed")
    await net.act(
        "city_expert",
        case,
        decline,
        Decline,
        on=offer,
        code="no_bed",
        supervisor="测试主任",
        remote_advice="立即宫腔填塞，持续按摩子宫",
    )
    seen = await net.see("county_doctor", case)
    assert [(o.facility.short_name, o.state) for o in seen.offers] == [
        ("清江市妇幼", "declined"),
        ("云山省妇幼", "offered"),
    ]
    assert seen.offers[0].remote_advice == "立即宫腔填塞，持续按摩子宫"
    assert seen.offers[1].from_offer_id == offer


async def test_where_nobody_is_left_the_coordinator_is_called(net: Network) -> None:
    case = await net.sent(net.places["province"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act(
        "province_expert",
        case,
        decline,
        Decline,
        on=offer,
        code="beyond_capability",
        supervisor="测试主任",
        remote_advice="就地抢救",
    )
    seen = await net.see("coordinator", case)
    assert seen.my_side == "coordinator"
    assert seen.waiting_for == "destination"
    assert any(item.action == "add_offer" and item.primary for item in seen.allowed)
    pages = [e.payload["event"] for e in await net.events(case) if e.row.kind == "page.sent"]
    assert pages == ["referral.offered", "referral.no_destination"]
    await net.act("coordinator", case, add_offer, AddOffer, facility_id=net.places["city_two"])
    assert (await net.see("city_two_expert", case)).my_side == "receiver"


async def test_a_redirect_keeps_the_chain_and_ends_with_the_coordinator(net: Network) -> None:
    case = await net.sent(net.places["city"])
    hops = (("city_expert", "city_two"), ("city_two_expert", "province"))
    for who, onward in hops:
        offer = (await net.see(who, case)).offers[-1]
        await net.act(
            who,
            case,
            redirect,
            Redirect,
            on=offer.id,
            facility_id=net.places[onward],
            reason="手术间已满",
        )
    seen = await net.see("county_doctor", case)
    assert [(o.state, o.hop) for o in seen.offers] == [
        ("redirected", 1),
        ("redirected", 2),
        ("offered", 3),
    ]
    assert [o.from_offer_id for o in seen.offers][1:] == [seen.offers[0].id, seen.offers[1].id]
    assert seen.offers[0].redirect_reason == "手术间已满"
    with pytest.raises(HopsExhausted):
        await net.act(
            "province_expert",
            case,
            redirect,
            Redirect,
            on=seen.offers[2].id,
            facility_id=net.places["institute"],
            reason="再转",
        )
    names = {item.action for item in (await net.see("province_expert", case)).allowed}
    assert "redirect" not in names
    await net.act(
        "coordinator",
        case,
        redirect,
        Redirect,
        on=seen.offers[2].id,
        facility_id=net.places["institute"],
        reason="由孕管中心安排",
    )
    last = [e for e in await net.events(case) if e.row.kind == "offer.redirected"][-1]
    assert last.payload["side"] == "coordinator"


async def test_offers_go_to_known_other_units_once(net: Network) -> None:
    case = await net.sent(net.places["city"])
    with pytest.raises(AlreadyAsked) as refused:
        await net.act("county_doctor", case, add_offer, AddOffer, facility_id=net.places["city"])
    assert refused.value.fields == {"facility": "清江市妇幼"}
    with pytest.raises(DestinationIsOrigin):
        await net.act("county_doctor", case, add_offer, AddOffer, facility_id=net.places["county"])
    with pytest.raises(DestinationUnknown):
        await net.act("county_doctor", case, add_offer, AddOffer, facility_id=new_id())


async def test_only_the_receiver_answers_and_only_the_sender_answers_back(net: Network) -> None:
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    with pytest.raises(WrongSide):
        await net.act("county_doctor", case, accept, Accept, on=offer, bed="1")
    await net.act("city_expert", case, ask, Ask, on=offer, question="?")
    with pytest.raises(WrongSide):
        await net.act("city_expert", case, answer, Answer, on=offer, answer="!")


async def test_a_stale_version_is_refused_and_writes_nothing(net: Network) -> None:
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    before = (await net.see("city_expert", case)).version
    await net.act("city_expert", case, acknowledge, Acknowledge, on=offer)
    kinds = await net.kinds(case)
    with pytest.raises(VersionStale) as refused:
        await net.do("city_expert", ask, offer, Ask(version=before, question="?"))
    assert refused.value.fields == {"current": before + 1, "given": before}
    assert await net.kinds(case) == kinds


async def test_a_declined_offer_is_over(net: Network) -> None:
    case = await net.sent(net.places["city_two"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_two_expert", case, decline, Decline, on=offer, code="no_bed")
    with pytest.raises(IllegalTransition):
        await net.act("city_two_expert", case, accept, Accept, on=offer, bed="1")
