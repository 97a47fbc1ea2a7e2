"""Load on one gateway: `python -m tests.realtime.gateway.load --monitors 200 --seconds 20`.

Open loop: every second of every monitor has an intended moment, phases shuffled, and latencies
count from it. PostgreSQL runs with fsync. The last line is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import shutil
import signal
import struct
import sys
import tempfile
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg

from kernel.clock import SystemClock
from kernel.database import Database
from kernel.viewer import Role
from registry.people import sessions
from registry.people.service import Grant
from registry.people.sessions import Origin, SessionPolicy
from server.embedded.services import EmbeddedServices
from server.migrate import upgrade
from tests.realtime.conftest import ORIGIN
from tests.realtime.gateway.process import GatewayProcess
from tests.realtime.wire import Sender, Watcher, bundle
from tests.registry.world import PASSWORD, account, build

_SAMPLE = struct.pack("<HHHHBBH", 560, 0, 0, 320, 40, 98, 0b11) * 4


def timed_frame(stream: int, seq: int, at_ns: int) -> bytes:
    """A second whose device time is the moment at which it should leave."""
    body = struct.pack("<BBHIIIQ", 1, 1, 0, stream, seq, 0, at_ns) + _SAMPLE + bytes(4)
    return body + struct.pack("<I", zlib.crc32(body))


@dataclass(slots=True)
class Measured:
    """Latencies in milliseconds, and what was sent, acknowledged and seen."""

    ack_ms: list[float] = field(default_factory=list)
    view_ms: list[float] = field(default_factory=list)
    sent: int = 0
    acked: int = 0
    lag_ms: float = 0.0


async def send(
    url: str,
    recordings: list[UUID],
    first: int,
    seconds: int,
    out: Measured,
    ready: asyncio.Barrier,
) -> None:
    """One connection with its monitors, one bundle a second."""
    sender = await Sender.dial(url, "bench-token")
    for stream, recording in enumerate(recordings, 1):
        await sender.open(recording, stream=stream, device=f"SN-{first + stream:05d}")
    await ready.wait()
    start = time.time() + 1.0 + random.random()
    intended: dict[int, float] = {}

    async def listen() -> None:
        before = dict.fromkeys(range(1, len(recordings) + 1), 0)
        while out.acked < 10**9 and any(seq < seconds for seq in before.values()):
            await sender.receive()
            now = time.time()
            for stream, seq in sender.acked.items():
                for one in range(before[stream] + 1, seq + 1):
                    out.ack_ms.append((now - intended[one]) * 1000)
                out.acked += seq - before[stream]
                before[stream] = seq

    listening = asyncio.create_task(listen())
    for seq in range(1, seconds + 1):
        due = start + seq
        await asyncio.sleep(max(0.0, due - time.time()))
        out.lag_ms = max(out.lag_ms, (time.time() - due) * 1000)
        intended[seq] = due
        at_ns = int(due * 1e9)
        frames = [timed_frame(stream, seq, at_ns) for stream in range(1, len(recordings) + 1)]
        await sender.send(frames[0] if len(frames) == 1 else bundle(frames))
        out.sent += len(frames)
    await listening
    await sender.close()


async def watch(
    url: str, headers: dict[str, str], recordings: list[UUID], seconds: int, out: Measured
) -> None:
    """One viewer of many monitors."""
    watcher = await Watcher.dial(url, headers)
    await watcher.subscribe(recordings)
    counted = 0
    while counted < seconds * len(recordings):
        if await watcher.receive() is None:
            now = time.time()
            for one in (f for group in watcher.frames.values() for f in group):
                out.view_ms.append((now - int.from_bytes(one[16:24], "little") / 1e9) * 1000)
                counted += 1
            watcher.frames.clear()
    await watcher.close()


def quantiles(values: list[float]) -> dict[str, float]:
    """p50, p99 and the largest."""
    ordered = sorted(values)
    return {
        "p50": round(ordered[len(ordered) // 2], 1),
        "p99": round(ordered[len(ordered) * 99 // 100], 1),
        "max": round(ordered[-1], 1),
    }


def cpu_s(pid: int) -> float:
    """CPU seconds of all threads of a process."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


async def measure(options: argparse.Namespace, services: EmbeddedServices, log: Path) -> None:
    """Set up, run and print."""
    layout = services.layout
    await upgrade(layout.postgres_url("yunshang_owner"))
    database, clock = Database(layout.postgres_url("yunshang_system")), SystemClock()
    world = await build(database)
    role = Grant(Role.DUTY_DESK)
    await account(database, clock, "bench", world.county_hospital, role)
    token = await sessions.log_in(
        database, clock, login="bench", password=PASSWORD, origin=Origin("bench"),
        policy=SessionPolicy(),
    )  # fmt: skip
    headers = {"Cookie": f"__Host-yunshang={token}", "Origin": ORIGIN}
    await _devices(database.url, world.county_hospital, options.monitors)
    await database.close()
    gateway = GatewayProcess(database.url, layout.valkey_url, ORIGIN, log)
    await gateway.start()
    recordings = [uuid4() for _ in range(options.monitors)]
    groups = [recordings[at : at + options.mux] for at in range(0, options.monitors, options.mux)]
    out, pid, ready = Measured(), gateway.pid, asyncio.Barrier(len(groups) + 1)
    sending = [
        asyncio.create_task(send(gateway.url, group, at * options.mux, options.seconds, out, ready))
        for at, group in enumerate(groups)
    ]
    await ready.wait()
    size = max(1, min(64, options.monitors // options.viewers))
    watching = [
        asyncio.create_task(
            watch(
                gateway.url, headers, recordings[at * size : (at + 1) * size], options.seconds, out
            )
        )
        for at in range(options.viewers)
    ]
    before, started = cpu_s(pid), time.time()
    await asyncio.gather(*sending, *watching)
    used = cpu_s(pid) - before
    sys.stdout.write(
        json.dumps(
            {
                "bench": "ctg",
                "monitors": options.monitors,
                "connections": len(groups),
                "viewers": options.viewers,
                "sent": out.sent,
                "acked": out.acked,
                "delivered": len(out.view_ms),
                "ack_ms": quantiles(out.ack_ms),
                "view_ms": quantiles(out.view_ms),
                "generator_lag_max_ms": round(out.lag_ms, 1),
                "gateway_cpu_us_per_sample": round(used / out.sent * 1e6, 1),
                "gateway_cores": round(used / (time.time() - started), 3),
            }
        )
        + "\n"
    )
    await gateway.end(signal.SIGTERM)


async def _devices(url: str, facility: UUID, monitors: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "INSERT INTO ctg_device (id, serial, kind, facility_id, token_hash)"
            " VALUES (gen_random_uuid(), 'BENCH', 'agent', $1, $2)",
            facility, hashlib.sha256(b"bench-token").digest(),
        )  # fmt: skip
        await connection.executemany(
            "INSERT INTO ctg_device (id, serial, kind, facility_id)"
            " VALUES (gen_random_uuid(), $1, 'monitor', $2)",
            [(f"SN-{number:05d}", facility) for number in range(monitors + 1)],
        )
    finally:
        await connection.close()


def main() -> None:
    """Parse, run, clean up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--monitors", type=int, default=200)
    parser.add_argument("--mux", type=int, default=20)
    parser.add_argument("--viewers", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="ys-"))
    place.chmod(0o755)
    try:
        with EmbeddedServices(place, durable=True) as services:
            asyncio.run(measure(options, services, place / "gateway.log"))
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
