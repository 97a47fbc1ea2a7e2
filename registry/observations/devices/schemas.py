"""What the API says about devices."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from registry.observations.devices.rules import DeviceKind
from registry.observations.schemas import Entry, When
from registry.pregnancies.schemas import Strict

Serial = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class NewDevice(Strict, frozen=True):
    """An instrument of the viewer's own house."""

    serial: Serial
    kind: DeviceKind


class NewPairing(Strict, frozen=True):
    """From now on it measures her, or this newborn of hers; a former pairing ends."""

    pregnancy_id: UUID
    newborn_id: UUID | None = None


class EndPairing(Strict, frozen=True):
    """From now on it measures nobody."""


class RevokeDevice(Strict, frozen=True):
    """Its token opens nothing any more."""


class Pairing(msgspec.Struct, frozen=True):
    """Whom a device measures, and since when."""

    pregnancy_id: UUID
    newborn_id: UUID | None
    from_at: datetime
    to_at: datetime | None


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument; `paired` is absent while it measures nobody whom the viewer may see."""

    id: UUID
    serial: str
    kind: DeviceKind
    facility_id: UUID
    created_at: datetime
    revoked_at: datetime | None
    paired: Pairing | None
    last_at: datetime | None


class DeviceMade(msgspec.Struct, frozen=True):
    """A registered device; the token is shown once and kept nowhere."""

    id: UUID
    device: Device
    token: str | None


class Message(Strict, frozen=True):
    """One message; `sequence` counts on the device, `taken_at` is by the device's own clock."""

    sequence: Annotated[int, msgspec.Meta(ge=0, le=2**62)]
    taken_at: When
    entries: Annotated[list[Entry], msgspec.Meta(min_length=1, max_length=20)]


class DeviceMessages(Strict, frozen=True):
    """What a device hands over; `now` is its clock at sending, so that ours can be found."""

    now: When
    messages: Annotated[list[Message], msgspec.Meta(min_length=1, max_length=100)]


class MessageResult(msgspec.Struct, frozen=True):
    """What became of a message: `known` if it had come before, then with its first answer."""

    sequence: int
    status: Literal["recorded", "refused"]
    known: bool
    code: str | None


class Handed(msgspec.Struct, frozen=True):
    """Every message's final answer, and our clock."""

    now: datetime
    clock_offset_ms: int
    results: list[MessageResult]


class HerDevice(msgspec.Struct, frozen=True):
    """A device that measures her or measured her."""

    device_id: UUID
    serial: str
    kind: DeviceKind
    pairing: Pairing


class Refused(msgspec.Struct, frozen=True):
    """A message about her that could not become readings, with what it said."""

    device_id: UUID
    sequence: int
    received_at: datetime
    device_at: datetime
    clock_offset_ms: int
    code: str
    entries: list[Entry]


class HerDevices(msgspec.Struct, frozen=True):
    """Devices of one woman and her newborns, and what of theirs was refused."""

    devices: list[HerDevice]
    refused: list[Refused]
