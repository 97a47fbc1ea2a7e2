"""Rooms over HTTP: look, open, come in, let in, send out, get a ticket, end."""

from uuid import UUID

from litestar import Router, get, post
from litestar.di import Provide
from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.engine import MediaEngine
from consult.rooms import queries, service, tickets
from consult.rooms.asking import RoomCall, present, provide_room_call
from consult.rooms.chat.routes import HANDLERS as MESSAGES
from consult.rooms.guests.routes import HANDLERS as GUESTS
from consult.rooms.hooks import livekit_hook
from consult.rooms.recording.routes import HANDLERS as RECORDINGS
from consult.rooms.schemas import RoomView, TicketOut
from consult.rooms.states import AdmissionAction
from consult.rooms.stills.routes import HANDLERS as STILLS
from kernel.access import CLINICAL, OPT
from kernel.clock import Clock
from kernel.viewer import Viewer


@get("/consults/{consult_id:uuid}/room", opt={OPT: CLINICAL})
async def get_room(
    session: AsyncSession, clock: Clock, viewer: Viewer, consult_id: UUID
) -> RoomView:
    """The consultation's newest room: who is in it, who waits, what the viewer may do."""
    return await queries.of_consult(session, clock, viewer, consult_id)


@post("/consults/{consult_id:uuid}/room", opt={OPT: CLINICAL})
async def open_room(consult_id: UUID, call: RoomCall) -> RoomView:
    """Open the consultation's room; both sides are told. An open one stays."""

    async def work() -> UUID:
        await service.open_room(call.session, call.clock, call.viewer, call.engine, consult_id)
        return consult_id

    return await call.once("room.open", consult_id, work)


@post("/rooms/{room_id:uuid}/enter", opt={OPT: CLINICAL}, status_code=200)
async def enter_room(room_id: UUID, call: RoomCall) -> RoomView:
    """Come in where entitled, else wait until a host decides."""
    return await call.once(
        "room.enter",
        room_id,
        lambda: service.come_in(call.session, call.clock, call.viewer, room_id),
    )


@post("/rooms/{room_id:uuid}/tickets", opt={OPT: CLINICAL})
async def give_room_ticket(
    session: AsyncSession, clock: Clock, viewer: Viewer, media: MediaEngine | None, room_id: UUID
) -> TicketOut:
    """A ticket for one connection within five minutes. Each call gives another; none is kept."""
    return await tickets.give(session, clock, viewer, present(media), room_id)


@post(
    "/rooms/{room_id:uuid}/admissions/{admission_id:uuid}/{action:str}",
    opt={OPT: CLINICAL}, status_code=200,
)  # fmt: skip
async def decide_on_admission(
    room_id: UUID, admission_id: UUID, action: AdmissionAction, call: RoomCall
) -> RoomView:
    """Let somebody in, refuse them, send them out; or give up waiting oneself."""
    return await call.once(
        f"room.{action}",
        f"{room_id}/{admission_id}",
        lambda: service.decide(
            call.session, call.clock, call.viewer, call.media, room_id, admission_id, action
        ),
    )


@post("/rooms/{room_id:uuid}/end", opt={OPT: CLINICAL}, status_code=200)
async def end_room(room_id: UUID, call: RoomCall) -> RoomView:
    """Close the room for everybody."""
    return await call.once(
        "room.end",
        room_id,
        lambda: service.end(call.session, call.clock, call.viewer, call.media, room_id),
    )


router = Router(
    "/",
    route_handlers=[
        get_room, open_room, enter_room, give_room_ticket, decide_on_admission, end_room,
        *RECORDINGS, *MESSAGES, *STILLS, *GUESTS, livekit_hook,
    ],
    dependencies={"call": Provide(provide_room_call)},
    tags=["rooms"],
)  # fmt: skip
