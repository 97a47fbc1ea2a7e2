"""Consultations by telephone over HTTP: read, enter."""

from uuid import UUID

from litestar import Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from consult.telephone import queries, service
from consult.telephone.schemas import CallRef, ConsultCalls, RecordCall
from kernel.access import CLINICAL, OPT
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.sealing import Sealer
from kernel.viewer import Viewer


@get("/consults/{consult_id:uuid}/calls", opt={OPT: CLINICAL})
async def list_calls(
    session: AsyncSession, viewer: Viewer, sealer: Sealer, consult_id: UUID
) -> ConsultCalls:
    """The consultation's telephone calls, as they were typed."""
    return await queries.of_consult(session, viewer, sealer, consult_id)


@post("/consults/{consult_id:uuid}/calls", opt={OPT: CLINICAL})
async def record_call(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    consult_id: UUID,
    data: RecordCall,
    idempotency_key: str | None,
) -> ConsultCalls:
    """Enter a call that was a consultation; late ones are marked so, with both times."""

    async def work() -> CallRef:
        return CallRef(await service.record(session, clock, viewer, sealer, consult_id, data))

    await once(session, viewer, idempotency_key, f"consult.call/{consult_id}", data, CallRef, work)
    return await queries.of_consult(session, viewer, sealer, consult_id)


router = Router("/", route_handlers=[list_calls, record_call], tags=["consults"])
