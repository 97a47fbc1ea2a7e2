"""HTTP for what follows a case. Thin: parse, one command or query, answer."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
from litestar import Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import CaseId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.aftermath import queries
from referral.aftermath.commands import CriticalFacts, Decide, ReportStep
from referral.aftermath.schemas import CaseAftermath, Feedback, Reviews
from referral.aftermath.service import near_misses
from referral.aftermath.service import reviews as service


class Done(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    case_id: UUID


@get("/feedback", opt={OPT: CLINICAL})
async def get_feedback(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer
) -> Feedback:
    """Outcome and feedback that we owe, and what came back to us unread."""
    return await queries.feedback(session, clock, viewer, sealer)


@get("/reviews", opt={OPT: CLINICAL})
async def get_reviews(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer
) -> Reviews:
    """Deaths with their deadlines, and near-miss proposals."""
    return await queries.reviews(session, clock, viewer, sealer)


@get("/cases/{case_id:uuid}/aftermath", opt={OPT: CLINICAL})
async def get_aftermath(
    case_id: UUID, session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer
) -> CaseAftermath:
    """Everything that follows one case."""
    return await queries.aftermath(session, clock, viewer, sealer, case_id)


@post("/cases/{case_id:uuid}/critical-facts", opt={OPT: CLINICAL})
async def record_critical(
    case_id: UUID,
    data: CriticalFacts,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    idempotency_key: str | None,
) -> CaseAftermath:
    """What the near-miss criteria ask and no monitor tells."""
    work = _remembered(lambda: near_misses.record_critical(session, clock, viewer, case_id, data))
    operation = f"critical_facts/{case_id}"
    done = await once(session, viewer, idempotency_key, operation, data, Done, work)
    await session.flush()
    return await queries.aftermath(session, clock, viewer, sealer, done.case_id)


@post("/near-misses/{proposal_id:uuid}/verdict", opt={OPT: CLINICAL})
async def decide(
    proposal_id: UUID,
    data: Decide,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    idempotency_key: str | None,
) -> CaseAftermath:
    """Confirm or reject a near-miss proposal."""
    work = _remembered(lambda: near_misses.decide(session, clock, viewer, proposal_id, data))
    operation = f"near_miss_verdict/{proposal_id}"
    done = await once(session, viewer, idempotency_key, operation, data, Done, work)
    await session.flush()
    return await queries.aftermath(session, clock, viewer, sealer, done.case_id)


@post("/reviews/{review_id:uuid}/steps/{step:str}/report", opt={OPT: CLINICAL})
async def report_step(
    review_id: UUID,
    step: str,
    data: ReportStep,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    idempotency_key: str | None,
) -> CaseAftermath:
    """A step after a death was taken: reported to the county, reviewed."""
    work = _remembered(lambda: service.report_step(session, clock, viewer, review_id, step, data))
    operation = f"report_step/{review_id}/{step}"
    done = await once(session, viewer, idempotency_key, operation, data, Done, work)
    await session.flush()
    return await queries.aftermath(session, clock, viewer, sealer, done.case_id)


def _remembered(work: Callable[[], Awaitable[CaseId]]) -> Callable[[], Awaitable[Done]]:
    async def answer() -> Done:
        return Done(case_id=await work())

    return answer


router = Router(
    "/",
    route_handlers=[
        get_feedback,
        get_reviews,
        get_aftermath,
        record_critical,
        decide,
        report_step,
    ],
    tags=["aftermath"],
)
