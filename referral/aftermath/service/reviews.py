"""A death opens a review: what is due by when, reminders, and the report that it was done.

The review itself (causes, conclusions) is held elsewhere; here only the deadlines are kept.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel import parties
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, FacilityId, RegionId, new_id
from kernel.parties import PartyRole
from kernel.viewer import Viewer
from referral.aftermath import ruled
from referral.aftermath.commands import ReportStep
from referral.aftermath.deadlines import CALENDAR, Who
from referral.aftermath.errors import AlreadyReported, BeforeDeath
from referral.aftermath.models import DeathReviewRow, ReviewStepRow
from referral.aftermath.repository import AftermathRepository
from referral.commands.fields import Act
from referral.errors import EventInFuture, WrongSide
from referral.rules.facts import sides
from referral.service.desk import Desk, at_desk
from registry.facilities import queries as facilities
from registry.facilities.rules import FacilityRole, local_date


async def open_review(desk: Desk, who: Who, newborn_id: UUID | None = None) -> None:
    """Freeze the timeline at the desk's moment and state what is due, in the same transaction."""
    case = desk.rows.referral
    case.needs_review = True
    case.frozen_at = max(case.frozen_at or desk.at, desk.at)
    rules = await ruled.in_force(desk.session, case.origin_region_id, local_date(desk.at))
    review = DeathReviewRow(
        id=new_id(),
        case_id=case.id,
        who=who,
        newborn_id=newborn_id,
        died_at=desk.at,
        opened_at=desk.moment.entered_at,
        opened_by=None if desk.viewer.is_process else desk.viewer.person_id,
        ruleset=rules.version,
    )
    desk.session.add(review)
    await desk.session.flush()  # its steps refer to it
    regions = await _regions(desk)
    found = rules.deadlines(who, review.died_at, regions, CALENDAR)
    for deadline in found:
        desk.session.add(
            ReviewStepRow(
                review_id=review.id,
                step=deadline.step,
                case_id=case.id,
                rule=deadline.rule.code,
                due_at=deadline.due_at,
                remind_at=rules.first_reminder(review.opened_at, deadline.due_at),
                reminders=0,
            )
        )
    await _let_institute_in(desk)
    due = {deadline.step: deadline.due_at for deadline in found}
    facts = {"review_id": review.id, "who": who, "due": due, "ruleset": rules.version}
    await desk.write("review.opened", facts)


async def _regions(desk: Desk) -> list[str]:
    region = desk.rows.referral.origin_region_id
    if region is None:
        return []
    return await facilities.region_codes(desk.session, RegionId(region))


async def _let_institute_in(desk: Desk) -> None:
    """The institution that collects death reports sees the case from now on."""
    case = desk.rows.referral
    if case.origin_region_id is None:
        return
    found = await facilities.with_role(
        desk.session, FacilityRole.MCH_INSTITUTE, desk.at, RegionId(case.origin_region_id)
    )
    for facility_id in found:
        await parties.add_facility(
            desk.session, desk.case_id, FacilityId(facility_id), PartyRole.COORDINATOR
        )


async def report_step(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    review_id: UUID,
    step: str,
    order: ReportStep,
) -> CaseId:
    """A step was taken: reported to the county, reviewed. Reminders stop.

    Raises:
        NotFound: no such review or step, or not open to the viewer.
        AlreadyReported: somebody has said so.
        BeforeDeath: the moment lies before the death.
        EventInFuture: the moment lies after now.
        WrongSide: the viewer neither treats nor coordinates.
    """
    review = await AftermathRepository(session, viewer).review(review_id)
    act = Act(version=0)
    async with at_desk(
        session,
        clock,
        viewer,
        review.case_id,
        act,
        check_version=False,
        bump=False,
        after_death=True,
    ) as desk:
        facts = desk.facts()
        if not sides(facts, desk.view, facts.receivers | _asked(desk)):
            raise WrongSide(action="report_step", sides="origin/receiver/coordinator")
        row = await _step(session, viewer, review_id, step)
        at = order.at or clock.now()
        _check_moment(review, at, clock)
        row.reported_at, row.reported_by = at, viewer.person_id
        row.reported_for, row.reference = viewer.facility_id, order.reference
        row.remind_at = None
        said = {"review_id": review.id, "step": step, "reported_at": at, "due_at": row.due_at}
        await desk.write("review.step_reported", said)
    return desk.case_id


def _asked(desk: Desk) -> frozenset[UUID]:
    return frozenset(offer.facility_id for offer in desk.rows.offers)


async def _step(session: AsyncSession, viewer: Viewer, review_id: UUID, step: str) -> ReviewStepRow:
    rows = await AftermathRepository(session, viewer).steps([review_id])
    row = next((row for row in rows if row.step == step), None)
    if row is None:
        raise NotFound()
    if row.reported_at is not None:
        raise AlreadyReported(at=row.reported_at.isoformat())
    return row


def _check_moment(review: DeathReviewRow, at: datetime, clock: Clock) -> None:
    if at > clock.now():
        raise EventInFuture(event_at=at.isoformat(), now=clock.now().isoformat())
    if at < review.died_at:
        raise BeforeDeath(died_at=review.died_at.isoformat())
