"""Rosters and presence over HTTP."""

from litestar import Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import presence, queries
from duty.rosters.schemas import DeviceIn, DutyToday, PhoneList
from kernel.access import ANY, CALLING, CLINICAL, OPT
from kernel.clock import Clock
from kernel.ids import FacilityId
from kernel.sealing import Sealer
from kernel.viewer import Viewer


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


router = Router("/", route_handlers=[duty_today, phone_list, sign_on, sign_off], tags=["duty"])
