"""PostgreSQL's disk full, for real, and its commits slow: nothing is acknowledged that is not safe.

A full disk needs a small file system of its own. Root mounts one; without root it is not done, and
the last line says so.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from tests.faults.ctg.ground import Ground
from tests.faults.ctg.sender import promised
from tests.faults.ctg.viewers import Watching

SMALL_MB: Final = 2_000
HEAL_S: Final = 60.0
SLOW_S: Final = 3.0
_SLOW: Final = f"""
CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_sleep({SLOW_S}); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON ctg_journal
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slowly();
"""
_QUICK: Final = "DROP TRIGGER slowly ON ctg_journal; DROP FUNCTION slowly();"


@contextmanager
def small_disk(place: Path) -> Iterator[bool]:
    """A small file system at this place as long as the block runs; False where none can be had."""
    place.mkdir(exist_ok=True)
    if sys.platform != "linux" or os.geteuid() != 0:
        yield False
        return
    options = f"size={SMALL_MB}m,mode=0755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)
    try:
        yield True
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@dataclass(slots=True)
class Disk:
    """What a full and a slow disk did; `None` where it was not tried."""

    said_full: bool | None = None
    """Whether every strip said that samples wait."""
    acked_while_full: int | None = None
    """Seconds that were acknowledged after every strip had said so."""
    healed_full_s: float | None = None
    said_slow: bool = False
    healed_slow_s: float = 0.0

    @property
    def good(self) -> bool:
        """Whether it was said, kept and healed; that nothing is lost is for the verdict."""
        full = self.said_full in (None, True) and not self.acked_while_full
        healed = max(self.healed_full_s or 0.0, self.healed_slow_s) < HEAL_S
        return full and self.said_slow and healed


async def fill(ground: Ground, watching: Watching, hold_s: float, found: Disk) -> None:
    """No byte is left on PostgreSQL's disk for so long; then there is room again."""
    ballast = ground.services_place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        with suppress(OSError):
            while True:
                file.write(bytes(2**20))
        # The last pages, and those that PostgreSQL gives back meanwhile.
        deadline, found.said_full = time.monotonic() + HEAL_S, False
        while not found.said_full and time.monotonic() < deadline:
            with suppress(OSError):
                while True:
                    file.write(bytes(512))
            found.said_full = watching.all_say("waiting")
            await asyncio.sleep(0.1)
        before = _promised(watching)
        await asyncio.sleep(hold_s)
        found.acked_while_full = _promised(watching) - before
    ballast.unlink()
    ground.revive_postgres()
    found.healed_full_s = await _healed(watching)


async def slow(ground: Ground, watching: Watching, hold_s: float, found: Disk) -> None:
    """Every commit takes three seconds for so long."""
    await _owner(ground, _SLOW)
    deadline = time.monotonic() + hold_s
    while time.monotonic() < deadline:
        found.said_slow = found.said_slow or watching.all_say("waiting")
        await asyncio.sleep(0.1)
    await _owner(ground, _QUICK)
    found.healed_slow_s = await _healed(watching)


async def _owner(ground: Ground, sql: str) -> None:
    connection = await asyncpg.connect(ground.clone.superuser_url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def _promised(watching: Watching) -> int:
    plan = watching.plan
    return int(promised(plan.ledger, len(plan.recordings)).sum())


async def _healed(watching: Watching) -> float:
    """Until every strip says that samples are safe, and shows what was measured since."""
    since, began = time.time(), time.monotonic()
    while not (watching.all_say("ok") and watching.healed(since)):
        if time.monotonic() - began > HEAL_S:
            break
        await asyncio.sleep(0.05)
    return round(time.monotonic() - began, 1)
