"""What must happen although nobody is asking: limits run out, people are told, questions expire.

Called by the engine. Two engines may run: a case that another transaction holds is skipped and
found again at the next look. Cases with made-up time are left to clocks with made-up time.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import PersonId
from kernel.viewer import Viewer
from referral import policies
from referral.models import HoldRow, LegRow, OfferRow
from referral.repository import CaseRepository
from referral.rules.timers import TIMERS
from referral.service.answer import resume_decision
from referral.service.arrive import missed
from referral.service.ask import ask_next, call_coordinator, tell
from referral.service.desk import Desk, moment
from referral.states import ASKED, HoldAction, LegAction, LegState, OfferAction, OfferState, Side

ENGINE = Viewer.system("engine")
BATCH = 50

_DUE = text(
    """
    SELECT DISTINCT r.id FROM referral r
     WHERE r.simulated = :simulated AND r.state <> 'voided' AND (
       r.due_at <= :now
       OR EXISTS (SELECT 1 FROM offer o WHERE o.case_id = r.id AND o.due_at <= :now)
       OR EXISTS (SELECT 1 FROM leg l WHERE l.case_id = r.id AND l.due_at <= :now)
       OR EXISTS (SELECT 1 FROM hold h WHERE h.case_id = r.id AND h.due_at <= :now))
     LIMIT :batch
    """
)
_NEXT = text(
    """
    SELECT min(due.due_at) FROM (
      SELECT due_at, id AS case_id FROM referral UNION ALL SELECT due_at, case_id FROM offer
      UNION ALL SELECT due_at, case_id FROM leg UNION ALL SELECT due_at, case_id FROM hold
    ) AS due JOIN referral r ON r.id = due.case_id AND r.simulated = :simulated
    """
)


async def run_due(database: Database, clock: Clock) -> bool:
    """Deal with every step whose limit has passed; True if there was any.

    Each case is one transaction, so that one that fails keeps no other waiting.
    """
    async with database.session(ENGINE) as session:
        values = {"now": clock.now(), "simulated": clock.simulated, "batch": BATCH}
        cases = list((await session.execute(_DUE, values)).scalars())
    done = False
    for case_id in cases:
        async with database.session(ENGINE) as session:
            done = await _run_case(session, clock, case_id) or done
    return done


async def next_due(database: Database, clock: Clock) -> Any:
    """When the next limit runs out; None if nothing is waited for."""
    async with database.session(ENGINE) as session:
        return (await session.execute(_NEXT, {"simulated": clock.simulated})).scalar_one()


async def _run_case(session: AsyncSession, clock: Clock, case_id: UUID) -> bool:
    repository = CaseRepository(session, ENGINE)
    rows = await repository.locked_or_skipped(case_id)
    if rows is None:
        return False
    view = policies.viewpoint(ENGINE, coordinates=False, rides=False)
    desk = Desk(session, clock, ENGINE, rows, moment(clock, None, None), view)
    everything: list[Any] = [rows.referral, *rows.offers, *rows.legs, *rows.holds]
    due = [row for row in everything if row.due_at is not None and row.due_at <= desk.at]
    for row in due:
        if row.due_kind is None or row.due_at is None or row.due_at > desk.at:
            continue  # an earlier one of this batch has settled it
        step = row.due_kind
        desk.rest(row)
        await STEPS[step](desk, row)
    if due:
        rows.referral.version += 1
    return bool(due)


async def _unacknowledged(desk: Desk, offer: OfferRow) -> None:
    """Nobody said "I have it": the next unit is asked beside. A late yes still counts."""
    if offer.state not in (OfferState.OFFERED, OfferState.DELIVERED):
        return
    desk.move_offer(offer, OfferAction.EXPIRE, system=True)
    facts = {"offer_id": offer.id, "facility_id": offer.facility_id, "timers": TIMERS.version}
    await desk.write("offer.expired", facts, auto=True)
    await tell(desk, "offer.expired", [desk.rows.referral.origin_id, offer.facility_id], facts)
    await ask_next(desk, offer, beside=True)


async def _undecided(desk: Desk, offer: OfferRow) -> None:
    """Acknowledged, no answer: the next is asked beside, and the coordinator owns it, too."""
    if offer.state not in ASKED:
        return
    facts = {"offer_id": offer.id, "facility_id": offer.facility_id, "timers": TIMERS.version}
    await desk.write("offer.decision_overdue", facts, auto=True)
    await tell(desk, "offer.decision_overdue", [offer.facility_id], facts)
    await ask_next(desk, offer, beside=True)
    await call_coordinator(desk, "offer.decision_overdue", f"undecided:{offer.id}")


async def _unanswered(desk: Desk, offer: OfferRow) -> None:
    """The sender has not answered; the decision clock goes on."""
    if offer.state != OfferState.INFO_REQUESTED:
        return
    resume_decision(desk, offer)
    facts = {"offer_id": offer.id}
    await tell(desk, "offer.answer_overdue", [desk.rows.referral.origin_id], facts)


async def _back_unread(desk: Desk, offer: OfferRow) -> None:
    facts = {"offer_id": offer.id}
    both = [offer.facility_id, desk.rows.referral.origin_id]
    await tell(desk, "referral.back_referral_unread", both, facts)
    desk.due(offer, "back_referral")


async def _withdrawal_unknown(desk: Desk, offer: OfferRow) -> None:
    if offer.state != OfferState.WITHDRAWN or offer.withdrawal_acknowledged_at is not None:
        return
    await tell(desk, "offer.withdrawn", [offer.facility_id], {"offer_id": offer.id, "again": True})
    desk.due(offer, "withdrawal")


async def _uncommitted(desk: Desk, case: Any) -> None:
    await tell(desk, "referral.commit_overdue", [case.origin_id], {})


async def _not_departed(desk: Desk, leg: LegRow) -> None:
    """Committed and still here: ask why."""
    if leg.state not in (LegState.PLANNED, LegState.READY):
        return
    facts = {"leg_id": leg.id, "timers": TIMERS.version}
    await desk.write("leg.departure_overdue", facts, auto=True)
    both = [desk.rows.referral.origin_id, leg.destination_id]
    await tell(desk, "leg.departure_overdue", both, facts)


async def _late(desk: Desk, leg: LegRow) -> None:
    """Expected and not here: ask both ends, then alarm."""
    facts = {"leg_id": leg.id, "eta": leg.eta, "timers": TIMERS.version}
    await desk.write("leg.arrival_overdue", facts, auto=True)
    leg.queried_at = desk.at
    both = [desk.rows.referral.origin_id, leg.destination_id]
    await tell(desk, "leg.arrival_overdue", both, {"leg_id": leg.id})
    leg.due_at = desk.at + (TIMERS["missing_arrival"] - TIMERS["late_arrival"])
    leg.due_kind = "missing_arrival"


async def _missing(desk: Desk, leg: LegRow) -> None:
    """Not arrived: an alarm that a person must own."""
    if LegState(leg.state) in (LegState.ARRIVED, LegState.NOT_ARRIVED):
        return
    desk.move_leg(leg, LegAction.MISS, system=True)
    await missed(desk, leg, Side.SYSTEM)


async def _not_handed_over(desk: Desk, leg: LegRow) -> None:
    both = [desk.rows.referral.origin_id, leg.destination_id]
    await tell(desk, "leg.handover_overdue", both, {"leg_id": leg.id})


async def _no_outcome(desk: Desk, case: Any) -> None:
    """No outcome and feedback yet: the receiver's desk and those who took her, every week anew."""
    await desk.write("referral.outcome_overdue", {"timers": TIMERS.version}, auto=True)
    await tell(desk, "referral.outcome_overdue", [case.receiver_id or case.origin_id], {})
    await _tell_in_person(desk, "referral.outcome_overdue", who_took_her(desk))
    desk.due(case, "outcome_again")


