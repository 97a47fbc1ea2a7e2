"""One centre with the real agent: `yunshang agent`, monitors that speak into files, its buffer.

The agent forgets what is acknowledged. So that it can still be said what it had measured, its
buffer's file is made beforehand with a trigger that keeps a copy of every second ever written.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from realtime import frames
from realtime.agent.buffer import Buffer
from realtime.agent.decoders.table import kinds
from realtime.agent.samples import Sample
from realtime.agent.simulator import seconds_of
from realtime.recordings.series import read_series
from realtime.sources import Recorded, Source, Synthetic
from tests.faults.ctg.tracings import recordings_here
from tests.fixtures.ports import free_port
from tests.realtime.gateway.process import ROOT

KIND = "json"
BUFFER_BYTES = 2**30
_COPY = """
CREATE TABLE made (id BLOB, seq INTEGER, body BLOB, PRIMARY KEY (id, seq)) WITHOUT ROWID;
CREATE TRIGGER made AFTER INSERT ON frame BEGIN
  INSERT OR IGNORE INTO made SELECT id, NEW.seq, NEW.body FROM recording WHERE no = NEW.no;
END;
"""


class Centre:
    """The agent's process and the voices of its monitors, which never die."""

    def __init__(self, place: Path, url: str, token: str, devices: Sequence[str]) -> None:
        self.place = place
        place.mkdir()
        (place / "token").write_text(token)
        self._buffer = place / "buffer.db"
        self._mouths = [place / f"{device}.jsonl" for device in devices]
        for mouth in self._mouths:
            mouth.touch()
        told = [f'gateway = "{url}"', 'token_file = "token"', f"status_port = {free_port()}"]
        for device, mouth in zip(devices, self._mouths, strict=True):
            told += ["[[monitor]]", f'device = "{device}"', f'kind = "{KIND}"']
            told += [f'port = "file://{mouth}"', 'start = "always"']
        (place / "agent.toml").write_text("\n".join(told) + "\n")
        made = Buffer(self._buffer, BUFFER_BYTES)
        made.database.executescript(_COPY)
        made.close()
        self._child: subprocess.Popen[bytes] = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-m", "server.cli", "agent", str(self.place / "agent.toml")]
        with (self.place / "agent.log").open("ab") as log:
            return subprocess.Popen(argv, cwd=ROOT, stdout=log, stderr=log)

    async def speak(self) -> None:
        """Every monitor says a second of a real recording each second, until cancelled."""
        voices = [kinds()[KIND].voice() for _ in self._mouths]
        tracings = await asyncio.to_thread(lambda: list(_tracings(len(self._mouths))))
        due = time.monotonic()
        while True:
            for voice, mouth, tracing in zip(voices, self._mouths, tracings, strict=True):
                with mouth.open("ab") as out:
                    out.write(voice.say(next(tracing)))
            due += 1
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def kill(self) -> None:
        """kill -9; it comes back as systemd would bring it back."""
        self._child.kill()
        self._child.wait(10)
        self._child = self._spawn()

    async def all_acked(self, patience_s: float) -> bool:
        """Wait until all that is measured by now is acknowledged; monitors never stop measuring."""
        tops = {recording: max(seconds) for recording, seconds in self.made().items()}
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            acked = self.acked()
            # A recording that is closed is not in the buffer any more.
            if tops and all(acked.get(one, top) >= top for one, top in tops.items()):
                return True
            await asyncio.sleep(0.2)
        return False

    def acked(self) -> dict[UUID, int]:
        """How far each recording that is not closed is acknowledged."""
        return {UUID(bytes=one): seq for one, seq in self._ask("SELECT id, acked FROM recording")}

    def made(self) -> dict[UUID, dict[int, bytes]]:
        """Every second that was ever durable in the centre, by recording."""
        found: dict[UUID, dict[int, bytes]] = {}
        for recording, seq, body in self._ask("SELECT id, seq, body FROM made"):
            found.setdefault(UUID(bytes=recording), {})[seq] = body
        return found

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self._buffer, timeout=10)) as database:
            return database.execute(sql).fetchall()

    def hush(self) -> None:
        """Stop the agent for good: what it has written is written."""
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait(10)


def _tracings(count: int) -> Iterator[Iterator[tuple[Sample, Sample, Sample, Sample]]]:
    found = recordings_here()
    for number in range(count):
        source: Source = Synthetic("reactive", number)
        if found:
            source = Recorded(read_series(found[number * 7 % len(found)]), loop=True)
        yield seconds_of(source)


def differing(made: dict[int, bytes], kept: Sequence[bytes], acked: int) -> int:
    """Seconds that are missing though acknowledged, foreign, or not what the centre measured."""
    there = {frames.seq_of(one): one for one in kept}
    missing = sum(seq <= acked and seq not in there for seq in made)
    other = sum(
        seq not in made or not frames.same_content(one, made[seq]) for seq, one in there.items()
    )
    return missing + other
