"""A plain sender and a plain viewer, written against the protocol's page and nothing else."""

from __future__ import annotations

import asyncio
import json
import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from websockets.asyncio.client import ClientConnection, connect

START_NS = 1_795_000_000_000_000_000


def frame(seq: int, *, stream: int = 1, rate: int = 560, flags: int = 0, spo2: int = 98) -> bytes:
    """One second with constant values; `rate` in quarter bpm."""
    sample = struct.pack("<HHHHBBH", rate, 0, 0, 320, 40, spo2, 0b11)
    body = (
        struct.pack("<BBHIIIQ", 1, 1, flags, stream, seq, 0, START_NS + seq * 10**9)
        + sample * 4
        + bytes(4)
    )
    return body + struct.pack("<I", zlib.crc32(body))


def bundle(frames: Sequence[bytes], kind: int = 5) -> bytes:
    """Several frames in one message."""
    return struct.pack("<BBHI", 1, kind, len(frames), 0) + b"".join(frames)


class Sender:
    """One ingest connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.acked: dict[int, int] = {}
        self.messages: list[dict[str, Any]] = []

    @classmethod
    async def dial(cls, url: str, token: str) -> Sender:
        socket = await connect(
            f"{url}/ctg/ingest",
            subprotocols=["yunshang.ctg.v1"],
            additional_headers={"Authorization": f"Bearer {token}"},
            compression=None,
        )
        return cls(socket)

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message, default=str))

    async def receive(self) -> dict[str, Any] | None:
        """The next text message, or None after an acknowledgement."""
        data = await asyncio.wait_for(self.socket.recv(), 10)
        if isinstance(data, str):
            message: dict[str, Any] = json.loads(data)
            self.messages.append(message)
            return message
        version, kind, count = struct.unpack_from("<BBH", data)
        assert (version, kind) == (1, 2)
        for stream, seq in struct.iter_unpack("<II", data[4:]):
            self.acked[stream] = seq
            count -= 1
        assert count == 0
        return None

    async def expect(self, kind: str) -> dict[str, Any]:
        """The next text message, which must be of this type."""
        while (message := await self.receive()) is None:
            pass
        assert message["type"] == kind, message
        return message

    async def open(self, recording: UUID, stream: int = 1, **more: Any) -> dict[str, Any]:
        message = {
            "type": "open", "stream": stream, "device": f"SN-{stream:04d}",
            "recording": str(recording), "channels": ["fhr1", "mhr", "toco"],
            "started_at": "2026-11-22T03:00:00Z", "bed": "产房3床",
        } | more  # fmt: skip
        await self.say(**message)
        return await self.expect("opened")

    async def send(self, data: bytes) -> None:
        await self.socket.send(data)

    async def until_acked(self, seq: int, stream: int = 1) -> None:
        while self.acked.get(stream, 0) < seq:
            await self.receive()

    async def close(self) -> None:
        await self.socket.close()


class Watcher:
    """One viewer connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: dict[int, list[bytes]] = {}
        self.messages: list[dict[str, Any]] = []

    @classmethod
    async def dial(cls, url: str, headers: dict[str, str]) -> Watcher:
        socket = await connect(
            f"{url}/ctg/watch",
            subprotocols=["yunshang.ctg.watch.v1"],
            additional_headers=headers,
            compression=None,
        )
        return cls(socket)

    async def subscribe(self, recordings: Iterable[UUID], since_s: int = 1200) -> None:
        message = {
            "type": "subscribe",
            "recordings": [str(r) for r in recordings],
            "since_s": since_s,
        }
        await self.socket.send(json.dumps(message))

    async def receive(self) -> dict[str, Any] | None:
        data = await asyncio.wait_for(self.socket.recv(), 10)
        if isinstance(data, str):
            message: dict[str, Any] = json.loads(data)
            self.messages.append(message)
            return message
        version, kind, count, zero = struct.unpack_from("<BBHI", data)
        assert (version, kind, zero) == (1, 4, 0)
        assert len(data) == 8 + 80 * count
        for at in range(8, len(data), 80):
            one = data[at : at + 80]
            assert zlib.crc32(one[:76]) == int.from_bytes(one[76:], "little")
            self.frames.setdefault(int.from_bytes(one[4:8], "little"), []).append(one)
        return None

    async def expect(self, kind: str) -> dict[str, Any]:
        """The next message of this type; others are kept."""
        while True:
            message = await self.receive()
            if message is not None and message["type"] == kind:
                return message

    def seqs(self, view: int) -> list[int]:
        return [int.from_bytes(one[8:12], "little") for one in self.frames.get(view, [])]

    async def until_seq(self, view: int, seq: int) -> None:
        while not self.seqs(view) or self.seqs(view)[-1] < seq:
            await self.receive()

    async def close(self) -> None:
        await self.socket.close()
