"""What the gateway holds in memory about the recordings it is receiving or showing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol
from uuid import UUID

import numpy as np

from realtime import frames
from realtime.resume import Progress, SeqRanges
from realtime.session import Stream

if TYPE_CHECKING:
    from realtime.watch import View

LAG_MOVED_MS: Final = 500
REPEAT_NS: Final = 60_000_000_000
"""A state is told when it changes; and so often all the same, for what a hint between gateways may
have lost."""
UNCONFIRMED: Final = 64
_TO_LAST_SAMPLE_NS: Final = frames.FRAME_PERIOD_NS - frames.SAMPLE_PERIOD_NS
HOLE_WINDOW: Final = 1_800
"""How far back, in seconds, a hole between gateways is looked after; older ones are history."""


class Feeder(Protocol):
    """The connection that a recording comes in by."""

    def acknowledge(self) -> None:
        """Some of its streams are durable further than before."""

    def taken_over(self, stream: Stream) -> None:
        """Another connection has opened the recording."""


@dataclass(slots=True)
class Storage:
    """Whether what arrives is being made durable; one for all recordings of a gateway."""

    state: str = "ok"
    """`ok`, or `waiting`: the database is away, full or slow, and nothing is acknowledged."""


class Outlet(Protocol):
    """The way to other gateways."""

    def feed(self, recording: Recording, frame: bytes) -> None:
        """One live frame."""

    def tell(self, recording: Recording, kind: str, facts: dict[str, object]) -> None:
        """One JSON message."""


class Audience(Protocol):
    """A viewer connection."""

    def feed(self, view: View, frame: bytes, *, relayed: bool = False) -> None:
        """One live frame under the view's number.

        `relayed` when it was stored before and may have been history.
        """

    def tell(self, view: View, kind: str, **facts: object) -> None:
        """One JSON message about the view."""


@dataclass(eq=False, slots=True)
class Recording:
    """One recording in this gateway's memory."""

    id: UUID
    no: int
    progress: Progress
    durable: int = 0
    """Everything up to this second is committed or declared lost."""
    device: str = ""
    facility_id: UUID | None = None
    """Serial number and owner of the monitor; known where it comes in."""
    feeder: tuple[Feeder, Stream] | None = None
    views: list[tuple[Audience, View]] = field(default_factory=list)
    newest: int = 0
    last_frame: bytes = b""
    """The frame of the highest number so far, which is `newest`."""
    heard_ns: int = 0
    """When the latest frame arrived, ns since 1970 on this machine."""
    clock_offset_ns: int | None = None
    clock_rtt_ns: int | None = None
    pulse_due: bool = False
    pulsed_ns: int = 0
    """`heard_ns` as it was last written down."""
    storage: Storage = field(default_factory=Storage)
    told: tuple[object, ...] = ()
    told_lag_ms: int = 0
    told_ns: int = 0
    """What viewers were told last, and when."""
    outlet: Outlet | None = None
    """Where viewers at other gateways are fed from, while there are any."""
    elsewhere: bool = False
    """Another gateway has it; set while its seconds arrive."""
    hinted: SeqRanges = field(default_factory=SeqRanges)
    """Seconds that another gateway was heard of, maybe before they were durable."""
    hinted_ns: int = 0
    unconfirmed: deque[bytes] = field(default_factory=lambda: deque(maxlen=UNCONFIRMED))
    """The latest of them, which the database may not have yet."""
    number: int = field(init=False)
    """What viewers know it by: 32 bits of its `no`, which does not come round in practice."""

    def __post_init__(self) -> None:
        self.number = self.no & frames.MAX_SEQ

    def relay(self, seq: int, frame: bytes, at_ns: int) -> None:
        """Take one frame that another gateway has stored: it goes to every viewer, once."""
        if seq in self.progress.received:
            return
        self.progress.receive(seq)
        if seq not in self.hinted:
            self._show(seq, frame, at_ns)

    def hint(self, seq: int, frame: bytes, at_ns: int) -> None:
        """Take one frame that another gateway says it has: it goes to every viewer, once."""
        self.hinted_ns, self.elsewhere = at_ns, True
        if seq in self.hinted or seq in self.progress.received:
            return
        self.hinted.add(seq)
        self.unconfirmed.append(frame)
        self._show(seq, frame, at_ns)

    def _show(self, seq: int, frame: bytes, at_ns: int) -> None:
        if seq > self.newest:
            self.newest, self.last_frame = seq, frame
        self.heard_ns = at_ns
        if self.views:
            shown = frames.with_stream(frame, self.number)
            for audience, view in self.views:
                audience.feed(view, shown, relayed=True)

    @property
    def wanted(self) -> bool:
        """Whether it is watched here without coming in here."""
        return bool(self.views) and self.feeder is None

    @property
    def holes(self) -> list[tuple[int, int]]:
        """Seconds before the newest one that were neither seen nor declared lost, lately."""
        first = max(1, self.highest - HOLE_WINDOW)
        missing = self.progress.settled.missing(first, self.highest)
        return [hole for low, high in missing for hole in self.hinted.missing(low, high)]

    @property
    def last(self) -> frames.Head | None:
        """Head of the newest frame."""
        return frames.peek_head(self.last_frame) if self.last_frame else None

    def tell(self, kind: str, **facts: object) -> None:
        """Send a JSON message to every viewer of the recording, at whatever gateway."""
        self.tell_here(kind, **facts)
        if self.outlet is not None:
            self.outlet.tell(self, kind, facts)

    def tell_here(self, kind: str, **facts: object) -> None:
        """Send a JSON message to the viewers at this gateway."""
        for audience, view in self.views:
            audience.tell(view, kind, **facts)

    @property
    def highest(self) -> int:
        """The newest second that has been seen here."""
        return max(self.newest, self.progress.received.highest)

    def state(self) -> dict[str, object]:
        """What a strip must always be able to show, besides the frames themselves.

        `lag_ms` is arrival minus the device's time of the newest sample, corrected by the clock
        offset where the sender has reported one; `heard_ns` lets the viewer show the sample's age.
        """
        last = self.last
        return {
            "connected": self.connected,
            "storage": self.storage.state,
            "last_seq": self.highest,
            "heard_ns": self.heard_ns or None,
            "lag_ms": self.lag_ms,
            "clock_offset_ns": self.clock_offset_ns,
            "battery_low": bool(last and last.flags & frames.Flag.BATTERY_LOW),
            "unsynchronised": bool(last and last.flags & frames.Flag.UNSYNCHRONISED),
        }

    def state_due(self, now_ns: int) -> bool:
        """Whether viewers should be told the state again; notes that they are.

        The frames themselves show that it runs and when it was last heard of. So it is said when
        something else has changed, when the lag has moved, and again after a while.
        """
        flags, lag_ms = self.flags_and_lag()
        told = (self.connected, self.storage.state, flags, self.clock_offset_ns)
        due = told != self.told or abs(lag_ms - self.told_lag_ms) > LAG_MOVED_MS
        if due or now_ns - self.told_ns > REPEAT_NS:
            self.told, self.told_lag_ms, self.told_ns = told, lag_ms, now_ns
            return True
        return False

    @property
    def connected(self) -> bool:
        """Whether it comes in, here or (heard of lately) by another gateway."""
        return self.feeder is not None or self.elsewhere

    @property
    def lag_ms(self) -> int | None:
        """Delay of the newest second from its last sample to its arrival, milliseconds."""
        return self.flags_and_lag()[1] if self.last_frame else None

    def flags_and_lag(self) -> tuple[int, int]:
        """Flags and lag (milliseconds) of the newest second; nothing wrong before the first."""
        if not self.last_frame:
            return 0, 0
        flags, device_ns = frames.flags_and_time(self.last_frame)
        late_ns = self.heard_ns - device_ns - _TO_LAST_SAMPLE_NS - (self.clock_offset_ns or 0)
        return flags, late_ns // 1_000_000

    @property
    def idle(self) -> bool:
        """Nothing to keep it in memory for."""
        return self.feeder is None and not self.views


