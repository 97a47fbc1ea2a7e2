"""Handovers over HTTP."""

from litestar import Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes.handover import queries, service
from duty.changes.handover.cases import OpenCases
from duty.changes.handover.schemas import AcceptHandoverIn, DutyHandover, NoteIn, SettleIn
from kernel.access import CLINICAL, OPT
from kernel.clock import Clock
from kernel.ids import CaseId, HandoverId
from kernel.viewer import Viewer


@get("/duty/handovers", opt={OPT: CLINICAL})
async def handovers(
    session: AsyncSession, clock: Clock, viewer: Viewer, open_cases: OpenCases
) -> list[DutyHandover]:
    """Handovers at my facilities: open ones first, mine before others."""
    return await queries.around(session, clock, viewer, open_cases)


@get("/duty/handovers/{duty_handover_id:uuid}", opt={OPT: CLINICAL})
async def one_handover(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    open_cases: OpenCases,
    duty_handover_id: HandoverId,
) -> DutyHandover:
    """One handover with its list of open cases."""
    return await queries.one(session, clock, viewer, open_cases, duty_handover_id)


@post("/duty/handovers/{duty_handover_id:uuid}/notes", opt={OPT: CLINICAL}, status_code=200)
async def note(
    data: NoteIn,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    open_cases: OpenCases,
    duty_handover_id: HandoverId,
) -> DutyHandover:
    """A line for the next one on duty."""
    case_id = None if data.case_id is None else CaseId(data.case_id)
    await service.add_note(
        session, clock, viewer, open_cases, duty_handover_id, text=data.text, case_id=case_id
    )
    return await queries.one(session, clock, viewer, open_cases, duty_handover_id)


@post("/duty/handovers/{duty_handover_id:uuid}/accept", opt={OPT: CLINICAL}, status_code=200)
async def accept(
    data: AcceptHandoverIn,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    open_cases: OpenCases,
    duty_handover_id: HandoverId,
) -> DutyHandover:
    """接班: I have read what is open, and I have it."""
    seen = [CaseId(case_id) for case_id in data.case_ids]
    await service.accept(session, clock, viewer, open_cases, duty_handover_id, case_ids=seen)
    return await queries.one(session, clock, viewer, open_cases, duty_handover_id)


@post("/duty/handovers/{duty_handover_id:uuid}/settle", opt={OPT: CLINICAL}, status_code=200)
async def settle(
    data: SettleIn,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    open_cases: OpenCases,
    duty_handover_id: HandoverId,
) -> DutyHandover:
    """The lead settles it: the outgoing person is rung no more."""
    await service.settle(session, clock, viewer, duty_handover_id, note=data.note)
    return await queries.one(session, clock, viewer, open_cases, duty_handover_id)


router = Router(
    "/",
    route_handlers=[handovers, one_handover, note, accept, settle],
    tags=["duty"],
)
