"""What the routes of the device registry take and give."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec

from realtime.frames import Flag
from realtime.models import Device, DeviceEvent, Pulse, Recording
from realtime.schemas import is_live

LAGGING_MS: Final = 5_000
"""A sample that came so late is late on the wall as well: a test holds `strip/status.ts` to it."""

Kind = Literal["agent", "monitor"]
Serial = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Name = Annotated[str, msgspec.Meta(max_length=64)]
Reason = Annotated[str, msgspec.Meta(max_length=200)]
SampleState = Literal["none", "waiting", "running", "lagging", "offline", "stopped"]


class NewCtgDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A monitor, or an agent that carries several; `facility_id` only from the platform's side."""

    serial: Serial
    kind: Kind
    name: Name = ""
    unit: Name = ""
    facility_id: UUID | None = None


class ChangeCtgDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it is called and where it stands."""

    name: Name
    unit: Name


class RotateToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new token; the old one opens for `overlap_h` hours more, at 0 it is over at once."""

    overlap_h: Annotated[int, msgspec.Meta(ge=0, le=168)] = 24
    reason: Reason = ""


class RevokeCtgDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It is not let in any more, by whichever token; its recordings stay."""

    reason: Reason


class SampleOut(msgspec.Struct, frozen=True):
    """A device's newest sample and its state, named as on the wall.

    `at` is when the gateway got it, seconds old while it runs; None before the first one. `none`:
    nothing was recorded for a month.
    """

    state: SampleState
    at: datetime | None


class DeviceOut(msgspec.Struct, frozen=True):
    """A device of the viewer's facilities; `allowed` names what the viewer may do with it.

    `sample` is None for devices of a house whose tracings the viewer does not see, and for agents,
    which carry the samples of others.
    """

    id: UUID
    serial: str
    name: str
    kind: str
    facility_id: UUID
    unit: str
    revoked: bool
    has_token: bool
    token_at: datetime | None
    old_token_until: datetime | None
    allowed: list[str]
    sample: SampleOut | None


class CtgDeviceMade(msgspec.Struct, frozen=True):
    """A device with its new token, which is shown once and kept nowhere."""

    id: UUID
    device: DeviceOut
    token: str | None


class DeviceEventOut(msgspec.Struct, frozen=True):
    """Who did what with a device, and why."""

    action: str
    detail: dict[str, Any]
    reason: str
    recorded_by: UUID
    recorded_at: datetime


def device_out(at: datetime, device: Device, *, keeps: bool, sample: SampleOut | None) -> DeviceOut:
    """A device as the API shows it; `keeps` says whether the viewer keeps this registry."""
    overlapping = device.old_token_until is not None and device.old_token_until > at
    return DeviceOut(
        device.id,
        device.serial,
        device.name,
        device.kind,
        device.facility_id,
        device.unit,
        device.revoked_at is not None,
        device.token_hash is not None,
        device.token_at,
        device.old_token_until if overlapping else None,
        ["change", "rotate", "revoke"] if keeps and device.revoked_at is None else [],
        sample,
    )


def sample_out(
    at: datetime, device: Device, newest: tuple[Recording, Pulse | None] | None
) -> SampleOut | None:
    """What the newest recording of a device says of its samples."""
    if newest is None:
        return None if device.kind == "agent" else SampleOut("none", None)
    recording, pulse = newest
    return SampleOut(_state(at, recording, pulse), None if pulse is None else pulse.heard_at)


def _state(at: datetime, recording: Recording, pulse: Pulse | None) -> SampleState:
    if recording.closed_at is not None:
        return "stopped"
    if pulse is None:
        return "waiting"
    if not is_live(at, pulse):
        return "offline"
    # Of a clock that is wrong the difference says nothing.
    timed = not pulse.flags & Flag.UNSYNCHRONISED
    return "lagging" if timed and pulse.lag_ms > LAGGING_MS else "running"


def event_out(event: DeviceEvent) -> DeviceEventOut:
    """An event of the registry as the API shows it."""
    return DeviceEventOut(
        event.action, event.detail, event.reason, event.recorded_by, event.recorded_at
    )
