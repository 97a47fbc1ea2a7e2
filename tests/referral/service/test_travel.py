"""On the road: checklist, diversion, deterioration, birth, halt, not arriving, dying."""

from uuid import UUID

import pytest

from kernel.ids import CaseId
from referral.commands.fields import Vitals
from referral.commands.on_case import AddOffer, Commit
from referral.commands.on_leg import (
    Arrive,
    Birth,
    Depart,
    Deteriorate,
    DieInTransit,
    Divert,
    Halt,
    Miss,
    Ready,
    Replan,
    Report,
    Resume,
    SignHandover,
)
from referral.commands.on_offer import Accept, AcknowledgeWithdrawal
from referral.errors import AlreadySigned, ChecklistException, Incomplete, WrongMoment, WrongSide
from referral.service.accept import accept
from referral.service.answer import acknowledge_withdrawal
from referral.service.arrive import arrive, die_in_transit, miss, sign_handover
from referral.service.ask import add_offer
from referral.service.commit import take_up
from referral.service.travel import (
    birth,
    depart,
    deteriorate,
    divert,
    halt,
    ready,
    replan,
    report,
    resume,
)
from tests.referral.network import STABLE, Network

HALF = {"condition": "平稳", "drugs": "缩宫素", "blood": "2 U", "documents": "病历"}


async def _committed(net: Network, *others: str) -> tuple[CaseId, UUID]:
    case = await net.sent(net.places["city"], *(net.places[name] for name in others))
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, accept, Accept, on=offer, bed="1 床")
    await net.act("county_doctor", case, take_up, Commit, offer_id=offer)
    return case, (await net.see("county_doctor", case)).legs[0].id


async def _moving(net: Network) -> tuple[CaseId, UUID]:
    case, leg = await _committed(net)
    await net.act("county_doctor", case, depart, Depart, on=leg, checklist=STABLE)
    return case, leg


async def test_losers_are_withdrawn_and_say_that_they_know(net: Network) -> None:
    case, _ = await _committed(net, "province")
    lost = next(o for o in (await net.see("province_expert", case)).offers if o.state != "accepted")
    assert (lost.state, lost.withdrawn_reason) == ("withdrawn", "chosen_other")
    seen = await net.see("province_expert", case)
    assert [i.action for i in seen.allowed if i.primary] == ["acknowledge_withdrawal"]
    await net.act(
        "province_expert", case, acknowledge_withdrawal, AcknowledgeWithdrawal, on=lost.id
    )
    assert (await net.kinds(case))[-1] == "offer.withdrawal_acknowledged"
    with pytest.raises(WrongMoment):
        await net.act(
            "province_expert", case, acknowledge_withdrawal, AcknowledgeWithdrawal, on=lost.id
        )


async def test_no_doors_close_without_the_checklist(net: Network) -> None:
    case, leg = await _committed(net)
    with pytest.raises(Incomplete):
        await net.act("county_doctor", case, depart, Depart, on=leg)
    lacking = {**{f: getattr(STABLE, f) for f in STABLE.__struct_fields__}, "iv_access": False}
    unsafe = type(STABLE)(**lacking)
    with pytest.raises(ChecklistException) as refused:
        await net.act("county_doctor", case, depart, Depart, on=leg, checklist=unsafe)
    assert refused.value.fields == {"items": "iv_access"}
    explained = type(STABLE)(**{**lacking, "exception": "唯一救命手术在上级医院"})
    await net.act("county_doctor", case, ready, Ready, on=leg, checklist=explained)
    await net.act("county_doctor", case, depart, Depart, on=leg)
    assert (await net.see("county_doctor", case)).state == "moving"


async def test_crew_act_once_they_are_named(net: Network) -> None:
    case, leg = await _committed(net)
    crew = net.staff["crew"].person_id
    await net.act(
        "county_doctor", case, replan, Replan, on=leg, escort="测试护士", crew_person_ids=[crew]
    )
    seen = await net.see("crew", case)
    assert seen.my_side == "crew"
    assert "depart" in {item.action for item in seen.allowed}
    await net.act("crew", case, depart, Depart, on=leg, checklist=STABLE)
    vitals = Vitals(sbp_mmhg=96, hr_per_min=118)
    await net.act("crew", case, report, Report, on=leg, vitals=vitals, note="平稳")
    entry = (await net.see("city_expert", case)).legs[0].entries[-1]
    assert entry.vitals is not None
    assert entry.vitals.sbp_mmhg == 96


async def test_worse_halted_and_on_again(net: Network) -> None:
    case, leg = await _moving(net)
    await net.act("county_doctor", case, deteriorate, Deteriorate, on=leg, note="血压下降")
    await net.act("county_doctor", case, halt, Halt, on=leg, reason="道路塌方")
    await net.act("county_doctor", case, resume, Resume, on=leg)
    assert (await net.see("city_expert", case)).legs[0].state == "departed"
    assert (await net.kinds(case))[-3:] == ["leg.deteriorated", "leg.halted", "leg.resumed"]


async def test_a_birth_on_the_road_makes_records_of_twins(net: Network) -> None:
    case, leg = await _moving(net)
    for order in (1, 2):
        await net.act(
            "county_doctor", case, birth, Birth, on=leg, sex="female", birth_order=order, apgar_1=8
        )
    seen = await net.see("city_expert", case)
    assert [newborn.birth_order for newborn in seen.newborns] == [1, 2]
    assert seen.subject == "dyad"
    assert seen.legs[0].state == "birth_en_route"
    assert (await net.kinds(case)).count("milestone.birth") == 2


