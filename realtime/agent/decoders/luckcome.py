"""莱康宁 Luckcome: the 5-byte records that its app stores.

Source: public iOS app `ChenQianPing/FetalMonitor` as cited in our reference: index u16
little-endian, FHR u8 (0 or 50–210 bpm), toco u8 (0–100), movement u8. The Bluetooth protocol
itself (LMTP) is closed; a gateway that hands on these records is what this reads.

待核实: two records a second (each fills two samples); whether the index counts from 0 and wraps at
65,535; what other values of the movement byte mean (not 0 counts as a movement).

Records carry no mark to find their beginning by. The index does: three successive ones that count
on by one are the beginning, and when one does not follow, the beginning is searched anew.
"""

from __future__ import annotations

import struct
from typing import Final

from realtime import frames
from realtime.agent.samples import Sample, Second, bpm, quality, rate

SAMPLES_PER_RECORD: Final = 2
RATE_FROM: Final = 50
RATE_TO: Final = 210
TOCO_TO: Final = 100
SURE: Final = 3
"""So many records in a row, counting on, are no accident."""

_RECORD: Final = struct.Struct("<HBBB")
SIZE: Final = _RECORD.size


class LuckcomeDecoder:
    """Finds the records' beginning by their index and reads what follows."""

    def __init__(self) -> None:
        self.bad = 0
        self.battery_low = False
        self._waiting = bytearray()
        self._next: int | None = None

    def feed(self, data: bytes) -> list[Sample]:
        self._waiting += data
        found: list[Sample] = []
        while True:
            if self._next is None and not self._find():
                return found
            if len(self._waiting) < SIZE:
                return found
            index, fhr, toco, moved = _RECORD.unpack_from(self._waiting)
            if index != self._next or not _plausible(fhr, toco):
                self.bad += 1
                self._next = None
                del self._waiting[:1]
                continue
            del self._waiting[:SIZE]
            self._next = index + 1 & 0xFFFF
            found += [_sample(fhr, toco, moved)] * SAMPLES_PER_RECORD

    def _find(self) -> bool:
        """Put the beginning of a record at the front; False until more bytes come."""
        while len(self._waiting) >= SIZE * SURE:
            rows = [_RECORD.unpack_from(self._waiting, SIZE * n) for n in range(SURE)]
            counts_on = all(row[0] == rows[0][0] + n & 0xFFFF for n, row in enumerate(rows))
            if counts_on and all(_plausible(row[1], row[2]) for row in rows):
                self._next = rows[0][0]
                return True
            del self._waiting[:1]
        return False


def _plausible(fhr: int, toco: int) -> bool:
    return (fhr == 0 or RATE_FROM <= fhr <= RATE_TO) and toco <= TOCO_TO


def _sample(fhr: int, toco: int, moved: int) -> Sample:
    marks = quality(1, 3 if fhr else 0) | (frames.MARK_MOVEMENT if moved else 0)
    return Sample(fhr1=rate(fhr), toco=toco * frames.TOCO_SCALE, marks=marks)


class LuckcomeVoice:
    """Says seconds as records, counting on from 0."""

    def __init__(self) -> None:
        self._index = 0

    def say(self, second: Second) -> bytes:
        said = b""
        for sample in second[::SAMPLES_PER_RECORD]:
            fhr = bpm(sample.fhr1)
            fhr = fhr if RATE_FROM <= fhr <= RATE_TO else 0
            # The record cannot say that there is no toco: it says 0.
            toco = 0 if sample.toco == frames.TOCO_LOST else sample.toco // frames.TOCO_SCALE
            moved = 1 if sample.marks & frames.MARK_MOVEMENT else 0
            said += _RECORD.pack(self._index, fhr, min(toco, TOCO_TO), moved)
            self._index = self._index + 1 & 0xFFFF
        return said