def who_took_her(desk: Desk) -> set[PersonId]:
    """Who accepted and who signed for her at the receiving unit: the ones to ask."""
    receiver = desk.rows.referral.receiver_id
    accepted = {offer.answered_by for offer in desk.rows.offers if offer.facility_id == receiver}
    signed = {one.person_id for one in desk.rows.signatures if one.side == "receiver"}
    return {PersonId(id_) for id_ in accepted | signed if id_ is not None}


async def _tell_in_person(desk: Desk, kind: str, people: set[PersonId]) -> None:
    await duty.notify_people(
        desk.session,
        desk.clock,
        case_id=desk.case_id,
        kind=kind,
        data={"number": desk.rows.referral.number},
        person_ids=people,
    )


async def _review_guidance(desk: Desk, case: Any) -> None:
    """Nobody has looked again whether she can be moved: both ends are told."""
    await tell(desk, "referral.guidance_review_due", guiding(case), {})
    desk.due(case, "guidance_review_overdue")


async def _guidance_unreviewed(desk: Desk, case: Any) -> None:
    """Told and still not looked at: the coordinator owns it now, too; then all over again."""
    facts = {"lead": case.remote_lead_id, "timers": TIMERS.version}
    await desk.write("referral.guided_review_overdue", facts, auto=True)
    await tell(desk, "referral.guidance_review_due", guiding(case), {"again": True})
    key = f"guidance-review:{case.id}:{desk.at.isoformat()}"
    await call_coordinator(desk, "referral.guided_review_overdue", key)
    desk.due(case, "guidance_review")


def guiding(case: Any) -> list[UUID]:
    """Both ends of a rescue in place."""
    return [id_ for id_ in (case.origin_id, case.lead_facility_id) if id_ is not None]


async def _hold_over(desk: Desk, hold: HoldRow) -> None:
    desk.move_hold(hold, HoldAction.EXPIRE, system=True)
    facts = {"hold_id": hold.id, "kind": hold.kind}
    await desk.write("hold.expired", facts, auto=True)
    await tell(desk, "hold.expired", [desk.rows.referral.origin_id, hold.facility_id], facts)
    if hold.kind == "blood":
        # Asked for and not issued, or issued and not at the bedside: somebody has to look for it.
        await call_coordinator(desk, "blood.overdue", f"blood-overdue:{hold.id}")


STEPS: dict[str, Callable[[Desk, Any], Awaitable[None]]] = {
    "acknowledge": _unacknowledged,
    "decide": _undecided,
    "answer_question": _unanswered,
    "back_referral": _back_unread,
    "withdrawal": _withdrawal_unknown,
    "commit": _uncommitted,
    "depart": _not_departed,
    "late_arrival": _late,
    "no_eta_arrival": _late,
    "missing_arrival": _missing,
    "handover": _not_handed_over,
    "outcome": _no_outcome,
    "outcome_again": _no_outcome,
    "guidance_review": _review_guidance,
    "guidance_review_overdue": _guidance_unreviewed,
    "hold": _hold_over,
    "blood_on_the_way": _hold_over,
    "hold_request": _hold_over,
}
