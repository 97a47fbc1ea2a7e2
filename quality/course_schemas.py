"""What the API says about a case's course: its events with both clocks, and their proof."""

from datetime import datetime
from uuid import UUID

import msgspec

from quality.schemas import PersonOut, PlaceOut


class AmendmentOut(msgspec.Struct, frozen=True):
    """One correction of an event: what it changes, why, who checked it."""

    seq: int
    reason: str
    actor: PersonOut | None
    second_person: PersonOut | None
    changes: dict[str, object]
    occurred_at: datetime | None
    recv_at: datetime


class EventOut(msgspec.Struct, frozen=True):
    """An event with both clocks, as it reads after correction and as it was written.

    `clocks_differ` is set when the device's corrected clock and the receipt differ by over 2 s.
    """

    seq: int
    kind: str
    milestone: str | None
    at: datetime
    original_at: datetime
    recv_at: datetime
    device_at: datetime | None
    clock_offset_ms: int | None
    rtt_ms: int | None
    clocks_differ: bool
    source: str
    auto: bool
    late: bool
    simulated: bool
    actor: PersonOut | None
    facility: PlaceOut | None
    payload: dict[str, object]
    original: dict[str, object]
    amendments: list[AmendmentOut]
    hash: str


class Timeline(msgspec.Struct, frozen=True):
    """A case's events in the order in which they were recorded."""

    case_id: UUID
    events: list[EventOut]
    drill: bool
    demo: bool
    voided: bool


class CheckpointOut(msgspec.Struct, frozen=True):
    """A signed tree head; `line` is the exact line of the public checkpoint file."""

    no: int
    size: int
    root: str
    at: datetime
    key_id: str
    line: str


class ProofOut(msgspec.Struct, frozen=True):
    """RFC 9162 inclusion proof of one event; `leaf_no` is null while it waits for a checkpoint."""

    case_id: UUID
    seq: int
    event_hash: str
    leaf_no: int | None
    path: list[str]
    checkpoint: CheckpointOut | None
    public_key_pem: str | None
