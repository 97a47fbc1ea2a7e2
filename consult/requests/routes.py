"""Consultations over HTTP: ask, answer, plan, begin, conclude, decide, cancel."""

from datetime import datetime
from uuid import UUID

from litestar import Router, get, post
from litestar.di import Provide
from sqlalchemy.ext.asyncio import AsyncSession

from consult.requests import answering, choices, deciding, planning, queries, rating, service
from consult.requests.asking import ConsultCall, provide_call
from consult.requests.choices import HouseChoices
from consult.requests.queries import Which
from consult.requests.schemas import (
    AskConsult,
    Conclude,
    ConsultDetail,
    ConsultOut,
    Decide,
    Decline,
    HandOn,
    InviteMore,
    MoveConsult,
    ProposeTime,
    RateConsult,
)
from kernel.access import CLINICAL, OPT, roles
from kernel.clock import Clock
from kernel.database import Database
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer
from registry.facilities.schemas import FacilityRef
from registry.people.service import confirm_password

EXPERTS = roles(Role.EXPERT)


@get("/consults", opt={OPT: CLINICAL})
async def list_consults(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    which: Which = "open",
    of_case_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[ConsultOut]:
    """Consultations open to the viewer; `since` and `until` bound the calendar of planned ones."""
    return await queries.consults(
        session, clock, viewer, sealer, which, of_case_id=of_case_id, since=since, until=until
    )


@get("/consults/houses", opt={OPT: CLINICAL})
async def list_consult_houses(session: AsyncSession) -> list[FacilityRef]:
    """Houses that may be asked."""
    return await choices.houses(session)


@get("/consults/houses/{facility_id:uuid}", opt={OPT: CLINICAL})
async def get_consult_house(session: AsyncSession, clock: Clock, facility_id: UUID) -> HouseChoices:
    """Groups and experts of one house."""
    return await choices.of_house(session, clock, facility_id)


@get("/consults/{consult_id:uuid}", opt={OPT: CLINICAL})
async def get_consult(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, consult_id: UUID
) -> ConsultDetail:
    """One consultation with everything that belongs to it."""
    return await queries.one(session, clock, viewer, sealer, consult_id)


@post("/consults", opt={OPT: CLINICAL})
async def ask_consult(data: AskConsult, call: ConsultCall) -> ConsultDetail:
    """Ask; those on call at the invited houses are rung."""
    return await call.once(
        "consult.ask",
        data,
        lambda: service.ask(call.session, call.clock, call.viewer, data),
    )


@post("/consults/{consult_id:uuid}/invite", opt={OPT: CLINICAL}, status_code=200)
async def invite_to_consult(consult_id: UUID, data: InviteMore, call: ConsultCall) -> ConsultDetail:
    """Call others to it."""
    return await call.move(service.invite, data, consult_id)


@post(
    "/consults/{consult_id:uuid}/invitations/{invitation_id:uuid}/accept",
    opt={OPT: EXPERTS}, status_code=200,
)  # fmt: skip
async def accept_consult(
    consult_id: UUID, invitation_id: UUID, data: MoveConsult, call: ConsultCall
) -> ConsultDetail:
    """I come."""
    return await call.move(answering.accept, data, consult_id, invitation_id)


@post(
    "/consults/{consult_id:uuid}/invitations/{invitation_id:uuid}/decline",
    opt={OPT: EXPERTS}, status_code=200,
)  # fmt: skip
async def decline_consult(
    consult_id: UUID, invitation_id: UUID, data: Decline, call: ConsultCall
) -> ConsultDetail:
    """I cannot, or cannot after all, and why."""
    return await call.move(answering.decline, data, consult_id, invitation_id)


@post(
    "/consults/{consult_id:uuid}/invitations/{invitation_id:uuid}/hand-on",
    opt={OPT: EXPERTS}, status_code=200,
)  # fmt: skip
async def hand_on_consult(
    consult_id: UUID, invitation_id: UUID, data: HandOn, call: ConsultCall
) -> ConsultDetail:
    """Not I, but they: who is named is rung instead."""
    return await call.move(answering.hand_on, data, consult_id, invitation_id)


@post(
    "/consults/{consult_id:uuid}/invitations/{invitation_id:uuid}/seen",
    opt={OPT: EXPERTS}, status_code=200,
)  # fmt: skip
async def see_consult_cancelled(
    consult_id: UUID, invitation_id: UUID, data: MoveConsult, call: ConsultCall
) -> ConsultDetail:
    """I know that it is called off."""
    return await call.move(answering.seen, data, consult_id, invitation_id)


@post("/consults/{consult_id:uuid}/proposals", opt={OPT: CLINICAL}, status_code=200)
async def propose_consult_time(
    consult_id: UUID, data: ProposeTime, call: ConsultCall
) -> ConsultDetail:
    """Propose a time; the other side agrees to it."""
    return await call.move(planning.propose, data, consult_id)


@post("/consults/{consult_id:uuid}/proposals/{n:int}/agree", opt={OPT: CLINICAL}, status_code=200)
async def agree_consult_time(
    consult_id: UUID, n: int, data: MoveConsult, call: ConsultCall
) -> ConsultDetail:
    """Agree to the other side's time: it is planned."""
    return await call.move(planning.agree, data, consult_id, n)


@post("/consults/{consult_id:uuid}/begin", opt={OPT: CLINICAL}, status_code=200)
async def begin_consult(consult_id: UUID, data: MoveConsult, call: ConsultCall) -> ConsultDetail:
    """It is under way."""
    return await call.move(service.begin, data, consult_id)


@post("/consults/{consult_id:uuid}/conclude", opt={OPT: CLINICAL}, status_code=200)
async def conclude_consult(consult_id: UUID, data: Conclude, call: ConsultCall) -> ConsultDetail:
    """It is over, and how it ended."""
    return await call.move(service.conclude, data, consult_id)


@post("/consults/{consult_id:uuid}/cancel", opt={OPT: CLINICAL}, status_code=200)
async def cancel_consult(consult_id: UUID, data: MoveConsult, call: ConsultCall) -> ConsultDetail:
    """It is not needed, and why; everybody invited is told."""
    return await call.move(service.cancel, data, consult_id)


@post("/consults/{consult_id:uuid}/ratings", opt={OPT: CLINICAL})
async def rate_consult(consult_id: UUID, data: RateConsult, call: ConsultCall) -> ConsultDetail:
    """Say how useful it was."""
    return await call.move(rating.rate, data, consult_id)


@post("/consults/{consult_id:uuid}/decide", opt={OPT: CLINICAL}, status_code=200)
async def decide_on_consult(
    consult_id: UUID, data: Decide, call: ConsultCall, database: Database
) -> ConsultDetail:
    """Sign the treating house's decision with one's password."""
    await confirm_password(database, call.clock, call.viewer, data.password)

    async def work() -> UUID:
        await deciding.decide(call.session, call.clock, call.viewer, consult_id, data)
        return consult_id

    # The password is no part of what is remembered.
    return await call.once(f"consult.decide {consult_id}", (data.version, data.decision), work)


router = Router(
    "/",
    route_handlers=[
        list_consults, list_consult_houses, get_consult_house, get_consult, ask_consult,
        invite_to_consult, accept_consult, decline_consult, hand_on_consult,
        see_consult_cancelled, propose_consult_time, agree_consult_time, begin_consult,
        conclude_consult, cancel_consult, rate_consult, decide_on_consult,
    ],
    dependencies={"call": Provide(provide_call)},
    tags=["consultations"],
)  # fmt: skip
