"""What the gateway holds in memory about the recordings it is receiving or showing."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, cast
from uuid import UUID

import numpy as np
import numpy.typing as npt

from realtime import frames
from realtime.gateway.arrays import ends_of, starts_of
from realtime.gateway.columns import UNMEASURED, Columns
from realtime.gateway.slots import Slots
from realtime.marks import NONE, Places
from realtime.resume import Progress, SeqRanges
from realtime.session import Stream

if TYPE_CHECKING:
    from realtime.watch import View

UNCONFIRMED: Final = 64
HOLE_WINDOW: Final = 1_800
"""How far back, in seconds, a hole between gateways is looked after; older ones are history."""


class Feeder(Protocol):
    """The connection that a recording comes in by."""

    @property
    def slot(self) -> int:
        """Its number among the senders."""

    def acknowledge(self) -> None:
        """Some of its streams are durable further than before."""

    def taken_over(self, stream: Stream) -> None:
        """Another connection has opened the recording."""

    def contradicted(self, stream: Stream, seqs: Sequence[int]) -> None:
        """These seconds were said otherwise before, to whatever gateway; that stays."""


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

    @property
    def slot(self) -> int:
        """Its number among the viewers."""

    def push(self, joined: bytes) -> None:
        """Live frames of views that are live, under their numbers."""

    def show(self, joined: bytes) -> None:
        """The same on a tick: to be sent at once, if nothing waits."""

    def feed(self, view: View, frame: bytes, *, relayed: bool = False) -> None:
        """One live frame under the view's number.

        `relayed` when it was stored before and may have been history.
        """

    def tell(self, view: View, kind: str, **facts: object) -> None:
        """One JSON message about the view."""


@dataclass(eq=False, slots=True)
class Recording:
    """One recording in this gateway's memory; what changes all the time is in the columns."""

    id: UUID
    no: int
    progress: Progress
    storage: Storage = field(default_factory=Storage)
    device: str = ""
    facility_id: UUID | None = None
    """Serial number and owner of the monitor; known where it comes in."""
    feeder: tuple[Feeder, Stream] | None = None
    views: list[tuple[Audience, View]] = field(default_factory=list)
    outlet: Outlet | None = None
    """Where viewers at other gateways are fed from, while there are any."""
    hinted: SeqRanges = field(default_factory=SeqRanges)
    """Seconds that another gateway was heard of, maybe before they were durable."""
    hinted_s: float = -math.inf
    told_s: float = -math.inf
    """When the latest hint, and the latest second by whatever way, came from another gateway; by
    this machine's monotonic clock."""
    unconfirmed: deque[bytes] = field(default_factory=lambda: deque(maxlen=UNCONFIRMED))
    """The latest of them, which the database may not have yet."""

    @property
    def columns(self) -> Columns:
        """Where its numbers are, at `place`."""
        return cast(Columns, self.progress.marks)

    @property
    def place(self) -> int:
        """Where in the columns."""
        return self.progress.place

    @property
    def durable(self) -> int:
        """Everything up to this second is committed or declared lost."""
        return self.progress.durable

    @durable.setter
    def durable(self, seq: int) -> None:
        self.progress.durable = seq

    @property
    def number(self) -> int:
        """What viewers know it by: 32 bits of its `no`, which does not come round in practice."""
        return self.no & frames.MAX_SEQ

    @property
    def last_frame(self) -> bytes:
        """The frame of the highest number so far; empty before the first."""
        newest = self.columns.last[self.place]
        return newest.tobytes() if newest["seq"] else b""

    @last_frame.setter
    def last_frame(self, frame: bytes) -> None:
        self.columns.last[self.place] = frames.view_frames(frame)[0]

    @property
    def newest(self) -> int:
        """Its number."""
        return int(self.columns.last["seq"][self.place])

    @property
    def heard_ns(self) -> int:
        """When the latest frame arrived, ns since 1970 (`DatabaseClock`); 0 before the first."""
        return int(self.columns.heard_ns[self.place])

    @heard_ns.setter
    def heard_ns(self, at_ns: int) -> None:
        self.columns.heard_ns[self.place] = at_ns

    @property
    def clock_offset_ns(self) -> int | None:
        """Server minus device, as the sender has measured it."""
        offset_ns = int(self.columns.offset_ns[self.place])
        return None if offset_ns == UNMEASURED else offset_ns

    @property
    def elsewhere(self) -> bool:
        """Another gateway has it; set while its seconds arrive."""
        return bool(self.columns.elsewhere[self.place])

    @elsewhere.setter
    def elsewhere(self, elsewhere: bool) -> None:
        self.columns.elsewhere[self.place] = elsewhere

    def relay(self, seq: int, frame: bytes, at_ns: int, now_s: float) -> None:
        """Take one frame that another gateway has stored: it goes to every viewer, once."""
        if seq in self.progress.received:
            return
        self.progress.receive(seq)
        if seq not in self.hinted:
            self.told_s = now_s
            self._show(seq, frame, at_ns)

    def hint(self, seq: int, frame: bytes, at_ns: int, now_s: float) -> None:
        """Take one frame that another gateway says it has: it goes to every viewer, once."""
        self.hinted_s, self.told_s, self.elsewhere = now_s, now_s, True
        if seq in self.hinted or seq in self.progress.received:
            return
        self.hinted.add(seq)
        self.unconfirmed.append(frame)
        self._show(seq, frame, at_ns)

    def _show(self, seq: int, frame: bytes, at_ns: int) -> None:
        if seq > self.newest:
            self.last_frame = frame
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

    @property
    def connected(self) -> bool:
        """Whether it comes in, here or (heard of lately) by another gateway."""
        return self.feeder is not None or self.elsewhere

    @property
    def lag_ms(self) -> int | None:
        """Delay of the newest second from its last sample to its arrival, milliseconds."""
        return int(self.columns.lag_ms(np.array([self.place]))[0]) if self.newest else None


