"""A battery of cuts: whatever breaks, stored is what the monitors said, each second once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from realtime import frames
from realtime.agent import link
from realtime.agent.decoders.table import kinds
from realtime.agent.samples import Sample
from tests.realtime.agent.centre import Centre, Cuttable
from tests.realtime.conftest import Site


async def until(ready: Callable[[], Any], *, seconds: float = 30) -> None:
    """Wait for a condition, plain or awaited."""
    async with asyncio.timeout(seconds):
        while True:
            met = ready()
            if hasattr(met, "__await__"):
                met = await met
            if met:
                return
            await asyncio.sleep(0.02)


@pytest.fixture
async def cable(site: Site) -> AsyncIterator[Cuttable]:
    """A cable between the centre and the gateway."""
    line = Cuttable(site.port)
    await line.start()
    yield line
    await line.stop()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half-open connections are found out sooner than in service."""
    monkeypatch.setattr(link, "PING_S", 0.3)
    monkeypatch.setattr(link, "PONG_WITHIN_S", 1.5)
    monkeypatch.setattr(link, "TOKEN_EVERY_S", 0.1)


@pytest.fixture
async def centre(site: Site, cable: Cuttable, tmp_path: Path) -> AsyncIterator[Centre]:
    """A centre with one monitor."""
    made = Centre(tmp_path, cable.url, site.token)
    await made.start()
    yield made
    await made.stop()


async def recordings(site: Site) -> list[UUID]:
    rows = await site.fetch("SELECT id FROM ctg_recording ORDER BY opened_at")
    return [row["id"] for row in rows]


async def check(site: Site, centre: Centre) -> None:
    """Everything said was stored, in order, once, byte for byte as the agent made it."""
    await until(lambda: centre.settled, seconds=60)
    (recording,) = await recordings(site)
    stored = await site.stored(recording)
    seqs = [frames.seq_of(frame) for frame in stored]
    assert seqs == list(range(1, len(centre.told) + 1))
    assert [centre.rates(frame) for frame in stored] == centre.told
    assert await site.fetch("SELECT 1 FROM ctg_conflict") == []
    assert await site.fetch("SELECT 1 FROM ctg_gap") == []


async def test_a_monitor_is_recorded_from_its_first_second(site: Site, centre: Centre) -> None:
    await centre.say(9)
    assert await recordings(site) == []
    await centre.say(6)
    await check(site, centre)


async def test_a_cut_cable_loses_nothing(site: Site, centre: Centre, cable: Cuttable) -> None:
    await centre.say(15)
    await until(lambda: centre.settled)
    cable.cut()
    await until(lambda: centre.station.link.status.state != "connected")
    await centre.say(30)
    assert centre.unsent >= 30
    cable.mend()
    await check(site, centre)
    (recording,) = await recordings(site)
    flags = [frames.peek_head(frame).flags & 1 for frame in await site.stored(recording)]
    assert sum(flags[15:]) == 30  # told as backfill: nobody saw them live


async def test_a_half_open_cable_is_found_out(site: Site, centre: Centre, cable: Cuttable) -> None:
    await centre.say(15)
    await until(lambda: centre.settled)
    cable.freeze()
    await centre.say(20)
    await until(lambda: centre.station.link.status.state != "connected", seconds=40)
    cable.mend()
    await check(site, centre)


async def test_killed_and_started_again_it_goes_on_where_it_was(
    site: Site, centre: Centre, cable: Cuttable
) -> None:
    await centre.say(15)
    cable.cut()
    await centre.say(10)
    await centre.end()
    await centre.start()
    assert centre.unsent > 0
    cable.mend()
    await until(lambda: centre.settled)
    (recording,) = await recordings(site)
    stored = await site.stored(recording)
    assert [centre.rates(frame) for frame in stored] == centre.told[: len(stored)]
    assert len(stored) >= 25


async def test_a_full_disk_keeps_what_is_there_and_what_is_new(
    site: Site, centre: Centre, cable: Cuttable
) -> None:
    await centre.say(15)
    await until(lambda: centre.settled)
    cable.cut()
    await centre.fill_disk()
    await centre.say(250)
    assert centre.station.keeper.full
    cable.mend()
    await check(site, centre)
    await centre.empty_disk()
    await until(lambda: not centre.station.keeper.full)


