"""Malformed messages, floods and a stuck database: others go on, and strips tell the truth."""

from __future__ import annotations

import asyncio
import random
import re
import struct
from contextlib import suppress
from uuid import uuid4

import asyncpg
import pytest
from websockets.exceptions import ConnectionClosed

from realtime.gateway.health import metrics
from tests.realtime.conftest import Site, viewer_at
from tests.realtime.gateway.process import ROOT, asked
from tests.realtime.wire import Sender, Watcher, bundle, frame

CONNECTIONS, EACH = 20, 50


def malformed(dice: random.Random) -> bytes | str:
    """Something that is not the protocol, or is it only almost."""
    good = bytearray(frame(dice.randrange(1, 99)))
    good[dice.randrange(80)] ^= dice.randrange(1, 256)
    return dice.choice(
        [
            bytes(good),
            dice.randbytes(dice.randrange(200)),
            bundle([frame(1)] * 3)[: dice.randrange(200)],
            struct.pack("<BBHI", 1, 5, dice.randrange(2**16), 0) + dice.randbytes(160),
            "{" * dice.randrange(1, 500),
            '{"type":"open","stream":1}',
            '{"type":"gap","stream":9,"from":1,"to":4294967295}',
            dice.randbytes(20_000).hex(),
        ]
    )


async def abuse(site: Site, seed: int) -> int:
    """Send malformed messages, dialling again whenever the gateway hangs up; how often it did."""
    dice, closed = random.Random(seed), 0
    sent = 0
    while sent < EACH:
        sender = await Sender.dial(site.url, site.token)
        with suppress(ConnectionClosed):
            if dice.random() < 0.5:
                await sender.open(uuid4(), stream=seed + 10)
            while sent < EACH:
                sent += 1
                await sender.socket.send(malformed(dice))
                with suppress(TimeoutError):
                    await asyncio.wait_for(sender.socket.recv(), 0.05)
        with suppress(ConnectionClosed, TimeoutError):
            await sender.socket.close()
        if sender.socket.close_code in (1002, 1007, 1008, 1009):
            assert sender.socket.close_reason.startswith("ctg.")
            closed += 1
    return closed


async def test_malformed_messages_end_their_connections_and_harm_nobody_else(site: Site) -> None:
    healthy, recording = await Sender.dial(site.url, site.token), uuid4()
    await healthy.open(recording)
    abusing = [asyncio.create_task(abuse(site, seed)) for seed in range(CONNECTIONS)]
    seq = 0
    while not all(task.done() for task in abusing):
        seq += 1
        await healthy.send(frame(seq))
        await healthy.until_acked(seq)
    assert sum(task.result() for task in abusing) >= CONNECTIONS
    ingest = site.gateway.ingest
    async with asyncio.timeout(10):
        while len(ingest.listeners) > 1 or ingest.tasks or site.gateway.committer.waiting:
            await asyncio.sleep(0.02)
    assert await site.stored(recording) == [frame(one) for one in range(1, seq + 1)]
    await healthy.close()


async def test_a_flood_of_repetitions_is_compared_in_turn(site: Site) -> None:
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    lot = bundle([frame(seq) for seq in range(1, 401)])
    for _ in range(12):
        await sender.send(lot)
    await sender.send(frame(401))
    await sender.until_acked(401)
    assert len(site.gateway.ingest.tasks) <= 1
    assert await site.stored(recording) == [frame(seq) for seq in range(1, 402)]
    await sender.close()


async def test_every_strip_is_told_when_samples_wait_and_when_they_are_safe_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.gateway.main.STUCK_S", 0.1)
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    site.sessions["good"] = viewer_at(site.facility)
    watcher = await Watcher.dial(site.url, {"Authorization": "Bearer good"})
    await watcher.subscribe([recording])
    assert (await watcher.expect("subscribed"))["storage"] == "ok"
    admin = await asyncpg.connect(site.clone.superuser_url)
    try:
        await admin.execute("BEGIN; LOCK TABLE ctg_journal IN ACCESS EXCLUSIVE MODE")
        await sender.send(frame(1))
        async with asyncio.timeout(10):
            while (await watcher.expect("state"))["storage"] != "waiting":
                pass
        assert sender.acked == {}
        await admin.execute("ROLLBACK")
        await sender.until_acked(1)
        async with asyncio.timeout(10):
            while (await watcher.expect("state"))["storage"] != "ok":
                pass
    finally:
        await admin.close()
    await watcher.close()
    await sender.close()


async def test_acks_are_coalesced_as_asked_and_the_last_one_is_not_forgotten(site: Site) -> None:
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording, ack_ms=400)
    for seq in range(1, 31):
        await sender.send(frame(seq))
        await asyncio.sleep(0.02)
    await sender.until_acked(30)
    assert site.gateway.ingest.acks <= 6
    assert site.gateway.committer.figures.commits > site.gateway.ingest.acks
    await sender.close()


async def test_metrics_say_what_health_says(site: Site) -> None:
    sender = await Sender.dial(site.url, site.token)
    await sender.open(uuid4())
    await sender.send(frame(1))
    await sender.until_acked(1)
    status, text = await asked(site.port, "/metrics")
    assert status == 200
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert lines["yunshang_gateway_frames_stored"] == "1"
    assert lines["yunshang_gateway_acks"] == "1"
    assert lines["yunshang_gateway_storage_waiting"] == "0"
    assert float(lines["yunshang_gateway_resident_bytes"]) > 1e6
    assert float(lines["yunshang_gateway_connection_bytes_mean"]) < 64 * 2**20
    assert metrics(site.gateway.health.facts()).count(b"# TYPE") == len(lines)
    # What operators are told to look at is there under that name.
    page = (ROOT / "docs" / "operators.md").read_text("utf-8")
    (told,) = (line for line in page.splitlines() if "`GET /metrics`" in line)
    named = set(re.findall(r"`([a-z]+_[a-z0-9_]+)`", told))
    assert len(named) >= 12
    assert {f"yunshang_gateway_{name}" for name in named} <= set(lines)
    await sender.close()
