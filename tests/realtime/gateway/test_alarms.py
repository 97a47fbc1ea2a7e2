"""The gateway finds alarms, tells them before they are recorded, and survives its own death."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from realtime.gateway.main import Gateway, Timing
from tests.fixtures.database import Clone
from tests.realtime.conftest import ORIGIN, TOKEN, Site, among
from tests.realtime.gateway.process import GatewayProcess
from tests.realtime.gateway.test_viewing import colleague, fed
from tests.realtime.wire import Sender, Watcher, bundle, frame

LOW = 90 * 4  # the mother's rate in these frames is 80
QUICK = (
    "INSERT INTO ctg_alarm_limits (id, facility_id, content, source, confidence, digest,"
    " recorded_by) SELECT gen_random_uuid(), $1, content || $2::text::jsonb, 'test', '待核实',"
    " sha256(convert_to($2::text, 'UTF8')), $3 FROM ctg_alarm_limits"
)


async def alarm(watcher: Watcher, state: str, *, provisional: bool = False) -> dict[str, Any]:
    """The next alarm message that says this."""
    while True:
        message = await watcher.expect("alarm")
        found: dict[str, Any] = message["alarm"]
        if found["state"] == state and found.get("provisional", False) is provisional:
            return found


async def stored(site: Site, recording: UUID) -> list[Any]:
    return await site.fetch(
        "SELECT * FROM ctg_alarm WHERE recording_id = $1 AND kind = 'bradycardia'"
        " ORDER BY raised_at",
        recording,
    )


async def send(sender: Sender, first: int, last: int, rate: int) -> None:
    await sender.send(bundle([frame(seq, rate=rate) for seq in range(first, last + 1)]))


async def test_told_at_once_recorded_and_over(site: Site) -> None:
    sender, recording = await fed(site, 5)
    watcher = await colleague(site)
    await watcher.subscribe([recording])
    assert (await watcher.expect("subscribed"))["alarms"] == []
    await send(sender, 6, 40, LOW)
    first = await alarm(watcher, "active", provisional=True)
    assert (first["kind"], first["channel"], first["priority"]) == ("bradycardia", 1, "high")
    assert (first["onset_seq"], first["seq"], first["value_bpm"]) == (6, 35, 90.0)
    recorded = await alarm(watcher, "active")
    assert recorded["id"] == first["id"]
    later = await colleague(site)
    await later.subscribe([recording])
    assert [one["id"] for one in (await later.expect("subscribed"))["alarms"]] == [first["id"]]
    await send(sender, 41, 60, 560)
    over = await alarm(watcher, "latched")
    assert (over["id"], over["present"]) == (first["id"], False)
    for one in (watcher, later, sender):
        await one.close()


async def test_a_device_that_falls_silent_and_speaks_again(site: Site) -> None:
    sender, recording = await fed(site, 5)
    lines = site.gateway.alarms.register.lines
    while not lines._fed[0]:
        await asyncio.sleep(0.01)
    await sender.until_acked(5)
    lines._heard_ns[0] -= 11 * 10**9
    watcher = await colleague(site)
    await watcher.subscribe([recording])
    told = (await watcher.expect("subscribed"))["alarms"]
    silent = told[0] if told else await alarm(watcher, "active")
    assert silent["kind"] == "device_silent"
    await send(sender, 6, 6, 560)
    assert (await alarm(watcher, "latched"))["kind"] == "device_silent"
    await watcher.close()
    await sender.close()


async def test_who_brought_nothing_is_not_looked_after_when_they_go(site: Site) -> None:
    brought, recording = await fed(site, 1)
    nothing = await Sender.dial(site.url, site.token)
    await nothing.open(uuid4(), stream=2)
    register = site.gateway.alarms.register
    assert len(register.by_recording) == 2
    await nothing.close()
    await brought.close()
    async with asyncio.timeout(5):
        while site.gateway.ingest.listeners:
            await asyncio.sleep(0.01)
    assert [one.id for one in register.by_recording] == [recording]


@pytest.mark.parametrize("jump_s", [60, -86_400])
async def test_a_clock_that_is_set_makes_nobody_silent_and_hides_nobody_who_is(
    site: Site, jump_s: int
) -> None:
    sender, _ = await fed(site, 5)
    alarms = site.gateway.alarms
    lines = alarms.register.lines
    while not lines._fed[0]:
        await asyncio.sleep(0.01)

    def clock_ns() -> int:
        return time.time_ns() + jump_s * 10**9

    for part in (alarms, alarms.looking, site.gateway.committer, site.gateway.ingest.arrivals):
        part._clock_ns = clock_ns
    for seq in range(6, 26):
        await send(sender, seq, seq, 560)
        await asyncio.sleep(0.02)
    await sender.until_acked(25)
    await asyncio.sleep(0.5)  # looked at
    assert not await site.fetch("SELECT * FROM ctg_alarm")
    lines._heard_ns[0] -= 11 * 10**9
    async with asyncio.timeout(10):
        while not await site.fetch("SELECT 1 FROM ctg_alarm WHERE kind = 'device_silent'"):
            await asyncio.sleep(0.02)
    await sender.close()


@pytest.fixture
async def second(site: Site) -> AsyncIterator[Gateway]:
    """Another gateway on the same database."""

    timing = Timing(
        tick_s=0.05, fold_s=3_600, pulse_s=0.2, follow_s=0.1, alarms_s=0.1, limits_s=0.2
    )
    gateway = Gateway(site.clone.system_url, among(site.sessions), {ORIGIN}, timing)
    try:
        yield gateway
    finally:
        await gateway.stop()


async def test_the_next_gateway_raises_nothing_twice_and_ends_what_is_over(
    site: Site, second: Gateway
) -> None:
    sender, recording = await fed(site, 1)
    await send(sender, 2, 40, LOW)
    while not await stored(site, recording):
        await asyncio.sleep(0.02)
    await site.gateway.stop()
    port = await second.start("127.0.0.1", 0)
    again = await Sender.dial(f"ws://127.0.0.1:{port}", site.token)
    opened = await again.open(recording)
    await send(again, opened["next_seq"], 120, LOW)
    await again.until_acked(120)
    await send(again, 121, 140, 560)
    while (await stored(site, recording))[0]["state"] != "latched":
        await asyncio.sleep(0.02)
    assert len(await stored(site, recording)) == 1
    await again.close()


async def test_another_gateways_viewers_hear_what_people_do(site: Site, second: Gateway) -> None:
    sender, recording = await fed(site, 1)
    await send(sender, 2, 40, LOW)
    site_url, port = site.port, await second.start("127.0.0.1", 0)
    site.port = port
    watcher = await colleague(site)
    site.port = site_url
    await watcher.subscribe([recording])
    told = (await watcher.expect("subscribed"))["alarms"]
    if not told:
        await alarm(watcher, "active")
    await site.fetch("UPDATE ctg_alarm SET version = 7 WHERE recording_id = $1", recording)
    (row,) = await stored(site, recording)
    await site.fetch("SELECT pg_notify('yunshang_ctg_alarm', $1)", str(row["id"]))
    while (await alarm(watcher, "active"))["version"] != 7:
        pass
    await watcher.close()
    await sender.close()


async def quick_limits(site: Site, content: str = '{"low_delay_s": 5}') -> None:
    """Another version for the whole house; nobody is told."""
    person = await site.fetch(
        "INSERT INTO person (id, facility_id, name, created_at)"
        " VALUES (gen_random_uuid(), $1, '测试', now()) RETURNING id",
        site.facility,
    )
    await site.fetch(QUICK, site.facility, content, person[0]["id"])


async def test_a_units_own_limits_count_at_once(site: Site) -> None:
    sender, recording = await fed(site, 5)
    await quick_limits(site)
    await site.fetch("SELECT pg_notify('yunshang_ctg_limits', '')")
    board = site.gateway.alarms.register.by_recording
    while next(iter(board.values())).limits.low_delay_s != 5:
        await asyncio.sleep(0.02)
    await send(sender, 6, 11, LOW)
    while not await stored(site, recording):
        await asyncio.sleep(0.02)
    assert (await stored(site, recording))[0]["seq"] == 10
    await sender.close()


async def test_limits_count_from_their_moment_though_nobody_says_so_and_much_is_going_on(
    site: Site, second: Gateway
) -> None:
    port, register = await second.start("127.0.0.1", 0), second.alarms.register
    sender = await Sender.dial(f"ws://127.0.0.1:{port}", site.token)
    await sender.open(uuid4())
    await send(sender, 1, 5, 560)
    while not register.by_row or register.unread:
        await asyncio.sleep(0.02)
    await quick_limits(site)
    async with asyncio.timeout(10):
        while next(iter(register.by_row.values())).limits.low_delay_s != 5:
            register.work.set()
            await asyncio.sleep(0.02)
    await sender.close()


async def test_a_database_that_is_away_hides_no_alarm(site: Site) -> None:
    sender, recording = await fed(site, 5)
    watcher = await colleague(site)
    await watcher.subscribe([recording])
    await watcher.expect("subscribed")
    # Nothing is flushed any more: the newest second of each look is all there is to go by.
    stuck = asyncio.Event()

    async def waits(_batch: Any, _row: Any) -> None:
        await stuck.wait()
        raise OSError("away")

    real = site.gateway.committer._commit
    site.gateway.committer._commit = waits  # type: ignore[method-assign]
    seq = 6
    site.gateway.alarms.looking.flushed_ns = 0

    async def keep_sending() -> None:
        nonlocal seq
        while True:
            await sender.send(frame(seq, rate=LOW))
            seq += 1
            await asyncio.sleep(0.1)

    sending = asyncio.create_task(keep_sending())
    found = await alarm(watcher, "active", provisional=True)
    assert found["kind"] == "bradycardia"
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    site.gateway.committer._commit = real  # type: ignore[method-assign]
    stuck.set()
    await watcher.close()
    await sender.close()


async def raised(url: str, recording: UUID) -> tuple[int, int]:
    """The seconds in which its bradycardia began, and was raised."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(20):
            while not (
                found := await connection.fetch(
                    "SELECT onset_seq, seq FROM ctg_alarm WHERE recording_id = $1", recording
                )
            ):
                await asyncio.sleep(0.05)
    finally:
        await connection.close()
    ((onset, seq),) = found
    return onset, seq