class Recordings:
    """All recordings in memory, by id, by number and by place."""

    def __init__(self) -> None:
        self._by_id: dict[UUID, Recording] = {}
        self._by_no: dict[int, Recording] = {}
        self._by_place: dict[int, Recording] = {}
        self._wanted: set[Recording] = set()
        self._unshown: list[tuple[Places, npt.NDArray[Any]]] = []
        """Frames that viewers wait for, and whose each is."""
        self.columns = Columns()
        self.viewers: Slots[Audience] = Slots()
        self.storage = Storage()

    def get(self, recording: UUID) -> Recording | None:
        """The recording, if it is in memory."""
        return self._by_id.get(recording)

    def keep(self, id_: UUID, no: int, progress: Progress) -> Recording:
        """Remember it, with this progress; or the one that is already there, with its own."""
        kept = self._by_id.get(id_)
        if kept is None:
            progress.move_in(self.columns)
            kept = Recording(id_, no, progress, self.storage)
            self._by_id[id_] = self._by_no[no] = self._by_place[kept.place] = kept
            self.columns.no[kept.place], self.columns.number[kept.place] = no, kept.number
        return kept

    def numbered(self, no: int) -> Recording | None:
        """The recording of this number, if it is in memory."""
        return self._by_no.get(no)

    def at(self, place: int) -> Recording:
        """The recording that has this place."""
        return self._by_place[place]

    def forget_idle(self, unstored: Callable[[], Collection[int]]) -> None:
        """Drop from memory what nobody feeds, watches or still has to store or to write of.

        Alarms look after a recording for a while when its line is down: a centre that comes back
        finds it as it was.

        Args:
            unstored: places of recordings of which something is not yet durable.
        """
        columns = self.columns
        idle = (columns.no != 0) & (columns.feeder == NONE)
        idle &= ~(columns.watched | columns.pulse_due) & (columns.row == NONE)
        places = np.flatnonzero(idle).tolist()
        kept = unstored() if places else ()
        for place in places:
            if place not in kept:
                recording = self._by_place.pop(place)
                del self._by_id[recording.id], self._by_no[recording.no]
                recording.progress.move_out()

    def receive(self, places: Places, arrived: npt.NDArray[Any], at_ns: int) -> None:
        """Take the next second of each of these recordings, all different."""
        columns = self.columns
        columns.tail[places] += 1
        frames.put(columns.last, places, arrived)
        self._heard(places, arrived, at_ns)

    def receive_some(
        self, owners: Sequence[Recording], arrived: Sequence[bytes], at_ns: int
    ) -> tuple[Places, bytes]:
        """Take new frames in any order, already noted as received; return them as a flush does."""
        for owner, frame in zip(owners, arrived, strict=True):
            if frames.seq_of(frame) > owner.newest:
                owner.last_frame = frame
        places = np.array([owner.place for owner in owners], np.intp)
        joined = b"".join(arrived)
        self._heard(places, frames.view_frames(joined), at_ns)
        return places, joined

    def _heard(self, places: Places, arrived: npt.NDArray[Any], at_ns: int) -> None:
        self.columns.heard_ns[places] = at_ns
        watched = self.columns.watched[places]
        if watched.any():
            self._unshown.append((places[watched], frames.picked(arrived, watched)))

    def spread(self) -> None:
        """Give every viewer what was received since the last time.

        Before anything that must not come before it or see it twice: a view that begins or goes
        live, a recording that leaves for another gateway.
        """
        for audience, joined in self._sorted():
            audience.push(joined)

    def show(self) -> None:
        """The same once a tick, to be sent."""
        for audience, joined in self._sorted():
            audience.show(joined)

    def _sorted(self) -> Iterator[tuple[Audience, bytes]]:
        """What every viewer gets of recordings that are not odd; frames of those are fed first."""
        unshown, self._unshown = self._unshown, []
        if not unshown:
            return
        columns = self.columns
        places = np.concatenate([part for part, _ in unshown])
        shown = frames.joined([part for _, part in unshown])
        frames.renumbered_view(shown, columns.number[places])
        for at in np.flatnonzero(columns.odd[places]).tolist():
            recording, frame = self._by_place[int(places[at])], shown[at].tobytes()
            for audience, view in recording.views:
                audience.feed(view, frame)
            if recording.outlet is not None:
                recording.outlet.feed(recording, frame)
        seats, neighbours = columns.seat[places], columns.neighbour[places]
        first, second = np.flatnonzero(seats != NONE), np.flatnonzero(neighbours != NONE)
        which = np.concatenate([first, second])
        if len(which):
            whom = np.concatenate([seats[first], neighbours[second]])
            order = np.argsort(whom, kind="stable")
            whom, joined = whom[order], frames.picked(shown, which[order]).tobytes()
            starts = starts_of(whom)
            ends = ends_of(starts, len(whom)) * frames.FRAME_BYTES
            at = 0
            for viewer, end in zip(self.viewers.of(whom[starts]), ends.tolist(), strict=True):
                yield viewer, joined[at:end]
                at = end

    def moved(self, recording: Recording) -> None:
        """It has got or lost a feeder, a viewer or an outlet, or a view of it has gone live."""
        (self._wanted.add if recording.wanted else self._wanted.discard)(recording)
        columns, place, views = recording.columns, recording.place, recording.views
        feeder = recording.feeder
        columns.feeder[place] = NONE if feeder is None else feeder[0].slot
        columns.stream[place] = NONE if feeder is None else feeder[1].number
        plain = recording.outlet is None and len(views) <= 2 and all(view.live for _, view in views)
        seats = [audience.slot for audience, _ in views] if plain else []
        columns.seat[place], columns.neighbour[place] = (*seats, NONE, NONE)[:2]
        columns.watched[place] = bool(views) or recording.outlet is not None
        columns.odd[place] = columns.watched[place] and not plain
        columns.sent_on[place] = recording.outlet is not None

    def wanted(self) -> list[Recording]:
        """Those that are watched here without coming in here; usually few of thousands."""
        return list(self._wanted)

    def __iter__(self) -> Iterator[Recording]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)
