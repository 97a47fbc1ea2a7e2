"""GE Corometrics 170 and 120, "Model 115" serial: ASCII messages ended by 03H.

Source: manual pages as cited in our reference. A message: the monitor's type (1 byte, `9` for the
170), the kind of response (1 byte), the monitor's id `0`, ASCII data, `03H`. Rates have 2–3
digits, four a second, `00` = pen lift; uterine activity 2–3 digits, eight a second, `128` = pen
lift; a fetal movement is one character, four a second: `0`, `1`, `2` not fitted, `4` off.

待核实: the manual pages at hand name the fields but not the letters of the responses nor how values
are divided. Until a device was listened to we take:

- response `H` heart rates: HR1 and HR2 of one quarter second, divided by a comma;
- response `U` uterine activity: two values (an eighth each), of which the later counts;
- response `M` fetal movement: one character;
- a quarter second is complete when its `H` comes; activity and movement hold for those after.

Nothing is retransmitted by the device, so a damaged message is a lost quarter second.
"""

from __future__ import annotations

from typing import Final

from realtime import frames
from realtime.agent.samples import Sample, Second, bpm, quality, rate

ETX: Final = b"\x03"
TYPE_170: Final = b"9"
MONITOR_ID: Final = b"0"
PEN_LIFT_RATE: Final = 0
PEN_LIFT_ACTIVITY: Final = 128
MOVED: Final = b"1"
MAX_MESSAGE_BYTES: Final = 64
"""Without an end until then, what came was noise."""


class CorometricsDecoder:
    """Cuts messages at 03H and keeps the newest activity and movement for each rate."""

    def __init__(self) -> None:
        self.bad = 0
        self.battery_low = False
        self._waiting = b""
        self._toco = frames.TOCO_LOST
        self._moved = False

    def feed(self, data: bytes) -> list[Sample]:
        *messages, self._waiting = (self._waiting + data).split(ETX)
        found = []
        for message in messages:
            sample = self._read(message)
            if sample is not None:
                found.append(sample)
        if len(self._waiting) > MAX_MESSAGE_BYTES:
            self.bad += 1
            self._waiting = b""
        return found

    def _read(self, message: bytes) -> Sample | None:
        kind, body = message[1:2], message[3:]
        if message[:1] != TYPE_170 or message[2:3] != MONITOR_ID:
            self.bad += 1
            return None
        if kind == b"H":
            return self._rates(body)
        if kind == b"U":
            self._activity(body)
        elif kind == b"M":
            self._moved = body == MOVED
        return None

    def _rates(self, body: bytes) -> Sample | None:
        values = [_number(part) for part in body.split(b",")]
        if len(values) != 2 or None in values:
            self.bad += 1
            return None
        first, second = (rate(value or PEN_LIFT_RATE) for value in values)
        # The device tells no quality: what it draws is green, a pen lift is none.
        marks = quality(1, 3 if first else 0) | quality(2, 3 if second else 0)
        marks |= frames.MARK_MOVEMENT if self._moved else 0
        return Sample(fhr1=first, fhr2=second, toco=self._toco, marks=marks)

    def _activity(self, body: bytes) -> None:
        values = [_number(part) for part in body.split(b",")]
        newest = values[-1]
        if newest is None:
            self.bad += 1
        elif newest >= PEN_LIFT_ACTIVITY:
            self._toco = frames.TOCO_LOST
        else:
            self._toco = min(newest * frames.TOCO_SCALE, frames.TOCO_LOST - 1)


def _number(digits: bytes) -> int | None:
    return int(digits) if 2 <= len(digits) <= 3 and digits.isdigit() else None


class CorometricsVoice:
    """Says seconds as messages of the 170."""

    def say(self, second: Second) -> bytes:
        return b"".join(self._quarter(sample) for sample in second)

    @staticmethod
    def _quarter(sample: Sample) -> bytes:
        lost = sample.toco == frames.TOCO_LOST
        activity = PEN_LIFT_ACTIVITY if lost else sample.toco // frames.TOCO_SCALE
        moved = b"1" if sample.marks & frames.MARK_MOVEMENT else b"0"
        return b"".join(
            TYPE_170 + kind + MONITOR_ID + body + ETX
            for kind, body in (
                (b"U", b"%02d,%02d" % (activity, activity)),
                (b"M", moved),
                (b"H", b"%02d,%02d" % (bpm(sample.fhr1), bpm(sample.fhr2))),
            )
        )
