"""kill -9 of the gateway or of PostgreSQL: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from realtime import frames
from realtime.gateway.main import Gateway, Timing
from realtime.replay import Monitor, Replayer
from realtime.sources import Synthetic
from server.embedded.services import EmbeddedServices
from server.migrate import upgrade
from tests.fixtures.database import Clone
from tests.realtime.conftest import TOKEN, Site, among, register_devices
from tests.realtime.gateway.process import GatewayProcess
from tests.realtime.wire import Sender, frame

SECONDS = 1_200


async def stored(url: str, recording: UUID) -> list[bytes]:
    """Every stored frame of a recording, from both places and without removing doubles."""
    connection = await asyncpg.connect(url)
    try:
        parts = await connection.fetch(
            "SELECT frames FROM ctg_chunk WHERE recording_id = $1"
            " UNION ALL SELECT ctg_journal_frames($1)", recording,
        )  # fmt: skip
    finally:
        await connection.close()
    return sorted(
        (one for part in parts for one in frames.split_frames(part[0])), key=frames.seq_of
    )


def monitors() -> list[Monitor]:
    return [
        Monitor(f"SN-{number:04d}", Synthetic("variable", number, SECONDS))
        for number in range(1, 6)
    ]


async def test_kill_9_of_the_gateway_loses_and_doubles_nothing(
    process: GatewayProcess, database: Clone
) -> None:
    sent = monitors()
    agent = Replayer(process.url, TOKEN, sent, speed=60)
    running = asyncio.create_task(agent.run())
    chance = random.Random(7)
    for _ in range(2):
        before = agent.report.frames_acked
        async with asyncio.timeout(20):
            while agent.report.frames_acked < before + 100:
                await asyncio.sleep(0.02)
        await asyncio.sleep(chance.random() / 2)
        assert not running.done()
        await process.end(signal.SIGKILL)
        acked = {monitor.recording: monitor.acked for monitor in sent}
        for recording, seq in acked.items():
            durable = [frames.seq_of(one) for one in await stored(database.system_url, recording)]
            assert durable[:seq] == list(range(1, seq + 1))
        await process.start()
    async with asyncio.timeout(60):
        report = await running
    assert report.connections >= 3
    assert report.frames_acked == 5 * SECONDS
    for monitor in sent:
        made = list(monitor.source.frames(monitor.started_ns))
        kept = await stored(database.system_url, monitor.recording)
        # A recording has another number on every connection.
        assert [frames.with_stream(one, 1) for one in kept] == made


async def test_sigterm_ends_in_order_and_keeps_what_was_received(
    process: GatewayProcess, database: Clone
) -> None:
    sender, recording = await Sender.dial(process.url, TOKEN), uuid4()
    await sender.open(recording)
    for seq in range(1, 31):
        await sender.send(frame(seq))
    await sender.until_acked(1)
    assert await process.end(signal.SIGTERM) == 0
    kept = [frames.seq_of(one) for one in await stored(database.system_url, recording)]
    with pytest.raises(Exception, match="1012"):
        await sender.until_acked(31)
    assert kept == list(range(1, len(kept) + 1))
    assert len(kept) >= sender.acked[1]


@pytest.fixture
def own_services() -> Iterator[EmbeddedServices]:
    """A PostgreSQL of this test alone, with fsync, to be killed."""
    place = Path(tempfile.mkdtemp(prefix="ys-"))
    place.chmod(0o755)
    try:
        with EmbeddedServices(place, durable=True) as running:
            yield running
    finally:
        shutil.rmtree(place, ignore_errors=True)


async def test_while_postgresql_is_dead_nothing_is_acked_and_it_recovers_by_itself(
    own_services: EmbeddedServices,
) -> None:
    layout = own_services.layout
    await upgrade(layout.postgres_url("yunshang_owner"))
    url, facility = layout.postgres_url("yunshang_system"), uuid4()
    await register_devices(url, facility, TOKEN)

    gateway = Gateway(url, among({}), set(), Timing(fold_s=0.5, pulse_s=0.2))
    port = await gateway.start("127.0.0.1", 0)
    site = Site(Clone(layout, "yunshang"), gateway, port, facility, TOKEN)
    try:
        sender, recording = await Sender.dial(site.url, TOKEN), uuid4()
        await sender.open(recording)
        for seq in range(1, 41):
            await sender.send(frame(seq))
        await sender.until_acked(40)
        os.kill(own_services.pid("postgres"), signal.SIGKILL)
        await asyncio.sleep(0.1)
        for seq in range(41, 81):
            await sender.send(frame(seq))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await sender.until_acked(41)
        assert gateway.committer.waiting == 40
        await asyncio.to_thread(own_services.restart, "postgres")
        await sender.until_acked(80)
        for seq in range(81, 91):
            await sender.send(frame(seq))
        await sender.until_acked(90)
        await sender.close()
        assert await stored(url, recording) == [frame(seq) for seq in range(1, 91)]
    finally:
        await gateway.stop()


async def test_a_full_buffer_stops_reading_and_goes_on_later(site: Site) -> None:
    site.gateway.committer.high_water = 50
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    admin = await asyncpg.connect(site.clone.superuser_url)
    try:
        await admin.execute("BEGIN; LOCK TABLE ctg_journal IN ACCESS EXCLUSIVE MODE")
        for seq in range(1, 201):
            await sender.send(frame(seq))
            await asyncio.sleep(0.002)
        assert site.gateway.committer.pressed
        assert site.gateway.committer.waiting < 200
        await admin.execute("ROLLBACK")
        await sender.until_acked(200)
    finally:
        await admin.close()
    assert not site.gateway.committer.pressed
    assert await site.stored(recording) == [frame(seq) for seq in range(1, 201)]
    await sender.close()
