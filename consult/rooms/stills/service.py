"""Commands: stop a source at one moment, draw on it, take a mark back."""

import asyncio
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.rooms import service as rooms
from consult.rooms import store as room_store
from consult.rooms.errors import RoomEnded
from consult.rooms.stills import drawing, store
from consult.rooms.stills.errors import MarkNotYours, MarkOutside, StillRefused
from consult.rooms.stills.schemas import DrawMark, StillSource
from kernel import chain
from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import CaseId, new_id
from kernel.media import png
from kernel.media.broken import Broken
from kernel.viewer import Viewer

TAKEN: Final = "room.still_taken"
DRAWN: Final = "room.mark_drawn"
UNDONE: Final = "room.mark_undone"
MOST_BYTES: Final = 12_000_000
OLDEST: Final = timedelta(hours=1)
"""So long a page may try to bring a picture that it took."""


async def take(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    blobs: BlobStore,
    room_id: UUID,
    content: bytes,
    *,
    source: StillSource,
    of: UUID,
    asked_by: UUID,
    taken_at: datetime,
) -> UUID:
    """Keep a picture of a source of admission `of`, wanted by admission `asked_by`; the still's id.

    Raises:
        NotFound: unknown or foreign, or an admission of another room.
        RoomEnded: it is closed.
        NotAdmitted: the viewer is not in the room.
        StillRefused: no whole PNG, or too large.
        BadInput: taken more than an hour ago.
    """
    at, still_id = clock.now(), new_id()
    if taken_at < at - OLDEST:
        raise BadInput(field="taken_at", reason="range")
    # Whether it may be kept is asked twice: nobody who comes or goes waits at the room's lock for
    # a slow disk, and nobody's bytes lie on it who is not in the room.
    await room_store.require_open(session, room_id)
    rooms.admitted(viewer, await room_store.admissions(session, room_id))
    kept, width, height, digest = await asyncio.to_thread(_kept, blobs, content)
    room = await room_store.locked(session, room_id)
    people = await room_store.admissions(session, room_id)
    mine = rooms.admitted(viewer, people)
    known = {one.id: one for one in people}
    if of not in known or asked_by not in known:
        raise NotFound()
    values = {
        "id": still_id,
        "room_id": room_id,
        "case_id": room.case_id,
        "source": source,
        "of": of,
        "admission_id": mine.id,
        "person_id": viewer.person_id,
        "asked_by": known[asked_by].person_id,
        # A page whose clock runs ahead takes nothing in the future.
        "taken_at": min(taken_at, at),
        "at": at,
        "width": width,
        "height": height,
        "size_bytes": len(kept),
        "sha256": digest,
    }
    await store.insert(session, values)
    facts: dict[str, object] = {
        "still_id": still_id, "source": source, "of": of, "at_source": mine.id == of,
        "asked_by": asked_by, "sha256": digest.hex(),
    }  # fmt: skip
    await chain.append(session, clock, CaseId(room.case_id), TAKEN, viewer=viewer, payload=facts)
    return still_id


async def draw(
    session: AsyncSession, clock: Clock, viewer: Viewer, still_id: UUID, mark: DrawMark
) -> UUID:
    """Draw on a still of a consultation whose open room one is in; the still's id.

    Raises:
        NotFound: unknown or foreign.
        RoomEnded: the consultation has no open room.
        NotAdmitted: the viewer is not in it.
        MarkOutside: it does not lie on the picture.
        BadInput: words that say nothing.
    """
    if mark.kind == "text" and not mark.text.strip():
        raise BadInput(field="text", reason="empty")
    still, mine = await _at(session, viewer, still_id)
    if max(mark.ax, mark.bx) > still.width or max(mark.ay, mark.by) > still.height:
        raise MarkOutside(width=still.width, height=still.height)
    values = {
        "kind": mark.kind,
        "ax": mark.ax,
        "ay": mark.ay,
        "bx": mark.bx,
        "by": mark.by,
        "colour": mark.colour,
        "text": mark.text.strip(),
        "undoes": None,
    }
    n = await _add(session, clock, viewer, still, mine, values)
    said = drawing.digest([row for row in await store.marks(session, [still_id]) if row.n == n])
    facts: dict[str, object] = {"still_id": still_id, "n": n, "sha256": said}
    await chain.append(session, clock, CaseId(still.case_id), DRAWN, viewer=viewer, payload=facts)
    return still_id


async def undo(session: AsyncSession, clock: Clock, viewer: Viewer, still_id: UUID, n: int) -> UUID:
    """Take one's own mark back; it stays in the record. The still's id.

    Raises:
        NotFound: unknown or foreign.
        RoomEnded: the consultation has no open room.
        NotAdmitted: the viewer is not in it.
        MarkNotYours: somebody else's, gone already, or no mark.
    """
    still, mine = await _at(session, viewer, still_id)
    standing = drawing.standing(await store.marks(session, [still_id]))
    if not any(row.n == n and row.person_id == viewer.person_id for row in standing):
        raise MarkNotYours(n=n)
    nothing = dict.fromkeys(("kind", "ax", "ay", "bx", "by", "colour"))
    at = await _add(session, clock, viewer, still, mine, {**nothing, "text": "", "undoes": n})
    facts: dict[str, object] = {"still_id": still_id, "n": at, "undoes": n}
    await chain.append(session, clock, CaseId(still.case_id), UNDONE, viewer=viewer, payload=facts)
    return still_id


async def _at(session: AsyncSession, viewer: Viewer, still_id: UUID) -> tuple[Row[Any], Row[Any]]:
    """The still and the viewer's admission to the open room; its lock keeps marks in order."""
    still = await store.one(session, still_id)
    room = await room_store.open_room_of(session, still.case_id)
    if room is None:
        raise RoomEnded()
    await room_store.locked(session, room.id)
    return still, rooms.admitted(viewer, await room_store.admissions(session, room.id))


async def _add(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    still: Row[Any],
    mine: Row[Any],
    values: dict[str, Any],
) -> int:
    n = await store.last(session, still.id) + 1
    who = {"admission_id": mine.id, "person_id": viewer.person_id, "at": clock.now()}
    where = {"still_id": still.id, "n": n, "case_id": still.case_id}
    await store.draw(session, values | who | where)
    return n


def _kept(blobs: BlobStore, content: bytes) -> tuple[bytes, int, int, bytes]:
    """What is kept of a PNG, its width, its height, and its digest: it lies on the disk."""
    if len(content) > min(MOST_BYTES, blobs.max_bytes):
        raise StillRefused(reason="too_large")
    if not png.begins(content):
        raise StillRefused(reason="unknown_type")
    try:
        kept = png.cleaned(content)
    except Broken as error:
        raise StillRefused(reason=error.reason) from error
    return kept, *png.size(kept), blobs.put(kept)
