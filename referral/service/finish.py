"""The ways a case ends: outcome and feedback, cancelled, death, voided."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, PregnancyId
from kernel.viewer import Viewer
from referral.aftermath.service.reviews import open_review
from referral.commands.fields import DEATHS
from referral.commands.on_case import Cancel, Close, Die, ReadFeedback, RecordLoss, Void
from referral.errors import Incomplete, WrongMoment
from referral.readmodel.whole import Voided
from referral.service.arrive import settle_death, whose_death
from referral.service.ask import tell
from referral.service.commit import free_holds, let_go
from referral.service.desk import at_desk
from referral.service.guide import ending_text
from referral.states import LegState, ReferralAction, ReferralState, Side
from registry.pregnancies.repository import PregnancyRepository

_ENTER = text("SELECT admin_enters_case(:case_id)")
_LEAVE = text("SELECT admin_leaves_case(:case_id)")


async def close(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: Close
) -> CaseId:
    """Outcome, diagnosis and feedback go back to the sender (15)."""
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        case = desk.rows.referral
        side = desk.move_case(ReferralAction.CLOSE)
        case.outcome, case.timeliness = order.outcome, order.timeliness
        case.ended_at = desk.at
        if case.origin_id == case.receiver_id:  # nobody else is waiting for it
            case.feedback_read_at = desk.at
        desk.rest(case)
        said = {name: getattr(order, name) for name in FEEDBACK}
        desk.remember("ending", ending_text(order.diagnosis, order.feedback) | said)
        facts = {"outcome": order.outcome, "timeliness": order.timeliness}
        await desk.write("referral.closed", facts, side=side)
        await free_holds(desk, "closed")
        if order.outcome in DEATHS:
            await open_review(desk, whose_death(case.subject))
        await tell(desk, "referral.closed", [case.origin_id], facts)
    return desk.case_id


FEEDBACK = ("treatment", "to_correct", "advice", "place", "certifier")
"""What goes back to the sender beside diagnosis and the feedback itself."""


async def read_feedback(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: ReadFeedback
) -> CaseId:
    """The sender has read outcome and feedback (15): it leaves the sender's board.

    Raises:
        WrongMoment: it has been read.
    """
    async with at_desk(session, clock, viewer, case_id, order, after_death=True) as desk:
        case = desk.rows.referral
        side = desk.move_case(ReferralAction.READ_FEEDBACK)
        if case.feedback_read_at is not None:
            raise WrongMoment(machine="referral", action=str(ReferralAction.READ_FEEDBACK))
        case.feedback_read_at, case.feedback_read_by = desk.at, viewer.person_id
        await desk.write("referral.feedback_read", side=side)
        if case.receiver_id is not None:
            await tell(desk, "referral.feedback_read", [case.receiver_id], {})
    return desk.case_id


async def cancel(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: Cancel
) -> CaseId:
    """Called off before arrival (17): every receiver must say that it knows, holds are freed.

    Raises:
        WrongMoment: she has arrived.
        Incomplete: a coordinator gave no reason.
    """
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        case = desk.rows.referral
        side = desk.move_case(ReferralAction.CANCEL)
        if any(leg.state == LegState.ARRIVED for leg in desk.rows.legs):
            raise WrongMoment(machine="referral", action=str(ReferralAction.CANCEL))
        if side is Side.COORDINATOR and not order.note:
            raise Incomplete(missing="note")
        case.cancel_code, case.ended_at = order.code, desk.at
        for row in (case, *desk.rows.legs):
            desk.rest(row)
        if order.note:
            desk.remember("ending", {"cancel_note": order.note})
        await desk.write("referral.cancelled", {"code": order.code}, side=side)
        await let_go(desk, "cancelled")
        await free_holds(desk, "cancelled")
        await duty.stop(session, clock, desk.case_id, None, "cancelled")
    return desk.case_id


async def die(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: Die
) -> CaseId:
    """She, or the newborn being moved, died (18): the timeline is frozen, a review opens.

    Raises:
        WrongMoment: she is on the road; the crew's entry ends leg and case together.
    """
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        if any(leg.en_route for leg in desk.facts().legs):
            raise WrongMoment(machine="referral", action=str(ReferralAction.DIE))
        side = desk.move_case(ReferralAction.DIE)
        facts = {"place": order.place, "certifier": order.certifier, "note": order.note}
        desk.remember("ending", facts)
        await settle_death(desk, side)
    return desk.case_id


async def record_loss(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: RecordLoss
) -> CaseId:
    """A fetus or newborn died while the mother is treated: the case goes on, a review opens.

    Raises:
        NotFound: the newborn named is not hers.
    """
    async with at_desk(session, clock, viewer, case_id, order, after_death=True) as desk:
        case = desk.rows.referral
        side = desk.move_case(ReferralAction.RECORD_LOSS)
        if order.newborn_id is not None:
            hers = PregnancyId(case.pregnancy_id)
            born = await PregnancyRepository(session, viewer).newborns([hers])
            if order.newborn_id not in {child.id for child in born.get(hers, [])}:
                raise NotFound()
        facts = {"place": order.place, "certifier": order.certifier, "note": order.note}
        desk.remember("ending", {"loss": order.who, **facts})
        said = {"who": order.who, "newborn_id": order.newborn_id, "review": True}
        await desk.write("referral.loss_recorded", said, side=side)
        await open_review(desk, order.who, order.newborn_id)
        others = [offer.facility_id for offer in desk.facts().offers if offer.live]
        await tell(desk, "referral.loss_recorded", [case.origin_id, *others], {"who": order.who})
    return desk.case_id


async def void(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: Void
) -> Voided:
    """The case should not exist (19): kept, hidden from lists and indicators.

    An administrator is no party to cases and sees none; the database lets one in for this
    transaction only.
    """
    if not (await session.execute(_ENTER, {"case_id": case_id})).scalar_one():
        raise NotFound()
    async with at_desk(session, clock, viewer, case_id, order, after_death=True) as desk:
        case = desk.rows.referral
        side = desk.move_case(ReferralAction.VOID)
        case.ended_at = case.ended_at or desk.at
        for row in (case, *desk.rows.offers, *desk.rows.legs, *desk.rows.holds):
            desk.rest(row)
        facts = {"code": order.code, "reason": order.reason}
        await desk.write("referral.voided", facts, side=side)
        await free_holds(desk, "voided")
        await duty.stop(session, clock, desk.case_id, None, "voided")
    answer = Voided(
        id=case.id, number=case.number, state=ReferralState(case.state), version=case.version
    )
    await session.execute(_LEAVE, {"case_id": case_id})
    return answer