async def test_a_changed_token_is_used_at_once_and_nothing_is_lost(
    site: Site, centre: Centre
) -> None:
    await centre.say(15)
    await site.fetch(
        "UPDATE ctg_device SET old_token_hash = token_hash, token_hash = sha256('new-token'),"
        " old_token_until = clock_timestamp() + interval '1 hour' WHERE kind = 'agent'"
    )
    before = centre.station.link.status.connections
    centre.token.write_text("new-token\n")
    await centre.say(5)
    await until(lambda: centre.station.link.status.connections > before)
    await site.fetch("UPDATE ctg_device SET old_token_until = clock_timestamp()"
                     " WHERE kind = 'agent'")  # fmt: skip
    await centre.say(5)
    await check(site, centre)


@pytest.mark.parametrize("by_s", [300, 3_600, -300, -3_600])
async def test_a_clock_that_is_set_neither_ends_nor_tears_a_recording(
    site: Site, centre: Centre, by_s: int
) -> None:
    """Nor does a start of the process after it; the seconds say that their clock was wrong."""
    bedside = centre.station.monitors[0].bedside
    await centre.say(14)
    await until(lambda: centre.settled and centre.station.link.status.clock)
    centre.true_clock()
    await until(lambda: not bedside.unsynchronised)
    await centre.say(1)
    centre.set_clock(by_s)
    await until(lambda: bedside.unsynchronised)
    await centre.say(5)
    await until(lambda: centre.settled)
    await centre.end()
    await centre.start()
    await centre.say(5)
    await check(site, centre)
    (recording,) = await recordings(site)
    flags = [frames.peek_head(one).flags & 2 for one in await site.stored(recording)]
    assert flags[14:20] == [0, 2, 2, 2, 2, 2]


YEAR_S = 31_556_952


@pytest.mark.parametrize("by_s", [8_000 * YEAR_S, -100 * YEAR_S, 600 * YEAR_S, 10**20])
async def test_a_clock_that_says_what_cannot_be_ends_nothing_and_its_seconds_say_so(
    site: Site, centre: Centre, by_s: int
) -> None:
    """It is set so in the middle of a recording, the process starts with it, and it is mended."""
    await centre.say(14)
    await until(lambda: centre.settled and centre.station.link.status.clock)
    centre.set_clock(by_s)
    await centre.say(5)
    await until(lambda: centre.settled)
    assert not centre.station.clock_possible
    page = await centre.page("/")
    assert "本机日期不可能" in page
    assert "date cannot be" in page
    # A new recording, and a new process, under that clock.
    await centre.end()
    await centre.start()
    await centre.say(14)
    await until(lambda: centre.settled)
    centre.set_clock(-by_s)
    await until(lambda: centre.station.clock_possible)
    await centre.say(5)
    await check(site, centre)
    for recording in await recordings(site):
        heads = [frames.peek_head(one) for one in await site.stored(recording)]
        strange = [head for head in heads if head.device_ns < 10**17]
        assert strange
        assert all(head.flags & frames.Flag.UNSYNCHRONISED for head in strange)
        assert all(1970 <= year(head.device_ns) < 2200 for head in heads)


def year(ns: int) -> int:
    return time.gmtime(ns / 10**9).tm_year


async def test_a_decoder_that_breaks_ends_only_what_it_was_fed(
    site: Site, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    await centre.say(14)
    bedside = centre.station.monitors[0].bedside

    def broken(_data: bytes) -> list[Sample]:
        raise RuntimeError("a plug-in's mistake")

    monkeypatch.setattr(bedside.decoder, "feed", broken)
    centre.mutter(b"\n")
    await until(lambda: bedside.decoder.bad == 1)
    centre.mutter(b"\n")  # the new decoder must see a line's beginning
    await centre.say(5)
    await check(site, centre)


@pytest.mark.parametrize("kind", sorted(kinds()))
async def test_every_kind_reaches_the_server(
    site: Site, cable: Cuttable, tmp_path: Path, kind: str
) -> None:
    centre = Centre(tmp_path, cable.url, site.token, kind=kind)
    await centre.start()
    try:
        await centre.utter(16)
        await until(lambda: centre.settled and centre.kept >= 12)
        (recording,) = await recordings(site)
        assert len(await site.stored(recording)) >= 12
    finally:
        await centre.stop()
