"""Groups, rotations, leave, holidays and qualifications over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post, put
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import groups, holidays, leave, qualifications, rotations, service
from duty.rosters import setup_queries as queries
from duty.rosters.periods import checked
from duty.rosters.plans.routes import OFFICE, ROSTERING
from duty.rosters.repository import SlotTerms
from duty.rosters.setup_schemas import (
    GroupIn,
    GroupName,
    HolidayYear,
    HolidayYearIn,
    LeaveIn,
    LeaveOut,
    QualificationIn,
    QualificationOut,
    RevokeIn,
    RosterCandidate,
    RosterGaps,
    RosterGroups,
    RosterMade,
    RotationIn,
    RotationOut,
    SlotIn,
    SlotTermsIn,
    TurnOut,
)
from kernel.access import ANY, OPT, Access, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import FacilityId, GroupId, PersonId, SlotId
from kernel.viewer import Role, Viewer

CALENDAR: Access = roles(Role.COORDINATOR, Role.MEDICAL_AFFAIRS, Role.SYSTEM_ADMIN)
"""Who enters a year's holidays: they are the same for every house of an installation."""

From = Annotated[datetime, QueryParameter(name="from")]


async def _made(
    session: AsyncSession,
    viewer: Viewer,
    key: str | None,
    operation: str,
    body: object,
    command: Callable[[], Awaitable[UUID]],
) -> RosterMade:
    async def work() -> RosterMade:
        return RosterMade(await command())

    return await once(session, viewer, key, operation, body, RosterMade, work)


@get("/duty/groups", opt={OPT: ANY})
async def overview(
    session: AsyncSession, viewer: Viewer, clock: Clock, facility_id: FacilityId | None = None
) -> RosterGroups:
    """A facility's groups and places (default: the viewer's own)."""
    return await queries.overview(session, clock, viewer, facility_id or viewer.facility_id)


@post("/duty/groups", opt={OPT: ROSTERING})
async def found_group(
    session: AsyncSession, viewer: Viewer, data: GroupIn, idempotency_key: str | None
) -> RosterMade:
    """Found a group at one's own house."""

    async def work() -> UUID:
        return await groups.found(
            session, viewer, facility_id=viewer.facility_id, code=data.code, name=data.name
        )

    return await _made(session, viewer, idempotency_key, "found_group", data, work)


@put("/duty/groups/{group_id:uuid}", opt={OPT: ROSTERING}, status_code=204)
async def rename_group(
    session: AsyncSession, viewer: Viewer, group_id: UUID, data: GroupName
) -> None:
    """Give a group another name."""
    await groups.rename(session, viewer, GroupId(group_id), data.name)


@post("/duty/groups/{group_id:uuid}/slots", opt={OPT: ROSTERING})
async def add_slot(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    group_id: UUID,
    data: SlotIn,
    idempotency_key: str | None,
) -> RosterMade:
    """Add a place to a group, from now on."""

    async def work() -> UUID:
        return await service.create_slot(
            session,
            viewer,
            facility_id=await groups.facility_of(session, GroupId(group_id)),
            group_id=GroupId(group_id),
            founded_at=await service.moment(session, clock),
            **{name: getattr(data, name) for name in SlotIn.__struct_fields__},
        )

    return await _made(session, viewer, idempotency_key, f"add_slot:{group_id}", data, work)


@put("/duty/slots/{slot_id:uuid}", opt={OPT: ROSTERING}, status_code=204)
async def change_slot(
    session: AsyncSession, viewer: Viewer, clock: Clock, slot_id: UUID, data: SlotTermsIn
) -> None:
    """Ask something else of a place from now on."""
    terms = SlotTerms(data.min_title, data.required, data.exclusive, data.qualification)
    await groups.change_slot(session, clock, viewer, SlotId(slot_id), terms)


@post("/duty/slots/{slot_id:uuid}/retire", opt={OPT: ROSTERING}, status_code=204)
async def retire_slot(session: AsyncSession, viewer: Viewer, clock: Clock, slot_id: UUID) -> None:
    """The place is filled no longer; what was stays."""
    await groups.retire_slot(session, clock, viewer, SlotId(slot_id))


@get("/duty/candidates", opt={OPT: OFFICE})
async def candidates(
    session: AsyncSession, viewer: Viewer, clock: Clock, facility_id: FacilityId | None = None
) -> list[RosterCandidate]:
    """Whoever works there and may be rostered."""
    return await queries.candidates(session, clock, facility_id or viewer.facility_id)


@get("/duty/gaps", opt={OPT: ANY})
async def coming_gaps(
    session: AsyncSession, viewer: Viewer, clock: Clock, facility_id: FacilityId | None = None
) -> RosterGaps:
    """Required places that nobody fills in the next fourteen days."""
    return await queries.coming_gaps(session, clock, facility_id or viewer.facility_id)


@get("/duty/rotations", opt={OPT: ANY})
async def list_rotations(
    session: AsyncSession, viewer: Viewer, facility_id: FacilityId | None = None
) -> list[RotationOut]:
    """Every version of every rotation, newest first per place and code."""
    return await queries.rotations(session, facility_id or viewer.facility_id)


