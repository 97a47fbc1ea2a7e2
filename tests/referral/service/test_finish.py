"""How cases end: cancelled and known, guided in place, loss, void, back down."""

import pytest

from kernel.chain.errors import TimelineFrozen
from kernel.errors import NotFound
from kernel.ids import new_id
from referral.commands.on_case import (
    BackRefer,
    Cancel,
    Close,
    Commit,
    Die,
    EndGuidance,
    GuideInPlace,
    RecordLoss,
    RequestHold,
    ResumeTransfer,
    ReviewGuidance,
    Void,
)
from referral.commands.on_hold import Extend, Grant, Release, Use
from referral.commands.on_leg import Arrive, Depart, SignHandover
from referral.commands.on_offer import Accept, Acknowledge, AcknowledgeWithdrawal, Decline
from referral.errors import (
    HoldInPast,
    Incomplete,
    OfferUnknown,
    PersonUnknown,
    WrongMoment,
    WrongSide,
)
from referral.service import send
from referral.service.accept import accept
from referral.service.answer import acknowledge, acknowledge_withdrawal, decline
from referral.service.arrive import arrive, sign_handover
from referral.service.commit import take_up
from referral.service.finish import cancel, close, die, record_loss, void
from referral.service.guide import (
    end_guidance,
    guide_in_place,
    resume_transfer,
    review_guidance,
)
from referral.service.hold import extend, grant, release, request_hold, use
from referral.service.travel import depart
from tests.referral.network import SEALER, STABLE, Network

HALF = {"condition": "平稳", "drugs": "无", "blood": "无", "documents": "病历"}


async def _accepted(net: Network):  # type: ignore[no-untyped-def]
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, accept, Accept, on=offer, bed="1 床")
    return case, offer


async def _arrived(net: Network):  # type: ignore[no-untyped-def]
    case, offer = await _accepted(net)
    await net.act("county_doctor", case, take_up, Commit, offer_id=offer)
    leg = (await net.see("county_doctor", case)).legs[0].id
    await net.act("county_doctor", case, depart, Depart, on=leg, checklist=STABLE)
    await net.act("city_expert", case, arrive, Arrive, on=leg)
    return case, leg


async def _closed(net: Network):  # type: ignore[no-untyped-def]
    case, leg = await _arrived(net)
    for who in ("county_doctor", "city_expert"):
        await net.act(who, case, sign_handover, SignHandover, on=leg, **HALF)
    await net.act(
        "city_expert", case, close, Close, outcome="rescued", diagnosis="产后出血", feedback="及时"
    )
    return case


async def test_cancelled_stays_until_the_receiver_knows(net: Network) -> None:
    case, offer = await _accepted(net)
    await net.act("county_doctor", case, cancel, Cancel, code="delivered_locally")
    seen = await net.see("city_expert", case)
    assert (seen.state, seen.waiting_for) == ("cancelled", "withdrawal_acknowledgement")
    assert seen.offers[0].withdrawn_reason == "cancelled"
    assert [hold.state for hold in seen.holds] == ["released"]
    assert [item.action for item in seen.allowed] == ["acknowledge_withdrawal"]
    await net.act("city_desk", case, acknowledge_withdrawal, AcknowledgeWithdrawal, on=offer)
    after = await net.see("county_doctor", case)
    assert after.waiting_for == "nothing"
    assert after.offers[0].withdrawal_acknowledged_at is not None
    assert (await net.kinds(case))[-1] == "referral.cancel_acknowledged"


async def test_cancelling_stops_the_ringing(net: Network) -> None:
    case = await net.sent(net.places["city"])
    await net.act("county_doctor", case, cancel, Cancel, code="improved")
    async with net.clone.app.session(net.staff["county_doctor"]) as session:
        from duty.escalation import queries as pages

        found = await pages.of_case(session, case)
    assert [page.state for page in found] == ["cancelled"]


async def test_a_coordinator_cancels_only_with_a_reason_and_nobody_after_arrival(
    net: Network,
) -> None:
    case, _ = await _accepted(net)
    with pytest.raises(Incomplete):
        await net.act("coordinator", case, cancel, Cancel, code="other")
    with pytest.raises(WrongSide):
        await net.act("city_expert", case, cancel, Cancel, code="other")
    await net.act("coordinator", case, cancel, Cancel, code="other", note="家属要求")
    arrived, _ = await _arrived(net)
    with pytest.raises(WrongMoment):
        await net.act("county_doctor", arrived, cancel, Cancel, code="refused")


async def test_guided_in_place_is_a_path_with_a_named_lead(net: Network) -> None:
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, acknowledge, Acknowledge, on=offer)
    with pytest.raises(PersonUnknown):
        await net.act(
            "county_doctor",
            case,
            guide_in_place,
            GuideInPlace,
            reason="休克",
            remote_lead_id=new_id(),
        )
    lead = net.staff["province_expert"].person_id
    await net.act(
        "city_expert",
        case,
        guide_in_place,
        GuideInPlace,
        reason="失血性休克，转运途中有死亡风险",
        remote_lead_id=lead,
        team_travelling=True,
    )
    seen = await net.see("province_expert", case)
    assert seen.state == "guided_in_place"
    assert seen.remote_lead is not None
    assert seen.remote_lead.id == lead
    assert seen.guidance is not None
    assert seen.guidance.team_travelling
    assert seen.guidance.review_due_at is not None
    counted = [e.payload for e in await net.events(case) if e.row.kind == "guidance.session"]
    assert [(c["centre_facility"], c["institution_facility"]) for c in counted] == [
        (str(net.places["province"]), str(net.places["county"]))
    ]
    net.wait(minutes=14)
    await net.act("county_doctor", case, review_guidance, ReviewGuidance, note="血压回升")
    await net.act("county_doctor", case, resume_transfer, ResumeTransfer, note="可转运")
    assert (await net.see("county_doctor", case)).state == "open"
    # Guided a second time by the same centre: still one session of this case.
    await net.act(
        "county_doctor", case, guide_in_place, GuideInPlace, reason="再次出血", remote_lead_id=lead
    )
    await net.act(
        "county_doctor",
        case,
        end_guidance,
        EndGuidance,
        outcome="rescued",
        diagnosis="产后出血",
        feedback="就地止血成功",
    )
    done = await net.see("city_expert", case)
    assert done.state == "closed"
    assert done.offers[0].state == "withdrawn"
    kinds = await net.kinds(case)
    assert kinds.count("guidance.session") == 1
    assert "referral.guided_review" in kinds