class Recordings:
    """All recordings in memory, by id."""

    def __init__(self) -> None:
        self._by_id: dict[UUID, Recording] = {}
        self._by_no: dict[int, Recording] = {}
        self._wanted: set[Recording] = set()
        self._owners: list[Recording] = []
        self._unshown: list[bytes] = []
        """Frames that viewers wait for, and whose each is."""
        self.storage = Storage()

    def get(self, recording: UUID) -> Recording | None:
        """The recording, if it is in memory."""
        return self._by_id.get(recording)

    def keep(self, recording: Recording) -> Recording:
        """Remember it; if another task was faster, return the one that is already there."""
        kept = self._by_id.setdefault(recording.id, recording)
        kept.storage = self.storage
        return self._by_no.setdefault(kept.no, kept)

    def numbered(self, no: int) -> Recording | None:
        """The recording of this number, if it is in memory."""
        return self._by_no.get(no)

    def forget(self, recording: Recording) -> None:
        """Drop it from memory."""
        self._wanted.discard(recording)
        self._by_id.pop(recording.id, None)
        self._by_no.pop(recording.no, None)

    def receive(
        self,
        owners: Sequence[Recording],
        seqs: Sequence[int],
        arrived: Sequence[bytes],
        at_ns: int,
    ) -> None:
        """Take new frames, each of its owner; those that somebody watches wait for `spread`."""
        watched, unshown = self._owners, self._unshown
        for owner, seq, frame in zip(owners, seqs, arrived, strict=True):
            if seq > owner.newest:
                owner.newest, owner.last_frame = seq, frame
            owner.heard_ns = at_ns
            if owner.views or owner.outlet is not None:
                watched.append(owner)
                unshown.append(frame)

    def spread(self) -> None:
        """Give every viewer what was received since the last time.

        Once a tick; and before anything that must not come before it or see it twice: a view that
        begins or goes live, a recording that leaves for another gateway.
        """
        owners, self._owners = self._owners, []
        unshown, self._unshown = self._unshown, []
        if not owners:
            return
        numbers = np.array([owner.number for owner in owners], np.uint32)
        shown, at = frames.renumbered(b"".join(unshown), numbers), 0
        for owner, frame in zip(owners, unshown, strict=True):
            part = shown[at : at + frames.FRAME_BYTES]
            at += frames.FRAME_BYTES
            for audience, view in owner.views:
                audience.feed(view, part)
            if owner.outlet is not None:
                owner.outlet.feed(owner, frame)

    def moved(self, recording: Recording) -> None:
        """It has got, or lost, a feeder or a viewer."""
        (self._wanted.add if recording.wanted else self._wanted.discard)(recording)

    def wanted(self) -> list[Recording]:
        """Those that are watched here without coming in here; usually few of thousands."""
        return list(self._wanted)

    def __iter__(self) -> Iterator[Recording]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)
