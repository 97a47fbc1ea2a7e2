"""A unit outside the network answers by its link: once. Then it may receive her by another."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId
from kernel.viewer import Viewer
from referral.commands import on_case, on_leg, on_offer
from referral.commands.fields import Act
from referral.errors import WrongMoment
from referral.links.errors import LinkSpent
from referral.links.models import LinkRow
from referral.links.repository import LinkRepository
from referral.repository import CaseRepository
from referral.service import accept, answer, arrive, finish

Command = Callable[[AsyncSession, Clock, Viewer, UUID, Any], Awaitable[CaseId]]

FINAL: dict[type[Act], Command] = {
    on_offer.Accept: accept.accept,
    on_offer.AcceptAfterStabilising: accept.accept_after_stabilising,
    on_offer.Decline: answer.decline,
    on_offer.Redirect: answer.redirect,
}
"""Answers that end the link's purpose."""

BEFORE: dict[type[Act], Command] = {
    on_offer.Acknowledge: answer.acknowledge,
    on_offer.Ask: answer.ask,
}
"""What may be said before the answer."""

AT_DOOR: dict[type[Act], Command] = {
    on_leg.Arrive: arrive.arrive,
    on_leg.SignHandover: arrive.sign_handover,
}


async def reply(session: AsyncSession, clock: Clock, viewer: Viewer, order: Act) -> CaseId:
    """Acknowledge, ask, or answer; the first answer is the only one.

    Raises:
        NotFound: the viewer came by no such link.
        LinkSpent: the answer has been given.
    """
    link = await _own(session, viewer, "outside_unit")
    if link.answered_at is not None:
        raise LinkSpent()
    command = {**BEFORE, **FINAL}[type(order)]
    case_id = await command(session, clock, viewer, link.offer_id, order)  # type: ignore[arg-type]
    if type(order) in FINAL:
        link.answered_at = clock.now()
        await session.flush()
    return case_id


async def receive(session: AsyncSession, clock: Clock, viewer: Viewer, order: Act) -> CaseId:
    """She is at our door; we sign our half; later, how it ended.

    Raises:
        NotFound: the viewer came by no such link.
        WrongMoment: she is not on her way to this unit.
    """
    link = await _own(session, viewer, "outside_door")
    if isinstance(order, on_case.Close):
        return await finish.close(session, clock, viewer, link.case_id, order)
    case = await CaseRepository(session, viewer).get(link.case_id)
    leg = next((leg for leg in reversed(case.legs) if leg.offer_id == link.offer_id), None)
    if leg is None:
        raise WrongMoment(machine="leg", action=type(order).__name__.lower())
    return await AT_DOOR[type(order)](session, clock, viewer, leg.id, order)


async def _own(session: AsyncSession, viewer: Viewer, purpose: str) -> LinkRow:
    links = LinkRepository(session, viewer)
    link = await links.own(purpose)
    # Two answers at once queue at the case, and the second finds the link spent.
    await CaseRepository(session, viewer).locked(link.case_id)
    await session.refresh(link)
    return link
