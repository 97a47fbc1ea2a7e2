"""Commands: ask for a recording, answer for oneself, stop it.

A yes is told to the media worker by whoever keeps the record, once it is durable; a no is told at
once, before anything else, and again by them. Both wait for the room's lock, so that what is told
is never older than what was told before.
"""

from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.engine import MediaEngine
from consult.media.errors import MediaUnavailable, RecordingNotOffered
from consult.rooms import service as rooms
from consult.rooms import store as room_store
from consult.rooms.recording import store
from consult.rooms.recording.errors import AnsweredAlready, AskerOrHost, OtherText, RecordingOver
from consult.rooms.recording.rules import RULES
from consult.rooms.recording.schemas import AgreeRecording
from consult.rooms.recording.states import ANSWER, Answer, AnswerAction
from kernel import chain
from kernel.clock import Clock
from kernel.ids import CaseId, new_id
from kernel.viewer import Viewer

ASKED: Final = "room.recording_asked"
STOPPED: Final = "room.recording_stopped"
_KINDS: Final = {
    AnswerAction.AGREE: "room.recording_agreed",
    AnswerAction.REFUSE: "room.recording_refused",
    AnswerAction.WITHDRAW: "room.recording_withdrawn",
}


async def ask(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    engine: MediaEngine,
    room_id: UUID,
    new: AgreeRecording,
) -> UUID:
    """Ask everybody in the room, and agree oneself; the consultation's id.

    Where it was asked for already, this is one's own agreement to that.

    Raises:
        NotFound: unknown or foreign.
        RoomEnded: it is closed.
        NotAdmitted: the viewer is not in the room.
        OtherText: the text has another version by now.
        RecordingNotOffered, MediaUnavailable: see `MediaEngine.set_recording`.
    """
    room = await room_store.locked(session, room_id)
    mine = rooms.admitted(viewer, await room_store.admissions(session, room_id))
    _must_be_in_force(new)
    asked = await store.live(session, room_id)
    if asked is None:
        # An engine that cannot record refuses here, before anybody has been asked for nothing.
        await engine.set_recording(room_id, None)
        values = {"id": new_id(), "room_id": room_id, "case_id": room.case_id}
        by = {"by": viewer.person_id, "at": clock.now(), "text_version": new.text_version}
        await store.insert(session, values | by)
        facts: dict[str, object] = {"recording_id": values["id"], "text": new.text_version}
        await chain.append(
            session, clock, CaseId(room.case_id), ASKED, viewer=viewer, payload=facts
        )
        asked = await store.seen(session, values["id"])
    before = await _said(session, asked.id, mine.id)
    if before is not Answer.AGREED:
        await _say(session, clock, viewer, asked, mine, before, AnswerAction.AGREE, new)
    return UUID(str(room.case_id))


async def answer(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    engine: MediaEngine | None,
    recording_id: UUID,
    action: AnswerAction,
    agreement: AgreeRecording | None = None,
) -> UUID:
    """Agree, refuse or withdraw, for oneself; the consultation's id.

    Raises:
        NotFound: unknown or foreign.
        RoomEnded: the room is closed, and the recording with it.
        RecordingOver: it is over.
        NotAdmitted: the viewer is not in the room.
        OtherText: the text has another version by now.
        AnsweredAlready: it leads nowhere from what was said before.
    """
    row = await store.seen(session, recording_id)
    await room_store.locked(session, row.room_id)
    row = await _live(session, recording_id)
    mine = rooms.admitted(viewer, await room_store.admissions(session, row.room_id))
    if agreement is not None:
        _must_be_in_force(agreement)
    before = await _said(session, recording_id, mine.id)
    if action not in ANSWER.actions(before):
        raise AnsweredAlready(answer=str(before))
    ends = ANSWER.edge(before, action).to in ANSWER.final
    if ends:
        await _rest(engine, row.room_id)
    await _say(session, clock, viewer, row, mine, before, action, agreement)
    if ends:
        why = ANSWER.edge(before, action).to
        await store.end(session, recording_id, clock.now(), viewer.person_id, str(why))
    return UUID(str(row.case_id))


async def stop(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    engine: MediaEngine | None,
    recording_id: UUID,
) -> UUID:
    """End it, with nobody's agreement taken back; the consultation's id.

    Raises:
        NotFound: unknown or foreign.
        RoomEnded: the room is closed, and the recording with it.
        RecordingOver: it is over.
        AskerOrHost: the viewer is neither.
    """
    row = await store.seen(session, recording_id)
    here = await rooms.standing(session, clock, viewer, row.room_id)
    row = await _live(session, recording_id)
    if not may_stop(viewer, row, host=here.mine.host):
        raise AskerOrHost()
    await _rest(engine, row.room_id)
    await store.end(session, recording_id, clock.now(), viewer.person_id, "stopped")
    facts: dict[str, object] = {"recording_id": recording_id}
    await chain.append(session, clock, CaseId(row.case_id), STOPPED, viewer=viewer, payload=facts)
    return UUID(str(row.case_id))


def may_stop(viewer: Viewer, row: Row[Any], *, host: bool) -> bool:
    """Whoever asked, and hosts."""
    return host or row.asked_by == viewer.person_id


def _must_be_in_force(agreement: AgreeRecording) -> None:
    if agreement.text_version != RULES.consent.version:
        raise OtherText(version=RULES.consent.version)


async def _live(session: AsyncSession, recording_id: UUID) -> Row[Any]:
    row = await store.seen(session, recording_id)
    if row.ended_at is not None:
        raise RecordingOver()
    return row


async def _said(session: AsyncSession, recording_id: UUID, admission_id: UUID) -> Answer:
    found = [
        Answer(one.answer)
        for one in await store.answers(session, [recording_id])
        if one.admission_id == admission_id
    ]
    return found[0] if found else Answer.UNASKED


async def _say(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    row: Row[Any],
    mine: Row[Any],
    before: Answer,
    action: AnswerAction,
    agreement: AgreeRecording | None,
) -> None:
    to = ANSWER.edge(before, action).to
    values = {
        "recording_id": row.id,
        "case_id": row.case_id,
        "admission_id": mine.id,
        "person_id": viewer.person_id,
        "answer": str(to),
        "beside": agreement.beside if agreement else None,
        "text_version": agreement.text_version if agreement else row.text_version,
        "at": clock.now(),
    }
    await store.say(session, values)
    facts: dict[str, object] = {"recording_id": row.id, "admission_id": mine.id}
    if agreement is not None:
        facts |= {"beside": agreement.beside, "text": agreement.text_version}
    case_id = CaseId(row.case_id)
    await chain.append(session, clock, case_id, _KINDS[action], viewer=viewer, payload=facts)


async def _rest(engine: MediaEngine | None, room_id: UUID) -> None:
    """Nothing more is written; where no worker can be told, none can read who agreed either."""
    if engine is not None:
        with suppress(MediaUnavailable, RecordingNotOffered):
            await engine.set_recording(room_id, None)
