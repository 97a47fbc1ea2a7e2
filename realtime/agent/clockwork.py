"""Makes whole seconds of what a device says, at the pace of the wall clock. Pure.

A device sends about four samples a second by a crystal of its own, in bursts, and sometimes not at
all. A recording counts one frame a second, and its strip must stay true to time: silence becomes
seconds in which everything is lost, and a device that is a little fast or slow is followed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from realtime import frames
from realtime.agent.samples import LOST, SILENT, Sample, Second

SILENCE_S: Final = 3.0
"""After so long without a byte the device is silent."""
GRACE_S: Final = 1.0
"""In silence, seconds are given up so long after their end."""
BEHIND_S: Final = 2.0
"""A talking device that is so late has a slow crystal or hung for a moment: time moves on."""
AHEAD_S: Final = 5.0
"""What comes further ahead of time is a burst from some cable's memory and has no place."""
ASTRAY_NS: Final = 1_500_000_000
"""A frame's moment follows the one before by a second until it is so far from the wall clock."""
JUMPED_NS: Final = 10_000_000_000
"""So far ahead of it, the wall clock was set back; less is a fast device, and never goes back."""


RATE_OVER_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Timed:
    """A second and the wall clock's nanoseconds at its first sample."""

    second: Second
    device_ns: int


class Clockwork:
    """Time of one monitor. `now_s` is a clock that never jumps, `wall_ns` one that may."""

    def __init__(self) -> None:
        self.misplaced = 0
        """Samples that came in bursts far ahead of time and were left out."""
        self.heard_s: float | None = None
        """When the device last said anything; None before it did."""
        self._came: deque[tuple[float, int]] = deque()
        self._waiting: deque[Sample] = deque()
        self._due_s = 0.0
        self._last_ns: int | None = None

    def add(self, samples: Iterable[Sample], now_s: float, wall_ns: int) -> list[Timed]:
        """Take samples that came now; return the seconds that they complete."""
        fresh = list(samples)
        if not fresh:
            return []
        if self.heard_s is None:
            self._due_s = now_s
        self.heard_s = now_s
        self._came.append((now_s, len(fresh)))
        self._forget(now_s)
        made = []
        self._waiting.extend(fresh)
        while len(self._waiting) >= frames.SAMPLES_PER_FRAME:
            second = self._take()
            if self._due_s - now_s > AHEAD_S:
                self.misplaced += len(second)
                continue
            # What waits behind this second came in one go with it: it is not late, it was held up.
            more_s = min(int(AHEAD_S), len(self._waiting) // frames.SAMPLES_PER_FRAME)
            if now_s - more_s - self._due_s > BEHIND_S:
                self._due_s = now_s - more_s
            self._due_s += 1.0
            made.append(Timed(second, self._stamp(wall_ns - more_s * frames.FRAME_PERIOD_NS)))
        return made

    def tick(self, now_s: float, wall_ns: int) -> list[Timed]:
        """Return the seconds that passed in silence; call it several times a second."""
        if self.heard_s is None or now_s - self.heard_s < SILENCE_S:
            return []
        made = []
        late_s = now_s - self._due_s - GRACE_S
        for before in range(int(late_s) if late_s > 0 else 0):
            second = self._take() if self._waiting else SILENT
            then_ns = wall_ns - (int(late_s) - 1 - before) * frames.FRAME_PERIOD_NS
            self._due_s += 1.0
            made.append(Timed(second, self._stamp(then_ns)))
        return made

    def rate(self, now_s: float) -> float:
        """Samples a second over the last ten, or as long as it has spoken."""
        self._forget(now_s)
        if not self._came:
            return 0.0
        first_s, first = self._came[0]
        over_s = self._came[-1][0] - first_s
        # What came first was made before: it counts where nothing else does.
        rest = sum(count for _, count in self._came) - first
        return round(rest / over_s, 1) if over_s >= 1.0 else float(first)

    def _forget(self, now_s: float) -> None:
        while self._came and now_s - self._came[0][0] > RATE_OVER_S:
            self._came.popleft()

    def silent(self, now_s: float) -> bool:
        """Whether the device says nothing."""
        return self.heard_s is None or now_s - self.heard_s >= SILENCE_S

    def _take(self) -> Second:
        taken = [self._waiting.popleft() if self._waiting else LOST for _ in range(4)]
        return taken[0], taken[1], taken[2], taken[3]

    def _stamp(self, ended_ns: int) -> int:
        """The moment of the first sample of a second that ended about then."""
        begun = ended_ns - frames.FRAME_PERIOD_NS
        if self._last_ns is not None:
            following = self._last_ns + frames.FRAME_PERIOD_NS
            if abs(following - begun) <= ASTRAY_NS:
                begun = following
            elif 0 < following - begun <= JUMPED_NS:
                begun = self._last_ns + frames.FRAME_PERIOD_NS // 2
        self._last_ns = begun
        return begun
