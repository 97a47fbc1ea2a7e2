"""Who is in the rooms, as media workers hear it; and rooms that nobody needs any more.

Workers say what happens at once, over a line that may lose it, and every two seconds whom they
hear. The first makes the record exact, the second makes it true: a stay begins and ends by either,
and what a worker that died did not say ends when it was last heard. A heartbeat from before
somebody left does not bring them back. Whoever is heard without being admitted, or in a room that
has ended, is sent out here if the order was lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.engine import (
    Heard,
    Joined,
    Left,
    MediaEngine,
    RecordingChanged,
    SoundAlone,
    WasLeft,
)
from consult.media.errors import MediaUnavailable
from consult.media.hearing import SWEPT, heard
from consult.rooms import store
from consult.rooms.recording import keeping as recordings
from consult.rooms.recording import store as recording_store
from consult.rooms.service import ENDED
from kernel import chain
from kernel.chain.errors import TimelineFrozen
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import NotFound
from kernel.ids import CaseId
from kernel.viewer import Viewer

log = structlog.get_logger()

ENGINE: Final = Viewer.system("engine")
JOINED: Final = "room.joined"
LEFT: Final = "room.left"
ALONE: Final = {True: "room.sound_alone", False: "room.pictures_again"}
"""The line of somebody carried no pictures any more, or carries them again."""
UNHEARD: Final = timedelta(seconds=8)
"""Two heartbeats and a half: one that is late does not send anybody out of the record."""
EMPTY: Final = timedelta(minutes=15)
"""A room in which nobody has been for so long ends."""
RETRY_S: Final = 1.0

_ROOMS = text(
    "SELECT r.*, q.state AS consult_state, r.ended_at IS NOT NULL AS over FROM consult_room r"
    " JOIN consult_request q ON q.id = r.case_id"
    " WHERE r.ended_at IS NULL OR r.ended_at > :swept ORDER BY r.id"
)
_LOCK = text("SELECT * FROM consult_room WHERE id = :id FOR UPDATE SKIP LOCKED")
_STAYS = text(
    "SELECT s.*, a.person_id FROM room_stay s JOIN room_admission a ON a.id = s.admission_id"
    " WHERE s.room_id = :room_id AND s.left_at IS NULL FOR UPDATE OF s"
)
_LEFT_SINCE = text("SELECT admission_id FROM room_stay WHERE room_id = :room_id AND left_at >= :at")
_COME = text(
    "INSERT INTO room_stay (admission_id, room_id, case_id, joined_at, heard_at)"
    " SELECT a.id, a.room_id, a.case_id, :at, :at FROM room_admission a"
    "  WHERE a.id = :id AND a.room_id = :room_id AND a.state = 'admitted'"
    " ON CONFLICT (admission_id) WHERE left_at IS NULL DO NOTHING RETURNING case_id"
)
_PERSON = text("SELECT person_id, role FROM room_admission WHERE id = :id")
_HEARD = text("UPDATE room_stay SET heard_at = :at WHERE id = ANY(:ids)")
_GO = text(
    "UPDATE room_stay SET left_at = greatest(joined_at, :at), why = :why, loss = :loss,"
    " reconnects = :reconnects, audio_only_s = :audio_only_s"
    " WHERE admission_id = :id AND left_at IS NULL RETURNING case_id"
)
_TOLD_LATE = text(
    "UPDATE room_stay SET loss = :loss, reconnects = :reconnects, audio_only_s = :audio_only_s"
    "  , why = CASE CAST(:why AS text) WHEN 'went' THEN 'went' ELSE why END"
    " WHERE id = (SELECT max(id) FROM room_stay WHERE admission_id = :id)"
    " AND why = 'lost' AND loss IS NULL AND left_at <= :at RETURNING case_id"
)
"""Whoever is cut off is gone here before their worker gives them up; only it knows their line.

