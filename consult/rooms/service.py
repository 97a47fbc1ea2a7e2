"""Commands: open a room, come in or wait, let in, send out, end."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.engine import MediaEngine, RoomPolicy
from consult.media.errors import MediaUnavailable
from consult.requests import rights as consult_rights
from consult.requests import store as requests
from consult.requests.states import ConsultState
from consult.requests.telling import tell_asker, tell_her_case, tell_invited
from consult.rooms import rights, store
from consult.rooms.errors import AdmissionMoved, NotAdmitted, NotOneself, RoomNotYet
from consult.rooms.recording import store as recordings
from consult.rooms.states import (
    ADMISSION,
    LIVE,
    SENT_OUT,
    AdmissionAction,
    AdmissionState,
    RoomParty,
)
from kernel import chain
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, new_id
from kernel.viewer import Viewer

log = structlog.get_logger()

OPENED: Final = "room.opened"
WAITING: Final = "room.waiting"
ENDED: Final = "room.ended"
HELD_IN: Final = frozenset({ConsultState.AGREED, ConsultState.UNDERWAY})
"""States of a consultation in which a room may be opened."""

_CHAINED: Final = {
    AdmissionAction.ADMIT: "room.admitted",
    AdmissionAction.REFUSE: "room.refused",
    AdmissionAction.EJECT: "room.ejected",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A room, its consultation, and where the viewer stands in it."""

    room: Row[Any]
    consult: Row[Any]
    mine: rights.Place


async def standing(session: AsyncSession, clock: Clock, viewer: Viewer, room_id: UUID) -> Standing:
    """An open room, locked.

    Raises:
        NotFound: unknown or foreign.
        RoomEnded: it is closed.
    """
    room = await store.locked(session, room_id)
    consult = await requests.locked(session, room.case_id)
    invited = await requests.invitations(session, room.case_id)
    mine = await rights.place(session, viewer, consult, invited, clock.now())
    return Standing(room, consult, mine)


def admitted(viewer: Viewer, people: Sequence[Row[Any]]) -> Row[Any]:
    """The viewer's own admission among a room's.

    Raises:
        NotAdmitted: waiting, refused, sent out, or never asked.
    """
    own = [one for one in people if one.person_id == viewer.person_id]
    mine = next((one for one in own if one.state == AdmissionState.ADMITTED), None)
    if mine is None:
        raise NotAdmitted(state=own[-1].state if own else None)
    return mine


async def open_room(
    session: AsyncSession, clock: Clock, viewer: Viewer, engine: MediaEngine, consult_id: UUID
) -> None:
    """Open the consultation's room and tell both sides; opening it twice opens it once.

    Raises:
        NotFound: unknown or foreign.
        InvitedOnly: the viewer neither asks nor has said yes.
        RoomNotYet: nobody has said yes, or it is over.
        MediaUnavailable: no media worker lives.
    """
    row = await requests.locked(session, consult_id)
    invited = await requests.invitations(session, consult_id)
    consult_rights.must_attend(viewer, row, invited)
    if await store.open_room_of(session, consult_id) is not None:
        return
    if ConsultState(row.state) not in HELD_IN:
        raise RoomNotYet(state=row.state)
    at, room_id = clock.now(), new_id()
    await engine.ensure_room(room_id, RoomPolicy())
    mine = await rights.place(session, viewer, row, invited, at)
    values = {"id": room_id, "case_id": consult_id, "engine": engine.name, "by": viewer.person_id}
    await store.insert(session, values | {"facility_id": mine.facility_id, "at": at})
    facts: dict[str, object] = {"room_id": room_id, "engine": engine.name}
    await chain.append(session, clock, CaseId(consult_id), OPENED, viewer=viewer, payload=facts)
    await tell_her_case(session, clock, viewer, row, OPENED, {"room_id": room_id})
    await tell_asker(session, clock, row, OPENED)
    await tell_invited(session, clock, row, OPENED)


