"""A host's clock that is wrong, or set, misplaces nothing and keeps nobody from ringing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from websockets.exceptions import InvalidStatus

from kernel.clock import Clock, SimulatedClock, SystemClock
from kernel.database_clock import DatabaseClock
from kernel.viewer import Role
from realtime.alarms.timers import run_due
from realtime.gateway import main
from realtime.gateway.main import Gateway, Timing
from registry.people import sessions
from registry.people.service import Grant
from registry.people.sessions import Origin, SessionPolicy
from tests.fixtures.database import Clone
from tests.fixtures.ports import free_port
from tests.realtime.conftest import ORIGIN, Site, among
from tests.realtime.gateway.process import asked
from tests.realtime.wire import START_NS, Sender, Watcher, bundle, frame
from tests.registry.world import PASSWORD, account, build

SECOND = 10**9
HOUR = 3_600 * SECOND
NEAR = timedelta(seconds=20)
"""So far apart moments of one test may be on a machine that does much else."""


@pytest.fixture(params=[2, -2], ids=["ahead", "behind"])
def wrong_ns(request: pytest.FixtureRequest) -> Callable[[], int]:
    """A host's clock that is hours wrong."""
    hours: int = request.param
    return lambda: time.time_ns() + hours * HOUR


@pytest.fixture
async def astray(site: Site, wrong_ns: Callable[[], int]) -> AsyncIterator[Site]:
    """The site with a gateway on a host whose clock is wrong."""
    await site.gateway.stop()
    site.gateway = Gateway(
        site.clone.system_url,
        among(site.sessions),
        {ORIGIN},
        Timing(tick_s=0.05, fold_s=3_600, pulse_s=0.2, alarms_s=0.1),
        clock=DatabaseClock(wrong_ns),
    )
    site.port = await site.gateway.start("127.0.0.1", 0)
    try:
        async with asyncio.timeout(20):
            while not site.gateway.health.database:
                await asyncio.sleep(0.02)
        yield site
    finally:
        await site.gateway.stop()


async def until(site: Site, sql: str) -> Any:
    """The first row that this finds."""
    async with asyncio.timeout(20):
        while not (rows := await site.fetch(sql)):
            await asyncio.sleep(0.05)
    return rows[0]


async def low(site: Site) -> tuple[Sender, UUID]:
    """A monitor that has sent an alarm's worth of seconds, and has measured its own clock."""
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    await sender.send(bundle([frame(seq, rate=560 if seq < 6 else 360) for seq in range(1, 41)]))
    await sender.until_acked(40)
    asked_ns = time.time_ns()
    await sender.say(type="time", t1=asked_ns)
    answer = await sender.expect("time")
    offset_ns = (answer["t2"] + answer["t3"]) // 2 - asked_ns
    await sender.say(type="time", t1=asked_ns, offset_ns=offset_ns, rtt_ns=1_000)
    await sender.expect("time")
    return sender, recording


async def test_what_a_gateway_writes_down_is_in_the_databases_time(astray: Site) -> None:
    sender, _ = await low(astray)
    pulse = await until(
        astray, "SELECT heard_at - clock_timestamp() AS off, lag_ms FROM ctg_pulse WHERE seq = 40"
    )
    assert abs(pulse["off"]) < NEAR
    due_ms = (time.time_ns() - START_NS) / 1_000_000 - 41_000
    assert abs(pulse["lag_ms"] - due_ms) < NEAR / timedelta(milliseconds=1)
    alarm = await until(
        astray,
        "SELECT raised_at - clock_timestamp() AS off, escalate_at - clock_timestamp() AS rings"
        " FROM ctg_alarm WHERE kind = 'bradycardia'",
    )
    assert abs(alarm["off"]) < NEAR
    assert alarm["rings"] is None or abs(alarm["rings"]) < timedelta(minutes=30)
    measured = await until(
        astray, "SELECT clock_offset_ns FROM ctg_recording WHERE clock_offset_ns IS NOT NULL"
    )
    assert abs(measured["clock_offset_ns"]) < NEAR / timedelta(microseconds=1) * 1_000
    rows = await astray.fetch("SELECT received_at - clock_timestamp() AS off FROM ctg_journal")
    assert all(abs(row["off"]) < NEAR for row in rows)
    await sender.close()


async def test_a_line_that_lives_is_not_offline_and_one_that_is_dead_is(astray: Site) -> None:
    sender, _ = await low(astray)
    await until(astray, "SELECT 1 FROM ctg_pulse WHERE seq = 40 AND connected")
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    offline = "SELECT raised_at FROM ctg_alarm WHERE kind = 'offline'"
    while await run_due(astray.clone.system, SystemClock(), long_ago):
        pass
    assert not await astray.fetch(offline)
    # As if it were dead: it writes no sign of life, and finds nobody silent.
    astray.gateway._pulse._period_s = astray.gateway.alarms._period_s = 3_600
    await asyncio.sleep(0.5)
    later = SimulatedClock(SystemClock().now() + timedelta(minutes=5))
    while await run_due(astray.clone.system, later, long_ago):
        pass
    assert len(await astray.fetch(offline)) == 1
    await sender.close()


async def test_who_has_just_logged_in_may_look_and_who_was_idle_may_not(
    database: Clone, monkeypatch: pytest.MonkeyPatch, wrong_ns: Callable[[], int]
) -> None:
    monkeypatch.setattr(main, "DatabaseClock", lambda: DatabaseClock(wrong_ns))
    monkeypatch.setattr(main.gc, "freeze", lambda: None)
    monkeypatch.setattr(main.gc, "set_threshold", lambda *_: None)
    world, clock = await build(database.system), SystemClock()
    await account(
        database.system, clock, "midwife", world.county_hospital, Grant(Role.REFERRING_CLINICIAN)
    )
    port = free_port()
    settings = SimpleNamespace(
        system_database_url=database.system_url, valkey_url="", gateway_host="127.0.0.1",
        gateway_port=port, gateway_connections=50, origins={ORIGIN}, session_idle_minutes=15,
    )  # fmt: skip
    running = asyncio.create_task(main.run(settings))
    try:
        async with asyncio.timeout(20):
            while True:
                with suppress(OSError):
                    if (await asked(port, "/health"))[0] == 200:
                        break
                await asyncio.sleep(0.05)
        fresh = await log_in(database, SystemClock())
        watcher = await Watcher.dial(f"ws://127.0.0.1:{port}", fresh)
        await watcher.close()
        idle = await log_in(database, SimulatedClock(clock.now() - timedelta(minutes=20)))
        with pytest.raises(InvalidStatus):
            await Watcher.dial(f"ws://127.0.0.1:{port}", idle)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def log_in(database: Clone, clock: Clock) -> dict[str, str]:
    token = await sessions.log_in(
        database.app, clock, login="midwife", password=PASSWORD,
        origin=Origin("127.0.0.1"), policy=SessionPolicy(),
    )  # fmt: skip
    return {"Authorization": f"Bearer {token}"}


async def test_health_says_how_wrong_the_hosts_clock_is(
    astray: Site, wrong_ns: Callable[[], int]
) -> None:
    offset_ms = astray.gateway.health.facts()["clock_offset_ms"]
    ahead_ms = (wrong_ns() - time.time_ns()) / 1_000_000
    assert abs(offset_ms + ahead_ms) < NEAR / timedelta(milliseconds=1)
