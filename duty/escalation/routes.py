"""Pages over HTTP."""

from typing import Any

from litestar import Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import calling, queries, service
from duty.escalation.schemas import PageDeclineIn, PageOut, PageReceiptIn, TeamCalled, TeamCallIn
from kernel.access import ANY, CLINICAL, OPT
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import CaseId, FacilityId, PageId
from kernel.viewer import Viewer

_SEES: dict[str, Any] = {OPT: ANY}
_ANSWERS: dict[str, Any] = {OPT: CLINICAL}


@get("/pages/mine", opt=_ANSWERS)
async def my_pages(session: AsyncSession, viewer: Viewer) -> list[PageOut]:
    """Pages that still ring and wait for my answer: what a reloaded browser must sound."""
    return await queries.mine(session, viewer)


@get("/pages/{page_id:uuid}", opt=_SEES)
async def one_page(session: AsyncSession, page_id: PageId) -> PageOut:
    """A page with everybody's reach state."""
    return await queries.page(session, page_id)


@get("/cases/{case_id:uuid}/pages", opt=_SEES)
async def case_pages(session: AsyncSession, case_id: CaseId) -> list[PageOut]:
    """All pages of a case, oldest first."""
    return await queries.of_case(session, case_id)


@post("/pages/{page_id:uuid}/receipt", opt=_ANSWERS, status_code=204)
async def receipt(
    session: AsyncSession, viewer: Viewer, clock: Clock, page_id: PageId, data: PageReceiptIn
) -> None:
    """My device got, or I saw, the page. Repeats change nothing."""
    await service.receipt(session, clock, viewer, page_id, data.state)


@post("/pages/{page_id:uuid}/acknowledge", opt=_ANSWERS, status_code=200)
async def acknowledge(
    session: AsyncSession, viewer: Viewer, clock: Clock, page_id: PageId
) -> PageOut:
    """I take the call. The answer names who was first. Repeats change nothing."""
    await service.acknowledge(session, clock, viewer, page_id)
    return await queries.page(session, page_id)


@post("/pages/{page_id:uuid}/joined", opt=_ANSWERS, status_code=200)
async def joined(session: AsyncSession, viewer: Viewer, clock: Clock, page_id: PageId) -> PageOut:
    """I am there (已到场). Who said yes and does not come is rung again. Repeats change nothing."""
    await service.joined(session, clock, viewer, page_id)
    return await queries.page(session, page_id)


@post("/pages/{page_id:uuid}/decline", opt=_ANSWERS, status_code=200)
async def decline(
    session: AsyncSession, viewer: Viewer, clock: Clock, page_id: PageId, data: PageDeclineIn
) -> PageOut:
    """I cannot come; the next one is rung."""
    await service.decline(session, clock, viewer, page_id, reason=data.reason, note=data.note)
    return await queries.page(session, page_id)


@post("/pages/{page_id:uuid}/pass-on", opt=_ANSWERS, status_code=200)
async def pass_on(session: AsyncSession, viewer: Viewer, clock: Clock, page_id: PageId) -> PageOut:
    """转下一位: I cannot come and the next one is rung now, whoever else is still asked."""
    await service.pass_on(session, clock, viewer, page_id)
    return await queries.page(session, page_id)


@post("/cases/{case_id:uuid}/team-call", opt=_ANSWERS)
async def call_team(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    case_id: CaseId,
    data: TeamCallIn,
    idempotency_key: str | None,
) -> TeamCalled:
    """多学科会诊呼叫: ring a whole house (default: mine) until each specialty has answered."""

    async def work() -> TeamCalled:
        page_id = await calling.call_team(
            session,
            clock,
            viewer,
            case_id=case_id,
            facility_id=FacilityId(data.facility_id or viewer.facility_id),
            level=data.level,
            colour=data.colour,
            condition=data.condition,
            key=f"{viewer.account_id}:{idempotency_key}",
        )
        return TeamCalled(page_id)

    operation = f"call_team/{case_id}"
    return await once(session, viewer, idempotency_key, operation, data, TeamCalled, work)


@post("/pages/{page_id:uuid}/call-off", opt=_ANSWERS, status_code=200)
async def call_off(session: AsyncSession, viewer: Viewer, clock: Clock, page_id: PageId) -> PageOut:
    """The team that my side called is needed no more. Repeats change nothing."""
    await calling.call_off(session, clock, viewer, page_id)
    return await queries.page(session, page_id)


router = Router(
    "/",
    route_handlers=[
        my_pages,
        one_page,
        case_pages,
        receipt,
        acknowledge,
        joined,
        decline,
        pass_on,
        call_team,
        call_off,
    ],
    tags=["duty"],
)
