"""Signs of life: lists of what is live follow what is cut and comes back, whoever tells it late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from tests.realtime.conftest import Site
from tests.realtime.wire import Sender, frame


async def live(site: Site, recording: UUID) -> bool:
    """Whether lists show it as live: connected, and heard of in the last fifteen seconds."""
    rows = await site.fetch(
        "SELECT 1 FROM ctg_pulse WHERE recording_id = $1 AND connected"
        " AND heard_at > clock_timestamp() - interval '15 seconds'",
        recording,
    )
    return bool(rows)


async def until_live(site: Site, recording: UUID) -> None:
    async with asyncio.timeout(10):
        while not await live(site, recording):
            await asyncio.sleep(0.05)


async def test_what_comes_back_is_live_long_before_the_next_beat(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.gateway._pulse, "_period_s", 3_600.0)
    await asyncio.sleep(0.3)  # the short beat that runs ends
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    await sender.send(frame(1))
    await until_live(site, recording)
    await sender.close()
    await site.fetch("UPDATE ctg_pulse SET connected = false, heard_at = '2020-01-01 00:00Z'")
    sender = await Sender.dial(site.url, site.token)
    await sender.open(recording)
    await sender.send(frame(2))
    await until_live(site, recording)
    await sender.close()


async def test_a_line_that_is_cut_while_signs_of_life_are_written_is_said_to_be(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    await sender.send(frame(1))
    await until_live(site, recording)
    store, ingest = site.gateway.store, site.gateway.ingest
    write = store.write_pulses

    async def slowly(ids: Sequence[UUID], columns: Sequence[Sequence[int]]) -> None:
        await sender.close()
        while ingest.listeners:
            await asyncio.sleep(0.01)
        monkeypatch.setattr(store, "write_pulses", write)
        await write(ids, columns)

    monkeypatch.setattr(store, "write_pulses", slowly)
    await sender.send(frame(2))
    async with asyncio.timeout(10):
        while await live(site, recording):
            await asyncio.sleep(0.05)


async def test_signs_of_life_go_on_after_a_clock_was_set_back(site: Site) -> None:
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    await sender.send(frame(1))
    await until_live(site, recording)
    (ahead,) = await site.fetch("SELECT heard_at FROM ctg_pulse WHERE recording_id = $1", recording)
    site.gateway.ingest.arrivals._clock_ns = lambda: time.time_ns() - 3_600 * 10**9
    await sender.send(frame(2))
    async with asyncio.timeout(10):
        while True:
            (now,) = await site.fetch("SELECT heard_at, seq FROM ctg_pulse")
            if now["heard_at"] < ahead["heard_at"] and now["seq"] == 2:
                break
            await asyncio.sleep(0.05)
    await sender.close()


async def test_a_gateway_that_notices_late_does_not_say_dead_what_lives_elsewhere(
    site: Site,
) -> None:
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    await sender.send(frame(1))
    await until_live(site, recording)
    await sender.close()
    while site.gateway.ingest.listeners or site.gateway.ingest.recordings.get(recording):
        await asyncio.sleep(0.01)  # what it has to say itself it has said
    now_us, store = time.time_ns() // 1_000, site.gateway.store
    await store.write_pulses([recording], [[9], [now_us], [0], [0], [0], [True]])
    await store.write_pulses([recording], [[5], [now_us - 20_000_000], [0], [0], [0], [False]])
    assert await live(site, recording)
    await store.write_pulses([recording], [[9], [now_us], [0], [0], [0], [False]])
    assert not await live(site, recording)
    # A clock that was set back does not make what lives look dead.
    await store.write_pulses([recording], [[10], [now_us - 5_000_000], [0], [0], [0], [True]])
    assert await live(site, recording)


async def test_what_a_sender_measured_outlives_a_database_that_was_away(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    store, failed = site.gateway.store, asyncio.Event()
    write = store.write_clocks

    async def away(clocks: Sequence[tuple[UUID, int, int]]) -> None:
        monkeypatch.setattr(store, "write_clocks", write)
        failed.set()
        raise TimeoutError

    monkeypatch.setattr(store, "write_clocks", away)
    await sender.say(type="time", t1=1, offset_ns=7_000_000, rtt_ns=1_000)
    async with asyncio.timeout(20):
        await failed.wait()
        while True:
            (row,) = await site.fetch("SELECT clock_offset_ns FROM ctg_recording")
            if row["clock_offset_ns"] == 7_000_000:
                break
            await asyncio.sleep(0.05)
    await sender.close()
