"""One monitor, from its bytes to the frames of a recording. Pure: events come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kernel.ids import new_id
from realtime import frames
from realtime.agent.clockwork import Clockwork, Timed
from realtime.agent.presence import Presence, Start
from realtime.agent.samples import Decoder, build_frame
from realtime.frames import Flag


@dataclass(frozen=True, slots=True)
class Began:
    """A recording begins; `started_ns` is its first sample's moment by the wall clock."""

    device: str
    recording: UUID
    started_ns: int


@dataclass(frozen=True, slots=True)
class Made:
    """One second of the recording that runs."""

    recording: UUID
    seq: int
    frame: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """These seconds were never seen: this process did not run."""

    recording: UUID
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The recording has ended at `last_seq`."""

    recording: UUID
    last_seq: int


Event = Began | Made | Lost | Ended


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A recording that ran when the process ended, as the buffer knows it."""

    recording: UUID
    last_ns: int
    """Moment of the first sample of `last_seq`, by the clock of then."""
    last_seq: int


class Bedside:
    """What one monitor says, and the recording that it makes.

    Args:
        device: the monitor's serial number.
        decoder: reads its bytes.
        off_s: seconds without a signal that end a recording.
        start: see `Presence`.
        unfinished: the recording to go on with, at the number that its clock says: what was missed
            is a gap, and no number can have been used before.
    """

    def __init__(
        self,
        device: str,
        decoder: Decoder,
        *,
        off_s: int,
        start: Start = "signal",
        unfinished: Unfinished | None = None,
    ) -> None:
        self.device = device
        self.decoder = decoder
        self.linked = False
        """Whether seconds can be sent as they are made; else they are flagged as backfill."""
        self.unsynchronised = False
        """Whether this machine's clock is known to be wrong."""
        self.clockwork = Clockwork()
        self.presence = Presence(off_s, start, recording=unfinished is not None)
        self.recording = None if unfinished is None else unfinished.recording
        self.seq = 0 if unfinished is None else unfinished.last_seq
        self._resumes = unfinished
        self._off_s = off_s
        self._since_s: float | None = None

    def plug(self, decoder: Decoder) -> None:
        """The device's port was opened (again): half a block from before has no second half."""
        decoder.bad += self.decoder.bad
        decoder.battery_low = self.decoder.battery_low
        self.decoder = decoder

    def feed(self, data: bytes, now_s: float, wall_ns: int) -> list[Event]:
        """Take bytes that came now."""
        return self._record(self.clockwork.add(self.decoder.feed(data), now_s, wall_ns))

    def tick(self, now_s: float, wall_ns: int) -> list[Event]:
        """Let time pass; call it several times a second."""
        if self._since_s is None:
            self._since_s = now_s
        if self._resumes is not None and now_s - self._since_s >= self._off_s:
            # Started again beside a monitor that stays silent: nothing goes on here.
            self._resumes = None
            return self.stop()
        return self._record(self.clockwork.tick(now_s, wall_ns))

    def stop(self) -> list[Event]:
        """End the recording that runs, if one does."""
        if self.recording is None:
            return []
        ended = Ended(self.recording, self.seq)
        self.recording, self.presence.recording = None, False
        return [ended]

    def skip_to(self, seq: int) -> None:
        """The server knows numbers up to `seq`: go on behind them."""
        self.seq = max(self.seq, seq)

    def _record(self, seconds: Sequence[Timed]) -> list[Event]:
        events: list[Event] = []
        for timed in seconds:
            heard = self.presence.take(timed)
            if heard.began:
                self.recording, self.seq = new_id(), 0
                events.append(Began(self.device, self.recording, heard.keep[0].device_ns))
            for kept in heard.keep:
                events += self._make(kept)
            if heard.ended and self.recording is not None:
                events.append(Ended(self.recording, self.seq))
                self.recording = None
        return events

    def _make(self, timed: Timed) -> list[Event]:
        if self.recording is None:
            return []
        events: list[Event] = []
        if self._resumes is not None:
            passed_ns = timed.device_ns - self._resumes.last_ns
            passed = self._resumes.last_seq + passed_ns // frames.FRAME_PERIOD_NS - 1
            missed = max(self.seq, passed)
            if missed > self.seq:
                events.append(Lost(self.recording, self.seq + 1, missed))
            self.seq, self._resumes = missed, None
        self.seq += 1
        frame = build_frame(
            timed.second, seq=self.seq, device_ns=timed.device_ns, flags=self._flags()
        )
        return [*events, Made(self.recording, self.seq, frame)]

    def _flags(self) -> int:
        flags = Flag(0)
        if not self.linked:
            flags |= Flag.BACKFILL
        if self.unsynchronised:
            flags |= Flag.UNSYNCHRONISED
        if self.decoder.battery_low:
            flags |= Flag.BATTERY_LOW
        if self.seq == 1:
            flags |= Flag.FIRST
        return int(flags)
