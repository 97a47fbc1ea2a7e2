"""The abuse beside healthy streams: no crash, memory back, nobody else notices."""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.bench.ctg import usage
from tests.faults.ctg.ground import Ground
from tests.faults.ctg.stalled import Stalled
from tests.faults.ctg.viewers import Watching
from tests.realtime.gateway.process import ROOT
from tests.telling import say

SETTLE_S: Final = 60.0
"""Alarms look after a recording for half a minute when its line is down; then it is forgotten."""
LATE_S: Final = 1.0
BACK_MB: Final = 8.0
"""More than this above what it was before is memory that did not come back."""
STALLED_LIMIT_KIB: Final = 1_024.0


def p99_ms(late_s: Sequence[float]) -> float:
    """Nearest rank."""
    ranked = sorted(late_s)
    return round(ranked[math.ceil(len(ranked) * 0.99) - 1] * 1000, 1) if ranked else math.inf


@dataclass(slots=True)
class Hostile:
    """What the abuse did."""

    before_ms: float = math.inf
    during_ms: float = math.inf
    stalled_ms: float = math.inf
    said: dict[str, Any] = field(default_factory=dict)
    grown_mb: float = math.inf
    crashes: int = 0
    stalled_kib: float = math.inf
    kernel_kib: float = math.inf

    @property
    def ratio(self) -> float:
        """How much later healthy viewers saw during the abuse."""
        return round(self.during_ms / self.before_ms, 2)

    @property
    def good(self) -> bool:
        """Without the timings, which depend on what else the machine does."""
        return (
            self.crashes == 0
            and self.grown_mb <= BACK_MB
            and not self.said["open_still"]
            and self.said["failed"] == 0
            and self.stalled_kib <= STALLED_LIMIT_KIB
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much abuse; `rate` in messages a second over all lanes."""

    messages: int = 10_000
    lanes: int = 100
    rate: float = 250.0
    quiet_s: float = 20.0
    viewers: int = 20
    stalled_s: float = 25.0


async def abuse(ground: Ground, watching: Watching, wanted: Wanted) -> Hostile:
    """Measure healthy viewers, abuse, measure again; then viewers who never read."""
    found, pids = Hostile(), [child.pid for child in ground.gateways]
    begun = time.time()
    await asyncio.sleep(wanted.quiet_s)
    found.before_ms = await _p99_since(watching, begun)
    kib = sum(map(usage.own_pss_kib, pids))
    begun = time.time()
    found.said = await _malformed(ground, watching, wanted)
    found.during_ms = await _p99_since(watching, begun)
    found.grown_mb = await _grown_mb(pids, kib)
    say(f"abuse: {found.said}; healthy p99 {found.before_ms} → {found.during_ms} ms")
    begun, stalled = time.time(), Stalled(ground.port, ground.other_headers)
    try:
        await stalled.stall(pids, watching.plan.recordings, wanted.viewers, wanted.stalled_s)
    finally:
        stalled.close()
    found.stalled_ms = await _p99_since(watching, begun)
    found.stalled_kib = round(stalled.gateway_kib, 1)
    found.kernel_kib = round(stalled.kernel_kib, 1)
    found.crashes = sum(child.poll() is not None for child in ground.gateways)
    say(
        f"stalled viewers: {found.stalled_kib} KiB each, {found.kernel_kib} KiB in the kernel;"
        f" healthy p99 {found.stalled_ms} ms"
    )
    return found


async def _p99_since(watching: Watching, begun: float) -> float:
    """Of what was measured until now; what was measured last has time to arrive."""
    until = time.time()
    await asyncio.sleep(LATE_S)
    return p99_ms(watching.late_s(begun, until))


async def _malformed(ground: Ground, watching: Watching, wanted: Wanted) -> dict[str, Any]:
    asked = {
        "port": ground.port, "token": watching.plan.token, "count": wanted.messages,
        "lanes": wanted.lanes, "rate": wanted.rate,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.ctg.abuse", json.dumps(asked),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    line, _ = await process.communicate()
    said: dict[str, Any] = json.loads(line)
    return said


async def _grown_mb(pids: Sequence[int], before_kib: int) -> float:
    """What is still held once it had time to go, by those who heard it: keepers fold meanwhile."""
    deadline, least = time.monotonic() + SETTLE_S, math.inf
    while time.monotonic() < deadline:
        least = min(least, (sum(map(usage.own_pss_kib, pids)) - before_kib) / 1024)
        if least <= BACK_MB:
            break
        await asyncio.sleep(0.5)
    return round(least, 1)
