"""Answers to offers, and answers to questions."""

from uuid import UUID

from litestar import post
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler

from kernel.access import OPT
from referral.commands.on_offer import (
    Accept,
    AcceptAfterStabilising,
    Acknowledge,
    AcknowledgeWithdrawal,
    Answer,
    AnswerNeonatal,
    Ask,
    Decline,
    Redirect,
)
from referral.readmodel.whole import Referral
from referral.routes.asked import TREATING, Asked, provide_asked
from referral.service import accept, answer

ASKED = {"asked": Provide(provide_asked)}


@post("/offers/{offer_id:uuid}/actions/acknowledge", opt={OPT: TREATING}, dependencies=ASKED)
async def acknowledge(offer_id: UUID, data: Acknowledge, asked: Asked) -> Referral:
    """The receiver has it."""
    return await asked.do(answer.acknowledge, offer_id, data)


@post("/offers/{offer_id:uuid}/actions/ask", opt={OPT: TREATING}, dependencies=ASKED)
async def ask(offer_id: UUID, data: Ask, asked: Asked) -> Referral:
    """One specific question; the decision clock pauses once."""
    return await asked.do(answer.ask, offer_id, data)


@post("/offers/{offer_id:uuid}/actions/answer", opt={OPT: TREATING}, dependencies=ASKED)
async def answer_offer(offer_id: UUID, data: Answer, asked: Asked) -> Referral:
    """The sender answers the question."""
    return await asked.do(answer.answer, offer_id, data)


@post("/offers/{offer_id:uuid}/actions/answer_neonatal", opt={OPT: TREATING}, dependencies=ASKED)
async def answer_neonatal(offer_id: UUID, data: AnswerNeonatal, asked: Asked) -> Referral:
    """The neonatal unit's half of the answer."""
    return await asked.do(answer.answer_neonatal, offer_id, data)


@post("/offers/{offer_id:uuid}/actions/accept", opt={OPT: TREATING}, dependencies=ASKED)
async def accept_offer(offer_id: UUID, data: Accept, asked: Asked) -> Referral:
    """Yes; one receiver wins."""
    return await asked.do(accept.accept, offer_id, data)


@post(
    "/offers/{offer_id:uuid}/actions/accept_after_stabilising",
    opt={OPT: TREATING},
    dependencies=ASKED,
)
async def accept_after_stabilising(
    offer_id: UUID, data: AcceptAfterStabilising, asked: Asked
) -> Referral:
    """Yes, once these things are done."""
    return await asked.do(accept.accept_after_stabilising, offer_id, data)


@post("/offers/{offer_id:uuid}/actions/decline", opt={OPT: TREATING}, dependencies=ASKED)
async def decline(offer_id: UUID, data: Decline, asked: Asked) -> Referral:
    """No, with a code; the next unit is asked."""
    return await asked.do(answer.decline, offer_id, data)


@post("/offers/{offer_id:uuid}/actions/redirect", opt={OPT: TREATING}, dependencies=ASKED)
async def redirect(offer_id: UUID, data: Redirect, asked: Asked) -> Referral:
    """To a named unit."""
    return await asked.do(answer.redirect, offer_id, data)


@post(
    "/offers/{offer_id:uuid}/actions/acknowledge_withdrawal",
    opt={OPT: TREATING},
    dependencies=ASKED,
)
async def acknowledge_withdrawal(
    offer_id: UUID, data: AcknowledgeWithdrawal, asked: Asked
) -> Referral:
    """The receiver knows that she is not coming."""
    return await asked.do(answer.acknowledge_withdrawal, offer_id, data)


HANDLERS: list[BaseRouteHandler] = [
    acknowledge,
    ask,
    answer_offer,
    answer_neonatal,
    accept_offer,
    accept_after_stabilising,
    decline,
    redirect,
    acknowledge_withdrawal,
]
