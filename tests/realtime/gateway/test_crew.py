"""The gateway's other processes: they live and die with it, and can be asked to leave."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from server.embedded.services import EmbeddedServices
from tests.fixtures.database import Clone
from tests.realtime.conftest import ORIGIN, TOKEN, register_devices
from tests.realtime.gateway.process import ROOT, GatewayProcess
from tests.realtime.wire import Sender, bundle, frame


@pytest.fixture
async def pair(
    database: Clone, services: EmbeddedServices, tmp_path: Path
) -> AsyncIterator[GatewayProcess]:
    """A gateway of two workers."""
    await register_devices(database.system_url, uuid4(), TOKEN)
    running = GatewayProcess(
        database.system_url, services.layout.valkey_url, ORIGIN, tmp_path / "gateway.log",
        YUNSHANG_GATEWAY_WORKERS="2", YUNSHANG_DATA_DIR=str(tmp_path / "data"),
    )  # fmt: skip
    await running.start()
    yield running
    await running.end(signal.SIGKILL)


async def children(pid: int, count: int) -> list[psutil.Process]:
    """The gateway's other processes, once there are so many."""
    async with asyncio.timeout(20):
        while len(found := psutil.Process(pid).children()) < count:
            await asyncio.sleep(0.05)
    return found


async def ended(process: psutil.Process) -> None:
    async with asyncio.timeout(20):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.05)


async def test_a_part_that_dies_comes_again_and_all_die_with_the_gateway(
    pair: GatewayProcess,
) -> None:
    parts = await children(pair.pid, 2)
    parts[0].kill()
    async with asyncio.timeout(20):
        while {p.pid for p in psutil.Process(pair.pid).children()} <= {p.pid for p in parts}:
            await asyncio.sleep(0.05)
    parts = await children(pair.pid, 2)
    await pair.end(signal.SIGKILL)
    for part in parts:
        await ended(part)


async def test_draining_acknowledges_everything_and_ends_with_nothing_lost(
    pair: GatewayProcess, database: Clone
) -> None:
    await children(pair.pid, 2)
    senders = []
    for stream in range(1, 7):
        sender, recording = await Sender.dial(pair.url, TOKEN), uuid4()
        await sender.open(recording, stream=stream)
        await sender.send(bundle([frame(seq, stream=stream) for seq in range(1, 41)]))
        senders.append((sender, recording, stream))
    drain = await asyncio.create_subprocess_exec(*pair.command("--drain"), env=pair.environment)
    for sender, _, stream in senders:
        await sender.until_acked(40, stream=stream)
    assert await drain.wait() == 0
    assert await pair.ended() == 0
    for sender, _, _ in senders:
        await sender.socket.wait_closed()
        assert sender.socket.close_code == 1012
    await pair.start()
    for _, recording, stream in senders:
        again = await Sender.dial(pair.url, TOKEN)
        assert (await again.open(recording, stream=stream))["next_seq"] == 41
        await again.close()


STUCK = """
import asyncio, sys, time
from realtime.gateway import crew

async def cannot_end():
    print("runs", flush=True)
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

async def hangs():
    print("runs", flush=True)
    time.sleep(60)

crew.ORPHAN_S = 0.3
asyncio.run(crew.while_parent_lives(globals()[sys.argv[1]]()))
"""


@pytest.mark.parametrize("work", ["cannot_end", "hangs"])
async def test_a_part_that_cannot_end_does_not_outlive_its_parent(work: str) -> None:
    part = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STUCK, work, cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert part.stdin is not None
    assert part.stdout is not None
    async with asyncio.timeout(30):
        assert await part.stdout.readline() == b"runs\n"
        part.stdin.close()
        assert await part.wait() == 1


async def test_a_part_whose_words_nobody_reads_does_not_outlive_its_parent() -> None:
    """The supervisor that read its output was killed with its parent."""
    heard, says = os.pipe()
    part = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STUCK, "cannot_end", cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=says, stderr=says,
    )  # fmt: skip
    os.close(says)
    assert part.stdin is not None
    async with asyncio.timeout(30):
        with os.fdopen(heard, "rb") as words:
            assert await asyncio.to_thread(words.readline) == b"runs\n"
        part.stdin.close()
        assert await part.wait() == 1