async def come_in(session: AsyncSession, clock: Clock, viewer: Viewer, room_id: UUID) -> UUID:
    """Come in at once where entitled, else wait to be let in; the consultation's id.

    Asking twice is asking once. Who was refused or sent out waits, whoever they are.

    Raises:
        NotFound: unknown or foreign.
        RoomEnded: it is closed.
    """
    here = await standing(session, clock, viewer, room_id)
    at, mine, room = clock.now(), here.mine, here.room
    before = [
        one for one in await store.admissions(session, room_id) if one.person_id == viewer.person_id
    ]
    at_once = mine.at_once and not any(one.state in SENT_OUT for one in before)
    live = next((one for one in before if one.state in LIVE), None)
    if live is not None:
        if live.state == AdmissionState.WAITING and at_once:
            # They said yes while they waited.
            await store.decide(session, live.id, AdmissionState.ADMITTED, viewer.person_id, at)
            await chain.hint(session, CaseId(room.case_id))
        return UUID(str(room.case_id))
    values = {
        "id": new_id(),
        "room_id": room_id,
        "case_id": room.case_id,
        "person_id": viewer.person_id,
        "facility_id": mine.facility_id,
        "role": str(mine.role),
        "state": str(AdmissionState.ADMITTED if at_once else AdmissionState.WAITING),
        "at": at,
        "decided_at": at if at_once else None,
    }
    await store.ask(session, values)
    await chain.hint(session, CaseId(room.case_id))
    if not at_once:
        await tell_asker(session, clock, here.consult, WAITING)
    return UUID(str(room.case_id))


async def decide(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    engine: MediaEngine | None,
    room_id: UUID,
    admission_id: UUID,
    action: AdmissionAction,
) -> UUID:
    """Let in, refuse, send out, or give up waiting; the consultation's id.

    Raises:
        NotFound: unknown or foreign.
        RoomEnded: it is closed.
        HostsOnly: the viewer has not the right to it.
        NotOneself: a host sends themselves out.
        AdmissionMoved: it stands elsewhere by now.
    """
    here = await standing(session, clock, viewer, room_id)
    found = [one for one in await store.admissions(session, room_id) if one.id == admission_id]
    if not found:
        raise NotFound()
    one, own = found[0], found[0].person_id == viewer.person_id
    if action is AdmissionAction.WITHDRAW:
        if not own:
            raise NotFound()
    else:
        rights.must_host(here.mine)
        if own:
            raise NotOneself()
    state = AdmissionState(one.state)
    if action not in ADMISSION.actions(state):
        raise AdmissionMoved(state=one.state)
    at, case_id = clock.now(), CaseId(here.room.case_id)
    to = ADMISSION.edge(state, action).to
    await store.decide(session, admission_id, to, viewer.person_id, at)
    kind = _CHAINED.get(action)
    if kind is None:
        await chain.hint(session, case_id)
    else:
        facts: dict[str, object] = {"admission_id": admission_id, "person_id": one.person_id}
        await chain.append(session, clock, case_id, kind, viewer=viewer, payload=facts)
    if action is AdmissionAction.EJECT and engine is not None:
        # Where no worker can be told now, the engine process tells it as soon as it can.
        with suppress(MediaUnavailable):
            await engine.eject(room_id, admission_id)
    return UUID(str(case_id))


async def end(
    session: AsyncSession, clock: Clock, viewer: Viewer, engine: MediaEngine | None, room_id: UUID
) -> UUID:
    """Close the room for everybody; the consultation's id.

    Raises:
        NotFound: unknown or foreign.
        RoomEnded: it is closed.
        HostsOnly: the viewer has not the right to it.
    """
    here = await standing(session, clock, viewer, room_id)
    rights.must_host(here.mine)
    await store.end(session, room_id, clock.now(), viewer.person_id, "ended")
    await recordings.end_of_room(session, room_id, clock.now(), viewer.person_id)
    case_id = CaseId(here.room.case_id)
    facts: dict[str, object] = {"room_id": room_id, "why": "ended"}
    await chain.append(session, clock, case_id, ENDED, viewer=viewer, payload=facts)
    if engine is not None:
        with suppress(MediaUnavailable):
            await engine.close_room(room_id)
    return UUID(str(case_id))


def allowed_with(mine: rights.Place, one: Row[Any], *, own: bool, open_: bool) -> list[str]:
    """What may be done with one admission by somebody who stands in `mine`."""
    if not open_:
        return []
    sides = ([RoomParty.HOST] if mine.host and not own else []) + ([RoomParty.SELF] if own else [])
    state = AdmissionState(one.state)
    return [str(action) for side in sides for action in ADMISSION.actions(state, side)]
