"""Commands on readings. Each takes the row, checks side and version, moves it by the table."""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel import chain, outbox, parties
from kernel.chain import canonical
from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import CaseId, FacilityId, PregnancyId, RecordingId, new_id
from kernel.parties import PartyRole
from kernel.viewer import Viewer
from realtime.readings import looking, rights
from realtime.readings.errors import NotYourReading, ReaderUnknown, ReadingMoved, RecordingUnbound
from realtime.readings.limits import book
from realtime.readings.rules import LEVELS, MOST_S
from realtime.readings.schemas import AddIn, AskIn, MoveIn, SignIn
from realtime.readings.states import READING, ReadingAction, ReadingState
from realtime.repository import RecordingRepository
from registry.facilities import queries as facilities
from registry.pregnancies import service as registry

ASKED = "ctg.reading_asked"
SIGNED = "ctg.reading_signed"
"""Chain events of the reading's case; the second is also an outbox topic: her own case hears it."""

_LOCK = text("SELECT * FROM ctg_reading WHERE id = :id FOR UPDATE")
_ASK = text(
    "INSERT INTO ctg_reading (id, recording_id, pregnancy_id, of_case_id, facility_id,"
    "  reader_facility_id, from_seq, to_seq, urgency, question, limits_id, state, asked_by,"
    "  asked_at, due_at, next_at)"
    " VALUES (:id, :recording_id, :pregnancy_id, :of_case_id, :facility_id, :reader_facility_id,"
    "  :from_seq, :to_seq, :urgency, :question, :limits_id, 'asked', :by, :at, :due_at, :due_at)"
)
_MOVE = text(
    "UPDATE ctg_reading SET state = :state, claimed_by = :claimed_by,"
    " claimed_at = CAST(:claimed_at AS timestamptz), signed_at = CAST(:signed_at AS timestamptz),"
    " received_by = :received_by, received_at = CAST(:received_at AS timestamptz),"
    " receive_by = CAST(:receive_by AS timestamptz), next_at = CAST(:next_at AS timestamptz),"
    " follow_up_at = CAST(:follow_up_at AS timestamptz), followed_by = :followed_by,"
    " followed_at = CAST(:followed_at AS timestamptz),"
    " version = version + 1 WHERE id = :id"
)
_REPORT = text(
    "INSERT INTO ctg_reading_report"
    " (id, reading_id, n, view_id, author_id, facility_id, content, signed_at, digest)"
    " SELECT :id, :reading_id, coalesce(max(n), 0) + 1, :view_id, :by, :facility_id,"
    "        CAST(:content AS jsonb), :at, :digest"
    "   FROM ctg_reading_report WHERE reading_id = :reading_id RETURNING n"
)
_EVENT = text(
    "INSERT INTO ctg_reading_event (reading_id, at, action, state, person_id, note)"
    " VALUES (:id, :at, :action, :state, :by, :note)"
)
_FIELDS = (
    "claimed_by", "claimed_at", "signed_at", "received_by", "received_at", "receive_by", "next_at",
    "follow_up_at", "followed_by", "followed_at",
)  # fmt: skip


async def ask(session: AsyncSession, clock: Clock, viewer: Viewer, order: AskIn) -> UUID:
    """Ask a centre to read; its people on call are rung in this transaction.

    Raises:
        NotFound: the tracing is not open to the viewer.
        AskersOnly: it is another house's.
        RecordingUnbound: nobody has said whose it is.
        ReaderUnknown: no such house, or one outside the network.
        BadInput: the window makes no sense, or is longer than three hours.
    """
    recording, device, _ = await RecordingRepository(session, viewer).one(
        RecordingId(order.recording_id)
    )
    rights.must_ask(viewer, recording.facility_id)
    if recording.pregnancy_id is None:
        raise RecordingUnbound()
    if not order.from_seq <= order.to_seq < order.from_seq + MOST_S:
        raise BadInput(field="to_seq", reason="range")
    house, reader = FacilityId(recording.facility_id), FacilityId(order.reader_facility_id)
    await _must_be_in_the_network(session, reader)
    case_id, at = CaseId(new_id()), clock.now()
    limits_id, limits = await book.of_house(session, reader)
    await parties.add_facility(
        session, case_id, house, PartyRole.ORIGIN, await facilities.region_of(session, house)
    )
    pregnancy_id = PregnancyId(recording.pregnancy_id)
    await registry.link_case(session, viewer, case_id, pregnancy_id)
    values = {
        **{name: getattr(order, name) for name in AskIn.__struct_fields__},
        "id": case_id,
        "pregnancy_id": pregnancy_id,
        "of_case_id": recording.case_id,
        "facility_id": house,
        "limits_id": limits_id,
        "by": viewer.person_id,
        "at": at,
        "due_at": at + limits.to_sign(order.urgency),
    }
    await session.execute(_ASK, values)
    await parties.add_facility(session, case_id, reader, PartyRole.RECEIVER)
    await _note(session, at, case_id, "ask", ReadingState.ASKED, viewer, None)
    facts: dict[str, object] = {
        "recording_id": recording.id,
        "from_seq": order.from_seq,
        "to_seq": order.to_seq,
        "urgency": order.urgency,
        "limits_id": limits_id,
        "reader_facility_id": reader,
    }
    await chain.append(session, clock, case_id, ASKED, viewer=viewer, payload=facts)
    await duty.page(
        session, clock, viewer, case_id=case_id, facility_id=reader, event=ASKED,
        level=LEVELS[order.urgency], req_key=f"{ASKED}:{case_id}", title=f"CTG {device.serial}",
    )  # fmt: skip
    return case_id


