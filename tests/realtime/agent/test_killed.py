"""kill -9 of agent and gateway as processes: each second said is stored once, or is a gap."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path

import asyncpg

from realtime import frames
from realtime.agent.decoders.table import kinds
from realtime.agent.simulator import seconds_of
from realtime.sources import Synthetic
from tests.fixtures.database import Clone
from tests.fixtures.ports import free_port
from tests.realtime.agent.centre import CONFIG, Centre
from tests.realtime.conftest import TOKEN
from tests.realtime.gateway.process import ROOT, GatewayProcess


class Box:
    """`yunshang agent` as a process, beside a monitor that speaks at the pace of life."""

    def __init__(self, place: Path, gateway: str) -> None:
        self.told: list[list[int]] = []
        self._place = place
        self._port, self._status = free_port(), free_port()
        (place / "token").write_text(TOKEN)
        config = CONFIG.format(url=gateway, port=self._port, status=self._status, kind="csv")
        (place / "agent.toml").write_text(config + 'start = "always"\n')
        self._mouths: set[asyncio.StreamWriter] = set()
        self._process: asyncio.subprocess.Process | None = None

    async def monitor(self) -> None:
        """Speak to whoever listens, a second a second, until cancelled."""
        voice = kinds()["csv"].voice()

        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"\n")  # a line begins here
            self._mouths.add(writer)
            with contextlib.suppress(OSError):
                await reader.read()
            self._mouths.discard(writer)
            writer.close()

        server = await asyncio.start_server(greet, "127.0.0.1", self._port)
        try:
            for second in seconds_of(Synthetic("reactive", 5)):
                if self._mouths:
                    self.told.append([sample.fhr1 for sample in second])
                for mouth in self._mouths:
                    mouth.write(voice.say(second))
                await asyncio.sleep(1)
        finally:
            server.close()
            for mouth in list(self._mouths):
                mouth.close()

    async def start(self) -> None:
        with (self._place / "agent.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server.cli", "agent", str(self._place / "agent.toml"),
                cwd=ROOT, env={"PATH": os.environ["PATH"]}, stdout=log, stderr=log,
            )  # fmt: skip

    async def kill(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def recorded(self, seconds: int) -> None:
        """Wait until so many seconds of the recording are behind and all are acknowledged."""
        async with asyncio.timeout(40):
            while True:
                with contextlib.suppress(OSError, json.JSONDecodeError):
                    page = await Centre.page_at(self._status, "/status.json")
                    told = json.loads(page.partition("\r\n\r\n")[2])
                    made = told["monitors"][0]["seconds"]
                    if made >= seconds and told["unsent_s"] == 0:
                        return
                await asyncio.sleep(0.05)


async def test_killed_on_either_side_each_second_is_stored_once_or_a_gap(
    process: GatewayProcess, database: Clone, tmp_path: Path
) -> None:
    box = Box(tmp_path, process.url)
    speaking = asyncio.create_task(box.monitor())
    try:
        await box.start()
        await box.recorded(2)
        await box.kill()
        await box.start()
        await box.recorded(4)
        await process.end(signal.SIGKILL)
        await asyncio.sleep(1.5)  # seconds are said while nobody takes them
        await process.start()
        await box.recorded(8)
    finally:
        await box.kill()
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
    connection = await asyncpg.connect(database.system_url)
    try:
        (recording,) = await connection.fetch("SELECT id FROM ctg_recording")
        parts = await connection.fetch(
            "SELECT frames FROM ctg_chunk WHERE recording_id = $1"
            " UNION ALL SELECT ctg_journal_frames($1)", recording["id"],
        )  # fmt: skip
        gaps = await connection.fetch("SELECT first_seq, last_seq FROM ctg_gap")
        assert await connection.fetch("SELECT 1 FROM ctg_conflict") == []
    finally:
        await connection.close()
    stored = [one for part in parts for one in frames.split_frames(part[0])]
    seqs = [frames.seq_of(one) for one in stored]
    missed = [seq for gap in gaps for seq in range(gap["first_seq"], gap["last_seq"] + 1)]
    assert sorted([*seqs, *missed]) == list(range(1, max(seqs) + 1))
    said = iter(box.told)
    for one in sorted(stored, key=frames.seq_of):
        rates = Centre.rates(one)
        assert any(rates == told for told in said) or not any(rates)
