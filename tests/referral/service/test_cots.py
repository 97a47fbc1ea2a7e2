"""Two halves of one answer: the mother's bed and her newborn's cot, here or at two houses."""

import asyncio

import pytest

from kernel.ids import CaseId
from referral import timers
from referral.commands.on_case import AddOffer, Cancel, Commit
from referral.commands.on_offer import Accept, AnswerNeonatal, Decline
from referral.errors import (
    AlreadyAccepted,
    AlreadyAsked,
    CotNotNeeded,
    NewbornHalfMissing,
    OfferUnknown,
)
from referral.readmodel.parts import Offer
from referral.service.accept import accept
from referral.service.answer import answer_neonatal, decline
from referral.service.ask import add_offer
from referral.service.commit import take_up
from referral.service.finish import cancel
from registry.pregnancies.schemas import NewPatient, NewPregnancy
from registry.pregnancies.service import create_patient_with_pregnancy
from tests.referral.network import SEALER, Network
from tests.referral.service.test_choose import able, count, divert


async def _offers(net: Network, case: CaseId, purpose: str) -> list[Offer]:
    seen = await net.see("county_doctor", case)
    return [offer for offer in seen.offers if offer.purpose == purpose]


async def _elsewhere(net: Network, **changes: object) -> CaseId:
    """The city takes her, and has no cot."""
    case = await net.sent(net.places["city"], needs_neonatal=True, **changes)  # type: ignore[arg-type]
    (mother,) = await _offers(net, case, "transfer")
    no = {"bed": "3", "neonatal_accepted": False}
    await net.act("city_expert", case, accept, Accept, on=mother.id, **no)
    return case


async def _commit(net: Network, case: CaseId, **more: object) -> None:
    (mother,) = await _offers(net, case, "transfer")
    await net.act("county_doctor", case, take_up, Commit, offer_id=mother.id, **more)


async def test_mother_here_newborn_there_is_one_joint_answer(fresh_net: Network) -> None:
    net = fresh_net
    await able(net, "city_two_expert", "city_two", "nicu_level_3")
    await count(net, "city_two_expert", "city_two", nicu_cot=2)
    case = await _elsewhere(net)
    seen = await net.see("county_doctor", case)
    assert seen.waiting_for in ("acknowledgement", "newborn_half")
    (cot,) = await _offers(net, case, "neonatal")
    (mother,) = await _offers(net, case, "transfer")
    assert (mother.neonatal, cot.facility.short_name) == ("elsewhere", "清江二院")
    assert cot.from_offer_id == mother.id
    with pytest.raises(NewbornHalfMissing):
        await _commit(net, case)
    needs = {item.action: item.needs for item in seen.allowed}
    assert needs["commit"] == ["offer_id", "newborn_override"]

    await net.act("city_two_expert", case, accept, Accept, on=cot.id, bed="NICU 4")
    both = await net.see("county_doctor", case)
    assert both.waiting_for == "commitment"
    assert [(h.kind, h.facility.short_name, h.quantity) for h in both.holds] == [
        ("maternal_bed", "清江市妇幼", 1),
        ("neonatal_cot", "清江二院", 1),
    ]
    await _commit(net, case)
    after = await net.see("county_doctor", case)
    assert after.state == "committed"
    assert after.receiver is not None
    assert after.receiver.short_name == "清江市妇幼"
    # The cot is kept: choosing the mother's house lets the newborn's go nowhere.
    assert [o.state for o in after.offers] == ["accepted", "accepted"]
    event = next(e for e in await net.events(case) if e.row.kind == "referral.committed")
    assert event.payload["newborn_half"] == "elsewhere"


async def test_a_person_may_send_her_without_a_cot_and_says_why(fresh_net: Network) -> None:
    net = fresh_net
    case = await _elsewhere(net)
    await _commit(net, case, newborn_override="出血无法等待，新生儿随后转运")
    event = next(e for e in await net.events(case) if e.row.kind == "referral.committed")
    assert event.payload["newborn_half"] == "overridden"
    assert "出血" not in str(event.payload)
    # Cots are still looked for.
    assert [o.state for o in await _offers(net, case, "neonatal")] == ["offered"]


async def test_who_keeps_the_cot_does_not_decide_for_the_mother(fresh_net: Network) -> None:
    net = fresh_net
    await able(net, "city_two_expert", "city_two", "nicu_level_3")
    await count(net, "city_two_expert", "city_two", nicu_cot=2)
    case = await _elsewhere(net)
    (cot,) = await _offers(net, case, "neonatal")
    await net.act("city_two_expert", case, accept, Accept, on=cot.id, bed="NICU 4")
    mine = {f"{i.machine}.{i.action}" for i in (await net.see("city_two_expert", case)).allowed}
    assert "referral.guide_in_place" not in mine
    assert "referral.complete_record" not in mine
    with pytest.raises(OfferUnknown):
        await net.act("county_doctor", case, take_up, Commit, offer_id=cot.id)


async def test_twins_keep_two_cots(fresh_net: Network) -> None:
    net = fresh_net
    doctor = net.staff["county_doctor"]
    new = NewPatient(name="林双", age=30, pregnancy=NewPregnancy(plurality=2))
    async with net.clone.app.session(doctor) as session:
        made = await create_patient_with_pregnancy(session, net.clock, doctor, SEALER, new)
    case = await net.sent(net.places["city"], needs_neonatal=True, pregnancy_id=made.pregnancy_id)
    (mother,) = await _offers(net, case, "transfer")
    yes = {"bed": "3", "neonatal_accepted": True}
    await net.act("city_expert", case, accept, Accept, on=mother.id, **yes)
    seen = await net.see("county_doctor", case)
    assert seen.cots_needed == 2
    assert {h.kind: h.quantity for h in seen.holds} == {"maternal_bed": 1, "neonatal_cot": 2}


