"""Commands of guests: ask to come in, get a ticket, answer for oneself about a recording."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.engine import Grants, MediaEngine, Participant, RoomPolicy
from consult.media.engine import Role as RoomRole
from consult.rooms import service as rooms
from consult.rooms import store as room_store
from consult.rooms.guests import store
from consult.rooms.recording import service as recordings
from consult.rooms.recording import store as recording_store
from consult.rooms.recording.schemas import AgreeRecording
from consult.rooms.recording.states import AnswerAction
from consult.rooms.schemas import TicketOut
from consult.rooms.states import LIVE, AdmissionState
from kernel import chain
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, new_id
from kernel.viewer import Viewer

WAITS: Final = "room.guest_waits"


async def come_in(session: AsyncSession, clock: Clock, viewer: Viewer) -> None:
    """Wait until a host decides; asking twice is asking once.

    Raises:
        NotFound: the viewer is no guest.
        RoomEnded: the room is closed.
    """
    link = await store.one(session, viewer.person_id)
    await room_store.locked(session, link.room_id)
    before = await room_store.admissions(session, link.room_id)
    if any(one.person_id == link.id and one.state in LIVE for one in before):
        return
    values = {
        "id": new_id(),
        "room_id": link.room_id,
        "case_id": link.case_id,
        "person_id": link.id,
        "facility_id": link.facility_id,
        "role": str(RoomRole.GUEST),
        "state": str(AdmissionState.WAITING),
        "at": clock.now(),
        "decided_at": None,
    }
    await room_store.ask(session, values)
    facts: dict[str, object] = {"guest_id": link.id, "admission_id": values["id"]}
    await chain.append(session, clock, CaseId(link.case_id), WAITS, viewer=viewer, payload=facts)


async def ticket(
    session: AsyncSession, clock: Clock, viewer: Viewer, engine: MediaEngine
) -> TicketOut:
    """A ticket for a guest who was let in.

    Raises:
        NotFound: the viewer is no guest.
        RoomEnded: the room is closed.
        NotAdmitted: still waiting, or never asked.
        MediaUnavailable, RoomFull: see `MediaEngine.issue_join`.
    """
    link = await store.one(session, viewer.person_id)
    room = await room_store.locked(session, link.room_id)
    mine = rooms.admitted(viewer, await room_store.admissions(session, room.id))
    at = clock.now()
    await engine.ensure_room(room.id, RoomPolicy())
    given = await engine.issue_join(room.id, Participant(mine.id, RoomRole.GUEST), Grants(), at)
    await room_store.note_lease(session, room, given.url, at)
    await room_store.entered(session, mine.id, at)
    return TicketOut.of(mine.id, given)


async def answer(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    engine: MediaEngine | None,
    action: AnswerAction,
    agreement: AgreeRecording | None = None,
) -> None:
    """Agree, refuse or withdraw, for oneself, about what is being asked in the room.

    Raises:
        NotFound: the viewer is no guest, or nothing is asked.
        RoomEnded, RecordingOver, NotAdmitted, OtherText, AnsweredAlready: as for everybody.
    """
    link = await store.one(session, viewer.person_id)
    asked = await recording_store.live(session, link.room_id)
    if asked is None:
        raise NotFound()
    await recordings.answer(session, clock, viewer, engine, asked.id, action, agreement)
