"""A death freezes the timeline: every further command refuses and says what to do."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.chain import amend, append
from kernel.chain.errors import TimelineFrozen
from kernel.errors import IllegalTransition
from kernel.ids import CaseId, new_id
from referral.aftermath.commands import CriticalFacts
from referral.aftermath.service.near_misses import record_critical
from referral.commands import on_case, on_hold, on_leg, on_offer
from referral.commands.fields import Act
from referral.service import (
    accept,
    answer,
    arrive,
    ask,
    commit,
    complete,
    finish,
    guide,
    hold,
    send,
    travel,
    whereabouts,
)
from tests.referral.aftermath.roads import HALF, accepted, closed, on_the_road
from tests.referral.network import SEALER, STABLE, Network

DEATH = {"place": "手术室", "certifier": "测试医生"}

ON_CASE: list[tuple[Any, Any, dict[str, Any]]] = [
    (ask.add_offer, on_case.AddOffer, {"facility_id": new_id()}),
    (commit.take_up, on_case.Commit, {"offer_id": new_id()}),
    (guide.guide_in_place, on_case.GuideInPlace, {"reason": "x", "remote_lead_id": new_id()}),
    (guide.review_guidance, on_case.ReviewGuidance, {"note": "x"}),
    (
        guide.hand_over_lead,
        on_case.HandOverLead,
        {"remote_lead_id": new_id(), "note": "x"},
    ),
    (guide.resume_transfer, on_case.ResumeTransfer, {"note": "x"}),
    (
        guide.end_guidance,
        on_case.EndGuidance,
        {"outcome": "improved", "diagnosis": "x", "feedback": "x"},
    ),
    (finish.close, on_case.Close, {"outcome": "improved", "diagnosis": "x", "feedback": "x"}),
    (finish.cancel, on_case.Cancel, {"code": "other"}),
    (finish.die, on_case.Die, DEATH),
    (hold.request_hold, on_case.RequestHold, {"offer_id": new_id(), "kind": "blood"}),
    (complete.complete_record, on_case.CompleteRecord, {"diagnosis": "x"}),
]
ON_OFFER: list[tuple[Any, Any, dict[str, Any]]] = [
    (answer.acknowledge, on_offer.Acknowledge, {}),
    (answer.ask, on_offer.Ask, {"question": "x"}),
    (answer.answer, on_offer.Answer, {"answer": "x"}),
    (answer.answer_neonatal, on_offer.AnswerNeonatal, {"accepted": True}),
    (accept.accept, on_offer.Accept, {"bed": "1"}),
    (
        accept.accept_after_stabilising,
        on_offer.AcceptAfterStabilising,
        {"bed": "1", "conditions": "x"},
    ),
    (answer.decline, on_offer.Decline, {"code": "no_bed"}),
    (answer.redirect, on_offer.Redirect, {"facility_id": new_id(), "reason": "x"}),
]
ON_LEG: list[tuple[Any, Any, dict[str, Any]]] = [
    (travel.replan, on_leg.Replan, {}),
    (travel.ready, on_leg.Ready, {"checklist": STABLE}),
    (travel.depart, on_leg.Depart, {"checklist": STABLE}),
    (travel.report, on_leg.Report, {}),
    (travel.divert, on_leg.Divert, {"offer_id": new_id(), "reason": "x"}),
    (travel.deteriorate, on_leg.Deteriorate, {"note": "x"}),
    (travel.birth, on_leg.Birth, {"sex": "female"}),
    (travel.halt, on_leg.Halt, {"reason": "x"}),
    (travel.resume, on_leg.Resume, {}),
    (arrive.arrive, on_leg.Arrive, {}),
    (arrive.sign_handover, on_leg.SignHandover, HALF),
    (arrive.miss, on_leg.Miss, {"note": "x"}),
    (arrive.die_in_transit, on_leg.DieInTransit, DEATH),
    (whereabouts.answer_query, on_leg.AnswerQuery, {"answer": "not_here", "reason": "x"}),
]
ON_HOLD: list[tuple[Any, Any, dict[str, Any]]] = [
    (hold.extend, on_hold.Extend, {}),
    (hold.grant, on_hold.Grant, {}),
    (hold.use, on_hold.Use, {}),
    (hold.release, on_hold.Release, {"reason": "x"}),
]


@pytest.fixture(scope="module")
async def dead(net: Network) -> tuple[CaseId, UUID, UUID, UUID]:
    """She died on the road: case, offer, leg, hold."""
    case, leg = await on_the_road(net)
    seen = await net.see("city_expert", case)
    await net.act(
        "county_doctor", case, arrive.die_in_transit, on_leg.DieInTransit, on=leg, **DEATH
    )
    return case, seen.offers[0].id, leg, seen.holds[0].id


async def refused(net: Network, who: str, command: Any, target: UUID, order: Act) -> None:
    with pytest.raises(TimelineFrozen):
        await net.do(who, command, target, order)


@pytest.mark.parametrize(("command", "order", "fields"), ON_CASE)
async def test_commands_on_the_case(
    net: Network, dead: tuple[CaseId, UUID, UUID, UUID], command: Any, order: Any, fields: Any
) -> None:
    version = (await net.see("county_doctor", dead[0])).version
    await refused(net, "county_doctor", command, dead[0], order(version=version, **fields))


@pytest.mark.parametrize(("command", "order", "fields"), ON_OFFER)
async def test_commands_on_an_offer(
    net: Network, dead: tuple[CaseId, UUID, UUID, UUID], command: Any, order: Any, fields: Any
) -> None:
    version = (await net.see("city_expert", dead[0])).version
    await refused(net, "city_expert", command, dead[1], order(version=version, **fields))


@pytest.mark.parametrize(("command", "order", "fields"), ON_LEG)
async def test_commands_on_a_leg(
    net: Network, dead: tuple[CaseId, UUID, UUID, UUID], command: Any, order: Any, fields: Any
) -> None:
    version = (await net.see("county_doctor", dead[0])).version
    await refused(net, "county_doctor", command, dead[2], order(version=version, **fields))


@pytest.mark.parametrize(("command", "order", "fields"), ON_HOLD)
async def test_commands_on_a_hold(
    net: Network, dead: tuple[CaseId, UUID, UUID, UUID], command: Any, order: Any, fields: Any
) -> None:
    version = (await net.see("city_expert", dead[0])).version
    if order in (on_hold.Extend, on_hold.Grant):
        fields = {"until": net.clock.now() + timedelta(hours=1)}
    await refused(net, "city_expert", command, dead[3], order(version=version, **fields))


def test_no_command_was_forgotten() -> None:
    """Whoever adds a command says here whether a death stops it."""
    tried = {order for _, order, _ in (*ON_CASE, *ON_OFFER, *ON_LEG, *ON_HOLD)}
    stands = {
        on_case.Send,  # of drafts
        on_case.RecordLoss,  # no edge from a frozen case
        on_case.BackRefer,
        on_case.ReadFeedback,
        on_case.Void,
        on_offer.AcknowledgeWithdrawal,
    }
    known = {
        found
        for module in (on_case, on_offer, on_leg, on_hold)
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Act) and found is not Act
    }
    assert known == tried | stands


async def test_notes_milestones_facts_and_the_way_down(
    net: Network, dead: tuple[CaseId, UUID, UUID, UUID]
) -> None:
    case = dead[0]
    await refused(net, "county_doctor", complete.add_note, case, on_case.AddNote(text="x"))  # type: ignore[arg-type]
    mark = on_case.Milestone(kind="birth")
    await refused(net, "county_doctor", complete.add_milestone, case, mark)  # type: ignore[arg-type]
    await refused(net, "city_expert", record_critical, case, CriticalFacts(cpr=True))  # type: ignore[arg-type]
    with pytest.raises(IllegalTransition):
        await net.act(
            "county_doctor", case, finish.record_loss, on_case.RecordLoss, who="fetus", **DEATH
        )


async def test_nothing_is_offered_but_standing_down(
    net: Network, dead: tuple[CaseId, UUID, UUID, UUID]
) -> None:
    assert (await net.see("county_doctor", dead[0])).allowed == []
    seen = await net.see("city_expert", dead[0])
    assert [item.action for item in seen.allowed] == ["acknowledge_withdrawal"]
    await net.act(
        "city_expert",
        dead[0],
        answer.acknowledge_withdrawal,
        on_offer.AcknowledgeWithdrawal,
        on=dead[1],
    )


async def test_the_database_refuses_too_and_takes_corrections_with_a_second_person(
    net: Network, dead: tuple[CaseId, UUID, UUID, UUID]
) -> None:
    viewer, clock = net.staff["city_expert"], net.clock
    for kind in ("advice.signed", "observation.recorded", "near_miss.confirmed"):
        with pytest.raises(TimelineFrozen):
            async with net.clone.app.session(viewer) as session:
                await append(session, clock, dead[0], kind, viewer=viewer, payload={})
    async with net.clone.app.session(viewer) as session:
        await amend(
            session,
            clock,
            dead[0],
            1,
            viewer=viewer,
            reason="紧急程度录错",
            second_person=net.staff["city_second"].person_id,
            changes={"acuity": "resuscitation"},
        )
        payload = {"note": "code"}
        await append(session, clock, dead[0], "review.noted", viewer=viewer, payload=payload)


async def test_a_death_reported_with_the_outcome_freezes_as_well(net: Network) -> None:
    case = await closed(net, "died", place="ICU", certifier="测试医生")
    seen = await net.see("city_expert", case)
    assert seen.ending is not None
    assert (seen.ending.needs_review, seen.ending.place) == (True, "ICU")
    version = seen.version
    order = on_case.BackRefer(version=version, plan="x", red_flags="x")
    with pytest.raises(TimelineFrozen):
        async with net.clone.app.session(net.staff["city_expert"]) as session:
            await send.back_refer(session, net.clock, net.staff["city_expert"], SEALER, case, order)
    await net.act("county_doctor", case, finish.read_feedback, on_case.ReadFeedback)
    after = await net.see("county_doctor", case)
    assert after.ending is not None
    assert after.ending.feedback_read_at is not None


async def test_a_childs_death_freezes_what_came_before_and_the_mothers_case_goes_on(
    net: Network,
) -> None:
    case, _ = await accepted(net)
    before = net.clock.now()
    net.wait(minutes=30)
    await net.act(
        "county_doctor", case, finish.record_loss, on_case.RecordLoss, who="fetus", **DEATH
    )
    net.wait(minutes=5)
    late = {"event_at": before, "late_reason": "补记"}
    with pytest.raises(TimelineFrozen):
        await net.act(
            "county_doctor",
            case,
            complete.complete_record,
            on_case.CompleteRecord,
            diagnosis="x",
            **late,
        )
    await net.act(
        "county_doctor", case, complete.complete_record, on_case.CompleteRecord, diagnosis="子痫"
    )
    assert (await net.see("county_doctor", case)).state == "open"
