"""Commands on what a house has: count, confirm, declare a diversion, move a vehicle."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import FacilityId, new_id
from kernel.viewer import Viewer
from registry.facilities import queries as facilities
from registry.facilities.rules import local_date
from registry.resources.access import must_drive, must_keep
from registry.resources.errors import (
    DiversionOver,
    DiversionTooLong,
    KindUnknown,
    MoreFreeThanThere,
    ReportSuperseded,
    StockTooSmall,
)
from registry.resources.models import (
    CapabilityRow,
    DiversionRow,
    ReportRow,
    VehicleReportRow,
    VehicleRow,
)
from registry.resources.repository import ResourceRepository
from registry.resources.rules import CATALOGUE
from registry.resources.schemas import (
    Cause,
    ConfirmCounts,
    CountReport,
    DeclareDiversion,
    NewVehicle,
    SetCapability,
    VehicleReport,
)

# Counting and issuing of one house queue up: each continues from the newest count.
_QUEUE = text("SELECT pg_advisory_xact_lock(hashtextextended('resources:' || :facility, 0))")


async def report(
    session: AsyncSession, clock: Clock, viewer: Viewer, order: CountReport
) -> list[UUID]:
    """Count; a `total` left out stays as it was. Returns the new reports.

    Raises:
        NotYourHouse: somebody else's.
        KindUnknown: not in the catalogue.
        MoreFreeThanThere: more free than there are.
    """
    await _at_house(session, viewer, order.facility_id)
    before = await _newest(session, viewer, order.facility_id)
    made = []
    for entry in order.entries:
        if not CATALOGUE.known(entry.kind, entry.subkey):
            raise KindUnknown(kind=f"{entry.kind} {entry.subkey}".strip())
        last = before.get((entry.kind, entry.subkey))
        kept = None if last is None else last.total
        total = kept if entry.total is None else entry.total
        if total is not None and entry.free > total:
            if entry.total is not None:
                raise MoreFreeThanThere(kind=entry.kind, free=entry.free, total=total)
            total = entry.free  # more came than were ever counted
        about = (order.facility_id, entry.kind, entry.subkey)
        said = _Said(entry.free, total, "counted", entry.note)
        made.append(_add(session, clock, viewer, about, said))
    await session.flush()
    return made


async def confirm(
    session: AsyncSession, clock: Clock, viewer: Viewer, order: ConfirmCounts
) -> list[UUID]:
    """仍然正确: the counts named still hold now. Returns the new reports.

    Raises:
        NotYourHouse: somebody else's.
        ReportSuperseded: one of them is not the newest any more.
    """
    await _at_house(session, viewer, order.facility_id)
    newest = {row.id: row for row in (await _newest(session, viewer, order.facility_id)).values()}
    made = []
    for report_id in dict.fromkeys(order.report_ids):
        row = newest.get(report_id)
        if row is None:
            raise ReportSuperseded(kind=await _kind_of(session, viewer, order, report_id))
        about = (row.facility_id, row.kind, row.subkey)
        said = _Said(row.free, row.total, "confirmed", row.note)
        made.append(_add(session, clock, viewer, about, said))
    await session.flush()
    return made


async def take_from_stock(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    *,
    facility_id: UUID,
    kind: str,
    subkey: str,
    units: int,
) -> None:
    """Issue: the stock goes down by a new count. A stock nobody ever counted is left alone.

    Raises:
        NotYourHouse: somebody else's stock.
        StockTooSmall: less is there than is issued.
    """
    await _at_house(session, viewer, facility_id)
    row = (await _newest(session, viewer, facility_id)).get((kind, subkey))
    if row is None:
        return
    if row.free < units:
        raise StockTooSmall(kind=kind, subkey=subkey, free=row.free, units=units)
    left = _Said(row.free - units, row.total, "issued")
    _add(session, clock, viewer, (facility_id, kind, subkey), left)
    await session.flush()


async def declare(
    session: AsyncSession, clock: Clock, viewer: Viewer, order: DeclareDiversion
) -> UUID:
    """Say that a house is closed to some, why, and until when.

    Raises:
        NotYourHouse: somebody else's.
        DiversionTooLong: the end is not within the limit.
        BadInput: a condition is missing or too much.
    """
    await _at_house(session, viewer, order.facility_id)
    now = clock.now()
    if not now < order.until <= now + CATALOGUE.diversion_max:
        raise DiversionTooLong(hours=int(CATALOGUE.diversion_max.total_seconds() // 3600))
    if (order.scope == "condition") != (order.condition is not None):
        raise BadInput(field="condition", reason="按病种分流时须选择病种 / goes with its scope")
    row = DiversionRow(
        id=new_id(),
        facility_id=order.facility_id,
        scope=order.scope,
        condition=order.condition,
        reason=order.reason,
        declared_at=now,
        declared_by=viewer.person_id,
        until_at=order.until,
    )
    session.add(row)
    await session.flush()
    return row.id


async def end_diversion(
    session: AsyncSession, clock: Clock, viewer: Viewer, diversion_id: UUID
) -> UUID:
    """Open again before the declared end; who opened it is kept.

    Raises:
        NotFound: unknown.
        NotYourHouse: somebody else's.
        DiversionOver: it has ended.
    """
    row = await ResourceRepository(session, viewer).diversion(diversion_id)
    await must_keep(session, viewer, row.facility_id)
    await session.refresh(row, with_for_update=True)  # two may end it; one has
    now = clock.now()
    if row.ended_at is not None or row.until_at <= now:
        raise DiversionOver()
    row.ended_at, row.ended_by = now, viewer.person_id
    await session.flush()
    return row.id


async def add_vehicle(
    session: AsyncSession, clock: Clock, viewer: Viewer, order: NewVehicle
) -> UUID:
    """A vehicle joins the registry.

    Raises:
        NotYourHouse: somebody else's station.
    """
    await _at_house(session, viewer, order.facility_id)
    row = VehicleRow(
        id=new_id(),
        facility_id=order.facility_id,
        call_sign=order.call_sign,
        kind=order.kind,
        equipment=list(order.equipment),
        added_at=clock.now(),
        added_by=None if viewer.is_process else viewer.person_id,
    )
    session.add(row)
    await session.flush()
    return row.id


async def report_vehicle(
    session: AsyncSession, clock: Clock, viewer: Viewer, vehicle_id: UUID, order: VehicleReport
) -> UUID:
    """Where it stands and who is aboard.

    Raises:
        NotFound: unknown.
        NotYourHouse: neither the station's people nor its crew.
    """
    vehicle = await ResourceRepository(session, viewer).vehicle(vehicle_id)
    await must_drive(session, viewer, vehicle.facility_id)
    row = VehicleReportRow(
        id=new_id(),
        vehicle_id=vehicle.id,
        facility_id=vehicle.facility_id,
        status=order.status,
        crew=list(order.crew),
        note=order.note,
        person_id=None if viewer.is_process else viewer.person_id,
        reported_at=clock.now(),
    )
    session.add(row)
    await session.flush()
    return row.id


async def set_capability(
    session: AsyncSession, clock: Clock, viewer: Viewer, order: SetCapability
) -> bool:
    """A house can do this from today on, or cannot any more; False if nothing changed.

    Raises:
        NotYourHouse: somebody else's.
        KindUnknown: no such capability.
    """
    await _at_house(session, viewer, order.facility_id)
    if order.code not in CATALOGUE.capabilities:
        raise KindUnknown(kind=order.code)
    now = clock.now()
    repository = ResourceRepository(session, viewer)
    row = await repository.capability_now(order.facility_id, order.code, now)
    if (row is not None) == order.has:
        return False
    today = local_date(now)
    if row is None:
        session.add(
            CapabilityRow(
                id=new_id(),
                facility_id=order.facility_id,
                code=order.code,
                during=Range(today, None, bounds="[)"),
                person_id=None if viewer.is_process else viewer.person_id,
                noted_at=now,
            )
        )
    else:
        _end_capability(row, today)
    await session.flush()
    return True


def _end_capability(row: CapabilityRow, today: date) -> None:
    """Not any more: from today on, or from tomorrow if it began today."""
    begun = row.during.lower
    after = date.fromordinal(today.toordinal() + 1) if begun == today else today
    row.during = Range(begun, after, bounds="[)")


async def _at_house(session: AsyncSession, viewer: Viewer, facility_id: UUID) -> None:
    known = await facilities.get_many(session, [FacilityId(facility_id)])
    if not known:
        raise NotFound()
    await must_keep(session, viewer, facility_id)
    await session.execute(_QUEUE, {"facility": str(facility_id)})


async def _newest(
    session: AsyncSession, viewer: Viewer, facility_id: UUID
) -> dict[tuple[str, str], ReportRow]:
    rows = await ResourceRepository(session, viewer).newest([facility_id])
    return {(row.kind, row.subkey): row for row in rows}


async def _kind_of(
    session: AsyncSession, viewer: Viewer, order: ConfirmCounts, report_id: UUID
) -> str:
    row = await session.get(ReportRow, report_id)
    if row is None or row.facility_id != order.facility_id:
        raise NotFound()
    return row.kind


@dataclass(frozen=True, slots=True)
class _Said:
    """What one new count says."""

    free: int
    total: int | None
    cause: Cause
    note: str | None = None


def _add(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    about: tuple[UUID, str, str],
    said: _Said,
) -> UUID:
    """One new row; `about` names house, kind and subkey."""
    facility_id, kind, subkey = about
    row = ReportRow(
        id=new_id(),
        facility_id=facility_id,
        kind=kind,
        subkey=subkey,
        free=said.free,
        total=said.total,
        cause=said.cause,
        note=said.note,
        source="feed" if viewer.is_process else "human",
        person_id=None if viewer.is_process else viewer.person_id,
        reported_at=clock.now(),
    )
    session.add(row)
    return row.id
