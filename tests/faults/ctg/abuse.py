"""Malformed messages on many connections, in a process of its own.

`python -m tests.faults.ctg.abuse '{"port": …}'` prints one JSON line: what it sent, and how many
connections were ended for it. A malformed message ends its connection, so each lane connects
again and again; a share of the messages is malformed as HTTP or as WebSocket already.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import struct
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

import uvloop

from realtime import frames

ANSWER_S: Final = 10.0
TEXT, BINARY, CONTINUATION, PING = 1, 2, 0, 9


def wire(
    opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, masked: bool = True
) -> bytes:
    """One WebSocket frame (RFC 6455, 5.2); what the flags spoil is spoilt on purpose."""
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if masked else 0
    if len(payload) < 126:
        head += bytes([bit | len(payload)])
    elif len(payload) < 2**16:
        head += bytes([bit | 126]) + struct.pack(">H", len(payload))
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", len(payload))
    # A mask of zeros leaves the payload as it is.
    return head + (bytes(4) if masked else b"") + payload


def _frame(**spoilt: int) -> bytes:
    said = {"version": 1, "kind": 1, "flags": 0, "stream": 1, "seq": 1, "zero": 0, "end": 0}
    said |= spoilt
    names = ("version", "kind", "flags", "stream", "seq", "zero")
    body = struct.pack("<BBHIIIQ", *(said[name] for name in names), 0)
    body += bytes(48) + struct.pack("<I", said["end"])
    return body + struct.pack("<I", zlib.crc32(body) ^ spoilt.get("crc", 0))


def _bundle(count: int, body: bytes, kind: int = frames.KIND_BUNDLE, zero: int = 0) -> bytes:
    return struct.pack("<BBHI", 1, kind, count, zero) + body


def _json(**message: object) -> bytes:
    return json.dumps(message).encode()


def _opening(**more: object) -> bytes:
    message: dict[str, object] = {
        "type": "open", "stream": 1, "device": "SN-00000", "recording": str(uuid4()),
        "channels": ["fhr1"], "started_at": "2026-11-22T03:00:00Z",
    }  # fmt: skip
    return _json(**(message | more))


Make = Callable[[random.Random], bytes]
AFTER_OPENING: Final[dict[str, Make]] = {
    "noise": lambda dice: wire(BINARY, dice.randbytes(dice.randrange(1, 400))),
    "empty": lambda dice: wire(BINARY, b""),
    "short frame": lambda dice: wire(BINARY, _frame()[: dice.randrange(1, 80)]),
    "long frame": lambda dice: wire(BINARY, _frame() + b"x"),
    "other version": lambda dice: wire(BINARY, _frame(version=dice.choice((0, 2, 255)))),
    "other kind": lambda dice: wire(BINARY, _frame(kind=dice.choice((0, 2, 3, 4, 6, 255)))),
    "other checksum": lambda dice: wire(BINARY, _frame(crc=1 << dice.randrange(32))),
    "reserved": lambda dice: wire(BINARY, _frame(zero=1)),
    "reserved at the end": lambda dice: wire(BINARY, _frame(end=dice.randrange(1, 9))),
    "number zero": lambda dice: wire(BINARY, _frame(seq=0)),
    "stream not open": lambda dice: wire(BINARY, _frame(stream=dice.choice((0, 2, 2**32 - 1)))),
    "bundle of none": lambda dice: wire(BINARY, _bundle(0, b"")),
    "bundle of too many": lambda dice: wire(BINARY, _bundle(513, _frame() * 513)),
    "bundle that lies": lambda dice: wire(BINARY, _bundle(dice.randrange(2, 512), _frame())),
    "bundle reserved": lambda dice: wire(BINARY, _bundle(1, _frame(), zero=7)),
    "live from a sender": lambda dice: wire(BINARY, _bundle(1, _frame(), frames.KIND_LIVE)),
    "half a JSON": lambda dice: wire(TEXT, _opening()[: dice.randrange(1, 60)]),
    "deep JSON": lambda dice: wire(TEXT, b"[" * 8_000),
    "JSON of nothing": lambda dice: wire(TEXT, dice.choice((b"null", b"7", b"{}", b"[]", b'""'))),
    "unknown type": lambda dice: wire(TEXT, _json(type="obey", stream=1)),
    "wrong types": lambda dice: wire(TEXT, _opening(stream="one", recording=7)),
    "a NUL in a name": lambda dice: wire(
        TEXT, _opening(stream=2, **{dice.choice(("bed", "device")): "a\0"})
    ),
    "before the calendar": lambda dice: wire(
        TEXT, _opening(stream=2, started_at="0001-01-01T00:00:00+14:00")
    ),
    "stream out of range": lambda dice: wire(TEXT, _opening(stream=dice.choice((0, -1, 65_536)))),
    "gap upside down": lambda dice: wire(TEXT, _json(type="gap", stream=1, **{"from": 9, "to": 3})),
    "close of a stranger": lambda dice: wire(TEXT, _json(type="close", stream=9, last_seq=1)),
    "text too big": lambda dice: wire(TEXT, b" " * 20_000),
    "not UTF-8": lambda dice: wire(TEXT, b'{"type":"\xff\xfe"}'),
    "message too big": lambda dice: wire(BINARY, bytes(60_000)),
    "said to be huge": lambda dice: bytes([0x82, 0xFF]) + struct.pack(">Q", 2**62),
    "not masked": lambda dice: wire(BINARY, _frame(), masked=False),
    "unknown opcode": lambda dice: wire(dice.choice((3, 5, 11, 15)), b"x"),
    "compressed": lambda dice: wire(BINARY, _frame(), rsv=4),
    "fragment of nothing": lambda dice: wire(CONTINUATION, b"x"),
    "fragment interrupted": lambda dice: wire(BINARY, b"x", fin=False) + wire(BINARY, _frame()),
    "ping too long": lambda dice: wire(PING, bytes(200)),
}
INSTEAD: Final[dict[str, Make]] = {
    "HTTP of noise": lambda dice: dice.randbytes(200) + b"\r\n\r\n",
    "HTTP too long": lambda dice: b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
    "no such path": lambda dice: (
        b"GET /ctg/%s HTTP/1.1\r\nHost: x\r\n\r\n" % dice.randbytes(4).hex().encode()
    ),
    "no such token": lambda dice: upgrade("nobody"),
}


def upgrade(token: str) -> bytes:
    """The request that a sender makes."""
    return (
        "GET /ctg/ingest HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: {frames.PROTOCOL}\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()


@dataclass(slots=True)
class Abuse:
    """What is done and what came of it."""

    port: int
    token: str
    count: int
    lanes: int
    rate: float
    seed: int = 1
    sent: Counter[str] = field(default_factory=Counter)
    ended: int = 0
    open_still: Counter[str] = field(default_factory=Counter)
    failed: int = 0

    async def run(self) -> None:
        """All messages, `rate` a second over all lanes."""
        dice = random.Random(self.seed)
        kinds = [*AFTER_OPENING, *INSTEAD]
        numbers = iter(range(self.count))
        begun = time.monotonic()

        async def lane() -> None:
            for number in numbers:
                await asyncio.sleep(max(0.0, begun + number / self.rate - time.monotonic()))
                await self._one(kinds[number % len(kinds)], dice)

        await asyncio.gather(*(lane() for _ in range(self.lanes)))

    async def _one(self, kind: str, dice: random.Random) -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            self.failed += 1
            return
        try:
            async with asyncio.timeout(ANSWER_S):
                if kind in INSTEAD:
                    writer.write(INSTEAD[kind](dice))
                else:
                    writer.write(upgrade(self.token))
                    await reader.readuntil(b"\r\n\r\n")
                    writer.write(wire(TEXT, _opening()))
                    await reader.readuntil(b'"opened"')
                    writer.write(AFTER_OPENING[kind](dice))
                self.sent[kind] += 1
                while await reader.read(4_096):
                    pass
            self.ended += 1
        except TimeoutError:
            self.open_still[kind] += 1
        except asyncio.IncompleteReadError:
            self.failed += 1
        except OSError:
            self.ended += 1
        finally:
            writer.close()


def main() -> None:
    """Do it and say what came of it."""
    abuse = Abuse(**json.loads(sys.argv[1]))
    uvloop.run(abuse.run())
    said = {
        "sent": sum(abuse.sent.values()),
        "kinds": len(abuse.sent),
        "ended": abuse.ended,
        "open_still": dict(abuse.open_still),
        "failed": abuse.failed,
    }
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
