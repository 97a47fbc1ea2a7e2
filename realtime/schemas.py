"""What the CTG routes take and give."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from kernel.viewer import CLINICAL_ROLES, Viewer
from realtime.bindings.rules import fetuses
from realtime.frames import Flag
from realtime.models import Gap, Pulse, Recording
from realtime.repository import Row

LIVE_WITHIN = timedelta(seconds=15)
"""A pulse is written every ten seconds at the latest; so long without one is silence."""


class PulseOut(msgspec.Struct, frozen=True):
    """Last sign of life.

    `lag_ms` is arrival minus the device's time of the newest sample; `quality` of the three fetal
    channels is 0 none, 1 red, 2 yellow, 3 green.
    """

    seq: int
    heard_at: datetime
    lag_ms: int
    connected: bool
    battery_low: bool
    quality: list[int]


class GapOut(msgspec.Struct, frozen=True):
    """Seconds declared lost, both ends included."""

    first_seq: int
    last_seq: int
    declared_at: datetime


class FetusOut(msgspec.Struct, frozen=True):
    """Which fetus a channel hears: `label` is A, B or C (胎儿 A, B, C)."""

    channel: str
    label: str


class RecordingOut(msgspec.Struct, frozen=True):
    """One tracing. Unbound ones have no pregnancy; `version` is sent back to bind."""

    id: UUID
    device: str
    device_name: str
    facility_id: UUID
    unit: str
    bed: str
    channels: list[str]
    fetuses: list[FetusOut]
    started_at: datetime
    opened_at: datetime
    closed_at: datetime | None
    last_seq: int | None
    live: bool
    invalid_samples: int
    clock_offset_ms: int | None
    """The server's clock minus the sender's, as measured last; none where it never was."""
    pregnancy_id: UUID | None
    case_id: UUID | None
    bound_by: UUID | None
    bound_at: datetime | None
    version: int
    pulse: PulseOut | None
    allowed: list[str]


class RecordingDetail(msgspec.Struct, frozen=True):
    """One tracing with its recorded gaps.

    `conflicts` counts seconds that the sender sent again with other content: what came first is
    shown, the rest is on record.
    """

    recording: RecordingOut
    gaps: list[GapOut]
    conflicts: int = 0


def fetuses_out(channels: Sequence[str], labels: Sequence[str] | None) -> list[FetusOut]:
    """The fetuses of a recording as the API shows them, in the order of the channels."""
    return [FetusOut(*one) for one in fetuses(channels, labels)]


def recording_out(at: datetime, viewer: Viewer, row: Row) -> RecordingOut:
    """A recording as the API shows it."""
    recording, device, pulse = row
    return RecordingOut(
        id=recording.id,
        device=device.serial,
        device_name=device.name,
        facility_id=recording.facility_id,
        unit=device.unit,
        bed=recording.bed,
        channels=recording.channels,
        fetuses=fetuses_out(recording.channels, recording.labels),
        started_at=recording.started_at,
        opened_at=recording.opened_at,
        closed_at=recording.closed_at,
        last_seq=recording.last_seq,
        live=is_live(at, pulse),
        invalid_samples=recording.invalid_samples,
        clock_offset_ms=_milliseconds(recording.clock_offset_ns),
        pregnancy_id=recording.pregnancy_id,
        case_id=recording.case_id,
        bound_by=recording.bound_by,
        bound_at=recording.bound_at,
        version=recording.version,
        pulse=None if pulse is None else _pulse_out(pulse),
        allowed=_allowed(viewer, recording),
    )


def _allowed(viewer: Viewer, recording: Recording) -> list[str]:
    if not viewer.has(*CLINICAL_ROLES):
        return []
    own = recording.facility_id in viewer.facility_ids
    return ["bind", "unbind"] if own and recording.pregnancy_id is not None else ["bind"]


def _milliseconds(ns: int | None) -> int | None:
    return None if ns is None else round(ns / 1_000_000)


def is_live(at: datetime, pulse: Pulse | None) -> bool:
    """Whether the gateway hears it."""
    return pulse is not None and pulse.connected and at - pulse.heard_at <= LIVE_WITHIN


def _pulse_out(pulse: Pulse) -> PulseOut:
    return PulseOut(
        seq=pulse.seq,
        heard_at=pulse.heard_at,
        lag_ms=pulse.lag_ms,
        connected=pulse.connected,
        battery_low=bool(pulse.flags & Flag.BATTERY_LOW),
        quality=[pulse.marks >> shift & 3 for shift in (0, 2, 4)],
    )


def detail_out(
    at: datetime, viewer: Viewer, found: tuple[Row, Sequence[Gap], int]
) -> RecordingDetail:
    """A recording, its gaps and its contradictions as the API shows them."""
    row, gaps, conflicts = found
    return RecordingDetail(
        recording_out(at, viewer, row),
        [GapOut(gap.first_seq, gap.last_seq, gap.declared_at) for gap in gaps],
        conflicts,
    )
