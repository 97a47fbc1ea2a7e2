"""HTTP of the clocks. Thin; every write needs an Idempotency-Key and answers with the clocks."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import ANY, OPT
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import CaseId
from kernel.viewer import Viewer
from referral.clocks import service
from referral.clocks.queries import case_clock, catalogue
from referral.clocks.schemas import (
    AmendEvent,
    AnswerPrompt,
    AttributeDelay,
    CaseClock,
    ClockCatalogue,
    OwnBreach,
    UndoMoment,
)
from referral.routes.asked import TREATING, WATCHING, Asked, provide_asked
from referral.routes.asking import Done

ASKED = {"asked": Provide(provide_asked)}


Order = TypeVar("Order", bound=msgspec.Struct)
Command = Callable[[AsyncSession, Clock, Viewer, UUID, Order], Awaitable[CaseId]]


async def _do(
    asked: Asked, command: Command[Order], case_id: UUID, order: Order, about: str = ""
) -> CaseClock:
    """Carry out one command once under its key, and show the clocks."""

    async def done() -> Done:
        return Done(await command(asked.session, asked.clock, asked.viewer, case_id, order))

    operation = f"clock.{command.__name__}/{case_id}/{about}"
    found = await once(asked.session, asked.viewer, asked.key, operation, order, Done, done)
    await asked.session.flush()  # the view reads what the command wrote
    return await case_clock(asked.session, asked.clock, asked.viewer, CaseId(found.case_id))


@get("/clocks", opt={OPT: ANY}, sync_to_thread=False)
def get_catalogue(clock: Clock) -> ClockCatalogue:
    """The words of the clocks, with source and confidence of each set."""
    return catalogue(clock.now())


@get("/cases/{case_id:uuid}/clock", opt={OPT: WATCHING})
async def get_clock(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID
) -> CaseClock:
    """A case's milestones, clocks and prompts, the same on every screen."""
    return await case_clock(session, clock, viewer, CaseId(case_id))


@post("/cases/{case_id:uuid}/clock/prompts", opt={OPT: TREATING}, dependencies=ASKED)
async def post_prompt(case_id: UUID, data: AnswerPrompt, asked: Asked) -> CaseClock:
    """Answer a prompt: done, or not needed and why."""
    return await _do(asked, service.answer_prompt, case_id, data)


@post("/cases/{case_id:uuid}/clock/owners", opt={OPT: TREATING}, dependencies=ASKED)
async def post_own(case_id: UUID, data: OwnBreach, asked: Asked) -> CaseClock:
    """Take a breach upon oneself: the ladder stops at this name."""
    return await _do(asked, service.own_breach, case_id, data)


@post("/cases/{case_id:uuid}/clock/delays", opt={OPT: TREATING}, dependencies=ASKED)
async def post_delay(case_id: UUID, data: AttributeDelay, asked: Asked) -> CaseClock:
    """Say why an interval was late."""
    return await _do(asked, service.attribute_delay, case_id, data)


@post("/cases/{case_id:uuid}/clock/undo", opt={OPT: TREATING}, dependencies=ASKED)
async def post_undo(case_id: UUID, data: UndoMoment, asked: Asked) -> CaseClock:
    """Take back a moment entered by a slip of the finger, at once."""
    return await _do(asked, service.undo, case_id, data)


@post("/cases/{case_id:uuid}/events/{seq:int}/amend", opt={OPT: TREATING}, dependencies=ASKED)
async def post_amend(case_id: UUID, seq: int, data: AmendEvent, asked: Asked) -> CaseClock:
    """Correct a moment; the original stays, a second person has checked it."""

    async def amend_event(
        session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: AmendEvent
    ) -> CaseId:
        return await service.amend_event(session, clock, viewer, case_id, seq, order)

    return await _do(asked, amend_event, case_id, data, str(seq))


HANDLERS: list[BaseRouteHandler] = [
    get_catalogue,
    get_clock,
    post_prompt,
    post_own,
    post_delay,
    post_amend,
    post_undo,
]

router = Router("/", route_handlers=HANDLERS, tags=["clocks"])
