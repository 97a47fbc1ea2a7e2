"""What a receiver answers, and what the sender answers to a receiver's question."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, PersonId, new_id
from kernel.viewer import Viewer
from referral.commands.fields import Act
from referral.commands.on_offer import (
    Acknowledge,
    AcknowledgeWithdrawal,
    Answer,
    AnswerNeonatal,
    Ask,
    Decline,
    Redirect,
)
from referral.errors import CentreMayNotRefuse, HopsExhausted
from referral.models import OfferRow, QuestionRow
from referral.repository import CaseRepository
from referral.rules.allowed import MAX_HOPS, asked_anew
from referral.rules.timers import TIMERS
from referral.service.ask import ask_next, make_offer, tell
from referral.service.desk import Desk, at_desk
from referral.states import OfferAction, OfferState, ReferralState, Side


async def acknowledge(
    session: AsyncSession, clock: Clock, viewer: Viewer, offer_id: UUID, order: Acknowledge
) -> CaseId:
    """The receiver has it (3); its pages stop ringing."""
    async with at_desk(session, clock, viewer, await _case(session, viewer, offer_id), order) as d:
        offer = d.offer(offer_id)
        side = d.move_offer(offer, OfferAction.ACKNOWLEDGE)
        await note_acknowledged(d, offer, side, arrived=False)
    return d.case_id


async def note_acknowledged(
    desk: Desk, offer: OfferRow, side: Side, *, arrived: bool = True
) -> None:
    """Record the first acknowledgement once; any answer is one too.

    `arrived`: it was an answer, so whoever took the page has joined: nobody rings them again.
    """
    house = FacilityId(offer.facility_id)
    if offer.acknowledged_at is not None:
        if arrived:
            await duty.joined_for(desk.session, desk.clock, desk.viewer, desk.case_id, house)
        return
    offer.acknowledged_at = desk.at
    offer.acknowledged_by = desk.viewer.person_id
    facts = {"offer_id": offer.id, "facility_id": offer.facility_id}
    await desk.write("offer.acknowledged", facts, side=side)
    await duty.acknowledge_for(
        desk.session, desk.clock, desk.viewer, desk.case_id, house, arrived=arrived
    )
    _await_decision(desk, offer)


def _await_decision(desk: Desk, offer: OfferRow) -> None:
    if desk.rows.referral.direction == "up":
        desk.due(offer, "decide")
        offer.decision_due_at = offer.due_at
    else:
        desk.rest(offer)


async def ask(
    session: AsyncSession, clock: Clock, viewer: Viewer, offer_id: UUID, order: Ask
) -> CaseId:
    """A specific question (4): the decision clock stands still once, the case clock never."""
    async with at_desk(session, clock, viewer, await _case(session, viewer, offer_id), order) as d:
        offer = d.offer(offer_id)
        side = d.move_offer(offer, OfferAction.ASK)
        await note_acknowledged(d, offer, side)
        question = QuestionRow(
            id=new_id(),
            case_id=d.case_id,
            offer_id=offer.id,
            question=order.question,
            asked_at=d.at,
            asked_by=viewer.person_id,
        )
        session.add(question)
        if not offer.pause_used:
            offer.pause_used = True
            offer.paused_until = d.moment.entered_at + TIMERS["answer_question"]
        d.due(offer, "answer_question")
        facts = {"offer_id": offer.id, "question_id": question.id}
        await d.write("offer.info_requested", facts, side=side)
        await tell(d, "offer.info_requested", [d.rows.referral.origin_id], facts)
    return d.case_id


async def answer(
    session: AsyncSession, clock: Clock, viewer: Viewer, offer_id: UUID, order: Answer
) -> CaseId:
    """The sender answers; the receiver's decision clock goes on with the time it had left."""
    case_id = await _case(session, viewer, offer_id)
    async with at_desk(session, clock, viewer, case_id, order) as d:
        offer = d.offer(offer_id)
        side = d.move_offer(offer, OfferAction.ANSWER)
        questions = await CaseRepository(session, viewer).questions(case_id)
        asked = [q for q in questions if q.offer_id == offer_id and q.answered_at is None]
        for question in asked:
            question.answer = order.answer
            question.answered_at = d.at
            question.answered_by = viewer.person_id
        resume_decision(d, offer)
        facts: dict[str, object] = {
            "offer_id": offer.id,
            "question_ids": [question.id for question in asked],
        }
        await d.write("offer.info_answered", facts, side=side)
        await tell(d, "offer.info_answered", [offer.facility_id], facts)
    return d.case_id


