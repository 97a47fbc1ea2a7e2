"""Reads of stills, as the viewer: row-level security cuts what is not theirs."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.names import Names, names
from consult.requests import store as requests
from consult.rooms import store as room_store
from consult.rooms.stills import drawing, store
from consult.rooms.stills.errors import StillLost
from consult.rooms.stills.schemas import RoomStill, StillMark
from kernel.blobs import BlobLost, BlobStore
from kernel.viewer import Viewer


async def of_consult(session: AsyncSession, viewer: Viewer, consult_id: UUID) -> list[RoomStill]:
    """The stills of a consultation's rooms, the oldest first; or `NotFound`."""
    await requests.seen(session, consult_id)
    return await _told(session, viewer, consult_id, await store.of_case(session, consult_id))


async def one(session: AsyncSession, viewer: Viewer, still_id: UUID) -> RoomStill:
    """A still; or `NotFound`."""
    row = await store.one(session, still_id)
    (still,) = await _told(session, viewer, row.case_id, [row])
    return still


async def picture(session: AsyncSession, blobs: BlobStore, still_id: UUID) -> bytes:
    """Its PNG, without marks.

    Raises:
        NotFound: unknown or foreign.
        StillLost: its file is missing or damaged.
    """
    row = await store.one(session, still_id)
    try:
        return await asyncio.to_thread(blobs.get, row.sha256)
    except BlobLost as error:
        raise StillLost() from error


async def _told(
    session: AsyncSession, viewer: Viewer, case_id: UUID, rows: Sequence[Row[Any]]
) -> list[RoomStill]:
    drawn = await store.marks(session, [row.id for row in rows])
    people = [id_ for row in rows for id_ in (row.of_person, row.asked_by)]
    known = await names(session, [*people, *(mark.person_id for mark in drawn)], [])
    room_id = await room_store.open_room_with(session, case_id, viewer.person_id)
    return [
        _still(
            viewer,
            row,
            [mark for mark in drawn if mark.still_id == row.id],
            known,
            room_id is not None,
        )
        for row in rows
    ]


def _still(
    viewer: Viewer, row: Row[Any], drawn: Sequence[Row[Any]], known: Names, may_draw: bool
) -> RoomStill:
    gone = drawing.undone(drawn)
    return RoomStill(
        id=row.id,
        room_id=row.room_id,
        source=row.source,
        of=known.person(row.of_person),
        asked_by=known.person(row.asked_by),
        at_source=row.admission_id == row.of_admission_id,
        taken_at=row.taken_at,
        kept_at=row.kept_at,
        width=row.width,
        height=row.height,
        sha256=row.sha256.hex(),
        version=drawn[-1].n if drawn else 0,
        marks=[
            StillMark(
                n=mark.n,
                kind=mark.kind,
                ax=mark.ax,
                ay=mark.ay,
                bx=mark.bx,
                by=mark.by,
                colour=mark.colour,
                text=mark.text,
                person=known.person(mark.person_id),
                at=mark.at,
                undone_by=gone.get(mark.n),
                mine=mark.person_id == viewer.person_id,
            )
            for mark in drawn
            if mark.undoes is None
        ],
        marks_sha256=drawing.digest(drawing.standing(drawn)),
        may_draw=may_draw,
    )
