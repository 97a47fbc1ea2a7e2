"""What one link of a case's chain covers, byte for byte.

The hash of an event is SHA-256 over `TAG` followed by all fourteen stored columns in the
order of `EventRow`, each as PostgreSQL's COPY BINARY writes a field: a big-endian int32
length and the bytes, with length -1 for NULL. The bytes are

========================  ==========================================================
case_id, actor, facility  the UUID's 16 bytes
seq                       int64, big-endian
kind, source              UTF-8
auto                      one byte, 1 or 0
payload                   the stored bytes
occurred_at, device_at,   int64 microseconds since 2000-01-01T00:00Z (PostgreSQL's
recv_at                   `timestamptz_send`)
clock_offset_ms, rtt_ms   int64
prev                      the 32 bytes of the event before, `GENESIS` for the first
========================  ==========================================================

Lengths make the layout unambiguous: no two different rows share an image. The same layout
is the SQL function `case_event_hash`; a test compares the two on random rows.
"""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

TAG = b"yunshang.case_event.v1\n"
GENESIS = bytes(32)
"""`prev` of a case's first event."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NULL = struct.pack(">i", -1)


@dataclass(frozen=True, slots=True)
class EventRow:
    """One row of `case_event` as stored, all columns."""

    case_id: UUID
    seq: int
    kind: str
    source: str
    auto: bool
    actor: UUID | None
    facility: UUID | None
    payload: bytes
    occurred_at: datetime | None
    device_at: datetime | None
    clock_offset_ms: int | None
    rtt_ms: int | None
    recv_at: datetime
    prev: bytes
    hash: bytes


def event_hash(row: EventRow) -> bytes:
    """The 32 bytes that `row.hash` must hold (`row.hash` itself is not read)."""
    digest = sha256(TAG)
    for value in (
        row.case_id.bytes,
        _int64(row.seq),
        row.kind.encode(),
        row.source.encode(),
        b"\x01" if row.auto else b"\x00",
        None if row.actor is None else row.actor.bytes,
        None if row.facility is None else row.facility.bytes,
        row.payload,
        _time(row.occurred_at),
        _time(row.device_at),
        _int64(row.clock_offset_ms),
        _int64(row.rtt_ms),
        _time(row.recv_at),
        row.prev,
    ):
        digest.update(_NULL if value is None else struct.pack(">i", len(value)) + value)
    return digest.digest()


def milestone_at(occurred_at: datetime | None, recv_at: datetime) -> datetime:
    """When a fact counts as having happened.

    The database's receipt time, except for late entries and simulated events, which carry
    their own. The SQL twin is `case_event_at(occurred_at, recv_at)`.
    """
    return recv_at if occurred_at is None else occurred_at


def _int64(value: int | None) -> bytes | None:
    return None if value is None else struct.pack(">q", value)


def _time(value: datetime | None) -> bytes | None:
    return None if value is None else _int64((value - _EPOCH) // _MICROSECOND)
