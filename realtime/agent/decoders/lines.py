"""Our own simple forms for whoever builds an adapter: one line a quarter second, CSV or JSON.

CSV: `fhr1,fhr2,fhr3,mhr,toco,spo2,marks`, fields from the right may be left out; an empty field or
0 is a lost value. JSON: an object with the same names, plus `"battery_low"`. Rates in bpm (a
fraction is kept to a quarter), toco 0–127 uncalibrated units, SpO2 in per cent, `marks` the
protocol's bits. A line that begins with `#` is skipped. Where no quality is told, a rate that is
there is green.

A line has no checksum, and half of `140` is a bradycardia: only a line whose beginning was seen is
read, so the first after the port was opened is not. An adapter does well to begin with an empty
line.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import msgspec

from realtime import frames
from realtime.agent.samples import Sample, Second, quality, rate

FIELDS: Final = ("fhr1", "fhr2", "fhr3", "mhr", "toco", "spo2", "marks")
MAX_LINE_BYTES: Final = 512
QUALITY_BITS: Final = 0x3F


class Line(msgspec.Struct, frozen=True):
    """One quarter second as an adapter says it."""

    fhr1: float | None = None
    fhr2: float | None = None
    fhr3: float | None = None
    mhr: float | None = None
    toco: float | None = None
    spo2: float | None = None
    marks: int | None = None
    battery_low: bool | None = None


_json = msgspec.json.Decoder(Line)


class _LineDecoder:
    """Cuts lines; `parse` reads one."""

    def __init__(self, parse: Callable[[bytes], Line]) -> None:
        self._parse = parse
        self.bad = 0
        self.battery_low = False
        self._waiting = b""
        self._begun = False
        """Whether the beginning of what waits was seen."""

    def feed(self, data: bytes) -> list[Sample]:
        *lines, self._waiting = (self._waiting + data).split(b"\n")
        found = []
        for raw in lines:
            line = raw.strip()
            begun, self._begun = self._begun, True
            if not begun or not line or line.startswith(b"#"):
                continue
            if len(line) > MAX_LINE_BYTES:
                self.bad += 1
                continue
            try:
                said = self._parse(line)
                if said.battery_low is not None:
                    self.battery_low = said.battery_low
                found.append(_sample(said))
            except (ArithmeticError, ValueError, msgspec.MsgspecError):
                self.bad += 1
        if len(self._waiting) > MAX_LINE_BYTES:
            self.bad += self._begun
            self._waiting, self._begun = b"", False
        return found


class CsvDecoder(_LineDecoder):
    """Reads comma-separated lines."""

    def __init__(self) -> None:
        super().__init__(_from_csv)


class JsonDecoder(_LineDecoder):
    """Reads one JSON object a line."""

    def __init__(self) -> None:
        super().__init__(_json.decode)


def _from_csv(line: bytes) -> Line:
    parts = [part.strip() for part in line.decode("ascii").split(",")]
    if len(parts) > len(FIELDS):
        raise ValueError("too many fields")
    said = [float(part) if part else None for part in parts]
    fhr1, fhr2, fhr3, mhr, toco, spo2, marks = said + [None] * (len(FIELDS) - len(said))
    whole = None if marks is None else int(marks)
    return Line(fhr1, fhr2, fhr3, mhr, toco, spo2, whole)


def _sample(said: Line) -> Sample:
    rates = [_rate(value) for value in (said.fhr1, said.fhr2, said.fhr3)]
    mhr = _rate(said.mhr)
    marks = (said.marks or 0) & 0xFFFF
    if not marks & QUALITY_BITS:
        for channel, value in enumerate(rates, 1):
            marks |= quality(channel, 3 if value else 0)
    toco = _whole(said.toco, frames.TOCO_SCALE)
    return Sample(
        fhr1=rates[0],
        fhr2=rates[1],
        fhr3=rates[2],
        mhr=mhr,
        toco=frames.TOCO_LOST if toco is None else min(toco, frames.TOCO_LOST - 1),
        spo2=min(_whole(said.spo2, 1) or 0, 255),
        marks=marks | (frames.MARK_MHR_PRESENT if mhr else 0),
    )


def _rate(value: float | None) -> int:
    if value is None:
        return frames.RATE_LOST
    if not math.isfinite(value) or value < 0:
        raise ValueError("not a rate")
    return rate(value)


def _whole(value: float | None, scale: int) -> int | None:
    if value is None:
        return None
    if not math.isfinite(value) or value < 0:
        raise ValueError("not a value")
    return round(value * scale)


def _values(sample: Sample) -> list[str]:
    rates = [sample.fhr1, sample.fhr2, sample.fhr3, sample.mhr]
    said = [f"{value / frames.RATE_SCALE:g}" if value else "" for value in rates]
    lost = sample.toco == frames.TOCO_LOST
    said.append("" if lost else f"{sample.toco / frames.TOCO_SCALE:g}")
    return [*said, str(sample.spo2) if sample.spo2 else "", str(sample.marks)]


class CsvVoice:
    """Says seconds as four lines."""

    def say(self, second: Second) -> bytes:
        return "".join(",".join(_values(sample)) + "\n" for sample in second).encode()


class JsonVoice:
    """Says seconds as four objects, a line each."""

    def say(self, second: Second) -> bytes:
        said = b""
        for sample in second:
            told = zip(FIELDS, _values(sample), strict=True)
            values = {name: float(value) for name, value in told if value}
            marks = int(values.pop("marks", 0))
            said += msgspec.json.encode({**values, "marks": marks}) + b"\n"
        return said