async def _must_be_in_the_network(session: AsyncSession, reader: FacilityId) -> None:
    try:
        await facilities.get(session, reader)
    except NotFound:
        raise ReaderUnknown() from None
    if await facilities.is_outside(session, reader):
        raise ReaderUnknown()


async def claim(
    session: AsyncSession, clock: Clock, viewer: Viewer, reading_id: UUID, order: MoveIn
) -> None:
    """I read it: nobody else is rung for it. From a colleague who is late, it is taken over.

    Raises:
        NotFound: unknown or foreign.
        ReadersOnly: the viewer is no expert of that centre.
        NotYourReading: the viewer has it already.
        ReadingMoved: it is signed, withdrawn or changed since the viewer looked.
    """
    row = await _locked(session, reading_id)
    rights.must_read(viewer, row)
    taking = row.state == ReadingState.CLAIMED
    if taking and row.claimed_by == viewer.person_id:
        raise NotYourReading()
    action = ReadingAction.TAKE_OVER if taking else ReadingAction.CLAIM
    changed = {"claimed_by": viewer.person_id, "claimed_at": clock.now()}
    await _move(session, clock, viewer, row, order.version, action, changed, order.note)
    await duty.acknowledge_for(
        session, clock, viewer, CaseId(row.id), FacilityId(row.reader_facility_id), arrived=True
    )


async def release(
    session: AsyncSession, clock: Clock, viewer: Viewer, reading_id: UUID, order: MoveIn
) -> None:
    """I cannot read it after all: it is asked again, and people are rung again."""
    row = await _locked(session, reading_id)
    rights.must_hold(viewer, row)
    at = clock.now()
    changed = {"claimed_by": None, "claimed_at": None, "next_at": max(at, row.due_at)}
    action = ReadingAction.RELEASE
    await _move(session, clock, viewer, row, order.version, action, changed, order.note)
    await duty.page(
        session, clock, viewer, case_id=CaseId(row.id),
        facility_id=FacilityId(row.reader_facility_id), event=ASKED,
        level=LEVELS[row.urgency], req_key=f"{ASKED}:{row.id}:{row.version}", title="CTG",
    )  # fmt: skip


async def withdraw(
    session: AsyncSession, clock: Clock, viewer: Viewer, reading_id: UUID, order: MoveIn
) -> None:
    """The bedside needs it no more."""
    row = await _locked(session, reading_id)
    rights.must_ask(viewer, row.facility_id)
    action, changed = ReadingAction.WITHDRAW, {"next_at": None}
    await _move(session, clock, viewer, row, order.version, action, changed, order.note)
    await duty.stop(session, clock, CaseId(row.id), None, "reading_withdrawn")


async def sign(
    session: AsyncSession, clock: Clock, viewer: Viewer, reading_id: UUID, order: SignIn
) -> None:
    """Sign the report; from then on it is added to, never changed. The password was checked.

    Raises:
        NotFound: unknown, foreign, or a view of another reading.
        NotYourReading: somebody else has claimed it.
        ReadingMoved: it is not claimed, or changed since the viewer looked.
        CitedUnseen: a cited second was not in the view.
    """
    row = await _locked(session, reading_id)
    rights.must_hold(viewer, row)
    at, limits = clock.now(), await book.load(session, row.limits_id)
    until = at + limits.to_receive(row.urgency)
    again = order.report.follow_up_at
    changed = {"signed_at": at, "receive_by": until, "next_at": until, "follow_up_at": again}
    await _move(session, clock, viewer, row, order.version, ReadingAction.SIGN, changed)
    view = await looking.view_of(session, row.id, order.view_id)
    looking.must_have_been_seen(view, order.report.cited)
    await _write(session, clock, viewer, row, view, order.report)


