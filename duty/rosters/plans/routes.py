"""The calendar and plans over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post, put
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters.periods import aware, checked
from duty.rosters.plans import queries, service, timetable
from duty.rosters.plans.schemas import (
    ApproveIn,
    EntriesIn,
    FillIn,
    PlanIn,
    PlanMade,
    PlanOut,
    PlanStep,
    PlanSummary,
    ReturnIn,
    RosterCalendar,
)
from duty.rosters.plans.service import Changes, Moved, Placed
from duty.rosters.plans.states import PlanState
from duty.rosters.plans.timetable import Asked
from kernel.access import ANY, OPT, Access, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import FacilityId, GroupId, PersonId, SlotId
from kernel.viewer import Role, Viewer

ROSTERING: Access = roles(Role.COORDINATOR, Role.DUTY_DESK)
"""Who drafts."""

OFFICE: Access = roles(Role.COORDINATOR, Role.DUTY_DESK, Role.MEDICAL_AFFAIRS)
"""Who drafts or approves."""

APPROVING: Access = roles(Role.MEDICAL_AFFAIRS)
"""医务科."""


@get("/duty/calendar", opt={OPT: ANY})
async def calendar(
    session: AsyncSession,
    clock: Clock,
    facility_id: FacilityId,
    start: Annotated[datetime, QueryParameter(name="from")],
    to: datetime,
    group_id: UUID | None = None,
    person_id: UUID | None = None,
    plan_id: UUID | None = None,
    as_known_at: datetime | None = None,
) -> RosterCalendar:
    """Shifts, gaps, clashes, leave and days; with a plan, its draft drawn over what stands."""
    asked = Asked(
        facility_id,
        checked(start, to),
        None if group_id is None else GroupId(group_id),
        None if person_id is None else PersonId(person_id),
        plan_id,
        aware(as_known_at, "as_known_at"),
    )
    return await timetable.calendar(session, asked, clock.now())


@get("/duty/plans", opt={OPT: ANY})
async def plans(
    session: AsyncSession,
    viewer: Viewer,
    facility_id: FacilityId | None = None,
    wanted: Annotated[PlanState | None, QueryParameter(name="state")] = None,
    group_id: UUID | None = None,
) -> list[PlanSummary]:
    """The newest plans of a facility (default: the viewer's own); drafts of one's own only."""
    group = None if group_id is None else GroupId(group_id)
    return await queries.plans(session, viewer, facility_id or viewer.facility_id, wanted, group)


@get("/duty/plans/{plan_id:uuid}", opt={OPT: ANY})
async def plan(session: AsyncSession, viewer: Viewer, clock: Clock, plan_id: UUID) -> PlanOut:
    """A plan, what is wrong with it, its history and the hash of its content."""
    return await queries.plan(session, viewer, plan_id, clock.now())


@post("/duty/plans", opt={OPT: ROSTERING})
async def draft(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    data: PlanIn,
    idempotency_key: str | None,
) -> PlanMade:
    """Begin a plan for a group of one's own house."""

    async def work() -> PlanMade:
        plan_id = await service.draft(
            session,
            clock,
            viewer,
            group_id=GroupId(data.group_id),
            kind=data.kind,
            name=data.name,
            period=checked(data.from_, data.to),
        )
        return await queries.made(session, plan_id)

    return await once(session, viewer, idempotency_key, "draft_plan", data, PlanMade, work)


@post("/duty/plans/{plan_id:uuid}/fill", opt={OPT: ROSTERING})
async def fill(
    session: AsyncSession,
    viewer: Viewer,
    plan_id: UUID,
    data: FillIn,
    idempotency_key: str | None,
) -> PlanMade:
    """Put the rotations' turns into the draft, around leave and what was put by hand."""

    async def work() -> int:
        return await service.fill(session, viewer, plan_id, data.version, replace=data.replace)

    return await _step(session, viewer, idempotency_key, "fill", plan_id, data, work)


@put("/duty/plans/{plan_id:uuid}/entries", opt={OPT: ROSTERING})
async def entries(
    session: AsyncSession, viewer: Viewer, plan_id: UUID, data: EntriesIn
) -> PlanMade:
    """Remove, move and put draft shifts, all of them or none."""
    await service.edit(session, viewer, plan_id, data.version, _changes(data))
    return await queries.made(session, plan_id)


@post("/duty/plans/{plan_id:uuid}/submit", opt={OPT: ROSTERING})
async def submit(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    plan_id: UUID,
    data: PlanStep,
    idempotency_key: str | None,
) -> PlanMade:
    """Ask 医务科; the entries stand still from now on."""

    async def work() -> int:
        await service.submit(session, clock, viewer, plan_id, data.version)
        return 0

    return await _step(session, viewer, idempotency_key, "submit", plan_id, data, work)


@post("/duty/plans/{plan_id:uuid}/approve", opt={OPT: APPROVING})
async def approve(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    plan_id: UUID,
    data: ApproveIn,
    idempotency_key: str | None,
) -> PlanMade:
    """医务科 approves exactly the content that it read."""

    async def work() -> int:
        hash_ = bytes.fromhex(data.content_hash)
        await service.approve(session, clock, viewer, plan_id, data.version, hash_)
        return 0

    return await _step(session, viewer, idempotency_key, "approve", plan_id, data, work)


@post("/duty/plans/{plan_id:uuid}/return", opt={OPT: OFFICE})
async def send_back(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    plan_id: UUID,
    data: ReturnIn,
    idempotency_key: str | None,
) -> PlanMade:
    """Make it a draft again, with the reason."""

    async def work() -> int:
        await service.send_back(session, clock, viewer, plan_id, data.version, data.reason)
        return 0

    return await _step(session, viewer, idempotency_key, "return", plan_id, data, work)


@post("/duty/plans/{plan_id:uuid}/publish", opt={OPT: OFFICE})
async def publish(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    plan_id: UUID,
    data: PlanStep,
    idempotency_key: str | None,
) -> PlanMade:
    """Write the approved plan as shifts, all of them or none; `written` says how many."""

    async def work() -> int:
        return await service.publish(session, clock, viewer, plan_id, data.version)

    return await _step(session, viewer, idempotency_key, "publish", plan_id, data, work)


@post("/duty/plans/{plan_id:uuid}/discard", opt={OPT: ROSTERING})
async def discard(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    plan_id: UUID,
    data: PlanStep,
    idempotency_key: str | None,
) -> PlanMade:
    """Give a draft up; it stays readable."""

    async def work() -> int:
        await service.discard(session, clock, viewer, plan_id, data.version)
        return 0

    return await _step(session, viewer, idempotency_key, "discard", plan_id, data, work)


async def _step(
    session: AsyncSession,
    viewer: Viewer,
    key: str | None,
    name: str,
    plan_id: UUID,
    body: object,
    command: Callable[[], Awaitable[int]],
) -> PlanMade:
    """A command on a plan, once per key."""

    async def work() -> PlanMade:
        return await queries.made(session, plan_id, await command())

    operation = f"plan_{name}:{plan_id}"
    return await once(session, viewer, key, operation, body, PlanMade, work)


def _changes(data: EntriesIn) -> Changes:
    return Changes(
        removed=data.remove,
        moved=[
            Moved(
                one.entry_id,
                None if one.slot_id is None else SlotId(one.slot_id),
                None if one.person_id is None else PersonId(one.person_id),
                aware(one.from_, "from"),
                aware(one.to, "to"),
            )
            for one in data.move
        ],
        put=[
            Placed(SlotId(one.slot_id), PersonId(one.person_id), checked(one.from_, one.to))
            for one in data.put
        ],
    )


router = Router(
    "/",
    route_handlers=[
        calendar,
        plans,
        plan,
        draft,
        fill,
        entries,
        submit,
        approve,
        send_back,
        publish,
        discard,
    ],
    tags=["duty"],
)