def resume_decision(desk: Desk, offer: OfferRow) -> None:
    """Give the decision clock back the time it stood still, at most the pause's length, once."""
    now = desk.moment.entered_at
    due = offer.decision_due_at or now + TIMERS["decide"]
    if offer.paused_until is not None:
        pause = TIMERS["answer_question"]
        stood = pause - max(timedelta(0), offer.paused_until - now)
        due += min(pause, stood)
        offer.paused_until = None
    offer.decision_due_at = due
    offer.due_at, offer.due_kind = due, "decide"


async def answer_neonatal(
    session: AsyncSession, clock: Clock, viewer: Viewer, offer_id: UUID, order: AnswerNeonatal
) -> CaseId:
    """The neonatal unit's half: a cot, or none."""
    async with at_desk(session, clock, viewer, await _case(session, viewer, offer_id), order) as d:
        offer = d.offer(offer_id)
        side = d.move_offer(offer, OfferAction.ANSWER_NEONATAL)
        offer.neonatal = "accepted" if order.accepted else "declined"
        await duty.joined_case(session, clock, viewer, d.case_id)
        if order.note:
            d.remember("decision", {"offer_id": str(offer.id), "neonatal_note": order.note})
        facts = {"offer_id": offer.id, "neonatal": offer.neonatal}
        await d.write("offer.neonatal_answered", facts, side=side)
        await tell(
            d, "offer.neonatal_answered", [d.rows.referral.origin_id, offer.facility_id], facts
        )
    return d.case_id


async def decline(
    session: AsyncSession, clock: Clock, viewer: Viewer, offer_id: UUID, order: Decline
) -> CaseId:
    """No, with a code (6). The case goes on: the next unit is asked, or the coordinator called.

    Raises:
        CentreMayNotRefuse: a designated centre named no supervisor or gave no remote advice.
    """
    async with at_desk(session, clock, viewer, await _case(session, viewer, offer_id), order) as d:
        offer = d.offer(offer_id)
        side = d.move_offer(offer, OfferAction.DECLINE)
        if offer.designated and not (order.supervisor and order.remote_advice):
            raise CentreMayNotRefuse()
        await note_acknowledged(d, offer, side)
        offer.decline_code = order.code
        offer.answered_at, offer.answered_by = d.at, viewer.person_id
        d.rest(offer)
        d.remember(
            "decision",
            {
                "offer_id": str(offer.id),
                "decline_note": order.note,
                "supervisor": order.supervisor,
                "remote_advice": order.remote_advice,
            },
        )
        facts = {
            "offer_id": offer.id,
            "facility_id": offer.facility_id,
            "code": order.code,
            "designated": offer.designated,
        }
        await d.write("offer.declined", facts, side=side)
        await duty.stop(session, clock, d.case_id, FacilityId(offer.facility_id), "declined")
        await tell(d, "offer.declined", [d.rows.referral.origin_id], {"offer_id": offer.id})
        await ask_next(d, offer)
    return d.case_id


