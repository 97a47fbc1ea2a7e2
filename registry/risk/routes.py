"""HTTP for risk: the tables, trying one, and a pregnancy's grades."""

from uuid import UUID

from litestar import Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import ANY, CLINICAL, OPT
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import PregnancyId
from kernel.viewer import Viewer
from registry.risk import queries, service
from registry.risk.schemas import (
    ConfirmGrade,
    EvaluationOut,
    GradeOut,
    OverrideGrade,
    ProposeGrade,
    RiskAnswers,
    RiskOut,
    RiskRecorded,
    RiskTableOut,
    TryTable,
)


@get("/risk/rulesets", opt={OPT: ANY}, sync_to_thread=False)
def rulesets(clock: Clock) -> list[RiskTableOut]:
    """The tables that ship, national and regional, with source and confidence."""
    return queries.rulesets(clock)


@post("/risk/try", opt={OPT: ANY}, status_code=200, sync_to_thread=False)
def try_out(data: TryTable, clock: Clock) -> EvaluationOut:
    """What a table says of made-up facts, condition by condition; nothing is stored."""
    return queries.try_out(clock, data)


@get("/pregnancies/{pregnancy_id:uuid}/risk", opt={OPT: CLINICAL})
async def risk(pregnancy_id: UUID, session: AsyncSession, clock: Clock, viewer: Viewer) -> RiskOut:
    """The grade that stands, what waits for a person, what is still to be asked, the history."""
    return await queries.risk(session, clock, viewer, PregnancyId(pregnancy_id))


@post("/pregnancies/{pregnancy_id:uuid}/risk/answers", opt={OPT: CLINICAL})
async def answer(
    pregnancy_id: UUID,
    data: RiskAnswers,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> RiskRecorded:
    """Record answers and propose what follows from them; nothing is decided by it."""
    whose = PregnancyId(pregnancy_id)

    async def work() -> RiskRecorded:
        return RiskRecorded(await service.answer(session, clock, viewer, whose, data))

    operation = f"risk_answer/{pregnancy_id}"
    return await once(session, viewer, idempotency_key, operation, data, RiskRecorded, work)


@post("/pregnancies/{pregnancy_id:uuid}/risk/propose", opt={OPT: CLINICAL})
async def propose(
    pregnancy_id: UUID,
    data: ProposeGrade,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> RiskRecorded:
    """Grade anew on what is known now, e.g. after weeks went by; a person decides."""
    whose = PregnancyId(pregnancy_id)

    async def work() -> RiskRecorded:
        return RiskRecorded(await service.propose_if_changed(session, clock, viewer, whose))

    operation = f"risk_propose/{pregnancy_id}"
    return await once(session, viewer, idempotency_key, operation, data, RiskRecorded, work)


@post("/pregnancies/{pregnancy_id:uuid}/risk/confirm", opt={OPT: CLINICAL})
async def confirm(
    pregnancy_id: UUID,
    data: ConfirmGrade,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> GradeOut:
    """Take the proposal over as it is."""
    whose = PregnancyId(pregnancy_id)

    async def work() -> GradeOut:
        row = await service.confirm(session, clock, viewer, whose, data)
        return await queries.grade(session, viewer, whose, row.id)

    operation = f"risk_confirm/{pregnancy_id}"
    return await once(session, viewer, idempotency_key, operation, data, GradeOut, work)


@post("/pregnancies/{pregnancy_id:uuid}/risk/override", opt={OPT: CLINICAL})
async def override(
    pregnancy_id: UUID,
    data: OverrideGrade,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> GradeOut:
    """Give another grade than the table does, with the reason."""
    whose = PregnancyId(pregnancy_id)

    async def work() -> GradeOut:
        row = await service.override(session, clock, viewer, whose, data)
        return await queries.grade(session, viewer, whose, row.id)

    operation = f"risk_override/{pregnancy_id}"
    return await once(session, viewer, idempotency_key, operation, data, GradeOut, work)


router = Router(
    "/",
    route_handlers=[rulesets, try_out, risk, answer, propose, confirm, override],
    tags=["risk"],
)
