"""Reminds people of what is due after a death, before it is due and again until it is reported.

Called by the engine. Rows that another engine holds are skipped; cases with made-up time are left
to clocks with made-up time.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel.chain import append
from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import CaseId, FacilityId, RegionId
from kernel.viewer import Viewer
from referral.aftermath import ruled
from referral.aftermath.models import DeathReviewRow, ReviewStepRow
from referral.models import ReferralRow
from registry.facilities import queries as facilities
from registry.facilities.rules import FacilityRole

ENGINE = Viewer.system("engine")
BATCH = 50

_DUE = text(
    "SELECT s.review_id, s.step FROM death_review_step s JOIN referral r ON r.id = s.case_id"
    " WHERE s.remind_at <= :now AND r.simulated = :simulated AND r.state <> 'voided'"
    " ORDER BY s.remind_at LIMIT :batch"
)


async def run_due(database: Database, clock: Clock) -> bool:
    """Send every reminder that is due; True if there was any. One transaction each."""
    async with database.session(ENGINE) as session:
        values = {"now": clock.now(), "simulated": clock.simulated, "batch": BATCH}
        due = (await session.execute(_DUE, values)).all()
    done = False
    for review_id, step in due:
        async with database.session(ENGINE) as session:
            done = await _remind(session, clock, review_id, step) or done
    return done


async def _remind(session: AsyncSession, clock: Clock, review_id: UUID, step: str) -> bool:
    now = clock.now()
    wanted = (
        select(ReviewStepRow)
        .where(ReviewStepRow.review_id == review_id, ReviewStepRow.step == step)
        .with_for_update(skip_locked=True)
    )
    row = (await session.execute(wanted)).scalar_one_or_none()
    if row is None or row.remind_at is None or row.remind_at > now:
        return False
    row.reminders += 1
    label = (await session.get_one(DeathReviewRow, review_id)).ruleset
    rules = (await ruled.called(session, [label]))[label]
    row.remind_at = rules.next_reminder(now, row.due_at)
    overdue = now >= row.due_at
    case_id = CaseId(row.case_id)
    facts = {"review_id": review_id, "step": step, "due_at": row.due_at, "overdue": overdue}
    await append(
        session, clock, case_id, "review.reminded", viewer=ENGINE, payload=facts, auto=True
    )
    kind = "review.overdue" if overdue else "review.due_soon"
    case = await session.get_one(ReferralRow, row.case_id)
    data = {"number": case.number, "step": step, "due_at": row.due_at.isoformat()}
    houses = await _responsible(session, case, now)
    await duty.notify_people(
        session, clock, case_id=case_id, kind=kind, data=data, facility_ids=houses
    )
    return True


async def _responsible(session: AsyncSession, case: ReferralRow, now: datetime) -> list[FacilityId]:
    """Who treated her, and the institution that collects the reports of where she came from."""
    found = [FacilityId(id_) for id_ in (case.receiver_id, case.origin_id) if id_ is not None]
    if case.origin_region_id is not None:
        found += await facilities.with_role(
            session, FacilityRole.MCH_INSTITUTE, now, RegionId(case.origin_region_id)
        )
    return list(dict.fromkeys(found))
