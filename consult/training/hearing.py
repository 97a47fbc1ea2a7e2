"""Whoever is heard in a class's room is there, as its media worker says; and rooms of classes over.

The page's heartbeat and the worker's word count alike, as they do in guidance: a telephone whose
page sleeps while its sound goes on is there. A word from before somebody left does not bring them
back. Checks are asked by the page alone.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import text

from consult.media.engine import Heard, MediaEngine
from consult.media.hearing import SWEPT, heard
from consult.training import attending, store
from kernel.clock import Clock
from kernel.database import Database
from kernel.viewer import Viewer

ENGINE: Final = Viewer.system("engine")

_ROOMS = text(
    "SELECT k.id, k.state <> 'live' AS over FROM training_class k"
    " WHERE (k.state = 'live' OR k.ended_at > :swept)"
    "   AND EXISTS (SELECT 1 FROM training_seat s WHERE s.class_id = k.id) ORDER BY k.id"
)
_HEARD = text(
    "SELECT a.* FROM training_attendee a JOIN training_seat s"
    "    ON s.class_id = a.class_id AND s.person_id = a.person_id"
    "  JOIN training_class k ON k.id = a.class_id AND k.state = 'live'"
    " WHERE a.class_id = :class_id AND s.id = ANY(CAST(:seats AS uuid[]))"
    " ORDER BY a.person_id FOR UPDATE OF a"
)


class ClassKeeper:
    """Keeps who is heard in classes; `run_once` every few seconds."""

    def __init__(self, database: Database, clock: Clock, engine: MediaEngine) -> None:
        self._database = database
        self._clock = clock
        self._engine = engine

    async def run_once(self) -> bool:
        """Compare every class with what is heard in its room."""
        async with self._database.session(ENGINE) as session:
            rooms = (await session.execute(_ROOMS, {"swept": self._clock.now() - SWEPT})).all()
        async for room, present in heard(self._engine, rooms):
            if present.people:
                await self._heard(room.id, present)
        return False

    async def _heard(self, class_id: UUID, present: Heard) -> None:
        values = {"class_id": class_id, "seats": sorted(present.people)}
        async with self._database.session(ENGINE) as session:
            people = (await session.execute(_HEARD, values)).all()
            stays = await store.stays(session, class_id)
            left = {one.person_id for one in stays if one.left_at and one.left_at >= present.at}
            for who in people:
                if who.person_id in left:
                    continue
                await attending.stay(session, stays, class_id, who.person_id, self._clock.now())
