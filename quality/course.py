"""The course of one case: timeline and proof. Its clocks stand in `referral.clocks`."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain.history import EventView, history
from kernel.chain.proof import InclusionProof, prove
from kernel.chain.signing import public_pem
from kernel.errors import NotFound
from kernel.ids import CaseId
from quality.course_schemas import AmendmentOut, CheckpointOut, EventOut, ProofOut, Timeline
from quality.names import Names, read_names
from referral.clocks.milestones import fold, is_late, milestone_of

CLOCKS_DIFFER = timedelta(seconds=2)
"""Device and database time are both shown when they differ by more (design, tamper evidence)."""


async def timeline(session: AsyncSession, case_id: CaseId) -> Timeline:
    """All events with both clocks, names and amendments; `NotFound` when not visible."""
    events = await _events(session, case_id)
    amendments = [entry for event in events for entry in event.amendments]
    names = await read_names(
        session,
        person_ids=[event.row.actor for event in events]
        + [entry.second_person for entry in amendments]
        + [entry.actor for entry in amendments],
        facility_ids=[event.row.facility for event in events],
    )
    folded = fold(events)
    return Timeline(
        case_id=case_id,
        events=[_event(event, names) for event in events],
        drill=folded.drill,
        demo=folded.demo,
        voided=folded.voided,
    )


async def proof(session: AsyncSession, case_id: CaseId, seq: int | None) -> ProofOut:
    """The inclusion proof of an event, by default of the newest one that has a checkpoint."""
    events = await _events(session, case_id)
    candidates = [event for event in events if seq in (None, event.row.seq)]
    if not candidates:
        raise NotFound()
    for event in reversed(candidates):
        found = await prove(session, case_id, event.row.seq)
        if found is not None:
            return _proof(event, found)
    return _proof(candidates[-1], None)


async def _events(session: AsyncSession, case_id: CaseId) -> list[EventView]:
    events = await history(session, case_id)
    if not events:
        raise NotFound()
    return events


def _event(event: EventView, names: Names) -> EventOut:
    row = event.row
    return EventOut(
        seq=row.seq,
        kind=row.kind,
        milestone=milestone_of(row.kind),
        at=event.at,
        original_at=event.original_at,
        recv_at=row.recv_at,
        device_at=row.device_at,
        clock_offset_ms=row.clock_offset_ms,
        rtt_ms=row.rtt_ms,
        clocks_differ=_clocks_differ(event),
        source=row.source,
        auto=row.auto,
        late=is_late(event),
        simulated=row.source == "simulated",
        actor=names.person(row.actor),
        facility=names.place(row.facility),
        payload=event.payload,
        original=event.original,
        amendments=[
            AmendmentOut(
                seq=entry.seq,
                reason=entry.reason,
                actor=names.person(entry.actor),
                second_person=names.person(entry.second_person),
                changes=entry.changes,
                occurred_at=entry.occurred_at,
                recv_at=entry.recv_at,
            )
            for entry in event.amendments
        ],
        hash=row.hash.hex(),
    )


def _clocks_differ(event: EventView) -> bool:
    row = event.row
    if row.device_at is None:
        return False
    corrected = row.device_at + timedelta(milliseconds=row.clock_offset_ms or 0)
    return abs(corrected - row.recv_at) > CLOCKS_DIFFER


def _proof(event: EventView, found: InclusionProof | None) -> ProofOut:
    case_id: UUID = event.row.case_id
    seq, digest = event.row.seq, event.row.hash.hex()
    if found is None:
        return ProofOut(case_id, seq, digest, None, [], None, None)
    signed = found.checkpoint
    return ProofOut(
        case_id=case_id,
        seq=seq,
        event_hash=digest,
        leaf_no=found.leaf_no,
        path=[node.hex() for node in found.path],
        checkpoint=CheckpointOut(
            no=signed.no,
            size=signed.size,
            root=signed.root.hex(),
            at=signed.at,
            key_id=signed.key_id,
            line=signed.line().decode().rstrip("\n"),
        ),
        public_key_pem=public_pem(found.public_key).decode(),
    )
