"""Viewers that subscribe to everything and never read: what each of them costs."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from realtime import frames
from realtime.watch import MAX_VIEWS
from tests.bench.ctg import usage
from tests.faults.ctg.abuse import TEXT, wire

BUFFER_BYTES: Final = 4_096
HISTORY_S: Final = 3_600
TRIES: Final = 20
LET_IN: Final = b"HTTP/1.1 101"


@dataclass(slots=True)
class Stalled:
    """Their sockets, and the most that they cost."""

    port: int
    headers: dict[str, str]
    sockets: list[socket.socket] = field(default_factory=list)
    gateway_kib: float = 0.0
    """Each, in the gateway's memory."""
    kernel_kib: float = 0.0
    """Each, waiting in the kernel's send buffers."""

    async def stall(
        self, pids: Sequence[int], recordings: Sequence[str], count: int, seconds: float
    ) -> None:
        """So many viewers for so long; the largest cost seen is kept."""
        before = sum(map(usage.own_pss_kib, pids))
        for number in range(count):
            wanted = [recordings[(number + n) % len(recordings)] for n in range(MAX_VIEWS)]
            await self._sit_down(list(dict.fromkeys(wanted)))
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            held = sum(map(usage.own_pss_kib, pids)) - before
            self.gateway_kib = max(self.gateway_kib, held / count)
            self.kernel_kib = max(self.kernel_kib, self._unsent_bytes() / 1024 / count)
            await asyncio.sleep(0.5)

    async def _sit_down(self, recordings: list[str]) -> None:
        """Let in when the gateway can ask who this is; a page would try again, too."""
        answer = b""
        for _ in range(TRIES):
            answer = await asyncio.to_thread(self._let_in, recordings)
            if answer == LET_IN:
                return
            self.sockets.pop().close()
            await asyncio.sleep(0.5)
        raise RuntimeError(f"a viewer was not let in: {answer!r}")

    def _let_in(self, recordings: list[str]) -> bytes:
        """Knock, and subscribe where the door opens; return what it said."""
        link = socket.socket()
        self.sockets.append(link)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        link.settimeout(20)
        link.connect(("127.0.0.1", self.port))
        head = [
            "GET /ctg/watch HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Protocol: {frames.WATCH_PROTOCOL}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]  # fmt: skip
        link.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        answer = link.recv(len(LET_IN))
        if answer != LET_IN:
            return answer
        asked = {"type": "subscribe", "recordings": recordings, "since_s": HISTORY_S}
        link.sendall(wire(TEXT, json.dumps(asked).encode()))
        return answer

    def _unsent_bytes(self) -> int:
        """What the kernel holds for them on the gateway's side (/proc/net/tcp, tx_queue)."""
        ours = {link.getsockname()[1] for link in self.sockets}
        found = 0
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            parts = line.split()
            here, there = (int(part.split(":")[1], 16) for part in parts[1:3])
            if here == self.port and there in ours:
                found += int(parts[4].split(":")[0], 16)
        return found

    def close(self) -> None:
        """Get up."""
        for link in self.sockets:
            link.close()
