"""What the engine process does for recordings: tells who agreed, lists files, erases them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.engine import MediaEngine, Recording
from consult.media.errors import MediaUnavailable, RecordingNotOffered
from consult.media.recording.shelf import Part, Shelf
from consult.rooms.recording import store
from consult.rooms.recording.rules import RULES
from consult.rooms.recording.states import Answer
from kernel import chain
from kernel.chain.errors import TimelineFrozen
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import NotFound
from kernel.ids import CaseId
from kernel.viewer import Viewer

log = structlog.get_logger()

ENGINE: Final = Viewer.system("engine")
BEGAN: Final = "room.recording_began"
RESTS: Final = "room.recording_rests"
KEPT: Final = "room.recording_kept"
ERASED: Final = "room.recording_erased"
SETTLED: Final = timedelta(seconds=15)
"""So long after its end a recording's files are listed."""
CUT_OFF: Final = timedelta(minutes=2)
"""So long after its end a file that was not ended will not be any more."""
LATELY: Final = timedelta(minutes=1)
"""So long after its end workers are still told that it is over."""


async def tell(session: AsyncSession, engine: MediaEngine, room_id: UUID, at: datetime) -> None:
    """Tell the worker who agreed, or that nobody is recorded. The room is locked by the caller."""
    row = await store.newest(session, room_id)
    if row is None or (row.ended_at is not None and at - row.ended_at > LATELY):
        return
    asked = None
    if row.ended_at is None:
        said = await store.answers(session, [row.id])
        agreed = {one.admission_id for one in said if one.answer == Answer.AGREED}
        asked = Recording(row.id, frozenset(agreed))
    try:
        await engine.set_recording(room_id, asked)
    except (MediaUnavailable, RecordingNotOffered):
        log.info("recordings.not_told")


async def changed(
    session: AsyncSession, clock: Clock, recording_id: UUID, *, running: bool
) -> None:
    """A worker began to write, or rests."""
    row = await store.seen(session, recording_id)
    await _append(session, clock, row, BEGAN if running else RESTS, {})


class RecordingKeeper:
    """Lists what was recorded and erases it when its time is over; `run_once` every few seconds."""

    def __init__(self, database: Database, clock: Clock, shelf: Shelf) -> None:
        self._database = database
        self._clock = clock
        self._shelf = shelf

    async def run_once(self) -> bool:
        """One of each; True while there may be more."""
        kept = await self._keep()
        return await self._erase() or kept

    async def _keep(self) -> bool:
        at = self._clock.now()
        async with self._database.session(ENGINE) as session:
            row = await store.unkept(session, at - SETTLED)
        if row is None:
            return False
        # Outside any transaction: hours of sound and pictures are read.
        found = await asyncio.to_thread(self._shelf.parts, row.id)
        if at - row.ended_at < CUT_OFF and not all(part.whole for part in found):
            return False
        rule = RULES.retention
        until = rule.until(at.date())
        async with self._database.session(ENGINE) as session:
            if not await store.keep(session, row, found, at, until, rule.version):
                return True
            facts = {"files": [_told(part) for part in found], "retain_until": until}
            await _append(session, self._clock, row, KEPT, facts)
        return True

    async def _erase(self) -> bool:
        at = self._clock.now()
        async with self._database.session(ENGINE) as session:
            row = await store.due(session, at.date())
            if row is None:
                return False
            await _append(session, self._clock, row, ERASED, {"retain_until": row.retain_until})
            await store.erased(session, row.id, at)
            # Before the transaction's end: what is said to be erased is; what is not is met again.
            await asyncio.to_thread(self._shelf.erase, row.id)
        return True


def _told(part: Part) -> dict[str, object]:
    return {
        "id": part.id,
        "admission_id": part.label.participant,
        "source": str(part.label.source),
        "sha256": part.sha256.hex(),
        "whole": part.whole,
    }


async def _append(
    session: AsyncSession, clock: Clock, row: Row[Any], kind: str, facts: dict[str, object]
) -> None:
    try:
        async with session.begin_nested():
            await chain.append(
                session, clock, CaseId(row.case_id), kind, viewer=ENGINE,
                payload={"recording_id": row.id, **facts}, auto=True,
            )  # fmt: skip
    except (NotFound, TimelineFrozen):
        log.info("recordings.case_not_told", kind=kind)
