"""Looking at a recording: opened by one command that is on record, then read by ranges of bytes."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.recording.shelf import PartLost, Played, Shelf
from consult.names import names
from consult.requests import store as requests
from consult.rooms import store as room_store
from consult.rooms.recording import queries, store
from consult.rooms.recording.errors import (
    Erased,
    NoSuchRange,
    NotKeptYet,
    RecordingLost,
    TakersOnly,
)
from consult.rooms.recording.schemas import RecordingPart, Viewing
from kernel import chain
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, PatientId, new_id
from kernel.viewer import Viewer
from registry.pregnancies import access
from registry.pregnancies.access import Purpose
from registry.pregnancies.repository import PregnancyRepository

VIEWED: Final = "room.recording_viewed"
OPEN_FOR: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes `start` to before `stop` of a file of `size` bytes."""

    start: int
    stop: int
    size: int
    content: Iterator[bytes]


async def open_recording(
    session: AsyncSession, clock: Clock, viewer: Viewer, recording_id: UUID
) -> UUID:
    """Look at it: on the case's chain, in the access log and in its own list; the looking's id.

    Raises:
        NotFound: unknown or foreign.
        TakersOnly: the viewer took no part.
        NotKeptYet: it runs, or its files are not listed yet.
        Erased: its time is over.
    """
    row = await store.seen(session, recording_id)
    consult = await requests.seen(session, row.case_id)
    if not await queries.may_view(session, viewer, consult):
        raise TakersOnly()
    if row.kept_at is None:
        raise NotKeptYet()
    if row.erased_at is not None:
        raise Erased(retain_until=row.retain_until.isoformat())
    at, viewing_id, case_id = clock.now(), new_id(), CaseId(row.case_id)
    values = {"id": viewing_id, "recording_id": recording_id, "case_id": case_id, "at": at}
    await store.view(session, values | {"person_id": viewer.person_id})
    hers = await PregnancyRepository(session, viewer).of_cases([case_id])
    patients = [PatientId(record[1].id) for record in hers.values()]
    await access.record(session, at, viewer, patients, Purpose.CASE, case_id)
    facts: dict[str, object] = {"recording_id": recording_id}
    await chain.append(session, clock, case_id, VIEWED, viewer=viewer, payload=facts)
    return viewing_id


async def opened(
    session: AsyncSession, viewer: Viewer, recording_id: UUID, viewing_id: UUID
) -> Viewing:
    """What was opened: who agreed, and every file."""
    row = await store.seen(session, recording_id)
    parts = await store.parts(session, recording_id)
    said = await store.answers(session, [recording_id])
    people = await room_store.admissions(session, row.room_id)
    wanted = [row.asked_by, row.ended_by, *(one.person_id for one in [*said, *parts])]
    known = await names(session, wanted, [])
    return Viewing(
        id=viewing_id,
        recording=queries.told(viewer, row, said, known, people, host=False),
        parts=[
            RecordingPart(
                id=one.id,
                admission_id=one.admission_id,
                person=known.person(one.person_id),
                source=one.source,
                began_at=one.began_at,
                length_ms=one.length_ms,
                size_bytes=one.size_bytes,
                whole=one.whole,
                sha256=bytes(one.sha256).hex(),
            )
            for one in parts
        ],
    )


async def piece(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    shelf: Shelf,
    recording_id: UUID,
    viewing_id: UUID,
    part_id: UUID,
    asked: str,
) -> Piece:
    """Bytes of one file, for whoever opened it within the last twelve hours.

    Args:
        asked: the Range header (RFC 9110, 14.2); one range of bytes, or empty for all.

    Raises:
        NotFound: unknown, foreign, not opened by the viewer, or too long ago.
        Erased: its time is over.
        RecordingLost: missing, or not what was written.
        NoSuchRange: the bytes asked for are not there.
    """
    row = await store.seen(session, recording_id)
    looking = await store.viewing(session, recording_id, viewing_id)
    fresh = looking is not None and clock.now() - looking.opened_at < OPEN_FOR
    if looking is None or not fresh or looking.person_id != viewer.person_id:
        raise NotFound()
    if part_id not in {one.id for one in await store.parts(session, recording_id)}:
        raise NotFound()
    if row.erased_at is not None:
        raise Erased(retain_until=row.retain_until.isoformat())
    try:
        content = await asyncio.to_thread(shelf.playable, recording_id, part_id)
    except PartLost as error:
        raise RecordingLost() from error
    start, stop = _range(asked, content)
    return Piece(start, stop, content.size, content.parts(start, stop))


def _range(asked: str, content: Played) -> tuple[int, int]:
    """First byte, and the one after the last; several ranges are answered with everything."""
    unit, _, wanted = asked.partition("=")
    first, dash, last = wanted.partition("-")
    if unit.strip() != "bytes" or not dash or "," in wanted:
        return 0, content.size
    try:
        if not first:
            start, stop = max(0, content.size - int(last)), content.size
        else:
            start, stop = int(first), int(last) + 1 if last else content.size
    except ValueError:
        return 0, content.size
    if not 0 <= start < min(stop, content.size):
        content.close()
        raise NoSuchRange()
    return start, min(stop, content.size)
