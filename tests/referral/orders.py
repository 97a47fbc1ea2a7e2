"""For every action that a case lists as allowed: the command and a body with which it succeeds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from referral.commands import on_case, on_hold, on_leg, on_offer
from referral.readmodel.board import Action
from referral.readmodel.whole import Referral
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
)
from referral.states import OfferState
from tests.referral.network import SEALER, STABLE, Network

Fields = dict[str, Any]
Build = Callable[[Network, Referral, Action], Fields | None]
"""What the body needs beside the version; None where this case has nobody left to name."""


@dataclass(frozen=True, slots=True)
class Order:
    """How one action is done."""

    command: Any
    struct: Any
    build: Build

    async def take(self, net: Network, who: str, seen: Referral, item: Action) -> bool:
        """Do it as somebody; False where there is nothing to name.

        Raises:
            Refusal: it was refused.
        """
        fields = self.build(net, seen, item)
        if fields is None:
            return False
        await self.at(net, who, item.target_id, self.struct(version=seen.version, **fields))
        return True

    async def at(self, net: Network, who: str, target: UUID, order: Any) -> None:
        """Give the command, in one transaction."""
        viewer = net.staff[who]
        sealed = self.command in (send.send_draft, send.back_refer)
        more = (SEALER,) if sealed else ()
        async with net.clone.app.session(viewer) as session:
            await self.command(session, net.clock, viewer, *more, target, order)


def _plain(**fields: Any) -> Build:
    return lambda net, seen, item: dict(fields)


def _free_place(net: Network, seen: Referral) -> UUID | None:
    """A unit that has not been asked and is not where she is."""
    asked = {offer.facility.id for offer in seen.offers} | {seen.origin.id}
    places = (net.places[name] for name in ("city", "city_two", "province", "county"))
    return next((place for place in places if place not in asked), None)


def _to_free_place(**fields: Any) -> Build:
    def build(net: Network, seen: Referral, item: Action) -> Fields | None:
        place = _free_place(net, seen)
        return None if place is None else {"facility_id": place, **fields}

    return build


def _of_accepted(**fields: Any) -> Build:
    def build(net: Network, seen: Referral, item: Action) -> Fields | None:
        purpose = (
            "diversion" if item.action == "divert" or seen.state == "committed" else "transfer"
        )
        yes = [o for o in seen.offers if o.state == OfferState.ACCEPTED and o.purpose == purpose]
        return {"offer_id": yes[0].id, **fields} if yes else None

    return build


def _a_hold(net: Network, seen: Referral, item: Action) -> Fields | None:
    live = [
        o for o in seen.offers if o.state in ("offered", "delivered", "acknowledged", "accepted")
    ]
    return {"offer_id": live[0].id, "kind": "theatre"} if live else None


def _a_lead(net: Network, seen: Referral, item: Action) -> Fields:
    return {"reason": "血压不稳", "remote_lead_id": net.staff["province_expert"].person_id}


def _another_lead(net: Network, seen: Referral, item: Action) -> Fields:
    leads = seen.remote_lead is not None and seen.remote_lead.id
    names = ("city_expert", "province_expert")
    other = next(id_ for name in names if (id_ := net.staff[name].person_id) != leads)
    return {"remote_lead_id": other, "note": "交接给现场更近的专家"}


def _a_yes(**fields: Any) -> Build:
    def build(net: Network, seen: Referral, item: Action) -> Fields:
        cot = {"neonatal_accepted": True} if "neonatal_accepted" in item.needs else {}
        return {"bed": "1 床", **cot, **fields}

    return build


def _until(net: Network, seen: Referral, item: Action) -> Fields:
    return {"until": net.clock.now() + timedelta(hours=2)}


def _a_child(net: Network, seen: Referral, item: Action) -> Fields | None:
    order = len(seen.newborns) + 1
    return {"sex": "female", "birth_order": order} if order <= 9 else None


def _a_half(net: Network, seen: Referral, item: Action) -> Fields:
    half = {"condition": "平稳", "drugs": "缩宫素", "blood": "红细胞 2 U", "documents": "病历"}
    leg = next(leg for leg in seen.legs if leg.id == item.target_id)
    signed = {signature.side for signature in leg.signatures}
    open_ = next(side for side in ("origin", "receiver") if side not in signed)
    return {**half, "for_side": open_}


_DEATH = _plain(place="途中", certifier="王测试")

ORDERS: dict[tuple[str, str], Order] = {
    ("referral", "send"): Order(send.send_draft, on_case.Send, _plain(consent="signed")),
    ("referral", "add_offer"): Order(ask.add_offer, on_case.AddOffer, _to_free_place()),
    ("referral", "complete_record"): Order(
        complete.complete_record, on_case.CompleteRecord, _plain(hb_g_per_l=61)
    ),
    ("referral", "request_hold"): Order(hold.request_hold, on_case.RequestHold, _a_hold),
    ("referral", "commit"): Order(commit.take_up, on_case.Commit, _of_accepted()),
    ("referral", "close"): Order(
        finish.close,
        on_case.Close,
        _plain(outcome="rescued", diagnosis="产后出血", feedback="转运及时"),
    ),
    ("referral", "read_feedback"): Order(finish.read_feedback, on_case.ReadFeedback, _plain()),
    ("referral", "guide_in_place"): Order(guide.guide_in_place, on_case.GuideInPlace, _a_lead),
    ("referral", "review_guidance"): Order(
        guide.review_guidance, on_case.ReviewGuidance, _plain(note="仍不宜转运")
    ),
    ("referral", "hand_over_lead"): Order(
        guide.hand_over_lead, on_case.HandOverLead, _another_lead
    ),
    ("referral", "resume_transfer"): Order(
        guide.resume_transfer, on_case.ResumeTransfer, _plain(note="可以转运")
    ),
    ("referral", "end_guidance"): Order(
        guide.end_guidance,
        on_case.EndGuidance,
        _plain(outcome="rescued", diagnosis="子痫", feedback="就地救治成功"),
    ),
    ("referral", "cancel"): Order(
        finish.cancel, on_case.Cancel, _plain(code="improved", note="好转")
    ),
    ("referral", "die"): Order(finish.die, on_case.Die, _DEATH),
    ("referral", "record_loss"): Order(
        finish.record_loss,
        on_case.RecordLoss,
        _plain(who="fetus", place="产房", certifier="王测试"),
    ),
    ("referral", "void"): Order(finish.void, on_case.Void, _plain(code="test", reason="演示")),
    ("referral", "back_refer"): Order(
        send.back_refer, on_case.BackRefer, _plain(plan="复查", red_flags="出血、头痛")
    ),
    ("offer", "acknowledge"): Order(answer.acknowledge, on_offer.Acknowledge, _plain()),
    ("offer", "ask"): Order(answer.ask, on_offer.Ask, _plain(question="凝血功能？")),
    ("offer", "answer"): Order(answer.answer, on_offer.Answer, _plain(answer="正常")),
    ("offer", "answer_neonatal"): Order(
        answer.answer_neonatal, on_offer.AnswerNeonatal, _plain(accepted=True)
    ),
    ("offer", "accept"): Order(accept.accept, on_offer.Accept, _a_yes()),
    ("offer", "accept_after_stabilising"): Order(
        accept.accept_after_stabilising,
        on_offer.AcceptAfterStabilising,
        _a_yes(conditions="先控制血压"),
    ),
    ("offer", "decline"): Order(
        answer.decline,
        on_offer.Decline,
        _plain(code="no_bed", supervisor="主任", remote_advice="先输血"),
    ),
    ("offer", "redirect"): Order(
        answer.redirect, on_offer.Redirect, _to_free_place(reason="ICU 满床")
    ),
    ("offer", "acknowledge_withdrawal"): Order(
        answer.acknowledge_withdrawal, on_offer.AcknowledgeWithdrawal, _plain()
    ),
    ("leg", "replan"): Order(travel.replan, on_leg.Replan, _plain(vehicle="救护车 2")),
    ("leg", "ready"): Order(travel.ready, on_leg.Ready, _plain(checklist=STABLE)),
    ("leg", "depart"): Order(travel.depart, on_leg.Depart, _plain(checklist=STABLE)),
    ("leg", "report"): Order(travel.report, on_leg.Report, _plain(note="平稳")),
    ("leg", "divert"): Order(travel.divert, on_leg.Divert, _of_accepted(reason="大出血")),
    ("leg", "deteriorate"): Order(travel.deteriorate, on_leg.Deteriorate, _plain(note="血压下降")),
    ("leg", "birth"): Order(travel.birth, on_leg.Birth, _a_child),
    ("leg", "halt"): Order(travel.halt, on_leg.Halt, _plain(reason="就近抢救")),
    ("leg", "resume"): Order(travel.resume, on_leg.Resume, _plain()),
    ("leg", "arrive"): Order(arrive.arrive, on_leg.Arrive, _plain()),
    ("leg", "sign_handover"): Order(arrive.sign_handover, on_leg.SignHandover, _a_half),
    ("leg", "miss"): Order(arrive.miss, on_leg.Miss, _plain(note="未到")),
    ("leg", "die"): Order(arrive.die_in_transit, on_leg.DieInTransit, _DEATH),
    ("hold", "grant"): Order(hold.grant, on_hold.Grant, _until),
    ("hold", "extend"): Order(hold.extend, on_hold.Extend, _until),
    ("hold", "use"): Order(hold.use, on_hold.Use, _plain()),
    ("hold", "release"): Order(hold.release, on_hold.Release, _plain()),
}
