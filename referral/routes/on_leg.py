"""The journey, step by step."""

from uuid import UUID

from litestar import post
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler

from kernel.access import OPT
from referral.commands.on_leg import (
    AnswerQuery,
    Arrive,
    Birth,
    Depart,
    Deteriorate,
    DieInTransit,
    Divert,
    Halt,
    Miss,
    Ready,
    Replan,
    Report,
    Resume,
    SignHandover,
)
from referral.readmodel.whole import Referral
from referral.routes.asked import TREATING, Asked, provide_asked
from referral.service import arrive, travel, whereabouts

ASKED = {"asked": Provide(provide_asked)}


@post("/legs/{leg_id:uuid}/actions/replan", opt={OPT: TREATING}, dependencies=ASKED)
async def replan(leg_id: UUID, data: Replan, asked: Asked) -> Referral:
    """Vehicle, escort, crew, expected arrival."""
    return await asked.do(travel.replan, leg_id, data)


@post("/legs/{leg_id:uuid}/actions/ready", opt={OPT: TREATING}, dependencies=ASKED)
async def ready(leg_id: UUID, data: Ready, asked: Asked) -> Referral:
    """Vehicle, escort and kit stand ready."""
    return await asked.do(travel.ready, leg_id, data)


@post("/legs/{leg_id:uuid}/actions/depart", opt={OPT: TREATING}, dependencies=ASKED)
async def depart(leg_id: UUID, data: Depart, asked: Asked) -> Referral:
    """The doors close."""
    return await asked.do(travel.depart, leg_id, data)


@post("/legs/{leg_id:uuid}/actions/report", opt={OPT: TREATING}, dependencies=ASKED)
async def report(leg_id: UUID, data: Report, asked: Asked) -> Referral:
    """Vitals and expected arrival from the road."""
    return await asked.do(travel.report, leg_id, data)


@post("/legs/{leg_id:uuid}/actions/divert", opt={OPT: TREATING}, dependencies=ASKED)
async def divert(leg_id: UUID, data: Divert, asked: Asked) -> Referral:
    """To another unit that said yes."""
    return await asked.do(travel.divert, leg_id, data)


@post("/legs/{leg_id:uuid}/actions/deteriorate", opt={OPT: TREATING}, dependencies=ASKED)
async def deteriorate(leg_id: UUID, data: Deteriorate, asked: Asked) -> Referral:
    """She gets worse on the road."""
    return await asked.do(travel.deteriorate, leg_id, data)


@post("/legs/{leg_id:uuid}/actions/birth", opt={OPT: TREATING}, dependencies=ASKED)
async def birth(leg_id: UUID, data: Birth, asked: Asked) -> Referral:
    """A child is born on the road."""
    return await asked.do(travel.birth, leg_id, data)


@post("/legs/{leg_id:uuid}/actions/halt", opt={OPT: TREATING}, dependencies=ASKED)
async def halt(leg_id: UUID, data: Halt, asked: Asked) -> Referral:
    """The vehicle stands still."""
    return await asked.do(travel.halt, leg_id, data)


@post("/legs/{leg_id:uuid}/actions/resume", opt={OPT: TREATING}, dependencies=ASKED)
async def resume(leg_id: UUID, data: Resume, asked: Asked) -> Referral:
    """Moving again."""
    return await asked.do(travel.resume, leg_id, data)


@post("/legs/{leg_id:uuid}/actions/arrive", opt={OPT: TREATING}, dependencies=ASKED)
async def arrive_leg(leg_id: UUID, data: Arrive, asked: Asked) -> Referral:
    """The receiver says that she is here."""
    return await asked.do(arrive.arrive, leg_id, data)


@post("/legs/{leg_id:uuid}/actions/sign_handover", opt={OPT: TREATING}, dependencies=ASKED)
async def sign_handover(leg_id: UUID, data: SignHandover, asked: Asked) -> Referral:
    """One side signs; the second signature hands over."""
    return await asked.do(arrive.sign_handover, leg_id, data)


@post("/legs/{leg_id:uuid}/actions/miss", opt={OPT: TREATING}, dependencies=ASKED)
async def miss(leg_id: UUID, data: Miss, asked: Asked) -> Referral:
    """She has not come."""
    return await asked.do(arrive.miss, leg_id, data)


@post("/legs/{leg_id:uuid}/actions/answer_query", opt={OPT: TREATING}, dependencies=ASKED)
async def answer_query(leg_id: UUID, data: AnswerQuery, asked: Asked) -> Referral:
    """Where is she? Not here yet, or delayed."""
    return await asked.do(whereabouts.answer_query, leg_id, data)


@post("/legs/{leg_id:uuid}/actions/die", opt={OPT: TREATING}, dependencies=ASKED)
async def die_in_transit(leg_id: UUID, data: DieInTransit, asked: Asked) -> Referral:
    """She died on the road."""
    return await asked.do(arrive.die_in_transit, leg_id, data)


HANDLERS: list[BaseRouteHandler] = [
    replan,
    ready,
    depart,
    report,
    divert,
    deteriorate,
    birth,
    halt,
    resume,
    arrive_leg,
    sign_handover,
    miss,
    answer_query,
    die_in_transit,
]
