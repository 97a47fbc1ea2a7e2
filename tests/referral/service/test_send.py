"""How cases begin: sent, drafted, refused; and what a refusal leaves behind."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from duty.escalation import service as duty
from kernel.errors import BadInput, NotFound
from kernel.ids import new_id
from referral.commands.on_case import AddNote, CompleteRecord, Milestone, Send
from referral.commands.sending import SelfArrival, SendReferral
from referral.errors import (
    ConditionUnknown,
    DuplicateCase,
    EventInFuture,
    EventTooOld,
    Incomplete,
    LateReasonMissing,
    NoDesignatedCentre,
    NoOriginFacility,
)
from referral.service import send
from referral.service.complete import add_milestone, add_note, complete_record
from tests.referral.network import SEALER, SEEDER, Network

TABLES = ("referral", "offer", "page", "case_event", "outbox", "case_party", "referral_record")


async def _order(net: Network, who: str = "county_doctor", **changes: object) -> SendReferral:
    plain = {
        "pregnancy_id": await net.pregnancy(net.staff[who]),
        "subject": "mother",
        "condition": "pph",
        "acuity": "critical",
        "consent": "signed",
        "reason": "出血",
    }
    return SendReferral(**(plain | changes))  # type: ignore[arg-type]


async def _send(net: Network, who: str, order: SendReferral):  # type: ignore[no-untyped-def]
    async with net.clone.app.session(net.staff[who]) as session:
        return await send.send_referral(session, net.clock, net.staff[who], SEALER, order)


async def test_whom_a_practice_referral_rings_is_told_so(net: Network) -> None:
    drill = await net.sent(net.places["city"], drill=True)
    earnest = await net.sent(net.places["city"])
    async with net.clone.system.session(SEEDER) as session:
        rows = await session.execute(
            text("SELECT case_id, drill FROM page WHERE case_id = ANY(:cases)"),
            {"cases": [drill, earnest]},
        )
        assert {tuple(row) for row in rows} == {(drill, True), (earnest, False)}


async def test_the_snapshot_is_frozen_and_the_record_goes_on(net: Network) -> None:
    case = await net.sent(net.places["city"])
    before = await net.see("city_expert", case)
    assert before.snapshot is not None
    assert before.snapshot.condition == "pph"
    assert before.snapshot.vitals is not None
    assert before.snapshot.vitals.sbp_mmhg == 84
    assert before.snapshot.gestation_days == 268
    assert "hb_g_per_l" in before.missing

    net.wait(minutes=4)
    await net.act(
        "county_doctor", case, complete_record, CompleteRecord, hb_g_per_l=68, blood_group="O"
    )
    await net.act("city_expert", case, complete_record, CompleteRecord, hb_g_per_l=65)
    after = await net.see("city_expert", case)
    assert after.snapshot == before.snapshot
    assert after.record.hb_g_per_l == 65
    assert after.record.blood_group == "O"
    assert after.record.vitals is not None
    assert "hb_g_per_l" not in after.missing
    said = [e.payload["fields"] for e in await net.events(case) if "fields" in e.payload]
    assert said == [["blood_group", "hb_g_per_l"], ["hb_g_per_l"]]


async def test_the_chain_carries_no_identity_and_no_free_text(net: Network) -> None:
    case = await net.sent(net.places["city"])
    await net.do("city_expert", add_note, case, AddNote(text="请测林测试血压"))
    for event in await net.events(case):
        assert "林测试" not in str(event.payload)
        assert "宫缩乏力" not in str(event.payload)


async def test_a_draft_rings_nobody_until_it_is_sent(net: Network) -> None:
    order = await _order(net, consent=None, send=False)
    case = await _send(net, "county_doctor", order)
    draft = await net.see("county_doctor", case)
    assert (draft.state, draft.offers, draft.waiting_for) == ("draft", [], "send")
    assert await net.kinds(case) == ["referral.drafted"]
    with pytest.raises(Incomplete) as refused:
        await net.act("county_doctor", case, _send_draft, Send)
    assert refused.value.fields == {"missing": "consent"}
    await net.act("county_doctor", case, _send_draft, Send, consent="emergency_waiver")
    assert (await net.see("county_doctor", case)).state == "open"
    assert (await net.kinds(case))[1:3] == ["referral.requested", "offer.offered"]


async def test_a_draft_does_not_pretend_to_keep_destinations(net: Network) -> None:
    order = await _order(net, send=False, destinations=[net.places["city"]])
    with pytest.raises(BadInput) as refused:
        await _send(net, "county_doctor", order)
    assert refused.value.fields["field"] == "destinations"


async def _send_draft(session, clock, viewer, case_id, order):  # type: ignore[no-untyped-def]
    return await send.send_draft(session, clock, viewer, SEALER, case_id, order)


async def test_a_township_goes_to_its_county_and_a_county_to_its_city(net: Network) -> None:
    low = await net.sent(sender="township_midwife")
    assert (await net.see("township_midwife", low)).offers[0].facility.short_name == "石桥县医院"
    high = await net.sent()
    assert (await net.see("county_doctor", high)).offers[0].facility.short_name == "清江市妇幼"


async def test_where_nobody_is_designated_a_destination_is_named(net: Network) -> None:
    province = await _order(net, "province_expert")
    with pytest.raises(NoDesignatedCentre):
        await _send(net, "province_expert", province)


async def test_nothing_remains_of_a_refused_case(
    net: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [await net.count(table) for table in TABLES]
    wrong = [
        (ConditionUnknown, {"condition": "headache"}),
        (NotFound, {"pregnancy_id": new_id()}),
        (Incomplete, {"consent": None}),
        (EventInFuture, {"event_at": net.clock.now() + timedelta(minutes=1), "late_reason": "x"}),
        (EventTooOld, {"event_at": net.clock.now() - timedelta(days=31), "late_reason": "x"}),
        (LateReasonMissing, {"event_at": net.clock.now() - timedelta(minutes=9)}),
    ]
    for refusal, changes in wrong:
        order = await _order(net, **changes)  # type: ignore[arg-type]
        with pytest.raises(refusal):
            await _send(net, "county_doctor", order)

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the pager fails last of all")

    real, calls = duty.page, []

    async def page_then_fail(*args, **kwargs):  # type: ignore[no-untyped-def]
        calls.append(await real(*args, **kwargs))
        await broken()

    monkeypatch.setattr(duty, "page", page_then_fail)
    order = await _order(net)
    with pytest.raises(RuntimeError):
        await _send(net, "county_doctor", order)
    assert len(calls) == 1
    after = [await net.count(table) for table in TABLES]
    assert dict(zip(TABLES, after, strict=True)) == dict(zip(TABLES, before, strict=True))


async def test_one_live_case_per_pregnancy_except_drills(net: Network) -> None:
    order = await _order(net)
    first = await _send(net, "county_doctor", order)
    with pytest.raises(DuplicateCase) as refused:
        await _send(net, "county_doctor", order)
    assert refused.value.fields["case_id"] == str(first)
    order.drill = True
    assert await _send(net, "county_doctor", order) != first


async def test_somebody_without_a_facility_sends_from_nowhere(net: Network) -> None:
    order = await _order(net)
    with pytest.raises(NoOriginFacility):
        await _send(net, "coordinator", order)


async def test_a_late_entry_says_when_and_why(net: Network) -> None:
    earlier = net.clock.now() - timedelta(minutes=25)
    order = await _order(net, event_at=earlier, late_reason="断网，先电话联系")
    case = await _send(net, "county_doctor", order)
    seen = await net.see("county_doctor", case)
    assert seen.sent_at == earlier
    request = (await net.events(case))[0]
    assert request.occurred_at == earlier
    assert request.payload["late_reason"] == "断网，先电话联系"


async def test_a_milestone_told_by_a_person_is_a_supplement(net: Network) -> None:
    case = await net.sent(net.places["city"])
    version = (await net.see("county_doctor", case)).version
    with pytest.raises(Incomplete):
        await net.do("county_doctor", add_milestone, case, Milestone(kind="decision_for_cs"))
    done = Milestone(
        kind="decision_for_cs",
        urgency_class=1,
        at=net.clock.now() - timedelta(minutes=3),
        late_reason="抢救中",
    )
    await net.do("county_doctor", add_milestone, case, done)
    event = (await net.events(case))[-1]
    assert event.row.kind == "milestone.decision_for_cs"
    assert not event.row.auto
    assert event.payload["urgency_class"] == 1
    assert event.payload["supplement"] is True
    # Nothing that anybody decides on has changed.
    assert (await net.see("county_doctor", case)).version == version


async def test_a_woman_at_the_door_is_an_arrived_case(net: Network) -> None:
    viewer = net.staff["city_expert"]
    order = SelfArrival(
        pregnancy_id=await net.pregnancy(viewer),
        subject="mother",
        condition="eclampsia",
        acuity="resuscitation",
        origin_facility_id=net.places["township"],
    )
    async with net.clone.app.session(viewer) as session:
        case = await send.arrive_by_herself(session, net.clock, viewer, SEALER, order)
    seen = await net.see("city_expert", case)
    assert (seen.state, seen.waiting_for) == ("handed_over", "outcome")
    assert seen.origin.short_name == "柳湾镇卫生院"
    assert (await net.see("township_midwife", case)).my_side == "origin"
    assert await net.kinds(case) == ["referral.self_arrival"]
