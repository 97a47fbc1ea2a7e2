"""Alarms over HTTP: see them, take them by name, set limits. Live ones come by the gateway."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from litestar import Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import FacilityId
from kernel.viewer import CLINICAL_ROLES, Viewer
from realtime.alarms import queries, service
from realtime.alarms.rights import WRITERS
from realtime.alarms.schemas import (
    AcknowledgeAlarm,
    AlarmDetail,
    AlarmOut,
    LimitsBook,
    LimitsWritten,
    NewLimits,
    SilenceAlarm,
)

READERS = roles(*CLINICAL_ROLES, *WRITERS)


@get("/alarms", opt={OPT: CLINICAL})
async def list_alarms(
    session: AsyncSession,
    viewer: Viewer,
    facility_id: UUID | None = None,
    recording_id: UUID | None = None,
    closed: bool = False,
) -> list[AlarmOut]:
    """Alarms open to the viewer: unanswered or still there, the longest waiting first.

    With `closed`, the newest that are over and answered; with `recording_id`, one recording's.
    """
    house = None if facility_id is None else FacilityId(facility_id)
    if recording_id is not None:
        return await queries.of_recordings(session, viewer, [recording_id], closed=closed)
    if closed:
        return await queries.recent(session, viewer, house)
    return await queries.alive(session, viewer, house)


@get("/alarms/{alarm_id:uuid}", opt={OPT: CLINICAL})
async def get_alarm(session: AsyncSession, viewer: Viewer, alarm_id: UUID) -> AlarmDetail:
    """One alarm with everything that happened to it."""
    return await queries.one(session, viewer, alarm_id)


@post("/alarms/{alarm_id:uuid}/acknowledge", opt={OPT: CLINICAL}, status_code=200)
async def acknowledge_alarm(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    alarm_id: UUID,
    data: AcknowledgeAlarm,
    idempotency_key: str | None,
) -> AlarmDetail:
    """Take the alarm by name and reason; whoever is being rung for it is told to stop."""
    return await _answer(
        session, viewer, idempotency_key, "acknowledge", alarm_id, data,
        lambda: service.acknowledge(session, clock, viewer, alarm_id, data),
    )  # fmt: skip


@post("/alarms/{alarm_id:uuid}/silence", opt={OPT: CLINICAL}, status_code=200)
async def silence_alarm(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    alarm_id: UUID,
    data: SilenceAlarm,
    idempotency_key: str | None,
) -> AlarmDetail:
    """Pause its sound for a bounded time; it stays unanswered and climbs as before."""
    return await _answer(
        session, viewer, idempotency_key, "silence", alarm_id, data,
        lambda: service.silence(session, clock, viewer, alarm_id, data),
    )  # fmt: skip


@get("/alarm-limits", opt={OPT: READERS})
async def limits_book(
    session: AsyncSession, viewer: Viewer, facility_id: UUID | None = None
) -> LimitsBook:
    """The limits of a facility (default: the viewer's own): in force, and every version before."""
    return await queries.book(session, viewer, FacilityId(facility_id or viewer.facility_id))


@post("/alarm-limits", opt={OPT: roles(*WRITERS)})
async def set_limits(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    data: NewLimits,
    idempotency_key: str | None,
) -> LimitsWritten:
    """A new version for my facility or one of its units, inside the platform's bounds."""

    async def work() -> LimitsWritten:
        return LimitsWritten(await service.set_limits(session, clock, viewer, data))

    key = idempotency_key
    return await once(session, viewer, key, "ctg.alarm_limits", data, LimitsWritten, work)


async def _answer(
    session: AsyncSession,
    viewer: Viewer,
    key: str | None,
    action: str,
    alarm_id: UUID,
    body: object,
    command: Callable[[], Awaitable[None]],
) -> AlarmDetail:
    async def work() -> AlarmDetail:
        await command()
        return await queries.one(session, viewer, alarm_id)

    operation = f"ctg.alarm.{action} {alarm_id}"
    return await once(session, viewer, key, operation, body, AlarmDetail, work)


router = Router(
    "/ctg",
    route_handlers=[
        list_alarms, get_alarm, acknowledge_alarm, silence_alarm, limits_book, set_limits,
    ],
    tags=["ctg alarms"],
)  # fmt: skip
