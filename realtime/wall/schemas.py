"""What the wall is given."""

from datetime import datetime
from uuid import UUID

import msgspec

from realtime.repository import Row
from realtime.schemas import FetusOut, fetuses_out
from registry.facilities.schemas import FacilityRef


class WallStripOut(msgspec.Struct, frozen=True):
    """One strip of a wall: where it hangs and whose it is, with as much as a wall may show.

    `name_short` is None while the tracing is unbound, and where the viewer may not know whose it
    is; `bound` tells the two apart.
    """

    recording: UUID
    facility: FacilityRef
    unit: str
    bed: str
    device: str
    device_name: str
    channels: list[str]
    fetuses: list[FetusOut]
    opened_at: datetime
    closed_at: datetime | None
    heard_at: datetime | None
    bound: bool
    name_short: str | None
    case_id: UUID | None


class WallOut(msgspec.Struct, frozen=True):
    """All strips that hang now, by facility, unit and bed; `as_of` is the server's time."""

    as_of: datetime
    strips: list[WallStripOut]


def strip_out(row: Row, facility: FacilityRef, name_short: str | None) -> WallStripOut:
    """A strip as the API shows it."""
    recording, device, pulse = row
    return WallStripOut(
        recording=recording.id,
        facility=facility,
        unit=device.unit,
        bed=recording.bed,
        device=device.serial,
        device_name=device.name,
        channels=recording.channels,
        fetuses=fetuses_out(recording.channels, recording.labels),
        opened_at=recording.opened_at,
        closed_at=recording.closed_at,
        heard_at=None if pulse is None else pulse.heard_at,
        bound=recording.pregnancy_id is not None,
        name_short=name_short,
        case_id=recording.case_id,
    )