And whether they waited for it: some go while they are cut off, and their page says so once it can.
"""
_IN = text("SELECT case_id FROM room_stay WHERE admission_id = :id AND left_at IS NULL")
_LAST = text(
    "SELECT greatest(r.opened_at, max(s.left_at)) FROM consult_room r"
    " LEFT JOIN room_stay s ON s.room_id = r.id WHERE r.id = :id GROUP BY r.opened_at"
)


class RoomKeeper:
    """Keeps the record of rooms; `run_once` every two seconds, `listen` beside it."""

    def __init__(self, database: Database, clock: Clock, engine: MediaEngine) -> None:
        self._database = database
        self._clock = clock
        self._engine = engine

    async def run_once(self) -> bool:
        """Compare every room with what is heard in it."""
        async with self._database.session(ENGINE) as session:
            rooms = (await session.execute(_ROOMS, {"swept": self._clock.now() - SWEPT})).all()
        async for room, present in heard(self._engine, rooms):
            await self._keep(room, present)
        return False

    async def listen(self) -> None:
        """Take what workers say, until cancelled."""
        while True:
            try:
                async for event in self._engine.events():
                    if isinstance(event, Joined):
                        await self.joined(event.room_id, event.participant_id, event.at)
                    elif isinstance(event, WasLeft):
                        await self.left(event)
                    elif isinstance(event, SoundAlone):
                        await self.sound_alone(event)
                    elif isinstance(event, RecordingChanged):
                        await self.recorded(event)
            except MediaUnavailable:
                log.debug("rooms.unheard")
            except Exception as error:
                log.error("rooms.listening_failed", error=type(error).__name__)
            await asyncio.sleep(RETRY_S)

    async def joined(self, room_id: UUID, admission_id: UUID, at: datetime) -> None:
        """Media of somebody is heard."""
        async with self._database.session(ENGINE) as session:
            await self._come(session, room_id, admission_id, at)

    async def left(self, event: WasLeft) -> None:
        """A worker says that somebody is gone, and how their line was."""
        async with self._database.session(ENGINE) as session:
            await self._go(session, event)

    async def sound_alone(self, event: SoundAlone) -> None:
        """A worker says that somebody's line carries sound alone, or pictures again."""
        async with self._database.session(ENGINE) as session:
            stay = (await session.execute(_IN, {"id": event.participant_id})).one_or_none()
            if stay is not None:
                await self._say(session, stay.case_id, ALONE[event.on], event.participant_id, {})

    async def recorded(self, event: RecordingChanged) -> None:
        """A worker says that it writes, or rests."""
        async with self._database.session(ENGINE) as session:
            await recordings.changed(
                session, self._clock, event.recording_id, running=event.running
            )

    async def _keep(self, room: Row[Any], heard: Heard) -> None:
        at, present = self._clock.now(), heard.people
        async with self._database.session(ENGINE) as session:
            locked = (await session.execute(_LOCK, {"id": room.id})).one_or_none()
            if locked is None or locked.ended_at is not None:
                return
            stays = (await session.execute(_STAYS, {"room_id": room.id})).all()
            there = [one.id for one in stays if one.admission_id in present]
            if there:
                await session.execute(_HEARD, {"ids": there, "at": at})
            for one in stays:
                if one.admission_id not in present and at - one.heard_at > UNHEARD:
                    lost = WasLeft(room.id, one.admission_id, one.heard_at, Left.LOST)
                    await self._go(session, lost)
            known = {one.admission_id for one in stays}
            left = await session.scalars(_LEFT_SINCE, {"room_id": room.id, "at": heard.at})
            for admission_id in sorted(present - known - set(left)):
                await self._new(session, room, admission_id, at)
            await recordings.tell(session, self._engine, room.id, at)
            await self._end_if_done(session, room, stays, present, at)

    async def _new(
        self, session: AsyncSession, room: Row[Any], admission_id: UUID, at: datetime
    ) -> None:
        if not await self._come(session, room.id, admission_id, at):
            await self._engine.eject(room.id, admission_id)

    async def _come(
        self, session: AsyncSession, room_id: UUID, admission_id: UUID, at: datetime
    ) -> bool:
        """Begin a stay; False if this one may not be there."""
        values = {"id": admission_id, "room_id": room_id, "at": at}
        row = (await session.execute(_COME, values)).one_or_none()
        if row is None:
            found = (await session.execute(_PERSON, {"id": admission_id})).one_or_none()
            stays = (await session.execute(_STAYS, {"room_id": room_id})).all()
            return found is not None and any(one.admission_id == admission_id for one in stays)
        await self._say(session, row.case_id, JOINED, admission_id, {})
        return True

    async def _go(self, session: AsyncSession, event: WasLeft) -> None:
        values = {
            "id": event.participant_id,
            "at": event.at,
            "why": str(event.why),
            "loss": event.loss,
            "reconnects": event.reconnects,
            "audio_only_s": round(event.audio_only_s),
        }
        row = (await session.execute(_GO, values)).one_or_none()
        if row is None:
            late = (await session.execute(_TOLD_LATE, values)).one_or_none()
            row = late if event.why is Left.WENT else None
        if row is None:
            return
        facts: dict[str, object] = {"why": str(event.why)}
        await self._say(session, row.case_id, LEFT, event.participant_id, facts)

    async def _say(
        self,
        session: AsyncSession,
        case_id: UUID,
        kind: str,
        admission_id: UUID,
        facts: dict[str, object],
    ) -> None:
        who = (await session.execute(_PERSON, {"id": admission_id})).one()
        told = {"admission_id": admission_id, "person_id": who.person_id, "role": who.role}
        await self._append(session, case_id, kind, told | facts)

    async def _append(
        self, session: AsyncSession, case_id: UUID, kind: str, facts: dict[str, object]
    ) -> None:
        try:
            async with session.begin_nested():
                await chain.append(
                    session, self._clock, CaseId(case_id), kind, viewer=ENGINE, payload=facts,
                    auto=True,
                )  # fmt: skip
        except (NotFound, TimelineFrozen):
            log.info("rooms.case_not_told", kind=kind)

    async def _end_if_done(
        self,
        session: AsyncSession,
        room: Row[Any],
        stays: Sequence[Row[Any]],
        present: frozenset[UUID],
        at: datetime,
    ) -> None:
        why = None
        if room.consult_state == "cancelled":
            why = "consult_over"
        elif not present and not stays:
            last: datetime = (await session.execute(_LAST, {"id": room.id})).scalar_one()
            if at - last > EMPTY:
                why = "empty"
        if why is None:
            return
        await store.end(session, room.id, at, None, why)
        await recording_store.end_of_room(session, room.id, at, None)
        await self._append(session, room.case_id, ENDED, {"room_id": room.id, "why": why})
        await self._engine.close_room(room.id)