async def test_a_delay_half_over_when_a_gateway_is_killed_goes_on_at_the_next(
    process: GatewayProcess, database: Clone
) -> None:
    sender, recording = await Sender.dial(process.url, TOKEN), uuid4()
    await sender.open(recording)
    await send(sender, 1, 5, 560)
    await send(sender, 6, 25, LOW)
    await sender.until_acked(25)
    await process.end(signal.SIGKILL)
    await process.start()
    again = await Sender.dial(process.url, TOKEN)
    assert (await again.open(recording))["next_seq"] == 26
    await send(again, 26, 36, LOW)
    # Thirty seconds from where it began, not from the new gateway's first second.
    assert await raised(database.system_url, recording) == (6, 35)
    await again.close()


async def test_what_a_dying_gateway_stored_and_did_not_look_at_is_found_by_the_next(
    site: Site, second: Gateway
) -> None:
    site.gateway.alarms.looking.look = lambda *_: None  # type: ignore[method-assign]
    sender, recording = await fed(site, 1)
    await send(sender, 2, 40, LOW)
    await sender.until_acked(40)
    port = await second.start("127.0.0.1", 0)
    again = await Sender.dial(f"ws://127.0.0.1:{port}", site.token)
    await again.open(recording)
    assert await raised(site.clone.system_url, recording) == (2, 31)
    await again.close()
    await sender.close()


async def test_without_its_earlier_seconds_a_recording_is_looked_at_from_here(
    site: Site, second: Gateway
) -> None:
    async def away(_spans: Any) -> dict[int, list[bytes]]:
        raise OSError("away")

    second.alarms.takeover._history = away
    sender, recording = await fed(site, 20)
    port = await second.start("127.0.0.1", 0)
    again = await Sender.dial(f"ws://127.0.0.1:{port}", site.token)
    await again.open(recording)
    await send(again, 21, 60, LOW)
    assert await raised(site.clone.system_url, recording) == (21, 50)
    await again.close()
    await sender.close()
