"""Reads of rooms, as the viewer: row-level security cuts what is not theirs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.engine import Left
from consult.media.engine import Role as RoomRole
from consult.names import Names, names
from consult.requests import rights as consult_rights
from consult.requests import store as requests
from consult.requests.states import ConsultState
from consult.rooms import rights, service, store
from consult.rooms.guests import links as guests
from consult.rooms.recording import queries as recordings
from consult.rooms.schemas import AdmissionOut, GuestLink, RoomOut, RoomView
from consult.rooms.states import AdmissionState
from kernel.clock import Clock
from kernel.viewer import Viewer


async def of_consult(
    session: AsyncSession, clock: Clock, viewer: Viewer, consult_id: UUID
) -> RoomView:
    """The consultation's newest room, and whether the viewer may open one; or `NotFound`."""
    row = await requests.seen(session, consult_id)
    invited = await requests.invitations(session, consult_id)
    takes_part = consult_rights.asks(viewer, row) or consult_rights.attends(viewer, invited)
    room = await store.newest(session, consult_id)
    is_open = room is not None and room.ended_at is None
    may_open = takes_part and not is_open and ConsultState(row.state) in service.HELD_IN
    if room is None:
        return RoomView(None, may_open)
    mine = await rights.place(session, viewer, row, invited, clock.now())
    people = await store.admissions(session, room.id)
    links = await guests.given(session, clock.now(), room.id, open_=is_open) if mine.host else []
    return RoomView(await _room(session, viewer, room, mine, people, links), may_open)


async def as_guest(session: AsyncSession, viewer: Viewer, room: Row[Any], house: UUID) -> RoomOut:
    """A room as its guest sees it: those who were let in, and what is recorded of it."""
    mine = rights.Place(RoomRole.GUEST, house, at_once=False, host=False)
    people = [
        one
        for one in await store.admissions(session, room.id)
        if one.state == AdmissionState.ADMITTED or one.person_id == viewer.person_id
    ]
    return await _room(session, viewer, room, mine, people, [])


async def _room(
    session: AsyncSession,
    viewer: Viewer,
    room: Row[Any],
    mine: rights.Place,
    people: Sequence[Row[Any]],
    links: list[GuestLink],
) -> RoomOut:
    known = await names(
        session,
        [
            room.opened_by,
            room.ended_by,
            *(id_ for one in people for id_ in (one.person_id, one.decided_by)),
        ],
        [one.facility_id for one in people],
    )
    is_open = room.ended_at is None
    recording = await recordings.of_room(session, viewer, room.id, people, host=mine.host)
    allowed = ["enter", *(["end", "invite"] if mine.host else [])] if is_open else []
    over = recording is None or recording.ended_at is not None
    if is_open and over and mine.role is not RoomRole.GUEST and _is_in(viewer, people):
        allowed.append("record")
    return RoomOut(
        id=room.id,
        consult_id=room.case_id,
        opened_by=known.person(room.opened_by),
        opened_at=room.opened_at,
        ended_at=room.ended_at,
        ended_by=known.person(room.ended_by),
        why_ended=room.why_ended,
        people=[_admission(viewer, one, known, mine, open_=is_open) for one in people],
        guests=links,
        recording=recording,
        consent=recordings.consent_text(),
        allowed=allowed,
    )


def _is_in(viewer: Viewer, people: Sequence[Row[Any]]) -> bool:
    return any(
        one.person_id == viewer.person_id and one.state == AdmissionState.ADMITTED for one in people
    )


def _admission(
    viewer: Viewer, one: Row[Any], known: Names, mine: rights.Place, *, open_: bool
) -> AdmissionOut:
    own = one.person_id == viewer.person_id
    return AdmissionOut(
        id=one.id,
        person=known.person(one.person_id),
        # The house of a guest is said by their name; the one noted vouches for them.
        facility=None if one.role == RoomRole.GUEST else known.house(one.facility_id),
        role=one.role,
        state=one.state,
        asked_at=one.asked_at,
        decided_by=known.person(one.decided_by),
        decided_at=one.decided_at,
        here=one.here,
        joined_at=one.joined_at,
        left_at=one.left_at,
        lost=one.why == Left.LOST,
        mine=own,
        allowed=service.allowed_with(mine, one, own=own, open_=open_),
    )
