"""A ward of monitors in a running instance: registered, then fed by the synthesiser."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import asyncpg

from kernel.ids import new_id
from realtime.replay import replay
from server.embedded.layout import prepare_layout
from tests.smoke.instance import Instance

FACILITY = "LJ001"
SCENARIOS = ("reactive", "variable", "antepartum", "haemorrhage", "twins")
"""Shown in turn, so that neighbouring strips differ."""
_DEVICE = (
    "INSERT INTO ctg_device (id, serial, name, kind, facility_id, unit, token_hash)"
    " SELECT $1, $2, $3, $4, id, $5, $6 FROM facility WHERE code = $7"
)


@dataclass(frozen=True, slots=True)
class Ward:
    """What its agent says and carries."""

    gateway_url: str
    token: str
    serials: tuple[str, ...]

    @asynccontextmanager
    async def streaming(self, *, seed: int = 1) -> AsyncIterator[asyncio.Task[object]]:
        """Every monitor sends while the block runs; ended without a word, like a cut cable."""
        sending: asyncio.Task[object] = asyncio.create_task(self._send(seed))
        try:
            yield sending
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending

    async def _send(self, seed: int) -> object:
        return await replay(
            self.gateway_url,
            self.token,
            self.serials,
            synth=[SCENARIOS[n % len(SCENARIOS)] for n in range(len(self.serials))],
            beds=[f"{'产房' if n % 3 else '待产'} {n + 1} 床" for n in range(len(self.serials))],
            seed=seed,
        )


async def open_ward(instance: Instance, count: int, name: str = "BENCH") -> Ward:
    """Register `count` monitors (at most 64) and the agent that carries them."""
    token = secrets.token_urlsafe(24)
    serials = tuple(f"SN-{name}-{n + 1:02d}" for n in range(count))
    url = prepare_layout(instance.place).postgres_url("yunshang_system")
    connection = await asyncpg.connect(url)
    try:
        digest = hashlib.sha256(token.encode()).digest()
        agent = (new_id(), f"AGENT-{name}", "采集代理", "agent", "", digest, FACILITY)
        await connection.execute(_DEVICE, *agent)
        for serial in serials:
            monitor = (new_id(), serial, "胎心监护仪", "monitor", "产科", None, FACILITY)
            await connection.execute(_DEVICE, *monitor)
    finally:
        await connection.close()
    return Ward(instance.gateway_url, token, serials)
