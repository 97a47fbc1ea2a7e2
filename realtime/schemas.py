"""What the CTG routes take and give."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from kernel.viewer import CLINICAL_ROLES, Viewer
from realtime.frames import Flag
from realtime.models import Device, Gap, Pulse
from realtime.repository import Row

LIVE_WITHIN = timedelta(seconds=15)
"""A pulse is written every five seconds; three missed ones are silence."""


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


class RecordingOut(msgspec.Struct, frozen=True):
    """One tracing. Unbound ones have no pregnancy; `version` is sent back to bind."""

    id: UUID
    device: str
    device_name: str
    facility_id: UUID
    bed: str
    channels: list[str]
    started_at: datetime
    opened_at: datetime
    closed_at: datetime | None
    last_seq: int | None
    live: bool
    invalid_samples: int
    pregnancy_id: UUID | None
    case_id: UUID | None
    bound_by: UUID | None
    bound_at: datetime | None
    version: int
    pulse: PulseOut | None
    allowed: list[str]


class RecordingDetail(msgspec.Struct, frozen=True):
    """One tracing with its recorded gaps."""

    recording: RecordingOut
    gaps: list[GapOut]


class BindIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose tracing it is; `version` as last seen."""

    pregnancy_id: UUID
    version: int
    case_id: UUID | None = None


class DeviceOut(msgspec.Struct, frozen=True):
    """A device of the viewer's facilities."""

    id: UUID
    serial: str
    name: str
    kind: str
    facility_id: UUID
    unit: str
    revoked: bool


def recording_out(at: datetime, viewer: Viewer, row: Row) -> RecordingOut:
    """A recording as the API shows it."""
    recording, device, pulse = row
    return RecordingOut(
        id=recording.id,
        device=device.serial,
        device_name=device.name,
        facility_id=recording.facility_id,
        bed=recording.bed,
        channels=recording.channels,
        started_at=recording.started_at,
        opened_at=recording.opened_at,
        closed_at=recording.closed_at,
        last_seq=recording.last_seq,
        live=_is_live(at, pulse),
        invalid_samples=recording.invalid_samples,
        pregnancy_id=recording.pregnancy_id,
        case_id=recording.case_id,
        bound_by=recording.bound_by,
        bound_at=recording.bound_at,
        version=recording.version,
        pulse=None if pulse is None else _pulse_out(pulse),
        allowed=["bind"] if viewer.has(*CLINICAL_ROLES) else [],
    )


def _is_live(at: datetime, pulse: Pulse | None) -> bool:
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


def detail_out(at: datetime, viewer: Viewer, found: tuple[Row, Sequence[Gap]]) -> RecordingDetail:
    """A recording and its gaps as the API shows them."""
    row, gaps = found
    return RecordingDetail(
        recording_out(at, viewer, row),
        [GapOut(gap.first_seq, gap.last_seq, gap.declared_at) for gap in gaps],
    )


def device_out(device: Device) -> DeviceOut:
    """A device as the API shows it."""
    return DeviceOut(
        device.id,
        device.serial,
        device.name,
        device.kind,
        device.facility_id,
        device.unit,
        device.revoked_at is not None,
    )
