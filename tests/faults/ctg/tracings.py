"""What will be sent, in one file: every second of every stream, from real recordings.

The sender reads it, the verdict compares with it. Real recordings are never part of the
repository; where there are none the synthesiser stands in, and the line at the end says so.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from realtime import frames
from realtime.recordings.series import read_series
from realtime.synthesiser import scenarios, synthesise

BESIDE: Final = Path(__file__).parents[4] / "shared" / "data" / "ctg"
ENDINGS: Final = (".hea", ".fhr", ".fhrm")
FILES: Final = 48
"""So many recordings are read; the streams begin at different places of them."""


@dataclass(frozen=True, slots=True)
class Tracings:
    """The file, cut by stream and second: frame `seq` of `stream` is its `[stream, seq - 1]`."""

    path: Path
    streams: int
    seconds: int
    real: bool

    def load(self) -> npt.NDArray[np.uint8]:
        """Streams by seconds by 80 bytes, without reading what is not looked at."""
        shape = (self.streams, self.seconds, frames.FRAME_BYTES)
        return np.memmap(self.path, dtype=np.uint8, mode="r", shape=shape)


def recordings_here() -> list[Path]:
    """Real recordings, if they are beside us or where CTG_DATA says."""
    place = Path(os.environ.get("CTG_DATA", BESIDE))
    return sorted(path for path in place.rglob("*") if path.suffix in ENDINGS)


def write(
    path: Path, streams: int, seconds: int, mux: int, start_ns: int, dice: random.Random
) -> Tracings:
    """Make the file; stream `n` carries number `n % mux + 1` on its connection."""
    found = recordings_here()
    real = bool(found)
    chosen = dice.sample(found, min(FILES, len(found), streams))
    samples = [read_series(one).whole_seconds() for one in chosen] or list(_made(seconds))
    with path.open("wb") as out:
        for number in range(streams):
            part = _part(samples[number % len(samples)], seconds * frames.SAMPLES_PER_FRAME, dice)
            built = frames.build_frames(
                part, stream=number % mux + 1, first_seq=1, first_ns=start_ns
            )
            out.write(b"".join(built))
    return Tracings(path, streams, seconds, real)


def _part(samples: npt.NDArray[Any], count: int, dice: random.Random) -> npt.NDArray[Any]:
    """So many samples from a place by chance, from the beginning again where it ends."""
    begin = dice.randrange(len(samples))
    return np.take(samples, range(begin, begin + count), mode="wrap")


def _made(seconds: int) -> Iterator[npt.NDArray[Any]]:
    for number, scenario in enumerate(sorted(scenarios())):
        yield synthesise(scenario, seconds, number)
