"""What the API says about paging itself. Public: seconds and counts, nothing about anybody."""

from datetime import datetime

import msgspec

from duty.watch.repository import PagingAlarm
from duty.watch.signs import ChannelTally, PagingVitals


class PagingSign(msgspec.Struct, frozen=True):
    """A sign that counts now; `since` is null when nobody watches and this is one look."""

    sign: str
    severity: str
    value: float
    channel: str | None = None
    since: datetime | None = None


class PagingHealth(msgspec.Struct, frozen=True):
    """`ok`, or `impaired`: telephone. `watched`: a watch outside the engine is at work."""

    status: str
    watched: bool
    signs: list[PagingSign]
    vitals: PagingVitals | None = None


class PagingWatch(msgspec.Struct, frozen=True):
    """For those who run the installation: now, and what was raised and cleared before."""

    health: PagingHealth
    channels: list[ChannelTally]
    history: list[PagingAlarm]
