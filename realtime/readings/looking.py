"""What a reader was shown, kept so that it can be shown again exactly.

Stored seconds never change; only seconds that were missing may still come. So the seconds that were
there, and a digest of their frames, say which version of the tracing somebody saw.
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import RecordingId, new_id
from kernel.viewer import Viewer
from realtime.frames import seq_of
from realtime.readings.errors import CitedUnseen, NothingToRead
from realtime.readings.rules import MOST_S
from realtime.readings.schemas import Cited, LookIn
from realtime.repository import RecordingRepository

log = structlog.get_logger()

_KEEP = text(
    "INSERT INTO ctg_reading_view"
    " (id, reading_id, person_id, at, from_seq, to_seq, seconds, parts, digest)"
    " VALUES (:id, :reading_id, :by, :at, :first, :last, :seconds, CAST(:parts AS jsonb), :digest)"
)
_VIEW = text("SELECT * FROM ctg_reading_view WHERE id = :id AND reading_id = :reading_id")


async def look(
    session: AsyncSession, clock: Clock, viewer: Viewer, reading: Row[Any], order: LookIn
) -> UUID:
    """Keep what the seconds show now; what was asked about, or more of the same tracing.

    Raises:
        BadInput: the seconds make no sense, or are longer than three hours.
        NothingToRead: none of them is stored.
    """
    first = reading.from_seq if order.from_seq is None else order.from_seq
    last = reading.to_seq if order.to_seq is None else order.to_seq
    if not first <= last < first + MOST_S:
        raise BadInput(field="to_seq", reason="range")
    repository = RecordingRepository(session, viewer)
    found = await repository.frames(RecordingId(reading.recording_id), first, last, MOST_S)
    if not found:
        raise NothingToRead(from_seq=first, to_seq=last)
    id_ = new_id()
    values = {
        "id": id_,
        "reading_id": reading.id,
        "by": viewer.person_id,
        "at": clock.now(),
        "first": first,
        "last": last,
        "seconds": len(found),
        "parts": json.dumps(runs([seq_of(frame) for frame in found])),
        "digest": sha256(b"".join(found)).digest(),
    }
    await session.execute(_KEEP, values)
    return id_


async def replay(
    session: AsyncSession, viewer: Viewer, reading: Row[Any], view_id: UUID
) -> tuple[bytes, bool]:
    """The frames of a view, as they were; false if they are no longer those of its digest."""
    view = await view_of(session, reading.id, view_id)
    repository = RecordingRepository(session, viewer)
    recording = RecordingId(reading.recording_id)
    stored = await repository.frames(recording, view.from_seq, view.to_seq, MOST_S)
    parts = [(first, last) for first, last in view.parts]
    joined = b"".join(
        frame for frame in stored if any(first <= seq_of(frame) <= last for first, last in parts)
    )
    same = sha256(joined).digest() == bytes(view.digest)
    if not same:
        log.error("ctg.reading_differs", reading_id=str(reading.id), view_id=str(view_id))
    return joined, same


async def view_of(session: AsyncSession, reading_id: UUID, view_id: UUID) -> Row[Any]:
    """One view of this reading, or `NotFound`."""
    values = {"id": view_id, "reading_id": reading_id}
    view = (await session.execute(_VIEW, values)).one_or_none()
    if view is None:
        raise NotFound()
    return view


def must_have_been_seen(view: Row[Any], cited: Sequence[Cited]) -> None:
    """Let only what lies in the view be cited; raises `CitedUnseen`."""
    for one in cited:
        if not view.from_seq <= one.from_seq <= one.to_seq <= view.to_seq:
            raise CitedUnseen(from_seq=one.from_seq, to_seq=one.to_seq)


def runs(seqs: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending numbers as inclusive ranges."""
    found: list[tuple[int, int]] = []
    for seq in seqs:
        if found and seq == found[-1][1] + 1:
            found[-1] = (found[-1][0], seq)
        else:
            found.append((seq, seq))
    return found
