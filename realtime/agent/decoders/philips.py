"""Philips Series 50 and Avalon, serial: one `C` block a second.

Source: reference layout of the public manual M1350-9074S as read from an open AN24 client.

- Frame: `10 02`, payload, `10 03`, then CRC-16/XMODEM big-endian over everything from `10 02` to
  `10 03` inclusive (checked against published example frames); a 0x10 in the payload is doubled.
  待核实: whether the CRC runs over the doubled or the plain payload; we take the bytes on the wire.
- `C` block, 34 bytes: `'C'`, status u16, HR1 4×u16, HR2 4×u16, MHR 4×u16, TOCO 4×u8, HR mode u16,
  TOCO mode u8; big-endian. An HR word: bits 0–10 are bpm×4; bits 13–14 the signal's quality,
  1 red, 2 yellow, 3 green (待核实). Bits 11–12 carry movements and flags (待核实: not read).
  TOCO in half units, as stored here; the mode words tell the transducer (待核实: not read).
- A host sends `G` to start automatic sending, `H` to stop.

Nothing here was tried on a device.
"""

from __future__ import annotations

import binascii
import struct
from typing import Final

from realtime import frames
from realtime.agent.samples import Sample, Second, quality

DLE: Final = 0x10
STX: Final = 0x02
ETX: Final = 0x03
START: Final = b"\x10\x02"
END: Final = b"\x10\x03"
MAX_FRAME_BYTES: Final = 512
"""Without an end until then, what began was no frame."""

_BLOCK: Final = struct.Struct(">cH4H4H4H4BHB")
_RATE_BITS: Final = 0x07FF
_QUALITY_SHIFT: Final = 13


def crc16(data: bytes) -> int:
    """CRC-16/XMODEM: polynomial 0x1021, beginning at 0."""
    return binascii.crc_hqx(data, 0)


def framed(payload: bytes) -> bytes:
    """A payload as it goes over the wire."""
    body = START + payload.replace(b"\x10", b"\x10\x10") + END
    return body + crc16(body).to_bytes(2, "big")


class PhilipsDecoder:
    """Finds frames, checks them, reads `C` blocks; other blocks pass unread."""

    START_COMMAND: Final = framed(b"G")

    def __init__(self) -> None:
        self.bad = 0
        self.battery_low = False
        self._waiting = bytearray()

    def feed(self, data: bytes) -> list[Sample]:
        self._waiting += data
        found: list[Sample] = []
        while True:
            payload = self._next()
            if payload is None:
                return found
            if payload[:1] == b"C" and len(payload) == _BLOCK.size:
                found += _read(payload)
            elif payload[:1] == b"C":
                self.bad += 1

    def _next(self) -> bytes | None:
        """The payload of the next sound frame; None until more bytes come."""
        while True:
            begin = self._waiting.find(START)
            if begin < 0:
                # A lone DLE may be the first half of a beginning.
                del self._waiting[: -1 if self._waiting[-1:] == b"\x10" else len(self._waiting)]
                return None
            del self._waiting[:begin]
            end = _end_of(self._waiting)
            if end is None:
                if len(self._waiting) <= MAX_FRAME_BYTES:
                    return None
                self._skip()
            elif len(self._waiting) < end + 2:
                return None
            else:
                whole, sent = bytes(self._waiting[:end]), bytes(self._waiting[end : end + 2])
                if crc16(whole).to_bytes(2, "big") == sent:
                    del self._waiting[: end + 2]
                    return whole[2:-2].replace(b"\x10\x10", b"\x10")
                self._skip()

    def _skip(self) -> None:
        """What began here was damaged: look for the next beginning behind it."""
        self.bad += 1
        del self._waiting[:2]


def _end_of(data: bytearray) -> int | None:
    """Where the frame at the beginning ends, its `10 03` included; None if it does not yet."""
    at = 2
    while (at := data.find(b"\x10", at)) >= 0:
        if at + 1 >= len(data):
            return None
        if data[at + 1] == ETX:
            return at + 2
        at += 2  # a doubled DLE, or a byte that says nothing to us
    return None


def _read(payload: bytes) -> list[Sample]:
    _, _status, *words = _BLOCK.unpack(payload)
    rates, tocos = words[:12], words[12:16]
    samples = []
    for n in range(4):
        first, second, mother = rates[n], rates[4 + n], rates[8 + n]
        mhr = mother & _RATE_BITS
        marks = quality(1, first >> _QUALITY_SHIFT) | quality(2, second >> _QUALITY_SHIFT)
        samples.append(
            Sample(
                fhr1=first & _RATE_BITS,
                fhr2=second & _RATE_BITS,
                mhr=mhr,
                # 待核实: the device's own sign for "no toco"; 0xFF is what is stored for it.
                toco=tocos[n],
                marks=marks | (frames.MARK_MHR_PRESENT if mhr else 0),
            )
        )
    return samples


class PhilipsVoice:
    """Says seconds as `C` blocks."""

    def say(self, second: Second) -> bytes:
        rates = [_word(s.fhr1, s.marks) for s in second]
        rates += [_word(s.fhr2, s.marks >> 2) for s in second]
        rates += [min(s.mhr, _RATE_BITS) for s in second]
        return framed(_BLOCK.pack(b"C", 0, *rates, *(s.toco for s in second), 0, 0))


def _word(rate: int, marks: int) -> int:
    return (marks & 3) << _QUALITY_SHIFT | min(rate, _RATE_BITS)
