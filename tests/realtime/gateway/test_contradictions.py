"""A sender that contradicts itself is treated alike, wherever what it said before lies by then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from realtime.gateway.main import Gateway, Timing
from tests.realtime.conftest import ORIGIN, Site, among, viewer_at
from tests.realtime.wire import Sender, Watcher, bundle, frame

KEPT = [frame(1), frame(2), frame(3)]
OTHER = frame(2, rate=600)
WAYS = ("one gateway", "a chunk", "two gateways, in turn", "two gateways at once")


@pytest.fixture
async def other(site: Site) -> AsyncIterator[str]:
    """The address of a second gateway on the same database."""
    gateway = Gateway(
        site.clone.system_url,
        among(site.sessions),
        {ORIGIN},
        Timing(tick_s=0.05, pulse_s=0.2, recheck_s=60, follow_s=0.05),
        folds=False,
    )
    port = await gateway.start("127.0.0.1", 0)
    yield f"ws://127.0.0.1:{port}"
    await gateway.stop()


async def fold(site: Site) -> None:
    while await site.gateway.folder.fold_once():
        pass


async def contradict(site: Site, other: str, recording: UUID, way: str) -> Sender:
    """Say three seconds, then the second one otherwise; returns the connection that said so."""
    first = await Sender.dial(site.url, site.token)
    second = await Sender.dial(other if way.startswith("two") else site.url, site.token)
    await first.open(recording)
    if way.startswith("two"):
        assert (await second.open(recording))["next_seq"] == 1
    await first.send(bundle(KEPT))
    await first.until_acked(3)
    if way == "two gateways, in turn":
        first.socket.transport.abort()
    elif way == "a chunk":
        await fold(site)
    saying = second if way.startswith("two") else first
    await saying.send(bundle([frame(1), OTHER, frame(3), frame(4)]))
    await saying.until_acked(4)
    return saying


@pytest.mark.parametrize("way", WAYS)
async def test_what_came_first_stays_and_what_came_otherwise_is_on_record(
    site: Site, other: str, way: str
) -> None:
    recording = uuid4()
    saying = await contradict(site, other, recording, way)
    assert await site.stored(recording) == [*KEPT, frame(4)]
    await fold(site)
    assert await site.stored(recording) == [*KEPT, frame(4)]
    rows = await site.fetch("SELECT recording_id, seq, kept, refused FROM ctg_conflict")
    assert [tuple(row) for row in rows] == [(recording, 2, KEPT[1], OTHER)]
    while not saying.messages or saying.messages[-1]["type"] != "refused":
        await saying.receive()
    told = saying.messages[-1]
    assert (told["code"], told["seq"], told["stream"]) == ("ctg.conflicting_frame", 2, 1)
    await saying.close()


async def test_who_was_shown_what_is_not_kept_is_told_to_fetch_it_again(
    site: Site, other: str
) -> None:
    recording = uuid4()
    saying = await contradict(site, other, recording, "two gateways at once")
    site.sessions["good"] = viewer_at(site.facility)
    watcher = await Watcher.dial(other, {"Authorization": "Bearer good"})
    await watcher.subscribe([recording])
    view = (await watcher.expect("subscribed"))["view"]
    await fold(site)
    told = await watcher.expect("resync")
    assert told == {
        "type": "resync", "recording": str(recording), "view": view, "from": 2, "to": 2,
    }  # fmt: skip
    assert (await site.stored(recording))[1] == KEPT[1]
    await watcher.close()
    await saying.close()


@pytest.mark.parametrize("way", WAYS)
async def test_values_out_of_range_are_counted_once(site: Site, other: str, way: str) -> None:
    recording, odd = uuid4(), frame(2, rate=100)
    first = await Sender.dial(site.url, site.token)
    second = await Sender.dial(other if way.startswith("two") else site.url, site.token)
    await first.open(recording)
    if way.startswith("two"):
        await second.open(recording)
    await first.send(bundle([frame(1), odd]))
    await first.until_acked(2)
    if way == "a chunk":
        await fold(site)
    saying = second if way.startswith("two") else first
    await saying.send(bundle([frame(1), odd, frame(3, rate=100)]))
    await saying.until_acked(3)
    await fold(site)
    [row] = await site.fetch("SELECT invalid_samples FROM ctg_recording")
    assert row["invalid_samples"] == 8


async def test_a_commit_that_another_overtook_changes_nothing_that_was_folded(site: Site) -> None:
    recording = uuid4()
    sender = await Sender.dial(site.url, site.token)
    await sender.open(recording)
    [row] = await site.fetch("SELECT no FROM ctg_recording")
    late = await asyncpg.connect(site.clone.system_url)
    try:
        async with late.transaction():
            # Another gateway's flush has its number, but not yet its commit.
            await late.execute(
                "INSERT INTO ctg_journal (gateway, batch, recordings, counts, frames, sorted)"
                " VALUES ($1, 1, $2, '{1}', $3, true)",
                uuid4(), [row["no"]], OTHER,
            )  # fmt: skip
            await sender.send(bundle(KEPT))
            await sender.until_acked(3)
            await fold(site)
    finally:
        await late.close()
    assert await site.stored(recording) == KEPT
    await fold(site)
    assert await site.stored(recording) == KEPT
    rows = await site.fetch("SELECT seq, kept, refused FROM ctg_conflict")
    assert [tuple(row) for row in rows] == [(2, KEPT[1], OTHER)]
    assert (await sender.expect("refused"))["code"] == "ctg.conflicting_frame"
    await sender.close()


async def test_health_counts_what_senders_were_told(site: Site, other: str) -> None:
    for told, way in enumerate(("a chunk", "two gateways at once"), start=1):
        saying = await contradict(site, other, uuid4(), way)
        await fold(site)
        async with asyncio.timeout(10):  # the acknowledgement does not wait for what is told
            while site.gateway.health.facts()["conflicts"] < told:
                await asyncio.sleep(0.02)
        assert site.gateway.health.facts()["conflicts"] == told
        await saying.close()


@pytest.mark.parametrize("folded_first", [False, True])
async def test_a_recording_closed_at_one_gateway_goes_on_while_another_hears_more(
    site: Site, other: str, folded_first: bool
) -> None:
    recording = uuid4()
    here, there = await Sender.dial(site.url, site.token), await Sender.dial(other, site.token)
    await here.open(recording)
    await there.open(recording)
    await here.send(bundle(KEPT))
    await here.until_acked(3)
    await there.send(bundle([*KEPT, frame(4)]))
    await there.until_acked(4)
    if folded_first:
        await fold(site)
    await here.say(type="close", stream=1, last_seq=3)
    await here.expect("closed")
    await fold(site)
    [row] = await site.fetch("SELECT closed_at, last_seq FROM ctg_recording")
    assert tuple(row) == (None, None)
    assert await site.stored(recording) == [*KEPT, frame(4)]
    await there.say(type="close", stream=1, last_seq=4)
    await there.expect("closed")
    await fold(site)
    [row] = await site.fetch("SELECT closed_at, last_seq FROM ctg_recording")
    assert (row["closed_at"] is not None, row["last_seq"]) == (True, 4)
    await here.close()
    await there.close()
