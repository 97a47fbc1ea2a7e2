"""Tickets into a room: given to whoever was let in, once more after every loss of a worker."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.engine import Grants, MediaEngine, Participant, RoomPolicy
from consult.media.engine import Role as RoomRole
from consult.requests import service as consults
from consult.requests.schemas import MoveConsult
from consult.requests.states import ConsultState
from consult.rooms import service, store
from consult.rooms.schemas import TicketOut
from kernel.clock import Clock
from kernel.viewer import Viewer

SIDES = frozenset({RoomRole.REQUESTER, RoomRole.EXPERT})
"""Both in the room: the consultation has begun."""


async def give(
    session: AsyncSession, clock: Clock, viewer: Viewer, engine: MediaEngine, room_id: UUID
) -> TicketOut:
    """A ticket for the viewer; when both sides have one, the consultation is under way.

    Raises:
        NotFound: unknown or foreign.
        RoomEnded: it is closed.
        NotAdmitted: waiting, refused, sent out, or never asked.
        MediaUnavailable, RoomFull: see `MediaEngine.issue_join`.
    """
    here = await service.standing(session, clock, viewer, room_id)
    people = await store.admissions(session, room_id)
    mine = service.admitted(viewer, people)
    at = clock.now()
    await engine.ensure_room(room_id, RoomPolicy())
    who = Participant(mine.id, RoomRole(mine.role))
    ticket = await engine.issue_join(room_id, who, Grants(), at)
    await store.note_lease(session, here.room, ticket.url, at)
    await store.entered(session, mine.id, at)
    await _begin_if_both(session, clock, viewer, here.consult, mine, people)
    return TicketOut.of(mine.id, ticket)


async def _begin_if_both(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    consult: Row[Any],
    mine: Row[Any],
    people: Any,
) -> None:
    if consult.state != ConsultState.AGREED:
        return
    entered = {one.role for one in people if one.entered_at is not None} | {mine.role}
    if entered >= SIDES and mine.role in SIDES:
        await consults.begin(
            session, clock, viewer, consult.id, MoveConsult(version=consult.version)
        )
