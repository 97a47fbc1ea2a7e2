"""What is given or done, with its time: before transport and on the way, by whoever is there."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain.history import history
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, new_id
from kernel.viewer import Viewer
from referral.clocks.milestones import UNDONE, fold
from referral.commands.fields import Act
from referral.commands.on_papers import GiveTreatment, Withdraw
from referral.errors import AlreadyWithdrawn, TreatmentUnknown
from referral.models import TreatmentRow, WithdrawalRow
from referral.papers import Papers, Target
from referral.rules.treatments import TREATMENTS, TreatmentEntry
from referral.service.desk import Desk, Moment, at_desk
from referral.states import ReferralAction, ReferralState


async def give(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: GiveTreatment
) -> CaseId:
    """Record one treatment; the first of its kind sets its mark on the green-channel clock.

    Raises:
        TreatmentUnknown: not in the catalogue, or not with this unit or route.
        LateReasonMissing: it lies in the past and nobody says why it is entered now.
    """
    entry = _known(order)
    act = Act(version=0, event_at=order.given_at, late_reason=order.late_reason)
    async with at_desk(
        session, clock, viewer, case_id, act, check_version=False, bump=False
    ) as desk:
        side = desk.move_case(ReferralAction.COMPLETE_RECORD)
        row = _row(desk, order)
        session.add(row)
        facts = {
            "treatment_id": row.id,
            "code": row.code,
            "phase": row.phase,
            "baby": row.baby,
            "dose": row.dose,
            "unit": row.unit,
            "route": row.route,
        }
        await desk.write("treatment.given", facts, side=side)
        if entry.milestone is not None and row.baby == 0:
            await _first_dose(desk, entry.milestone, row)
    return desk.case_id


def _known(order: GiveTreatment) -> TreatmentEntry:
    entry = TREATMENTS.entries.get(order.code)
    if entry is None:
        raise TreatmentUnknown(code=order.code)
    if order.unit is not None and order.unit not in entry.units:
        raise TreatmentUnknown(code=f"{order.code} / {order.unit}")
    if order.route is not None and order.route not in entry.routes:
        raise TreatmentUnknown(code=f"{order.code} / {order.route}")
    if order.dose is not None and order.unit is None:
        raise TreatmentUnknown(code=f"{order.code} / —")
    return entry


def _row(desk: Desk, order: GiveTreatment) -> TreatmentRow:
    on_the_way = desk.rows.referral.state == ReferralState.MOVING
    process = desk.viewer.is_process
    return TreatmentRow(
        id=new_id(),
        case_id=desk.case_id,
        baby=order.baby,
        phase=order.phase or ("during_transport" if on_the_way else "before_transport"),
        code=order.code,
        catalogue=TREATMENTS.version,
        dose=order.dose,
        unit=order.unit,
        route=order.route,
        note=order.note,
        given_at=desk.at,
        entered_at=desk.moment.entered_at,
        late_reason=desk.moment.late_reason,
        person_id=None if process else desk.viewer.person_id,
        facility_id=None if process else desk.viewer.facility_id,
    )


async def _first_dose(desk: Desk, milestone: str, row: TreatmentRow) -> None:
    """The clock's mark, told once: by this entry, or before by hand."""
    if milestone not in fold(await history(desk.session, desk.case_id)).milestones:
        await desk.write(f"milestone.{milestone}", {"supplement": True, "treatment_id": row.id})


async def _mark_follows(desk: Desk, treatment_id: UUID) -> None:
    """The mark that a struck dose set falls with it; the first dose that stands sets it anew.

    A clock must not show as given what nobody gave. Who struck it and why is on record.
    """
    papers = Papers(desk.session, desk.viewer)
    struck = await papers.withdrawals(desk.case_id)
    rows = await papers.treatments(desk.case_id)
    name = _mark_of(next(row for row in rows if row.id == treatment_id))
    if name is None:
        return
    for event in await history(desk.session, desk.case_id):
        if event.row.kind.startswith("milestone.") and event.original.get("treatment_id") == str(
            treatment_id
        ):
            await desk.write(UNDONE, {"seq": event.row.seq})
    for row in rows:  # by the time they were given
        if row.id not in struck and _mark_of(row) == name:
            now = desk.moment
            desk.moment = Moment(row.given_at, now.entered_at, "first_dose_struck", late=True)
            await _first_dose(desk, name, row)
            desk.moment = now
            return


def _mark_of(row: TreatmentRow) -> str | None:
    """The mark that this dose may set; a child's dose sets none of the mother's."""
    entry = TREATMENTS.entries.get(row.code)
    return None if entry is None or row.baby != 0 else entry.milestone


async def withdraw(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    case_id: UUID,
    target: Target,
    why: Withdraw,
) -> CaseId:
    """Strike a treatment, attachment or reference through; it stays readable.

    Raises:
        NotFound: this case has no such thing.
        AlreadyWithdrawn: somebody did so before.
    """
    act = Act(version=0)
    async with at_desk(
        session, clock, viewer, case_id, act, check_version=False, bump=False
    ) as desk:
        side = desk.move_case(ReferralAction.COMPLETE_RECORD)
        papers = Papers(session, viewer)
        if not await papers.has(desk.case_id, target):
            raise NotFound()
        if await papers.withdrawn(target.id):
            raise AlreadyWithdrawn()
        process = viewer.is_process
        session.add(
            WithdrawalRow(
                target_id=target.id,
                case_id=desk.case_id,
                what=target.what,
                reason=why.reason,
                at=desk.at,
                person_id=None if process else viewer.person_id,
                facility_id=None if process else viewer.facility_id,
            )
        )
        await desk.write(f"{target.what}.withdrawn", {f"{target.what}_id": target.id}, side=side)
        if target.what == "treatment":
            await _mark_follows(desk, target.id)
    return desk.case_id
