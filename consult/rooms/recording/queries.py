"""Reads of recordings, as the viewer: row-level security cuts what is not theirs."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.names import Names, names
from consult.requests import rights as consult_rights
from consult.requests import store as requests
from consult.rooms import store as room_store
from consult.rooms.recording import service, store
from consult.rooms.recording.rules import RULES
from consult.rooms.recording.schemas import (
    ConsentText,
    KeptRecording,
    RecordingAnswer,
    RecordingViewed,
    RoomRecording,
)
from consult.rooms.recording.states import ANSWER, Answer
from consult.rooms.states import AdmissionState
from kernel.viewer import Viewer


def consent_text() -> ConsentText:
    """What is agreed to now."""
    text = RULES.consent
    return ConsentText(text.version, text.zh, text.en, text.source, text.confidence)


async def of_room(
    session: AsyncSession, viewer: Viewer, room_id: UUID, people: Sequence[Row[Any]], *, host: bool
) -> RoomRecording | None:
    """The newest recording of a room, among the room's admissions; None where there was none."""
    row = await store.newest(session, room_id)
    if row is None:
        return None
    said = await store.answers(session, [row.id])
    known = await names(session, _mentioned([row], said), [])
    return told(viewer, row, said, known, people, host=host)


async def of_consult(
    session: AsyncSession, viewer: Viewer, consult_id: UUID
) -> list[KeptRecording]:
    """All recordings of a consultation, the oldest first; or `NotFound`."""
    consult = await requests.seen(session, consult_id)
    rows = await store.of_case(session, consult_id)
    ids = [row.id for row in rows]
    said, viewings = await store.answers(session, ids), await store.viewings(session, ids)
    looked = [one.person_id for one in viewings]
    known = await names(session, [*_mentioned(rows, said), *looked], [])
    takes_part = await may_view(session, viewer, consult)
    found = []
    for row in rows:
        people = await room_store.admissions(session, row.room_id)
        mine = [one for one in said if one.recording_id == row.id]
        found.append(
            KeptRecording(
                recording=told(viewer, row, mine, known, people, host=False),
                parts=row.parts,
                kept_at=row.kept_at,
                retain_until=row.retain_until,
                retention_source=RULES.retention.source,
                retention_confidence=RULES.retention.confidence,
                erased_at=row.erased_at,
                viewings=[
                    RecordingViewed(known.person(one.person_id), one.opened_at)
                    for one in viewings
                    if one.recording_id == row.id
                ],
                may_view=takes_part
                and row.parts > 0
                and row.kept_at is not None
                and row.erased_at is None,
            )
        )
    return found


async def may_view(session: AsyncSession, viewer: Viewer, consult: Row[Any]) -> bool:
    """Those at the asking house, experts of a house that said yes, and whoever was in its rooms."""
    invited = await requests.invitations(session, consult.id)
    if consult_rights.asks(viewer, consult) or consult_rights.attends(viewer, invited):
        return True
    return await room_store.was_in(session, consult.id, viewer.person_id)


def told(
    viewer: Viewer,
    row: Row[Any],
    said: Iterable[Row[Any]],
    known: Names,
    people: Sequence[Row[Any]],
    *,
    host: bool,
) -> RoomRecording:
    """A recording and what everybody said, as `viewer` is shown it."""
    last = {one.admission_id: one for one in said}
    own = [
        one.id
        for one in people
        if one.person_id == viewer.person_id and one.state == AdmissionState.ADMITTED
    ]
    mine = next((Answer(last[one].answer) for one in own if one in last), Answer.UNASKED)
    allowed: list[str] = []
    if row.ended_at is None:
        allowed = [str(action) for action in ANSWER.actions(mine)] if own else []
        allowed += ["stop"] if own and service.may_stop(viewer, row, host=host) else []
    return RoomRecording(
        id=row.id,
        room_id=row.room_id,
        asked_by=known.person(row.asked_by),
        asked_at=row.asked_at,
        ended_at=row.ended_at,
        ended_by=known.person(row.ended_by),
        why_ended=row.why_ended,
        answers=[
            RecordingAnswer(
                one.admission_id, known.person(one.person_id), one.answer, one.beside, one.said_at
            )
            for one in sorted(last.values(), key=lambda one: one.id)
        ],
        mine=mine.value,
        allowed=allowed,
    )


def _mentioned(rows: Iterable[Row[Any]], said: Iterable[Row[Any]]) -> list[UUID | None]:
    asked = [id_ for row in rows for id_ in (row.asked_by, row.ended_by)]
    return [*asked, *(one.person_id for one in said)]
