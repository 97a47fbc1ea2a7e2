"""The course of one case: timeline, clock, proof."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain.history import EventView, history
from kernel.chain.proof import InclusionProof, prove
from kernel.chain.signing import public_pem
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId
from quality.definitions import Definition, Target, Text, valid_on
from quality.milestones import CaseFold, Interval, Milestone, fold, interval, is_late, milestone_of
from quality.names import Names, read_names
from quality.schemas import (
    AmendmentOut,
    CaseClock,
    CheckpointOut,
    ClockOut,
    EventOut,
    MilestoneOut,
    ProofOut,
    TargetOut,
    Timeline,
)
from registry.facilities.rules import local_date

CLOCKS_DIFFER = timedelta(seconds=2)
"""Device and database time are both shown when they differ by more (design, tamper evidence)."""

ENDING = frozenset({"referral.closed", "referral.cancelled", "referral.died", "referral.voided"})
"""Events after which no clock runs on."""


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


async def case_clock(session: AsyncSession, clock: Clock, case_id: CaseId) -> CaseClock:
    """Milestones and clocks, computed from the same fold as the indicators."""
    events = await _events(session, case_id)
    folded, now = fold(events), clock.now()
    reached = sorted(folded.milestones.values(), key=lambda entry: (entry.at, entry.seq))
    names = await read_names(
        session,
        person_ids=[entry.actor for entry in reached],
        facility_ids=[entry.facility for entry in reached],
    )
    ended = any(event.row.kind in ENDING for event in events)
    day = local_date(folded.opened_at or events[0].at)
    definitions = [entry for entry in valid_on(day).values() if entry.on_clock]
    clocks = [_clock(entry, folded, now, ended=ended) for entry in definitions]
    return CaseClock(
        case_id=case_id,
        server_time=now,
        ended=ended,
        milestones=[_milestone(entry, names) for entry in reached],
        clocks=[entry for entry in clocks if entry is not None],
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


def matches(definition: Definition, payload: dict[str, object]) -> bool:
    """Whether a start milestone has the attributes that the definition asks for."""
    return all(payload.get(name) == wanted for name, wanted in definition.where.items())


def target_out(target: Target | None) -> TargetOut | None:
    """A target as the API says it."""
    if target is None:
        return None
    text = Text(target.zh, target.en)
    return TargetOut(target.seconds, text, target.source, target.confidence, target.to_be_verified)


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


def _milestone(entry: Milestone, names: Names) -> MilestoneOut:
    return MilestoneOut(
        name=entry.name,
        seq=entry.seq,
        at=entry.at,
        recv_at=entry.recv_at,
        device_at=entry.device_at,
        source=entry.source,
        auto=entry.auto,
        late=entry.late,
        amended=entry.amended,
        actor=names.person(entry.actor),
        facility=names.place(entry.facility),
    )


def _clock(
    definition: Definition, folded: CaseFold, now: datetime, *, ended: bool
) -> ClockOut | None:
    """The definition's clock, or None while its first milestone is not reached."""
    assert definition.start is not None  # noqa: S101  (checked when loaded)
    assert definition.end is not None  # noqa: S101
    found = interval(folded, definition.start, definition.end)
    if found is None or not matches(definition, found.start.payload):
        return None
    seconds = None if definition.target is None else definition.target.seconds
    due = None if seconds is None else found.start.at + timedelta(seconds=seconds)
    state = _state(found, ended=ended)
    overdue = None
    if due is not None and found.consistent and state != "abandoned":
        overdue = (now if found.end is None else found.end.at) > due
    duration = found.duration
    return ClockOut(
        code=definition.code,
        version=definition.version,
        name=definition.name,
        from_milestone=definition.start,
        to_milestone=definition.end,
        state=state,
        started_at=found.start.at,
        stopped_at=None if found.end is None else found.end.at,
        elapsed_s=None if duration is None else duration.total_seconds(),
        due_at=due,
        overdue=overdue,
        late=found.late,
        target=target_out(definition.target),
    )


def _state(
    found: Interval, *, ended: bool
) -> Literal["running", "stopped", "abandoned", "inconsistent"]:
    if not found.consistent:
        return "inconsistent"
    if found.end is not None:
        return "stopped"
    return "abandoned" if ended else "running"


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