@get("/duty/rotations/preview", opt={OPT: OFFICE})
async def preview(
    session: AsyncSession, group_id: UUID, start: From, to: datetime
) -> list[TurnOut]:
    """Whose turn it would be; nothing is written."""
    return await queries.preview(session, GroupId(group_id), checked(start, to))


@post("/duty/rotations", opt={OPT: ROSTERING})
async def record_rotation(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    data: RotationIn,
    idempotency_key: str | None,
) -> RosterMade:
    """Append a version of a place's rotation; the newest of a code counts from its day on."""

    async def work() -> UUID:
        fields = {name: getattr(data.pattern, name) for name in rotations.Stored.__struct_fields__}
        return await rotations.record(
            session,
            clock,
            viewer,
            slot_id=SlotId(data.slot_id),
            code=data.code,
            stored=rotations.Stored(**fields),
            valid_from=data.from_,
            valid_until=data.to,
        )

    return await _made(session, viewer, idempotency_key, "record_rotation", data, work)


@get("/duty/leave", opt={OPT: ANY})
async def list_leave(
    session: AsyncSession,
    viewer: Viewer,
    start: From,
    to: datetime,
    facility_id: FacilityId | None = None,
) -> list[LeaveOut]:
    """Leave: one's own, or everybody's for whoever rosters or approves there."""
    return await queries.away(session, facility_id or viewer.facility_id, checked(start, to))


@post("/duty/leave", opt={OPT: ROSTERING})
async def record_leave(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    data: LeaveIn,
    idempotency_key: str | None,
) -> RosterMade:
    """Note that somebody is away and who stands in."""

    async def work() -> UUID:
        substitute = data.substitute_id
        return await leave.record(
            session,
            clock,
            viewer,
            person_id=PersonId(data.person_id),
            period=checked(data.from_, data.to, leave.LONGEST),
            kind=data.kind,
            substitute_id=None if substitute is None else PersonId(substitute),
            hand_over=data.hand_over,
        )

    return await _made(session, viewer, idempotency_key, "record_leave", data, work)


@post("/duty/leave/{leave_id:uuid}/cancel", opt={OPT: ROSTERING}, status_code=204)
async def cancel_leave(session: AsyncSession, viewer: Viewer, clock: Clock, leave_id: UUID) -> None:
    """The leave is off."""
    await leave.cancel(session, clock, viewer, leave_id)


@get("/duty/holidays", opt={OPT: ANY})
async def list_holidays(session: AsyncSession, clock: Clock) -> list[HolidayYear]:
    """Every year that was entered, and the coming ones that nobody entered yet."""
    return await queries.calendar_years(session, clock)


@post("/duty/holidays", opt={OPT: CALENDAR})
async def enter_holidays(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    data: HolidayYearIn,
    idempotency_key: str | None,
) -> RosterMade:
    """Enter a year whole; the newest version counts, older ones are kept."""

    async def work() -> UUID:
        fields = {name: getattr(data, name) for name in HolidayYearIn.__struct_fields__}
        return await holidays.enter(session, clock, viewer, **fields)

    return await _made(session, viewer, idempotency_key, "enter_holidays", data, work)


@get("/duty/qualifications", opt={OPT: ANY})
async def list_qualifications(
    session: AsyncSession, viewer: Viewer, clock: Clock, facility_id: FacilityId | None = None
) -> list[QualificationOut]:
    """Qualifications: one's own, or everybody's for whoever rosters or approves there."""
    return await queries.held(session, clock, facility_id or viewer.facility_id)


@post("/duty/qualifications", opt={OPT: ROSTERING})
async def record_qualification(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    data: QualificationIn,
    idempotency_key: str | None,
) -> RosterMade:
    """Note a licence or certificate with the days on which it counts."""

    async def work() -> UUID:
        return await qualifications.record(
            session,
            clock,
            viewer,
            person_id=PersonId(data.person_id),
            kind=data.kind,
            first=data.from_,
            until=data.to,
        )

    return await _made(session, viewer, idempotency_key, "record_qualification", data, work)


@post("/duty/qualifications/{qualification_id:uuid}/revoke", opt={OPT: ROSTERING}, status_code=204)
async def revoke_qualification(
    session: AsyncSession, viewer: Viewer, clock: Clock, qualification_id: UUID, data: RevokeIn
) -> None:
    """It counts no longer, and why."""
    await qualifications.revoke(session, clock, viewer, qualification_id, data.reason)


router = Router(
    "/",
    route_handlers=[
        overview,
        found_group,
        rename_group,
        add_slot,
        change_slot,
        retire_slot,
        candidates,
        coming_gaps,
        list_rotations,
        preview,
        record_rotation,
        list_leave,
        record_leave,
        cancel_leave,
        list_holidays,
        enter_holidays,
        list_qualifications,
        record_qualification,
        revoke_qualification,
    ],
    tags=["duty"],
)
