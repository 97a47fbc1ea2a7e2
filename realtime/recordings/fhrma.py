"""FHRMA tracings: .fhr (two fetal sensors, toco) and .fhrm (with maternal heart rate), 4 Hz.

Little-endian: u32 unix time, then per sample u16 FHR1x4, u16 FHR2x4, [u16 MHRx4,] u8 TOCOx2,
u8 quality. FHR2 is a second sensor of the same fetus, not a twin.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from realtime import frames
from realtime.recordings.series import (
    SATURATED,
    NotReadable,
    Series,
    mark_presence,
    toco_from_source,
    toco_to_source,
    unix_time,
)

_FHR: Final[np.dtype[Any]] = np.dtype(
    [("fhr1", "<u2"), ("fhr2", "<u2"), ("toco", "u1"), ("quality", "u1")]
)
_FHRM: Final[np.dtype[Any]] = np.dtype(
    [("fhr1", "<u2"), ("fhr2", "<u2"), ("mhr", "<u2"), ("toco", "u1"), ("quality", "u1")]
)
LAYOUTS: Final = {".fhr": _FHR, ".fhrm": _FHRM}
# (bit of the file's quality byte, position of the protocol's two quality bits): FHR good
_GOOD: Final = ((1 << 0, 0), (1 << 2, 2))


def read(path: Path) -> Series:
    """Read a .fhr or .fhrm file."""
    return from_source(path.stem, path.read_bytes(), LAYOUTS[path.suffix.lower()])


def from_source(label: str, data: bytes, layout: np.dtype[Any]) -> Series:
    """Map a file's bytes to samples."""
    if len(data) < 4 or (len(data) - 4) % layout.itemsize:
        raise NotReadable(f"{label}: not a whole number of samples")
    rows = np.frombuffer(data, dtype=layout, offset=4)
    rates = [name for name in ("fhr1", "fhr2", "mhr") if name in (layout.names or ())]
    samples = frames.empty_samples(len(rows))
    for name in rates:
        samples[name] = rows[name]
    samples["toco"] = toco_from_source(rows["toco"])
    mark_presence(samples)
    _mark_quality(samples, rows["quality"])
    present = [name for name in rates if rows[name].any()]
    started = unix_time(int.from_bytes(data[:4], "little"))
    saturated = int((rows["toco"] == SATURATED).sum())
    return Series(label, (*(present or ["fhr1"]), "toco"), samples, started, saturated)


def _mark_quality(samples: Any, quality: Any) -> None:
    """Where a file uses its quality bits at all, present but not good is yellow."""
    if not quality.any():
        return
    for bit, shift in _GOOD:
        doubtful = (samples["marks"] >> shift & 3 == frames.QUALITY_GREEN) & (quality & bit == 0)
        samples["marks"] -= (doubtful << shift).astype(np.uint16)


def to_source(series: Series, layout: np.dtype[Any]) -> bytes:
    """The file's bytes, quality byte aside (it is 0 in all published files)."""
    rows = np.zeros(len(series.samples), dtype=layout)
    for name in layout.names or ():
        if name in ("fhr1", "fhr2", "mhr"):
            rows[name] = series.samples[name]
    rows["toco"] = toco_to_source(series.samples["toco"])
    seconds = int(series.started_at.timestamp()) if series.started_at else 0
    return seconds.to_bytes(4, "little") + rows.tobytes()
