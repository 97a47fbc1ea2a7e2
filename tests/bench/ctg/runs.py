"""One run: a server started, everything connected, the load driven, the processes' CPU read."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import numpy as np

from tests.bench.ctg import servers, usage
from tests.bench.ctg.ground import Ground, stored
from tests.bench.ctg.schedule import Plan
from tests.realtime.conftest import ORIGIN
from tests.realtime.gateway.process import ROOT

OPEN_S: Final = 240.0
JUDGE_S: Final = 300.0
STEADY_S, STEADY_KIB = 15.0, 64


@dataclass(frozen=True, slots=True)
class Profile:
    """What is measured: a server under a load."""

    name: str
    server: str
    monitors: int
    mux: int = 1
    copies: int = 2
    seconds: int = 60
    spread_s: float = 1.0
    mixed: bool = False
    ack_ms: int = 0
    """How long senders let acknowledgements wait, as they say when they open."""
    lag_ms: float = 50.0
    """A generator that was later than this at worst voids the run."""


@dataclass(slots=True)
class Run:
    """What one run found."""

    profile: Profile
    said: dict[str, Any] = field(default_factory=dict)
    cpu_us: dict[str, float] = field(default_factory=dict)
    """Per sample, by process tree."""
    kib_per_connection: float = 0.0
    slab_kib_per_connection: float = 0.0
    pss_mb: float = 0.0
    acked_lost: int = 0
    stored_twice: int = 0
    chunks: int = 0
    wal_bytes: float = 0.0
    wal_syncs: int = 0

    @property
    def us(self) -> float:
        """CPU of everything together, per sample."""
        return round(sum(self.cpu_us.values()), 2)

    @property
    def lag_ms(self) -> float:
        """How late the generator itself was at worst."""
        return float(self.said["lag_ms"])

    @property
    def void(self) -> bool:
        """Whether its figures are the generator's rather than the server's."""
        return self.lag_ms > self.profile.lag_ms


class Generator:
    """The generator's process, line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, plan: Plan, ground: Ground) -> Generator:
        """Give it its plan."""
        path = ground.place / "plan.json"
        path.write_text(json.dumps(plan.to_json()))
        argv = (sys.executable, "-m", "tests.bench.ctg.load", str(path))
        with (ground.place / "generator.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *argv, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )  # fmt: skip
        return cls(process)

    async def hear(self, word: str, patience_s: float) -> dict[str, Any]:
        """The line that has this word."""
        assert self._process.stdout is not None
        async with asyncio.timeout(patience_s):
            line = await self._process.stdout.readline()
        found: dict[str, Any] = json.loads(line) if line else {}
        if word not in found:
            raise RuntimeError(f"the generator ended before {word!r}; see generator.log")
        return found

    def go(self) -> None:
        """Let it begin."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")

    async def end(self) -> None:
        """Wait for its end, or bring it about."""
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


async def run(profile: Profile, ground: Ground, warm_s: int, seed: int) -> Run:
    """Run one profile from an empty database to the last second judged."""
    clone = await ground.fresh()
    server: servers.Server | None = None
    if profile.server == "gateway":
        gateway = await ground.start_gateway()
        url, pids = gateway.url, {"gateway": gateway.pid}
    else:
        server = await asyncio.to_thread(_other, profile.server, ground, clone.superuser_url)
        scheme = "mqtt" if profile.server == "mosquitto" else "ws"
        url, pids = f"{scheme}://127.0.0.1:{server.port}", {profile.server: server.pid}
    if profile.server in {"gateway", "naive"}:
        pids |= {name: ground.services.pid(name) for name in ("postgres", "valkey")}
    plan = Plan(
        wire="mqtt" if profile.server == "mosquitto" else "ws",
        url=url, monitors=profile.monitors, mux=profile.mux, copies=profile.copies,
        warm_s=warm_s, seconds=profile.seconds, spread_s=profile.spread_s, mixed=profile.mixed,
        ack_ms=profile.ack_ms,
        recordings=tuple(str(uuid4()) for _ in range(profile.monitors)),
        sessions=ground.sessions, origin=ORIGIN, seed=seed,
        acked_file=str(ground.place / "acked.npy"),
    )  # fmt: skip
    found = Run(profile)
    try:
        await _drive(found, plan, ground, pids)
        if profile.server == "gateway":
            await _check_stored(found, plan, clone.system_url)
    finally:
        await ground.stop_gateway()
        if server is not None:
            await asyncio.to_thread(server.stop)
    return found


def _other(name: str, ground: Ground, database_url: str) -> servers.Server:
    if name == "mosquitto":
        return servers.mosquitto(ground.place)
    if name == "echo":
        return servers.echo(ground.place)
    return servers.naive(ground.place, database_url, ground.services)


async def _drive(found: Run, plan: Plan, ground: Ground, pids: Mapping[str, int]) -> None:
    server_pid = next(iter(pids.values()))
    empty_kib, slab_kib = await _steady_kib(server_pid), usage.slab_kib()
    generator = await Generator.start(plan, ground)
    try:
        connections = (await generator.hear("ready", OPEN_S))["ready"]
        held = await _steady_kib(server_pid) - empty_kib
        found.kib_per_connection = round(held / connections, 1)
        found.slab_kib_per_connection = round((usage.slab_kib() - slab_kib) / connections, 1)
        generator.go()
        start = (await generator.hear("start", JUDGE_S))["start"]
        await _until(start + plan.warm_s)
        before, (wal, syncs) = _spent(pids), await ground.wal()
        await _until(start + plan.total_s)
        after, (wal_then, syncs_then) = _spent(pids), await ground.wal()
        found.pss_mb = round(usage.pss_kib(server_pid) / 1024, 1)
        samples = plan.monitors * plan.seconds
        spent = usage.spent_us(before.values(), after.values(), samples)
        found.cpu_us = dict(zip(before, spent, strict=True))
        found.wal_bytes = round((wal_then - wal) / samples, 1)
        found.wal_syncs = syncs_then - syncs
        found.said = await generator.hear("sent", plan.total_s + 60)
        found.said |= await generator.hear("acked", JUDGE_S)
    finally:
        await generator.end()


def _spent(pids: Mapping[str, int]) -> dict[str, int]:
    """CPU of each tree so far, in ns; what the gateway's keeper spends is shown apart."""
    spent = {name: usage.cpu_ns(pid) for name, pid in pids.items()}
    keeper = usage.keeper_of(pids["gateway"]) if "gateway" in pids else None
    if keeper is not None:
        spent["keeper"] = usage.cpu_ns(keeper)
        spent["gateway"] -= spent["keeper"]
    return spent


async def _check_stored(found: Run, plan: Plan, url: str) -> None:
    counts, found.chunks = await stored(url, plan.recordings, plan.total_s)
    acked = np.load(plan.acked_file)
    promised = np.arange(1, plan.total_s + 1)[None, :] <= acked[:, None]
    found.acked_lost = int((promised & (counts == 0)).sum())
    found.stored_twice = int((counts > 1).sum())


async def _steady_kib(pid: int) -> int:
    """Memory of a tree once it has stopped growing: programs load more after they first answer."""
    before, deadline = 0, time.monotonic() + STEADY_S
    while time.monotonic() < deadline:
        now = usage.pss_kib(pid)
        if abs(now - before) < STEADY_KIB:
            break
        before = now
        await asyncio.sleep(1)
    return usage.pss_kib(pid)


async def _until(moment_s: float) -> None:
    await asyncio.sleep(max(0.0, moment_s - time.monotonic()))
