"""A place in a class's room: those who keep the course speak, everybody else listens.

The room is the class's: it is there while the class runs. Whoever takes a seat is given a ticket
of the same media engine as consultations; a listener's opens nothing to send by.
"""

from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.engine import Grants, MediaEngine, Participant, RoomPolicy
from consult.media.engine import Role as RoomRole
from consult.media.errors import MediaUnavailable
from consult.rooms.schemas import TicketOut
from consult.training import attending, rights, store
from consult.training.rules import RULES
from kernel.clock import Clock
from kernel.ids import new_id
from kernel.viewer import Viewer

_TAKE: Final = text(
    "INSERT INTO training_seat (id, class_id, person_id, speaks, taken_at)"
    " VALUES (:id, :class_id, :person_id, :speaks, :at) ON CONFLICT DO NOTHING"
)
_MINE: Final = text(
    "SELECT * FROM training_seat WHERE class_id = :class_id AND person_id = :person_id"
)


async def take(
    session: AsyncSession, clock: Clock, viewer: Viewer, engine: MediaEngine, class_id: UUID
) -> TicketOut:
    """A ticket for the viewer's seat, which is kept for the whole class.

    Raises:
        NotFound: unknown, or of another house's draft.
        NotLive: the class does not run.
        MediaUnavailable, RoomFull: see `MediaEngine.issue_join`; attendance needs no picture.
    """
    row, at = await attending.live(session, class_id), clock.now()
    course = await store.course(session, row.course_id)
    speaks = rights.teaches(viewer, course.facility_id)
    values = {"class_id": class_id, "person_id": viewer.person_id}
    await session.execute(_TAKE, values | {"id": new_id(), "speaks": speaks, "at": at})
    seat: Row[Any] = (await session.execute(_MINE, values)).one()
    await engine.ensure_room(class_id, RoomPolicy(max_participants=RULES.seats))
    role = RoomRole.EXPERT if seat.speaks else RoomRole.LISTENER
    grants = Grants() if seat.speaks else Grants(frozenset())
    ticket = await engine.issue_join(class_id, Participant(seat.id, role), grants, at)
    return TicketOut.of(seat.id, ticket)


async def clear(engine: MediaEngine | None, class_id: UUID) -> None:
    """Send everybody out; where no worker can be told now, the engine process tells it later."""
    if engine is not None:
        with suppress(MediaUnavailable):
            await engine.close_room(class_id)
