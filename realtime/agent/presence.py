"""When a recording begins and ends by itself. Pure.

It begins when a fetal signal has been there for ten seconds, and then with the first of them; it
ends when there has been none for long: the transducer is off. A signal that flickers counts: of the
ten seconds two may be without, else a recording would never begin in those who are hard to hear.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from realtime.agent.clockwork import Timed
from realtime.agent.samples import SILENT

START_S: Final = 10
FLICKER_S: Final = 2

Start = Literal["signal", "always"]


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a second: `keep` belongs to the recording that runs."""

    keep: tuple[Timed, ...] = ()
    began: bool = False
    ended: bool = False


class Presence:
    """Watches one monitor, second by second.

    Args:
        off_s: the recording ends after so many seconds without a signal.
        start: `signal`, or `always`: whatever the device says is recorded, and only a device that
            says nothing at all ends it.
        recording: a recording runs already (the process was started again).
    """

    def __init__(self, off_s: int, start: Start = "signal", *, recording: bool = False) -> None:
        self.recording = recording
        self.signal_s = 0
        """Seconds since the signal came, while no recording runs yet."""
        self._off_s = off_s
        self._start = start
        self._before: deque[Timed] = deque(maxlen=START_S)
        self._without = 0

    def take(self, timed: Timed) -> Heard:
        """Take the next second."""
        present = self._present(timed)
        if self.recording:
            self._without = 0 if present else self._without + 1
            if self._without >= self._off_s:
                self._reset()
                return Heard((timed,), ended=True)
            return Heard((timed,))
        self._before.append(timed)
        while self._before and not self._present(self._before[0]):
            self._before.popleft()
        self.signal_s = len(self._before)
        if not self._begins(self._before):
            return Heard()
        kept = tuple(self._before)
        self._reset()
        self.recording = True
        return Heard(kept, began=True)

    def _present(self, timed: Timed) -> bool:
        if self._start == "always":
            return timed.second != SILENT
        return any(sample.heard for sample in timed.second)

    def _begins(self, seconds: Sequence[Timed]) -> bool:
        if self._start == "always":
            return len(seconds) > 0
        there = sum(1 for timed in seconds if self._present(timed))
        return len(seconds) == START_S and there >= START_S - FLICKER_S

    def _reset(self) -> None:
        self.recording = False
        self.signal_s = self._without = 0
        self._before.clear()
