"""Returns over HTTP: forms, begin, state, hand in, unlock, take back, and the Excel file."""

from uuid import UUID

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT, roles
from kernel.clock import Clock
from kernel.handing import EXCEL, to_save
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from quality.returns import queries, service
from quality.returns.asking import ReturnCall
from quality.returns.pulling import Puller
from quality.returns.schemas import (
    FormOut,
    MoveReturn,
    OpenReturn,
    ReopenReturn,
    ReturnDetail,
    ReturnOut,
    StateAnswers,
)
from quality.returns.sheet import sheet_of

READING = roles(*CLINICAL_ROLES, Role.COMMISSION, Role.MEDICAL_AFFAIRS)


@get("/quality/forms", opt={OPT: READING})
async def list_forms(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[FormOut]:
    """Forms as they count where the viewer works, with where each comes from."""
    return await queries.forms(session, clock, viewer)


@get("/quality/returns", opt={OPT: READING})
async def list_returns(
    session: AsyncSession, viewer: Viewer, form: str | None = None, facility_id: UUID | None = None
) -> list[ReturnOut]:
    """Returns of the viewer's houses and regions, the newest period first."""
    return await queries.returns(session, viewer, form, facility_id)


@get("/quality/returns/{return_id:uuid}", opt={OPT: READING})
async def get_return(session: AsyncSession, puller: Puller, return_id: UUID) -> ReturnDetail:
    """A return: live figures in a draft, else everything as it was handed in."""
    return await queries.one(session, puller, return_id)


@get("/quality/returns/{return_id:uuid}/sheet", opt={OPT: READING}, media_type=EXCEL)
async def get_return_sheet(
    session: AsyncSession, puller: Puller, return_id: UUID
) -> Response[bytes]:
    """The return as an Excel file in the form's layout; a draft says that it is one."""
    found = await queries.one(session, puller, return_id)
    name = f"{found.quality_return.form}-{found.quality_return.period}.xlsx"
    return Response(sheet_of(found), media_type=EXCEL, headers=to_save(name))


@post("/quality/returns", opt={OPT: CLINICAL})
async def open_return(data: OpenReturn, return_call: ReturnCall) -> ReturnDetail:
    """Begin a form for the viewer's house; one that stands already is given back."""

    async def work() -> UUID:
        call = return_call
        return await service.open_return(call.session, call.clock, call.viewer, data)

    return await return_call.once("returns.open", data, work)


@post("/quality/returns/{return_id:uuid}/statements", opt={OPT: CLINICAL}, status_code=200)
async def state_return(
    return_id: UUID, data: StateAnswers, return_call: ReturnCall
) -> ReturnDetail:
    """State some items; each keeps who stated it."""
    return await return_call.move(service.state_answers, return_id, data)


@post("/quality/returns/{return_id:uuid}/submit", opt={OPT: CLINICAL}, status_code=200)
async def submit_return(return_id: UUID, data: MoveReturn, return_call: ReturnCall) -> ReturnDetail:
    """Hand it in: figures are kept as they are now, and it is locked."""
    call = return_call

    async def work() -> UUID:
        await service.submit(call.session, call.clock, call.viewer, call.puller, return_id, data)
        return return_id

    return await call.once(f"returns.submit {return_id}", data, work)


@post("/quality/returns/{return_id:uuid}/reopen", opt={OPT: CLINICAL}, status_code=200)
async def reopen_return(
    return_id: UUID, data: ReopenReturn, return_call: ReturnCall
) -> ReturnDetail:
    """Unlock it, with the reason; what was handed in stays on record."""
    return await return_call.move(service.reopen, return_id, data)


@post("/quality/returns/{return_id:uuid}/withdraw", opt={OPT: CLINICAL}, status_code=200)
async def withdraw_return(
    return_id: UUID, data: MoveReturn, return_call: ReturnCall
) -> ReturnDetail:
    """Take back a draft that was begun by mistake."""
    return await return_call.move(service.withdraw, return_id, data)


ROUTES = [
    list_forms, list_returns, get_return, get_return_sheet, open_return, state_return,
    submit_return, reopen_return, withdraw_return,
]  # fmt: skip
