"""New cases and looking at cases."""

from collections.abc import Awaitable
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.params import Parameter, QueryParameter

from kernel.access import CLINICAL, OPT
from kernel.database import Database
from referral.commands.on_case import Send
from referral.commands.sending import SelfArrival, SendReferral
from referral.errors import LiveCaseElsewhere
from referral.queries.board import Filter, Scope, board
from referral.readmodel.board import Board
from referral.readmodel.whole import Referral
from referral.routes.asked import WATCHING, Asked, provide_asked
from referral.service import duplicates, send

ASKED = {"asked": Provide(provide_asked)}


async def _reported(asked: Asked, database: Database, work: Awaitable[Referral]) -> Referral:
    """Send; if a stranger's live case stands in the way, the coordinator hears of it."""
    try:
        return await work
    except LiveCaseElsewhere as refusal:
        async with database.session(asked.viewer) as own:
            await duplicates.report(own, asked.viewer, refusal)
        raise


@post("/referrals", opt={OPT: CLINICAL}, dependencies=ASKED)
async def create_referral(data: SendReferral, asked: Asked, database: Database) -> Referral:
    """Send a case (or keep a draft): offers, pages and the case's clock begin here."""
    made = asked.once(
        "create_referral",
        data,
        lambda: send.send_referral(asked.session, asked.clock, asked.viewer, asked.sealer, data),
    )
    return await _reported(asked, database, made)


@get("/referrals", opt={OPT: WATCHING}, dependencies=ASKED)
async def list_referrals(
    asked: Asked,
    # Litestar gives an argument named `scope` the ASGI scope, not the query.
    whose: Annotated[Scope, QueryParameter(name="scope")] = "all",
    which: Annotated[Filter, QueryParameter(name="state")] = "live",
    limit: Annotated[int, Parameter(ge=1, le=500)] = 100,
) -> Board:
    """The board: by acuity, then by the age of the oldest unanswered step."""
    return await board(
        asked.session,
        asked.clock,
        asked.viewer,
        asked.sealer,
        scope=whose,
        state=which,
        limit=limit,
    )


@get("/referrals/{case_id:uuid}", opt={OPT: WATCHING}, dependencies=ASKED)
async def get_referral(case_id: UUID, asked: Asked) -> Referral:
    """One case with everything that hangs on it and everything the viewer may do."""
    return await asked.show(case_id)


@post("/referrals/{case_id:uuid}/actions/send", opt={OPT: CLINICAL}, dependencies=ASKED)
async def send_draft(case_id: UUID, data: Send, asked: Asked, database: Database) -> Referral:
    """Send a draft."""
    sent = asked.once(
        f"send_draft/{case_id}",
        data,
        lambda: send.send_draft(
            asked.session, asked.clock, asked.viewer, asked.sealer, case_id, data
        ),
    )
    return await _reported(asked, database, sent)


@post("/self-arrivals", opt={OPT: CLINICAL}, dependencies=ASKED)
async def self_arrival(data: SelfArrival, asked: Asked) -> Referral:
    """A woman at the door with no offer before."""
    return await asked.once(
        "self_arrival",
        data,
        lambda: send.arrive_by_herself(
            asked.session, asked.clock, asked.viewer, asked.sealer, data
        ),
    )


HANDLERS: list[BaseRouteHandler] = [
    create_referral,
    list_referrals,
    get_referral,
    send_draft,
    self_arrival,
]
