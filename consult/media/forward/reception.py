"""What an incoming stream's reports say: RFC 3550, A.3 and A.8."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from consult.media.forward.wrap import SEQ, TIME, Unwrapper, apart

NTP_SECOND: Final = 1 << 32
RUNS_APART: Final = 100e-6
"""Two clocks of quartz leave each other by less than this share of the time."""
SET_S: Final = 1.0
"""A wall clock that says this much else than before was set."""


@dataclass(slots=True)
class WallClock:
    """One person's wall clock (NTP) beside our steady one, from the reports of all they send.

    A report can only be heard too late, so the promptest says best how the clocks stand.
    """

    _behind: float = 0.0
    _heard_at: float | None = None

    def heard(self, ntp: int, at: float) -> None:
        """A report made at `ntp` (32.32) came at `at`, seconds of our steady clock."""
        behind = at - ntp / NTP_SECOND
        if self._heard_at is not None:
            believed = self._behind + max(0.0, at - self._heard_at) * RUNS_APART
            if abs(behind - believed) < SET_S:
                behind = min(behind, believed)
        self._behind, self._heard_at = behind, at

    def steady(self, ntp: int) -> float:
        """A moment of the wall clock by our steady one; only after a report was heard."""
        return ntp / NTP_SECOND + self._behind


@dataclass(slots=True)
class SenderTime:
    """One moment in two clocks: the sender's wall clock (NTP, 32.32) and its timestamps."""

    ntp: int
    timestamp: int
    at: float
    """When we heard it, seconds of a steady clock."""

    def timestamp_at(self, ntp: int, clock_rate: int) -> int:
        """The timestamp at another moment of the same wall clock."""
        return (self.timestamp + (ntp - self.ntp) * clock_rate // NTP_SECOND) % TIME


@dataclass(slots=True)
class Report:
    """One block of a receiver report."""

    fraction_lost: int
    """Of 256, since the last report."""
    packets_lost: int
    highest: int
    """Extended sequence number."""
    jitter: int
    lsr: int
    dlsr: int


@dataclass(slots=True)
class Reception:
    """Counts one stream. Times are seconds of a steady clock."""

    clock_rate: int
    clock: WallClock = field(default_factory=WallClock)
    """Of who sends it: shared by all their streams."""
    sender: SenderTime | None = None
    last_at: float = 0.0
    received: int = 0
    _unwrap: Unwrapper = field(default_factory=lambda: Unwrapper(SEQ))
    _base: int | None = None
    _highest: int = 0
    _jitter: float = 0.0
    _last: tuple[float, int] | None = None
    _reported: tuple[int, int] = (0, 0)

    def add(self, seq: int, timestamp: int, at: float) -> None:
        """A packet came."""
        place = self._unwrap(seq)
        if self._base is None:
            self._base = place
        self.received += 1
        self.last_at = at
        if place < self._highest:
            return
        self._highest = place
        if self._last is not None and timestamp != self._last[1]:
            passed = (at - self._last[0]) * self.clock_rate
            self._jitter += (
                abs(passed - apart(timestamp, self._last[1], TIME)) - self._jitter
            ) / 16
        self._last = (at, timestamp)

    def heard_sender(self, ntp: int, timestamp: int, at: float) -> None:
        """A sender report came."""
        self.sender = SenderTime(ntp, timestamp, at)
        self.clock.heard(ntp, at)

    def made_at(self, timestamp: int) -> float | None:
        """When a packet was made, by our steady clock; None until its sender has said."""
        if self.sender is None:
            return None
        ticks = apart(timestamp, self.sender.timestamp, TIME)
        return self.clock.steady(self.sender.ntp) + ticks / self.clock_rate

    def report(self, at: float) -> Report | None:
        """What to report now; None before the first packet. Begins a new interval."""
        if self._base is None:
            return None
        expected = self._highest - self._base + 1
        lost = expected - self.received
        expected_before, received_before = self._reported
        self._reported = (expected, self.received)
        interval = expected - expected_before
        lost_now = interval - (self.received - received_before)
        fraction = 0 if interval <= 0 or lost_now <= 0 else min(255, lost_now * 256 // interval)
        lsr = dlsr = 0
        if self.sender is not None:
            lsr = self.sender.ntp >> 16 & 0xFFFFFFFF
            dlsr = max(0, min(0xFFFFFFFF, int((at - self.sender.at) * 65536)))
        clamped = max(-(1 << 23), min((1 << 23) - 1, lost))
        return Report(fraction, clamped, self._highest % (1 << 32), int(self._jitter), lsr, dlsr)


@dataclass(slots=True)
class Line:
    """What receivers report of one line, of all its streams together.

    What never arrived here cannot be blamed on the way from here: `skipped` is taken off.
    """

    expected: int = 0
    lost: int = 0
    total_expected: int = 0
    total_lost: int = 0
    round_trip_s: float = 0.0

    def add(self, expected: int, lost: int) -> None:
        """A stream's interval."""
        self.expected += max(0, expected)
        self.lost += max(0, min(lost, expected))

    def round_trip(self, seconds: float) -> None:
        """A measured way there and back; smoothed as RFC 6298 does."""
        if 0 <= seconds < 10:
            before = self.round_trip_s or seconds
            self.round_trip_s = before + (seconds - before) / 8

    def take(self, least: int = 1) -> float | None:
        """The share lost since the last call; None while fewer than `least` were expected."""
        if self.expected < least:
            return None
        loss = self.lost / self.expected
        self.total_expected += self.expected
        self.total_lost += self.lost
        self.expected = self.lost = 0
        return loss