async def test_a_no_of_the_neonatal_unit_leaves_the_mothers_yes_open(fresh_net: Network) -> None:
    net = fresh_net
    case = await net.sent(net.places["city"], needs_neonatal=True)
    (mother,) = await _offers(net, case, "transfer")
    await net.act(
        "city_second", case, answer_neonatal, AnswerNeonatal, on=mother.id, accepted=False
    )
    no = {"bed": "3", "neonatal_accepted": False}
    await net.act("city_expert", case, accept, Accept, on=mother.id, **no)
    assert len(await _offers(net, case, "neonatal")) == 1


async def test_a_refused_cot_is_asked_for_at_the_next_house_then_of_a_person(
    fresh_net: Network,
) -> None:
    net = fresh_net
    for place, who in (("city_two", "city_two_expert"), ("province", "province_expert")):
        await able(net, who, place, "nicu_level_3")
        await count(net, who, place, nicu_cot=1)
    case = await _elsewhere(net)
    who = {net.places["city_two"]: "city_two_expert", net.places["province"]: "province_expert"}
    for _ in range(2):
        cot = (await _offers(net, case, "neonatal"))[-1]
        by = who[cot.facility.id]  # type: ignore[index]
        words = {"supervisor": "主任", "remote_advice": "保暖"} if cot.designated else {}
        await net.act(by, case, decline, Decline, on=cot.id, code="no_bed", **words)
    states = [o.state for o in await _offers(net, case, "neonatal")]
    assert states[:2] == ["declined", "declined"]


async def test_two_houses_promise_the_cot_and_one_wins(fresh_net: Network) -> None:
    net = fresh_net
    for place, who in (("city_two", "city_two_expert"), ("province", "province_expert")):
        await able(net, who, place, "nicu_level_3")
        await count(net, who, place, nicu_cot=1)
    case = await _elsewhere(net, acuity="resuscitation")
    cots = await _offers(net, case, "neonatal")
    assert len(cots) == 2
    version = (await net.see("county_doctor", case)).version
    who = {net.places["city_two"]: "city_two_expert", net.places["province"]: "province_expert"}
    answers = await asyncio.gather(
        *(
            net.do(who[cot.facility.id], accept, cot.id, Accept(version=version, bed="4"))  # type: ignore[index]
            for cot in cots
        ),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert [type(answer) for answer in refused] == [AlreadyAccepted]


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
async def test_a_promised_cot_lets_the_other_house_go(fresh_net: Network, late: bool) -> None:
    net = fresh_net
    for place, who in (("city_two", "city_two_expert"), ("province", "province_expert")):
        await able(net, who, place, "nicu_level_3")
        await count(net, who, place, nicu_cot=1)
    case = await _elsewhere(net, acuity="resuscitation")
    cot = (await _offers(net, case, "neonatal"))[0]
    who = {net.places["city_two"]: "city_two_expert", net.places["province"]: "province_expert"}
    if late:
        await _commit(net, case, newborn_override="出血无法等待，新生儿随后转运")
    await net.act(who[cot.facility.id], case, accept, Accept, on=cot.id, bed="4")  # type: ignore[index]
    if not late:
        await _commit(net, case)
    states = [str(o.state) for o in await _offers(net, case, "neonatal")]
    assert states == ["accepted", "withdrawn"]
    (mother,) = (o for o in await _offers(net, case, "transfer") if o.neonatal == "elsewhere")
    assert mother.state == "accepted"


async def test_silence_about_a_cot_asks_the_next_beside(fresh_net: Network) -> None:
    net = fresh_net
    for place, who in (("city_two", "city_two_expert"), ("province", "province_expert")):
        await able(net, who, place, "nicu_level_3")
        await count(net, who, place, nicu_cot=1)
    case = await _elsewhere(net)
    assert len(await _offers(net, case, "neonatal")) == 1
    net.wait(minutes=10)
    await timers.run_due(net.clone.system, net.clock)
    states = [str(o.state) for o in await _offers(net, case, "neonatal")]
    assert states == ["expired", "offered"]


async def test_a_cot_is_asked_for_by_hand_once_and_only_where_one_is_needed(
    fresh_net: Network,
) -> None:
    net = fresh_net
    plain = await net.sent(net.places["city"])
    ask = {"facility_id": net.places["city_two"], "purpose": "neonatal"}
    with pytest.raises(CotNotNeeded):
        await net.act("county_doctor", plain, add_offer, AddOffer, **ask)
    case = await net.sent(net.places["city"], needs_neonatal=True)
    await net.act("county_doctor", case, add_offer, AddOffer, **ask)
    with pytest.raises(AlreadyAsked):
        await net.act("county_doctor", case, add_offer, AddOffer, **ask)
    # The same house may be asked for her as well.
    await net.act("county_doctor", case, add_offer, AddOffer, facility_id=net.places["city_two"])
    rung = [e.payload["event"] for e in await net.events(case) if e.row.kind == "page.sent"]
    assert rung.count("referral.neonatal_offered") >= 2


async def test_called_off_both_halves_are_free_again(fresh_net: Network) -> None:
    net = fresh_net
    await divert(net, "province_expert", "province", "neonatal")
    await able(net, "city_two_expert", "city_two", "nicu_level_3")
    case = await _elsewhere(net)
    (cot,) = await _offers(net, case, "neonatal")
    await net.act("city_two_expert", case, accept, Accept, on=cot.id, bed="4")
    await net.act("county_doctor", case, cancel, Cancel, code="improved")
    seen = await net.see("county_doctor", case)
    assert {o.state for o in seen.offers} == {"withdrawn"}
    assert {h.state for h in seen.holds} == {"released"}
