"""A ward of monitors in a running instance: registered, then fed by the synthesiser."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import asyncpg

from kernel.ids import new_id
from realtime.monitor import Monitor
from realtime.replay import Replayer
from realtime.sources import Synthetic
from server.embedded.layout import prepare_layout
from tests.smoke.instance import Instance

FACILITY = "LJ001"
SCENARIOS = ("reactive", "variable", "antepartum", "haemorrhage", "twins", "early")
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
    first_bed: int

    @asynccontextmanager
    async def streaming(
        self, *, seed: int = 1, past_s: int = 0
    ) -> AsyncIterator[tuple[Monitor, ...]]:
        """Every monitor sends while the block runs, its first `past_s` seconds at once.

        Ended without a word, like a cut cable.
        """
        monitors = tuple(
            _monitor(number, self.first_bed + number, serial, seed, past_s)
            for number, serial in enumerate(self.serials)
        )
        sending = asyncio.create_task(Replayer(self.gateway_url, self.token, monitors).run())
        try:
            yield monitors
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending


def _monitor(number: int, bed: int, serial: str, seed: int, past_s: int) -> Monitor:
    source = Synthetic(SCENARIOS[number % len(SCENARIOS)], seed + number, None)
    monitor = Monitor(serial, source, f"{'产房' if number % 3 else '待产'} {bed} 床")
    monitor.started_ns = time.time_ns() - past_s * 10**9
    for _ in range(past_s):
        monitor.produce()
    return monitor


async def open_ward(
    instance: Instance,
    count: int,
    name: str = "BENCH",
    *,
    first_bed: int = 21,
    facility: str = FACILITY,
) -> Ward:
    """Register `count` monitors (at most 64) and the agent that carries them.

    Their beds are numbered from `first_bed`: wards that share a house's wall need beds of their
    own, and not more of them than it shows.
    """
    token = secrets.token_urlsafe(24)
    serials = tuple(f"SN-{name}-{n + 1:02d}" for n in range(count))
    url = prepare_layout(instance.place).postgres_url("yunshang_system")
    connection = await asyncpg.connect(url)
    try:
        digest = hashlib.sha256(token.encode()).digest()
        agent = (new_id(), f"AGENT-{name}", "采集代理", "agent", "", digest, facility)
        await connection.execute(_DEVICE, *agent)
        for serial in serials:
            monitor = (new_id(), serial, "胎心监护仪", "monitor", "产科", None, facility)
            await connection.execute(_DEVICE, *monitor)
    finally:
        await connection.close()
    return Ward(instance.gateway_url, token, serials, first_bed)