async def redirect(
    session: AsyncSession, clock: Clock, viewer: Viewer, offer_id: UUID, order: Redirect
) -> CaseId:
    """To a named unit (7); the chain of hops is kept, and after three a coordinator owns it.

    Raises:
        HopsExhausted: a receiver passes the case on for the fourth time.
    """
    async with at_desk(session, clock, viewer, await _case(session, viewer, offer_id), order) as d:
        offer = d.offer(offer_id)
        side = d.move_offer(offer, OfferAction.REDIRECT)
        if offer.hop >= MAX_HOPS and side is not Side.COORDINATOR:
            raise HopsExhausted()
        if side is Side.RECEIVER:
            await note_acknowledged(d, offer, side)
        offer.onward_id = order.facility_id
        offer.answered_at, offer.answered_by = d.at, viewer.person_id
        d.rest(offer)
        d.remember("decision", {"offer_id": str(offer.id), "redirect_reason": order.reason})
        facts = {
            "offer_id": offer.id,
            "facility_id": offer.facility_id,
            "to_facility": order.facility_id,
        }
        await d.write("offer.redirected", facts, side=side)
        await duty.stop(session, clock, d.case_id, FacilityId(offer.facility_id), "redirected")
        hop = 1 if side is Side.COORDINATOR else offer.hop + 1
        cots = offer.purpose == "neonatal"
        await make_offer(d, order.facility_id, hop=hop, from_offer=offer, cots=cots)
        await tell(d, "offer.redirected", [d.rows.referral.origin_id], facts)
    return d.case_id


async def acknowledge_withdrawal(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    offer_id: UUID,
    order: AcknowledgeWithdrawal,
) -> CaseId:
    """The receiver knows that she is not coming."""
    case_id = await _case(session, viewer, offer_id)
    async with at_desk(session, clock, viewer, case_id, order, after_death=True) as d:
        offer = d.offer(offer_id)
        side = d.move_offer(offer, OfferAction.ACKNOWLEDGE_WITHDRAWAL)
        offer.withdrawal_acknowledged_at = d.at
        d.rest(offer)
        cancelled = d.rows.referral.state == ReferralState.CANCELLED
        kind = "referral.cancel_acknowledged" if cancelled else "offer.withdrawal_acknowledged"
        facts = {"offer_id": offer.id, "facility_id": offer.facility_id}
        await d.write(kind, facts, side=side)
        await duty.notify_people(
            session,
            clock,
            case_id=d.case_id,
            kind=kind,
            data=facts,
            person_ids=[PersonId(d.rows.referral.created_by)],
        )
    return d.case_id


async def note_delivered(
    session: AsyncSession, clock: Clock, viewer: Viewer, page_id: UUID
) -> None:
    """The page about an offer reached a device of the receiver (2): a machine fact.

    Pages about something else, and repeats, are nothing. No open page of a user becomes stale.
    """
    case_id = await CaseRepository(session, viewer).case_of_page(page_id)
    if case_id is None:
        return
    act = Act(version=0)
    async with at_desk(session, clock, viewer, case_id, act, check_version=False, bump=False) as d:
        offer = next(row for row in d.rows.offers if row.page_id == page_id)
        if offer.state == OfferState.OFFERED:
            d.move_offer(offer, OfferAction.DELIVER, system=True)
            offer.delivered_at = d.at
            facts = {"offer_id": offer.id, "facility_id": offer.facility_id}
            await d.write("offer.delivered", facts, auto=True)


async def note_page_acknowledged(
    session: AsyncSession, clock: Clock, viewer: Viewer, page_id: UUID, person_id: PersonId
) -> None:
    """Somebody on call took the page about an offer: that is the receiver's "I have it" (3).

    One button, not two. Repeats, and pages about something else, are nothing.
    """
    case_id = await CaseRepository(session, viewer).case_of_page(page_id)
    if case_id is None:
        return
    act = Act(version=0)
    async with at_desk(session, clock, viewer, case_id, act, check_version=False, bump=False) as d:
        offer = next(row for row in d.rows.offers if row.page_id == page_id)
        waiting = (OfferState.OFFERED, OfferState.DELIVERED, OfferState.EXPIRED)
        if offer.state not in waiting or offer.acknowledged_at is not None:
            return
        facts = d.facts()
        if any(asked_anew(facts, fact) for fact in facts.offers if fact.id == offer.id):
            return
        d.move_offer(offer, OfferAction.ACKNOWLEDGE, system=True)
        offer.acknowledged_at, offer.acknowledged_by = d.at, person_id
        said = {"offer_id": offer.id, "facility_id": offer.facility_id, "person_id": person_id}
        await d.write("offer.acknowledged", said, auto=True)
        _await_decision(d, offer)


async def _case(session: AsyncSession, viewer: Viewer, offer_id: UUID) -> UUID:
    return await CaseRepository(session, viewer).case_of(OfferRow, offer_id)
