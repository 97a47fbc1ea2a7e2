"""Guests over HTTP: hosts invite and revoke; a guest opens, waits, comes in, answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from sqlalchemy.ext.asyncio import AsyncSession

from consult.asking import Asked
from consult.media.engine import MediaEngine
from consult.rooms.asking import RoomCall, present
from consult.rooms.guests import inviting, links, queries, service, sessions
from consult.rooms.guests.rules import RULES
from consult.rooms.guests.schemas import (
    GuestInvited,
    GuestOpened,
    GuestRef,
    GuestView,
    InviteGuest,
    OpenGuestLink,
)
from consult.rooms.recording.schemas import AgreeRecording
from consult.rooms.recording.states import AnswerAction
from consult.rooms.schemas import RoomView, TicketOut
from kernel.access import CLINICAL, LINK, OPT, PUBLIC
from kernel.clock import Clock
from kernel.database import Database
from kernel.viewer import Viewer
from registry.people import link_cookie


@post("/rooms/{room_id:uuid}/guests", opt={OPT: CLINICAL})
async def invite_guest(room_id: UUID, data: InviteGuest, call: RoomCall) -> GuestInvited:
    """A link for a named guest. A repeat shows it without its token, which is kept nowhere."""
    fresh: list[inviting.Invited] = []

    async def make() -> UUID:
        fresh.append(await inviting.invite(call.session, call.clock, call.viewer, room_id, data))
        return fresh[0].id

    made = await call.remembered(GuestRef, f"room.invite_guest/{room_id}", data, make)
    given = await links.given(call.session, call.clock.now(), room_id, open_=True)
    (shown,) = [one for one in given if one.id == made.id]
    return GuestInvited(id=made.id, guest=shown, path=fresh[0].path if fresh else None)


@post("/rooms/{room_id:uuid}/guests/{guest_id:uuid}/revoke", opt={OPT: CLINICAL}, status_code=200)
async def revoke_guest(room_id: UUID, guest_id: UUID, call: RoomCall) -> RoomView:
    """End a guest's link; whoever came by it is sent out."""
    return await call.once(
        "room.revoke_guest",
        f"{room_id}/{guest_id}",
        lambda: inviting.revoke(
            call.session, call.clock, call.viewer, call.media, room_id, guest_id
        ),
    )


@post("/guest/open", opt={OPT: PUBLIC}, status_code=200)
async def open_guest_link(
    data: OpenGuestLink, database: Database, clock: Clock
) -> Response[GuestOpened]:
    """Exchange a guest's token for a cookie, once; the token itself travels in no address."""
    async with database.session(Viewer.system("anonymous")) as session:
        opened = await sessions.open_link(session, clock, data.token)
    held = link_cookie.carrying(opened.secret, int(RULES.lasts.total_seconds()))
    return Response(GuestOpened(ends_at=opened.ends_at), cookies=[held])


@dataclass(frozen=True, slots=True)
class GuestCall(Asked):
    """A dependency of every route that changes something for a guest."""

    media: MediaEngine | None

    async def once(
        self, operation: str, body: object, work: Callable[[], Awaitable[None]]
    ) -> GuestView:
        """Do `work` once under this key and show the room as it is now."""

        async def mine() -> UUID:
            await work()
            return self.viewer.person_id

        await self.remembered(GuestRef, operation, body, mine)
        return await queries.view(self.session, self.viewer)


async def provide_guest_call(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    media: MediaEngine | None,
    idempotency_key: str | None,
) -> GuestCall:
    """The request as a dependency."""
    return GuestCall(session, clock, viewer, idempotency_key, media)


@get("/guest", opt={OPT: LINK})
async def guest_view(session: AsyncSession, viewer: Viewer) -> GuestView:
    """The room as its guest sees it."""
    return await queries.view(session, viewer)


@post("/guest/enter", opt={OPT: LINK}, status_code=200)
async def guest_enter(guest: GuestCall) -> GuestView:
    """Ask to come in; a host decides."""
    return await guest.once(
        "guest.enter", "", lambda: service.come_in(guest.session, guest.clock, guest.viewer)
    )


@post("/guest/tickets", opt={OPT: LINK})
async def guest_ticket(
    session: AsyncSession, clock: Clock, viewer: Viewer, media: MediaEngine | None
) -> TicketOut:
    """A ticket for one connection within five minutes. Each call gives another; none is kept."""
    return await service.ticket(session, clock, viewer, present(media))


@post("/guest/recording/agree", opt={OPT: LINK}, status_code=200)
async def guest_agree(data: AgreeRecording, guest: GuestCall) -> GuestView:
    """Agree for oneself to be recorded."""
    return await _answered(guest, AnswerAction.AGREE, data)


@post("/guest/recording/refuse", opt={OPT: LINK}, status_code=200)
async def guest_refuse(guest: GuestCall) -> GuestView:
    """Do not agree; nobody is recorded."""
    return await _answered(guest, AnswerAction.REFUSE)


@post("/guest/recording/withdraw", opt={OPT: LINK}, status_code=200)
async def guest_withdraw(guest: GuestCall) -> GuestView:
    """Take one's agreement back; within a second nothing more is written, of anybody."""
    return await _answered(guest, AnswerAction.WITHDRAW)


async def _answered(
    guest: GuestCall, action: AnswerAction, agreement: AgreeRecording | None = None
) -> GuestView:
    who = (guest.session, guest.clock, guest.viewer, guest.media)
    return await guest.once(
        f"guest.{action}", agreement, lambda: service.answer(*who, action, agreement)
    )


GUEST_ROUTES = Router(
    "/",
    route_handlers=[
        open_guest_link, guest_view, guest_enter, guest_ticket, guest_agree, guest_refuse,
        guest_withdraw,
    ],
    dependencies={"guest": Provide(provide_guest_call)},
)  # fmt: skip
"""What a guest reaches."""

HANDLERS: list[HTTPRouteHandler | Router] = [invite_guest, revoke_guest, GUEST_ROUTES]
