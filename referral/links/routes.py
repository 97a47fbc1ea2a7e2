"""HTTP for links: issuing them, opening them, and what their holders may do."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.di import Provide
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, LINK, OPT, PUBLIC
from kernel.clock import Clock
from kernel.database import Database
from kernel.idempotency import once
from kernel.ids import CaseId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.commands import on_case, on_leg, on_offer
from referral.commands.fields import Act
from referral.links import queries, sessions
from referral.links.commands import AskOutside, IssueLink, OpenLink, Reviewed, Revoke, Sync
from referral.links.readmodel import (
    CrewView,
    LinkIssued,
    LinkOut,
    Opened,
    OutsideView,
    Synced,
    Track,
)
from referral.links.repository import LinkRepository
from referral.links.service import issue, outside, review
from referral.links.service.issue import Issued
from referral.links.service.sync import sync
from referral.routes.asked import Asked, provide_asked
from referral.routes.asking import Done
from registry.people import link_cookie

ASKED = {"asked": Provide(provide_asked)}
LONGEST = timedelta(days=2)
"""How long a browser keeps a link's cookie; the link itself may end sooner, at any moment."""


class Made(msgspec.Struct, frozen=True):
    """What an idempotency key remembers: never the token."""

    link_id: UUID


async def _issued(
    asked: Asked, operation: str, body: object, work: Callable[[], Awaitable[Issued]]
) -> LinkIssued:
    """Issue once per key; a repeat shows the link without its token, which is kept nowhere."""
    fresh: list[Issued] = []

    async def make() -> Made:
        fresh.append(await work())
        return Made(fresh[0].link.id)

    made = await once(asked.session, asked.viewer, asked.key, operation, body, Made, make)
    await asked.session.flush()
    link = await LinkRepository(asked.session, asked.viewer).get(made.link_id)
    shown = await queries.links_of(
        asked.session, asked.clock, asked.viewer, asked.sealer, link.case_id, only=link.id
    )
    path = fresh[0].path if fresh else None
    return LinkIssued(id=link.id, link=shown[0], path=path)


async def _once(
    asked: Asked, operation: str, body: object, work: Callable[[], Awaitable[CaseId]]
) -> UUID:
    """Do it once per key; the case it was about."""

    async def make() -> Done:
        return Done(await work())

    done = await once(asked.session, asked.viewer, asked.key, operation, body, Done, make)
    await asked.session.flush()
    return done.case_id


@post("/legs/{leg_id:uuid}/links", opt={OPT: CLINICAL}, dependencies=ASKED)
async def issue_crew_link(leg_id: UUID, data: IssueLink, asked: Asked) -> LinkIssued:
    """A link for who rides with her."""
    who = (asked.session, asked.clock, asked.viewer, asked.sealer)
    return await _issued(
        asked, f"links.for_crew/{leg_id}", data, lambda: issue.for_crew(*who, leg_id, data.holder)
    )


@post("/offers/{offer_id:uuid}/links", opt={OPT: CLINICAL}, dependencies=ASKED)
async def issue_offer_link(offer_id: UUID, data: IssueLink, asked: Asked) -> LinkIssued:
    """Another link for a unit outside the network: to answer, or to receive her and sign."""
    who = (asked.session, asked.clock, asked.viewer, asked.sealer)
    return await _issued(
        asked,
        f"links.for_offer/{offer_id}",
        data,
        lambda: issue.for_offer(*who, offer_id, data.holder),
    )


@post("/referrals/{case_id:uuid}/outside-offers", opt={OPT: CLINICAL}, dependencies=ASKED)
async def ask_outside(case_id: UUID, data: AskOutside, asked: Asked) -> LinkIssued:
    """Ask a unit outside the network, by a one-time link."""
    who = (asked.session, asked.clock, asked.viewer, asked.sealer)
    return await _issued(
        asked,
        f"links.ask_outside/{case_id}",
        data,
        lambda: issue.ask_outside(*who, case_id, data),
    )


@get("/referrals/{case_id:uuid}/links", opt={OPT: CLINICAL}, dependencies=ASKED)
async def links(case_id: UUID, asked: Asked) -> list[LinkOut]:
    """The case's links."""
    return await queries.links_of(asked.session, asked.clock, asked.viewer, asked.sealer, case_id)


@post("/links/{link_id:uuid}/revoke", opt={OPT: CLINICAL}, dependencies=ASKED, status_code=200)
async def revoke(link_id: UUID, data: Revoke, asked: Asked) -> list[LinkOut]:
    """End a link at once."""
    who = (asked.session, asked.clock, asked.viewer)
    case_id = await _once(
        asked, f"links.revoke/{link_id}", data, lambda: issue.revoke(*who, link_id)
    )
    return await queries.links_of(asked.session, asked.clock, asked.viewer, asked.sealer, case_id)


@get("/legs/{leg_id:uuid}/track", opt={OPT: CLINICAL}, dependencies=ASKED)
async def track(leg_id: UUID, asked: Asked) -> Track:
    """Where she is, when she may be here, and what a phone could not enter."""
    return await queries.track(asked.session, asked.clock, asked.viewer, asked.sealer, leg_id)


