"""What time it is in a process whose host's clock is wrong, or is set."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from kernel.clock import SystemClock
from kernel.database_clock import DatabaseClock, ask
from kernel.viewer import Role
from registry.people.service import Grant
from server.embedded.services import EmbeddedServices
from server.settings import Settings
from tests.fixtures.database import Clone
from tests.matrix.door import opened
from tests.registry.world import account, build

SECOND = 10**9
HOUR = 3_600 * SECOND
NEAR_S = 20
"""So far apart moments of one test may be on a machine that does much else."""


class Host:
    """A host's two clocks, moved by the test."""

    def __init__(self, wall_ns: int = 1_000 * HOUR, steady_ns: int = 5 * SECOND) -> None:
        self.wall_ns = wall_ns
        self.steady_ns = steady_ns

    def pass_on(self, seconds: float) -> None:
        self.wall_ns += int(seconds * SECOND)
        self.steady_ns += int(seconds * SECOND)

    def clock(self) -> DatabaseClock:
        return DatabaseClock(lambda: self.wall_ns, lambda: self.steady_ns)


def test_until_the_database_was_asked_the_hosts_clock_counts_and_is_not_judged() -> None:
    host = Host()
    clock = host.clock()
    host.pass_on(3)
    assert (clock.ns(), clock.offset_ms) == (1_000 * HOUR + 3 * SECOND, None)


def test_then_the_databases_counts_and_setting_the_hosts_changes_nothing() -> None:
    host = Host()
    clock = host.clock()
    asked_ns = host.steady_ns
    host.pass_on(0.2)
    clock.learn(asked_ns, 2_000 * HOUR, host.steady_ns)
    assert clock.ns() == 2_000 * HOUR + SECOND // 10
    assert clock.offset_ms == 1_000 * 3_600_000 - 100
    host.wall_ns -= 5_000 * HOUR
    host.pass_on(7)
    assert clock.ns() == 2_000 * HOUR + 7 * SECOND + SECOND // 10
    assert clock.now() == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=2_000, seconds=7.1)


def test_a_slow_first_answer_moves_no_clock_that_may_be_right() -> None:
    host = Host()
    clock = host.clock()
    asked_ns = host.steady_ns
    host.pass_on(0.5)
    clock.learn(asked_ns, host.wall_ns - SECOND // 10, host.steady_ns)
    assert (clock.ns(), clock.offset_ms) == (host.wall_ns, 0)


def test_an_answer_moves_it_only_as_far_as_it_is_certainly_wrong() -> None:
    host = Host()
    clock = host.clock()
    clock.learn(host.steady_ns, 2_000 * HOUR, host.steady_ns)
    # A slow answer that may have been given at any moment of four seconds says nothing new.
    asked_ns = host.steady_ns
    host.pass_on(4)
    clock.learn(asked_ns, 2_000 * HOUR, host.steady_ns)
    clock.learn(asked_ns, 2_000 * HOUR + 4 * SECOND, host.steady_ns)
    assert clock.ns() == 2_000 * HOUR + 4 * SECOND
    # The database's clock was set by an hour: that is certain but for the way there and back.
    clock.learn(asked_ns, 2_001 * HOUR + 4 * SECOND, host.steady_ns)
    assert clock.ns() == 2_001 * HOUR + 4 * SECOND
    clock.learn(host.steady_ns, 2_000 * HOUR, host.steady_ns)
    assert clock.ns() == 2_000 * HOUR


def test_a_wrong_clock_is_told_once_and_so_is_its_end() -> None:
    host = Host(wall_ns=2_000 * HOUR)
    clock = host.clock()
    with capture_logs() as said:
        clock.learn(host.steady_ns, 2_000 * HOUR + SECOND, host.steady_ns)
        for _ in range(2):
            clock.learn(host.steady_ns, 2_000 * HOUR + 3 * SECOND, host.steady_ns)
        host.wall_ns += 3 * SECOND
        clock.learn(host.steady_ns, 2_000 * HOUR + 3 * SECOND, host.steady_ns)
    told = [(one["event"], one["log_level"], one["offset_ms"]) for one in said]
    assert told == [
        ("clock.wrong", "warning", 3_000),
        ("clock.right", "info", 0),
    ]


@pytest.mark.parametrize("hours", [2, -2], ids=["ahead", "behind"])
async def test_it_learns_from_a_database(database: Clone, hours: int) -> None:
    clock = DatabaseClock(lambda: time.time_ns() + hours * HOUR)
    assert abs(clock.ns() - time.time_ns()) > HOUR
    assert await ask(database.system, clock) is False
    assert abs(clock.ns() - time.time_ns()) < NEAR_S * SECOND


async def test_what_a_page_is_told_of_the_time_is_the_databases(
    database: Clone, services: EmbeddedServices, tmp_path: Path
) -> None:
    settings = Settings(
        database_url=database.app_url,
        valkey_url=services.layout.valkey_url,
        data_dir=tmp_path,
    )
    world = await build(database.system)
    grant = Grant(Role.REFERRING_CLINICIAN)
    await account(database.system, SystemClock(), "li", world.county_hospital, grant)
    clock = DatabaseClock(lambda: time.time_ns() - 2 * HOUR)
    async with opened(settings, clock, tmp_path) as door, asyncio.timeout(NEAR_S):
        while clock.offset_ms is None:  # it is asked as soon as the application is up
            await asyncio.sleep(0.02)
        me = await door.send("GET", "/api/me", token=await door.log_in("li"))
    told = datetime.fromisoformat(me.json()["server_time"])
    assert abs((SystemClock().now() - told).total_seconds()) < NEAR_S
