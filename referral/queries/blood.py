"""Blood orders: of one case, or of one bank. A bank reads numbers and groups, no names."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import FacilityId, PersonId
from kernel.viewer import Role, Viewer
from referral.models import BloodOrderRow, ReferralRow
from referral.readmodel.blood import BloodAction, BloodOrder, BloodOrders, BloodState
from referral.repository import CaseRepository
from registry.facilities import queries as facilities
from registry.facilities.schemas import FacilityRef
from registry.people import queries as people
from registry.people.schemas import PersonRef

RECENT = timedelta(hours=24)
"""Orders that are over stay on a bank's list this long."""

_TREATS = (Role.REFERRING_CLINICIAN, Role.EXPERT, Role.COORDINATOR, Role.DUTY_DESK, Role.CREW)


def state_of(row: BloodOrderRow) -> BloodState:
    """How far an order is: the fold of its moments."""
    if row.cancelled_at is not None:
        return "cancelled"
    if row.arrived_at is not None:
        return "arrived"
    if row.departed_at is not None:
        return "on_the_way"
    return "requested" if row.issued_at is None else "issued"


def scope(viewer: Viewer) -> ColumnElement[bool]:
    """The statement's own guard, beside row-level security."""
    if viewer.is_process:
        return true()
    return or_(
        func.app_sees_case(BloodOrderRow.case_id),
        BloodOrderRow.facility_id.in_(list(viewer.facility_ids)),
    )


async def get(session: AsyncSession, viewer: Viewer, order_id: UUID) -> BloodOrderRow:
    """One order.

    Raises:
        NotFound: unknown or foreign.
    """
    found = select(BloodOrderRow).where(scope(viewer), BloodOrderRow.id == order_id)
    row = (await session.execute(found)).scalar_one_or_none()
    if row is None:
        raise NotFound()
    return row


async def of_case(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID
) -> BloodOrders:
    """What was asked for on one case, newest first.

    Raises:
        NotFound: unknown or foreign.
    """
    await CaseRepository(session, viewer).get(case_id)
    found = (
        select(BloodOrderRow)
        .where(scope(viewer), BloodOrderRow.case_id == case_id)
        .order_by(BloodOrderRow.requested_at.desc(), BloodOrderRow.id)
    )
    rows = (await session.execute(found)).scalars().all()
    return BloodOrders(
        orders=await _shown(session, viewer, rows, {case_id}), server_time=clock.now()
    )


async def of_bank(session: AsyncSession, clock: Clock, viewer: Viewer) -> BloodOrders:
    """What is asked of the viewer's own bank (a coordinator: of the region), the waiting first."""
    mine: ColumnElement[bool] = BloodOrderRow.facility_id.in_(list(viewer.facility_ids))
    if viewer.has(Role.COORDINATOR):
        mine = true()
    over = func.coalesce(BloodOrderRow.arrived_at, BloodOrderRow.cancelled_at)
    found = (
        select(BloodOrderRow)
        .where(scope(viewer), mine, or_(over.is_(None), over > clock.now() - RECENT))
        .order_by(
            over.is_not(None),
            BloodOrderRow.issued_at.is_not(None),
            BloodOrderRow.requested_at,
            BloodOrderRow.id,
        )
        .limit(200)
    )
    rows = (await session.execute(found)).scalars().all()
    return BloodOrders(
        orders=await _shown(session, viewer, rows, await _seen(session, viewer, rows)),
        server_time=clock.now(),
    )


async def _seen(session: AsyncSession, viewer: Viewer, rows: Sequence[BloodOrderRow]) -> set[UUID]:
    """Which of the cases the viewer may open."""
    wanted = CaseRepository(session, viewer).visible().with_only_columns(ReferralRow.id)
    ids = {row.case_id for row in rows}
    return set((await session.execute(wanted.where(ReferralRow.id.in_(ids)))).scalars())


async def _shown(
    session: AsyncSession, viewer: Viewer, rows: Sequence[BloodOrderRow], seen: set[UUID]
) -> list[BloodOrder]:
    who = {
        id_
        for row in rows
        for id_ in (
            row.requested_by,
            row.issued_by,
            row.departed_by,
            row.arrived_by,
            row.cancelled_by,
        )
        if id_ is not None
    }
    named = await people.get_many(session, [PersonId(id_) for id_ in who])
    places = await facilities.get_many(
        session, [FacilityId(id_) for row in rows for id_ in (row.facility_id, row.bedside_id)]
    )
    return [_order(row, viewer, named, places, seen) for row in rows]


def _order(
    row: BloodOrderRow,
    viewer: Viewer,
    named: dict[PersonId, PersonRef],
    places: dict[FacilityId, FacilityRef],
    seen: set[UUID],
) -> BloodOrder:
    def person(id_: UUID | None) -> PersonRef | None:
        return None if id_ is None else named.get(PersonId(id_))

    return BloodOrder(
        id=row.id,
        case_id=row.case_id if row.case_id in seen else None,
        case_number=row.case_number,
        drill=row.drill,
        bank=places[FacilityId(row.facility_id)],
        bedside=places[FacilityId(row.bedside_id)],
        product=row.product,  # type: ignore[arg-type]
        subkey=row.subkey,
        units=row.units,
        urgency=row.urgency,  # type: ignore[arg-type]
        state=state_of(row),
        note=row.note,
        requested_at=row.requested_at,
        requested_by=person(row.requested_by),
        issued_at=row.issued_at,
        issued_by=person(row.issued_by),
        issued_units=row.issued_units,
        issued_subkey=row.issued_subkey,
        departed_at=row.departed_at,
        departed_by=person(row.departed_by),
        arrived_at=row.arrived_at,
        arrived_by=person(row.arrived_by),
        cancelled_at=row.cancelled_at,
        cancelled_by=person(row.cancelled_by),
        allowed=_allowed(row, viewer, treats=row.case_id in seen and viewer.has(*_TREATS)),
    )


def _allowed(row: BloodOrderRow, viewer: Viewer, *, treats: bool) -> list[BloodAction]:
    """What this viewer may do to the order; the command checks again."""
    bank = FacilityId(row.facility_id) in viewer.facility_ids
    found: list[BloodAction] = []
    state = state_of(row)
    if state == "requested":
        found += ["issue"] if bank else []
        found += ["cancel"] if bank or treats else []
    if state == "issued" and (bank or treats):
        found.append("depart")
    if state in ("issued", "on_the_way") and treats:
        found.append("arrive")
    return found