async def test_crew_may_record_a_birth_too(net: Network) -> None:
    case, leg = await _committed(net)
    crew = net.staff["crew"].person_id
    await net.act("county_doctor", case, replan, Replan, on=leg, crew_person_ids=[crew])
    await net.act("crew", case, depart, Depart, on=leg, checklist=STABLE)
    await net.act("crew", case, birth, Birth, on=leg, sex="male")
    assert len((await net.see("city_expert", case)).newborns) == 1


async def test_diverted_to_a_unit_that_said_yes(net: Network) -> None:
    case, leg = await _moving(net)
    first = (await net.see("county_doctor", case)).offers[0].id
    await net.act("county_doctor", case, add_offer, AddOffer, facility_id=net.places["city_two"])
    other = (await net.see("county_doctor", case)).offers[1]
    assert other.purpose == "diversion"
    with pytest.raises(Exception, match="not_accepted"):
        await net.act(
            "county_doctor", case, divert, Divert, on=leg, offer_id=other.id, reason="堵车"
        )
    await net.act("city_two_expert", case, accept, Accept, on=other.id, bed="急诊 3 床")
    await net.act("county_doctor", case, divert, Divert, on=leg, offer_id=other.id, reason="堵车")
    seen = await net.see("city_two_expert", case)
    assert seen.receiver is not None
    assert seen.receiver.short_name == "清江二院"
    assert seen.legs[0].state == "diverted"
    assert {o.id: o.state for o in seen.offers} == {first: "withdrawn", other.id: "accepted"}
    assert [(hold.facility.short_name, hold.state) for hold in seen.holds] == [
        ("清江市妇幼", "released"),
        ("清江二院", "held"),
    ]
    # A second diversion is possible, too.
    await net.act("county_doctor", case, add_offer, AddOffer, facility_id=net.places["province"])
    third = (await net.see("county_doctor", case)).offers[-1]
    await net.act("province_expert", case, accept, Accept, on=third.id, bed="1")
    await net.act("county_doctor", case, divert, Divert, on=leg, offer_id=third.id, reason="空运")
    with pytest.raises(WrongSide):
        await net.act("city_two_expert", case, arrive, Arrive, on=leg)
    await net.act("province_expert", case, arrive, Arrive, on=leg)


async def test_each_side_signs_its_half_once(net: Network) -> None:
    case, leg = await _moving(net)
    await net.act("city_desk", case, arrive, Arrive, on=leg)
    await net.act("city_expert", case, sign_handover, SignHandover, on=leg, **HALF)
    with pytest.raises(AlreadySigned):
        await net.act("city_second", case, sign_handover, SignHandover, on=leg, **HALF)
    assert (await net.see("city_expert", case)).waiting_for == "handover"
    with pytest.raises(Incomplete):
        await net.act("coordinator", case, sign_handover, SignHandover, on=leg, **HALF)
    await net.act(
        "coordinator", case, sign_handover, SignHandover, on=leg, for_side="origin", **HALF
    )
    seen = await net.see("county_doctor", case)
    assert seen.state == "handed_over"
    assert {(s.side, s.on_behalf) for s in seen.legs[0].signatures} == {
        ("receiver", False),
        ("origin", True),
    }


async def test_not_arrived_can_still_arrive(net: Network) -> None:
    case, leg = await _moving(net)
    await net.act("city_expert", case, miss, Miss, on=leg, note="未见车辆")
    assert (await net.see("county_doctor", case)).legs[0].state == "not_arrived"
    await net.act("city_expert", case, arrive, Arrive, on=leg)
    assert (await net.see("county_doctor", case)).legs[0].state == "arrived"


async def test_death_on_the_road_ends_leg_and_case_and_opens_a_review(net: Network) -> None:
    case, leg = await _moving(net)
    await net.act(
        "county_doctor",
        case,
        die_in_transit,
        DieInTransit,
        on=leg,
        place="G65 高速",
        certifier="测试医生",
    )
    seen = await net.see("city_expert", case)
    assert (seen.state, seen.legs[0].state) == ("died", "died_in_transit")
    assert seen.ending is not None
    assert seen.ending.needs_review
    assert seen.ending.place == "G65 高速"
    assert {hold.state for hold in seen.holds} == {"released"}
    # Frozen: nothing is left to do but to say that one knows.
    assert {item.action for item in seen.allowed} == {"acknowledge_withdrawal"}


async def test_before_departure_the_receiver_may_change(net: Network) -> None:
    case, leg = await _committed(net)
    await net.act("county_doctor", case, add_offer, AddOffer, facility_id=net.places["province"])
    other = (await net.see("county_doctor", case)).offers[-1]
    await net.act("province_expert", case, accept, Accept, on=other.id, bed="1")
    await net.act("county_doctor", case, take_up, Commit, offer_id=other.id)
    seen = await net.see("county_doctor", case)
    assert seen.receiver is not None
    assert seen.receiver.short_name == "云山省妇幼"
    assert [(item.id, item.destination.short_name) for item in seen.legs] == [(leg, "云山省妇幼")]
    assert [offer.state for offer in seen.offers] == ["withdrawn", "accepted"]
