"""Rosters and presence over HTTP."""

from litestar import Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import presence, queries, service
from duty.rosters.schemas import DeviceIn, DutyToday, PhoneList, ShiftIn, ShiftOut
from kernel.access import ANY, CALLING, CLINICAL, OPT, roles
from kernel.clock import Clock
from kernel.ids import FacilityId, PersonId, SlotId
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer


@get("/duty/today", opt={OPT: ANY})
async def duty_today(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    sealer: Sealer,
    facility_id: FacilityId | None = None,
) -> list[DutyToday]:
    """Who is on call now at a facility (default: the viewer's own), gaps said aloud."""
    return await queries.today(session, sealer, facility_id or viewer.facility_id, clock.now())


@get("/duty/phone-list", opt={OPT: CALLING})
async def phone_list(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    sealer: Sealer,
    facility_id: FacilityId | None = None,
) -> PhoneList:
    """Duty phones of a facility, for printing and for offline use."""
    return await queries.phone_list(session, sealer, facility_id or viewer.facility_id, clock.now())


@post("/duty/sign-on", opt={OPT: CLINICAL}, status_code=204)
async def sign_on(session: AsyncSession, viewer: Viewer, data: DeviceIn) -> None:
    """上岗: I am on duty with this device."""
    await presence.sign_on(session, viewer, data.device_id)


@post("/duty/sign-off", opt={OPT: CLINICAL}, status_code=204)
async def sign_off(session: AsyncSession, viewer: Viewer, data: DeviceIn) -> None:
    """下岗: I am no longer on duty with this device."""
    await presence.sign_off(session, viewer, data.device_id)


@post("/duty/shifts", opt={OPT: roles(Role.COORDINATOR, Role.DUTY_DESK)})
async def put_shift(session: AsyncSession, viewer: Viewer, clock: Clock, data: ShiftIn) -> ShiftOut:
    """Put somebody on a place of the viewer's own facility, or let them take it over."""
    command = service.cover if data.cover else service.put_shift
    shift_id = await command(
        session,
        clock,
        viewer,
        slot_id=SlotId(data.slot_id),
        person_id=PersonId(data.person_id),
        start=data.from_,
        end=data.to,
    )
    return ShiftOut(shift_id)


router = Router(
    "/", route_handlers=[duty_today, phone_list, sign_on, sign_off, put_shift], tags=["duty"]
)
