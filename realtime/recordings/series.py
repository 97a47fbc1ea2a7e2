"""A tracing in the protocol's units, whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from realtime import frames


class NotReadable(Exception):
    """The file is not a tracing that can be read without loss; the message says why."""


@dataclass(frozen=True, slots=True)
class Series:
    """Samples at 4 Hz (dtype `frames.SAMPLE`)."""

    label: str
    channels: tuple[str, ...]
    samples: npt.NDArray[Any]
    started_at: datetime | None = None
    saturated: int = 0
    """Tocography samples at the sensor's stop (127.5 units), which the protocol gives as 127."""

    @property
    def seconds(self) -> int:
        """Length in whole seconds, the last one filled up."""
        return -(-len(self.samples) // frames.SAMPLES_PER_FRAME)

    def whole_seconds(self) -> npt.NDArray[Any]:
        """The samples, filled up with lost ones to a whole second."""
        missing = self.seconds * frames.SAMPLES_PER_FRAME - len(self.samples)
        return np.concatenate([self.samples, frames.empty_samples(missing)])


SATURATED: Final = 255
"""A sensor at its stop writes 127.5 units; in the protocol that byte means "lost"."""


def toco_from_source(half_units: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Both sources write 0 for a lost signal, the protocol 255.

    The only value that does not survive is 127.5 units, a sensor at its stop: it becomes 127, and
    `Series.saturated` counts it. It occurs in 5 of 368 records of CTU-UHB.
    """
    toco = half_units.astype(np.int64)
    if toco.min(initial=0) < 0 or toco.max(initial=0) > SATURATED:
        raise NotReadable("tocography beyond 0-127.5")
    return np.where(toco == 0, frames.TOCO_LOST, np.minimum(toco, SATURATED - 1)).astype(np.uint8)


def toco_to_source(toco: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The way back."""
    return np.where(toco == frames.TOCO_LOST, 0, toco).astype(np.uint8)


def mark_presence(samples: npt.NDArray[Any]) -> None:
    """Set the quality of each rate to green where there is a value: the files know no more."""
    marks = np.zeros(len(samples), dtype=np.uint16)
    for shift, channel in ((0, "fhr1"), (2, "fhr2"), (4, "fhr3")):
        marks |= np.where(samples[channel] > 0, frames.QUALITY_GREEN << shift, 0).astype(np.uint16)
    marks |= np.where(samples["mhr"] > 0, frames.MARK_MHR_PRESENT, 0).astype(np.uint16)
    samples["marks"] = marks


def unix_time(seconds: int) -> datetime | None:
    """The recording's start as its file says; 0 means unknown."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def read_series(path: Path) -> Series:
    """Read a tracing by its suffix; raise `NotReadable`."""
    from realtime.recordings import fhrma, wfdb

    readers = {".hea": wfdb.read, ".dat": wfdb.read, ".fhr": fhrma.read, ".fhrm": fhrma.read}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise NotReadable(f"{path.name}: not one of {', '.join(sorted(readers))}")
    return reader(path)
