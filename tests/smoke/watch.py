"""CTG through the front door: one monitor sends, one viewer watches, both measured."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
from websockets.asyncio.client import connect

from realtime import frames
from realtime.replay import Monitor, Replayer, Report
from realtime.sources import Synthetic
from tests.smoke.person import Person


@dataclass(slots=True)
class Watch:
    """What a viewer saw: seconds by number, and how late each was, in milliseconds."""

    seen: set[int] = field(default_factory=set)
    since_ns: int = 0
    """Lateness counts only for seconds sent after this moment: older ones came as history."""
    late_ms: list[float] = field(default_factory=list)


def monitor(serial: str, seconds: int) -> Monitor:
    """A synthetic monitor that ends by itself."""
    return Monitor(serial, Synthetic("reactive", 7, seconds), bed="产房 1 床")


async def send(gateway_url: str, token: str, one: Monitor) -> Report:
    """Stream in real time until the last second is acknowledged."""
    return await Replayer(gateway_url, token, [one]).run()


async def watch(gateway_url: str, viewer: Person, recording: str, seen: Watch) -> None:
    """Subscribe like the case page does, until cancelled."""
    socket = await connect(
        f"{gateway_url}/ctg/watch",
        subprotocols=["yunshang.ctg.watch.v1"],  # type: ignore[list-item]
        additional_headers={"cookie": viewer.cookie},
        origin=viewer.url,  # type: ignore[arg-type]
    )
    try:
        await socket.send(
            msgspec.json.encode(
                {"type": "subscribe", "recordings": [recording], "since_s": 60}
            ).decode()
        )
        seen.since_ns = time.time_ns()
        async for message in socket:
            if isinstance(message, bytes):
                _note(message, seen)
    finally:
        with suppress(Exception):
            await socket.close()


def _note(message: bytes, seen: Watch) -> None:
    now_ns = time.time_ns()
    for frame in frames.split_live(message):
        head = frames.peek_head(frame)
        if head.seq in seen.seen:
            continue
        seen.seen.add(head.seq)
        # The replayed monitor sends a second at its nominal moment, so that is when it left.
        if head.device_ns >= seen.since_ns:
            seen.late_ms.append((now_ns - head.device_ns) / 1e6)


async def eventually(wanted: int, seen: Watch, patience_s: float) -> None:
    """Wait until the viewer has seen so many seconds."""
    async with asyncio.timeout(patience_s):
        while len(seen.seen) < wanted:
            await asyncio.sleep(0.05)