@post(
    "/links/{link_id:uuid}/entries/{entry_id:uuid}/review",
    opt={OPT: CLINICAL},
    dependencies=ASKED,
    status_code=200,
)
async def review_entry(link_id: UUID, entry_id: UUID, data: Reviewed, asked: Asked) -> Track:
    """A refused entry has been dealt with."""
    who = (asked.session, asked.clock, asked.viewer)
    operation = f"links.review/{link_id}/{entry_id}"
    await _once(asked, operation, data, lambda: review.review(*who, link_id, entry_id))
    entry = await LinkRepository(asked.session, asked.viewer).entry(link_id, entry_id)
    return await queries.track(*who, asked.sealer, entry.leg_id)


@post("/links/open", opt={OPT: PUBLIC}, status_code=200)
async def open_link(data: OpenLink, database: Database, clock: Clock) -> Response[Opened]:
    """Exchange a link's token for a cookie; the token itself travels in no address."""
    anonymous = Viewer.system("anonymous")
    async with database.session(anonymous) as session:
        opened = await sessions.open_link(session, clock, data.token)
    held = link_cookie.carrying(opened.secret, int(LONGEST.total_seconds()))
    return Response(Opened(purpose=opened.purpose), cookies=[held])  # type: ignore[arg-type]


@post("/links/leave", opt={OPT: LINK}, status_code=204)
async def leave(viewer: Viewer) -> Response[None]:
    """Forget the link on this device."""
    return Response(None, status_code=204, cookies=[link_cookie.cleared()])


@get("/crew", opt={OPT: LINK})
async def crew(session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer) -> CrewView:
    """Everything that the crew's page needs, also without a network."""
    return await queries.crew_view(session, clock, viewer, sealer)


@post("/crew/sync", opt={OPT: LINK}, status_code=200)
async def crew_sync(
    data: Sync, session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer
) -> Synced:
    """Hand over what was entered; each entry carries its own key, so a repeat changes nothing."""
    handed = await sync(session, clock, viewer, data)
    await session.flush()
    now = await queries.crew_now(session, clock, viewer, sealer)
    return Synced(results=handed.results, positions=handed.positions, now=now)


@get("/outside", opt={OPT: LINK})
async def outside_case(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer
) -> OutsideView:
    """The case as a unit outside the network may see it."""
    return await queries.outside_view(session, clock, viewer, sealer)


async def _replied(asked: Asked, order: Act) -> OutsideView:
    operation = f"links.outside.{type(order).__name__}"
    command = outside.receive if type(order) in _DOOR else outside.reply
    who = (asked.session, asked.clock, asked.viewer)
    await _once(asked, operation, order, lambda: command(*who, order))
    return await queries.outside_view(asked.session, asked.clock, asked.viewer, asked.sealer)


_DOOR = (on_leg.Arrive, on_leg.SignHandover, on_case.Close)


@post("/outside/acknowledge", opt={OPT: LINK}, dependencies=ASKED, status_code=200)
async def outside_acknowledge(data: on_offer.Acknowledge, asked: Asked) -> OutsideView:
    """We have it."""
    return await _replied(asked, data)


@post("/outside/ask", opt={OPT: LINK}, dependencies=ASKED, status_code=200)
async def outside_ask(data: on_offer.Ask, asked: Asked) -> OutsideView:
    """One specific question."""
    return await _replied(asked, data)


@post("/outside/accept", opt={OPT: LINK}, dependencies=ASKED, status_code=200)
async def outside_accept(data: on_offer.Accept, asked: Asked) -> OutsideView:
    """Yes."""
    return await _replied(asked, data)


@post("/outside/accept_after_stabilising", opt={OPT: LINK}, dependencies=ASKED, status_code=200)
async def outside_accept_after(data: on_offer.AcceptAfterStabilising, asked: Asked) -> OutsideView:
    """Yes, once these things are done."""
    return await _replied(asked, data)


@post("/outside/decline", opt={OPT: LINK}, dependencies=ASKED, status_code=200)
async def outside_decline(data: on_offer.Decline, asked: Asked) -> OutsideView:
    """No, with a reason."""
    return await _replied(asked, data)


@post("/outside/redirect", opt={OPT: LINK}, dependencies=ASKED, status_code=200)
async def outside_redirect(data: on_offer.Redirect, asked: Asked) -> OutsideView:
    """To this named unit."""
    return await _replied(asked, data)


@post("/outside/arrive", opt={OPT: LINK}, dependencies=ASKED, status_code=200)
async def outside_arrive(data: on_leg.Arrive, asked: Asked) -> OutsideView:
    """She is at our door."""
    return await _replied(asked, data)


@post("/outside/sign_handover", opt={OPT: LINK}, dependencies=ASKED, status_code=200)
async def outside_sign(data: on_leg.SignHandover, asked: Asked) -> OutsideView:
    """Our half of the handover."""
    return await _replied(asked, data)


@post("/outside/close", opt={OPT: LINK}, dependencies=ASKED, status_code=200)
async def outside_close(data: on_case.Close, asked: Asked) -> OutsideView:
    """How it ended."""
    return await _replied(asked, data)


router = Router(
    "/",
    route_handlers=[
        issue_crew_link,
        issue_offer_link,
        ask_outside,
        links,
        revoke,
        track,
        review_entry,
        open_link,
        leave,
        crew,
        crew_sync,
        outside_case,
        outside_acknowledge,
        outside_ask,
        outside_accept,
        outside_accept_after,
        outside_decline,
        outside_redirect,
        outside_arrive,
        outside_sign,
        outside_close,
    ],
    tags=["links"],
)