async def test_a_lost_child_does_not_end_the_mothers_case(net: Network) -> None:
    case, _ = await _accepted(net)
    await net.act(
        "county_doctor",
        case,
        record_loss,
        RecordLoss,
        who="fetus",
        place="产房",
        certifier="测试医生",
    )
    seen = await net.see("city_expert", case)
    assert seen.state == "open"
    assert seen.ending is not None
    assert seen.ending.needs_review
    assert seen.ending.loss == "fetus"


async def test_a_loss_names_a_child_of_hers(net: Network) -> None:
    case, other = await net.sent(net.places["city"]), new_id()
    loss = {"who": "newborn", "place": "产房", "certifier": "测试医生", "newborn_id": other}
    with pytest.raises(NotFound):
        await net.act("county_doctor", case, record_loss, RecordLoss, **loss)
    assert "referral.loss_recorded" not in await net.kinds(case)


async def test_death_before_departure_freezes_the_case(net: Network) -> None:
    case, _ = await _accepted(net)
    await net.act("county_doctor", case, die, Die, place="手术室", certifier="测试医生")
    with pytest.raises(TimelineFrozen):
        await net.act("county_doctor", case, cancel, Cancel, code="other")
    event = next(e for e in await net.events(case) if e.row.kind == "referral.died")
    assert event.payload == {"who": "mother", "review": True, "side": "origin"}


async def test_an_administrator_voids_without_seeing(net: Network) -> None:
    case, _ = await _accepted(net)
    version = (await net.see("county_doctor", case)).version
    with pytest.raises(NotFound):
        await net.see("admin", case)
    order = Void(version=version, code="wrong_patient", reason="选错患者")
    with pytest.raises(NotFound):
        await net.do("commission", void, case, order)
    answer = await net.do("admin", void, case, order)
    assert answer.state == "voided"
    for who in ("admin", "county_doctor", "city_expert"):
        with pytest.raises(NotFound):
            await net.see(who, case)
    voided = (await net.events(case))[-1]
    assert {e.row.kind for e in await net.events(case)} >= {"referral.voided", "hold.released"}
    assert voided.row.actor == net.staff["admin"].person_id


async def test_back_down_with_plan_and_red_flags(net: Network) -> None:
    case = await _closed(net)
    version = (await net.see("city_expert", case)).version
    order = BackRefer(version=version, plan="复查血常规", red_flags="发热、出血增多立即返院")
    viewer = net.staff["city_expert"]
    async with net.clone.app.session(viewer) as session:
        back = await send.back_refer(session, net.clock, viewer, SEALER, case, order)
    seen = await net.see("county_doctor", back)
    assert (seen.direction, seen.acuity, seen.replaces_id) == ("back", "stable", case)
    assert seen.plan is not None
    assert seen.plan.red_flags == "发热、出血增多立即返院"
    assert seen.my_side == "receiver"
    assert (await net.see("county_doctor", case)).replaced_by_ids == [back]
    await net.act("county_expert", back, acknowledge, Acknowledge, on=seen.offers[0].id)
    await net.act("county_expert", back, accept, Accept, on=seen.offers[0].id)
    assert (await net.kinds(case))[-1] == "referral.back_referred"


async def test_a_hold_is_asked_for_kept_and_freed(net: Network) -> None:
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    for kind in ("blood", "theatre"):
        await net.act("county_doctor", case, request_hold, RequestHold, offer_id=offer, kind=kind)
    blood, theatre = (await net.see("city_expert", case)).holds
    with pytest.raises(HoldInPast):
        await net.act("city_desk", case, grant, Grant, on=blood.id, until=net.clock.now())
    later = net.clock.now().replace(hour=23)
    await net.act("city_desk", case, grant, Grant, on=blood.id, until=later, label="O+ 4 U")
    await net.act("city_desk", case, extend, Extend, on=blood.id, until=later.replace(minute=59))
    await net.act("city_desk", case, use, Use, on=blood.id)
    with pytest.raises(WrongSide):
        await net.act("county_doctor", case, grant, Grant, on=theatre.id, until=later)
    await net.act("city_desk", case, release, Release, on=theatre.id, reason="全部占用")
    states = [hold.state for hold in (await net.see("county_doctor", case)).holds]
    assert states == ["used", "released"]


async def test_nothing_is_asked_of_a_house_that_said_no(net: Network) -> None:
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    no = {"code": "no_bed", "supervisor": "院长", "remote_advice": "先行宫腔填塞"}
    await net.act("city_expert", case, decline, Decline, on=offer, **no)
    ask = {"offer_id": offer, "kind": "theatre"}
    with pytest.raises(OfferUnknown):
        await net.act("county_doctor", case, request_hold, RequestHold, **ask)
