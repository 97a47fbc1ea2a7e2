"""What a replayed monitor sends: a recorded tracing or a synthetic one, second by second."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Final

from realtime import frames
from realtime.recordings.series import Series
from realtime.synthesiser import scenarios, synthesise

SEGMENT_S: Final = 600
"""Frames are built for so many seconds at a time."""


class Source(ABC):
    """Seconds of one monitor, in order, as frames under stream number 1."""

    def __init__(self, label: str, channels: Sequence[str], seconds: int | None) -> None:
        self.label = label
        self.channels = tuple(channels)
        self.seconds = seconds
        """Length; None when endless."""

    @abstractmethod
    def frames(self, start_ns: int) -> Iterator[bytes]:
        """All seconds, beginning at `start_ns` of the device's clock."""


class Recorded(Source):
    """A recorded tracing; with `loop` it begins again at its end."""

    def __init__(self, series: Series, *, loop: bool = False) -> None:
        super().__init__(series.label, series.channels, None if loop else series.seconds)
        self._samples = series.whole_seconds()
        self._loop = loop

    def frames(self, start_ns: int) -> Iterator[bytes]:
        seq = 1
        while True:
            for at in range(0, len(self._samples), SEGMENT_S * 4):
                part = self._samples[at : at + SEGMENT_S * 4]
                first_ns = start_ns + (seq - 1) * frames.FRAME_PERIOD_NS
                yield from frames.build_frames(part, stream=1, first_seq=seq, first_ns=first_ns)
                seq += len(part) // frames.SAMPLES_PER_FRAME
            if not self._loop:
                return


class Synthetic(Source):
    """The synthesiser; endless when `seconds` is None."""

    def __init__(self, scenario: str, seed: int, seconds: int | None = None) -> None:
        super().__init__(scenario, scenarios()[scenario].channels, seconds)
        self._scenario, self._seed = scenario, seed

    def frames(self, start_ns: int) -> Iterator[bytes]:
        seq = 1
        while self.seconds is None or seq <= self.seconds:
            length = SEGMENT_S if self.seconds is None else min(SEGMENT_S, self.seconds - seq + 1)
            part = synthesise(self._scenario, length, self._seed + seq)
            first_ns = start_ns + (seq - 1) * frames.FRAME_PERIOD_NS
            yield from frames.build_frames(part, stream=1, first_seq=seq, first_ns=first_ns)
            seq += length
