"""WFDB records with FHR and UC in one format-16 file at 4 Hz, as CTU-UHB has them.

Header: WFDB "header(5)": `name signals frequency samples`, then one line a signal:
`file format gain(baseline)/unit …`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from realtime import frames
from realtime.recordings.series import (
    SATURATED,
    NotReadable,
    Series,
    mark_presence,
    toco_from_source,
    toco_to_source,
)

SAMPLES_PER_SECOND: Final = 4
GAIN: Final = 100
"""Stored integers are hundredths of a beat per minute and of a tocography unit."""
RATE_STEP: Final = GAIN // frames.RATE_SCALE
TOCO_STEP: Final = GAIN // frames.TOCO_SCALE

_SIGNAL = re.compile(r"^(\S+)\s+16(?:\+0)?\s+(\d+(?:\.\d+)?)(?:\(0\))?/\S+\s.*?(\S+)\s*$")


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says about the signals."""

    data_file: str
    samples: int
    names: tuple[str, ...]


def read_header(text: str) -> Header:
    """Parse a header; raise `NotReadable` for anything but FHR and UC in one 4 Hz file."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        _, signals, frequency, samples = lines[0].split()[:4]
        matches = [_SIGNAL.match(line) for line in lines[1 : 1 + int(signals)]]
        count, hertz = int(samples), float(frequency.split("/")[0])
    except (IndexError, ValueError) as error:
        raise NotReadable("not a WFDB header") from error
    found = [match for match in matches if match is not None]
    if len(found) != len(matches) or not found:
        raise NotReadable("only WFDB format 16 with baseline 0 can be read")
    if hertz != SAMPLES_PER_SECOND or any(float(match[2]) != GAIN for match in found):
        raise NotReadable("only 4 Hz and gain 100 can be read without loss")
    files, names = {match[1] for match in found}, tuple(match[3] for match in found)
    if len(files) != 1 or names != ("FHR", "UC"):
        raise NotReadable("the signals are not FHR and UC of one file")
    return Header(files.pop(), count, names)


def read(path: Path) -> Series:
    """Read a record by its .hea or .dat file."""
    header = read_header(path.with_suffix(".hea").read_text("utf-8", "replace"))
    raw = np.fromfile(path.with_name(header.data_file), dtype="<i2")
    if len(raw) != header.samples * 2:
        raise NotReadable(f"{path.name}: the data file has another length than the header says")
    return from_source(path.stem, raw.reshape(-1, 2))


def from_source(label: str, raw: npt.NDArray[np.int16]) -> Series:
    """Map the file's two columns to samples; raise `NotReadable` where that loses something."""
    rate, toco = raw[:, 0], raw[:, 1]
    if (rate % RATE_STEP).any() or (toco % TOCO_STEP).any() or rate.min(initial=0) < 0:
        raise NotReadable(f"{label}: finer steps than the protocol's")
    samples = frames.empty_samples(len(raw))
    samples["fhr1"] = rate // RATE_STEP
    samples["toco"] = toco_from_source(toco // TOCO_STEP)
    mark_presence(samples)
    saturated = int((toco // TOCO_STEP == SATURATED).sum())
    return Series(label, ("fhr1", "toco"), samples, saturated=saturated)


def to_source(series: Series) -> bytes:
    """The .dat file's bytes, unless the series has saturated samples."""
    raw = np.empty((len(series.samples), 2), dtype="<i2")
    raw[:, 0] = series.samples["fhr1"] * RATE_STEP
    raw[:, 1] = toco_to_source(series.samples["toco"]).astype(np.int16) * TOCO_STEP
    return raw.tobytes()
