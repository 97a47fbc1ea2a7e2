"""Guidance sessions over HTTP: arrange, be there, leave, end, record, confirm, dispute, cancel."""

from uuid import UUID

from litestar import Router, get, post
from litestar.di import Provide
from sqlalchemy.ext.asyncio import AsyncSession

from consult.guidance import queries, service
from consult.guidance.asking import GuidanceCall, provide_guidance_call
from consult.guidance.queries import Which
from consult.guidance.schemas import (
    ArrangeGuidance,
    GuidanceDetail,
    GuidanceOut,
    GuidanceRules,
    MoveGuidance,
    RecordGuidance,
    SayWhy,
)
from kernel.access import CLINICAL, OPT, roles
from kernel.clock import Clock
from kernel.viewer import Role, Viewer

EXPERTS = roles(Role.EXPERT)


@get("/guidance", opt={OPT: CLINICAL})
async def list_guidance(
    session: AsyncSession, viewer: Viewer, which: Which = "open"
) -> list[GuidanceOut]:
    """Guidance sessions open to the viewer."""
    return await queries.sessions(session, viewer, which)


@get("/guidance/rules", opt={OPT: CLINICAL})
async def get_guidance_rules() -> GuidanceRules:
    """Kinds of guidance, and from when on a session counts."""
    return queries.rules()


@get("/guidance/{guidance_id:uuid}", opt={OPT: CLINICAL})
async def get_guidance(
    session: AsyncSession, clock: Clock, viewer: Viewer, guidance_id: UUID
) -> GuidanceDetail:
    """One session: who was there, how long together, what was written."""
    return await queries.one(session, clock, viewer, guidance_id)


@post("/guidance", opt={OPT: CLINICAL})
async def arrange_guidance(data: ArrangeGuidance, call: GuidanceCall) -> GuidanceDetail:
    """Arrange a session; the other end is told."""
    return await call.once(
        "guidance.arrange",
        data,
        lambda: service.arrange(call.session, call.clock, call.viewer, data),
    )


@post("/guidance/{guidance_id:uuid}/presence", opt={OPT: CLINICAL}, status_code=200)
async def be_at_guidance(
    session: AsyncSession, clock: Clock, viewer: Viewer, guidance_id: UUID
) -> GuidanceDetail:
    """A heartbeat of the page: I am there. Sent again it says the same, so it takes no key."""
    await service.be_there(session, clock, viewer, guidance_id)
    return await queries.one(session, clock, viewer, guidance_id)


@post("/guidance/{guidance_id:uuid}/leave", opt={OPT: CLINICAL}, status_code=200)
async def leave_guidance(
    session: AsyncSession, clock: Clock, viewer: Viewer, guidance_id: UUID
) -> GuidanceDetail:
    """I go; sent again it says the same, so it takes no key."""
    await service.leave(session, clock, viewer, guidance_id)
    return await queries.one(session, clock, viewer, guidance_id)


@post("/guidance/{guidance_id:uuid}/end", opt={OPT: CLINICAL}, status_code=200)
async def end_guidance_session(
    guidance_id: UUID, data: MoveGuidance, call: GuidanceCall
) -> GuidanceDetail:
    """It is over; how long both ends were there decides whether it counts."""
    return await call.move(service.end, guidance_id, data)


@post("/guidance/{guidance_id:uuid}/records", opt={OPT: EXPERTS})
async def record_guidance(
    guidance_id: UUID, data: RecordGuidance, call: GuidanceCall
) -> GuidanceDetail:
    """What was guided, in the centre's words."""
    return await call.move(service.record, guidance_id, data)


@post("/guidance/{guidance_id:uuid}/confirm", opt={OPT: CLINICAL}, status_code=200)
async def confirm_guidance(
    guidance_id: UUID, data: MoveGuidance, call: GuidanceCall
) -> GuidanceDetail:
    """The guided house agrees that it took place."""
    return await call.move(service.confirm, guidance_id, data)


@post("/guidance/{guidance_id:uuid}/dispute", opt={OPT: CLINICAL}, status_code=200)
async def dispute_guidance(guidance_id: UUID, data: SayWhy, call: GuidanceCall) -> GuidanceDetail:
    """The guided house does not agree, and why."""
    return await call.move(service.dispute, guidance_id, data)


@post("/guidance/{guidance_id:uuid}/cancel", opt={OPT: CLINICAL}, status_code=200)
async def cancel_guidance(guidance_id: UUID, data: SayWhy, call: GuidanceCall) -> GuidanceDetail:
    """It does not take place, and why; the other end is told."""
    return await call.move(service.cancel, guidance_id, data)


router = Router(
    "/",
    route_handlers=[
        list_guidance, get_guidance_rules, get_guidance, arrange_guidance, be_at_guidance,
        leave_guidance, end_guidance_session, record_guidance, confirm_guidance,
        dispute_guidance, cancel_guidance,
    ],
    dependencies={"call": Provide(provide_guidance_call)},
    tags=["guidance"],
)  # fmt: skip