async def add(
    session: AsyncSession, clock: Clock, viewer: Viewer, reading_id: UUID, order: AddIn
) -> None:
    """Add to a signed reading; the bedside receives it again. The password was checked."""
    row = await _locked(session, reading_id)
    rights.must_hold(viewer, row)
    limits = await book.load(session, row.limits_id)
    until = clock.now() + limits.to_receive(row.urgency)
    changed = {"received_by": None, "received_at": None, "receive_by": until, "next_at": until}
    if order.addendum.follow_up_at is not None:
        again = order.addendum.follow_up_at
        changed |= {"follow_up_at": again, "followed_by": None, "followed_at": None}
    await _move(session, clock, viewer, row, order.version, ReadingAction.ADD, changed)
    view = await looking.view_of(session, row.id, order.view_id)
    looking.must_have_been_seen(view, order.addendum.cited)
    await _write(session, clock, viewer, row, view, order.addendum)


async def receive(
    session: AsyncSession, clock: Clock, viewer: Viewer, reading_id: UUID, order: MoveIn
) -> None:
    """The bedside has read the report and acts on it; the time to look again is kept for it."""
    row = await _locked(session, reading_id)
    rights.must_ask(viewer, row.facility_id)
    at = clock.now()
    again = row.follow_up_at if rights.awaits_follow_up(row) else None
    changed = {"received_by": viewer.person_id, "received_at": at, "next_at": again}
    action = ReadingAction.RECEIVE
    await _move(session, clock, viewer, row, order.version, action, changed, order.note)
    await duty.stop(session, clock, CaseId(row.id), FacilityId(row.facility_id), "reading_received")


async def follow_up(
    session: AsyncSession, clock: Clock, viewer: Viewer, reading_id: UUID, order: MoveIn
) -> None:
    """The bedside has looked at her again, as was recommended.

    Raises:
        ReadingMoved: no time to look again is open, or it changed since the viewer looked.
    """
    row = await _locked(session, reading_id)
    rights.must_ask(viewer, row.facility_id)
    action = ReadingAction.FOLLOW_UP
    if not rights.awaits_follow_up(row):
        raise ReadingMoved(state=row.state, action=str(action))
    changed = {"followed_by": viewer.person_id, "followed_at": clock.now(), "next_at": None}
    await _move(session, clock, viewer, row, order.version, action, changed, order.note)


async def _write(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    row: Row[Any],
    view: Row[Any],
    content: msgspec.Struct,
) -> None:
    at, body = clock.now(), msgspec.to_builtins(content)
    signed = {
        "reading_id": row.id,
        "recording_id": row.recording_id,
        "author_id": viewer.person_id,
        "facility_id": row.reader_facility_id,
        "view_id": view.id,
        "view_sha256": bytes(view.digest).hex(),
        "signed_at": at,
        "content": body,
    }
    digest = sha256(canonical.encode(signed)).digest()
    values = {
        "id": new_id(),
        "reading_id": row.id,
        "view_id": view.id,
        "by": viewer.person_id,
        "facility_id": row.reader_facility_id,
        "content": json.dumps(body),
        "at": at,
        "digest": digest,
    }
    n = (await session.execute(_REPORT, values)).scalar_one()
    facts: dict[str, object] = {
        "n": n,
        "sha256": digest.hex(),
        "view_sha256": bytes(view.digest).hex(),
        "facility_id": row.reader_facility_id,
    }
    case_id = CaseId(row.id)
    await chain.append(session, clock, case_id, SIGNED, viewer=viewer, payload=facts)
    await outbox.enqueue(session, SIGNED, {"reading_id": str(row.id), "n": n})
    await duty.notify_people(
        session, clock, case_id=case_id, kind=SIGNED, data={"reading_id": row.id},
        facility_id=FacilityId(row.facility_id), person_ids=[row.asked_by],
    )  # fmt: skip


async def _locked(session: AsyncSession, reading_id: UUID) -> Row[Any]:
    row = (await session.execute(_LOCK, {"id": reading_id})).one_or_none()
    if row is None:
        raise NotFound()
    return row


async def _move(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    row: Row[Any],
    version: int,
    action: ReadingAction,
    changed: dict[str, Any],
    note: str | None = None,
) -> None:
    state = ReadingState(row.state)
    if action not in READING.actions(state) or row.version != version:
        raise ReadingMoved(state=row.state, action=str(action))
    to = READING.edge(state, action).to
    values = {name: getattr(row, name) for name in _FIELDS} | changed
    await session.execute(_MOVE, values | {"id": row.id, "state": str(to)})
    await _note(session, clock.now(), row.id, str(action), to, viewer, note)


async def _note(
    session: AsyncSession,
    at: datetime,
    reading_id: UUID,
    action: str,
    state: ReadingState,
    viewer: Viewer,
    note: str | None,
) -> None:
    said = {"id": reading_id, "at": at, "action": action, "state": str(state), "note": note}
    await session.execute(_EVENT, said | {"by": viewer.person_id})
