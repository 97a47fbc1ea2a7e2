"""A synchronous replica takes over, again and again: what a client saw committed is there.

Each round pages against the primary, crashes it in the act (immediate), promotes its replica and
looks for every page that any client saw committed; the new primary then gets a replica of its own.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncpg

from kernel.errors import Refusal
from server.embedded import postgres
from server.embedded.binaries import postgres_bin
from server.embedded.layout import Layout, own_directory
from server.supervisor.program import Program, spawn
from tests.faults.duty.ground import DATABASE, PATIENCE_S
from tests.fixtures.database import Clone
from tests.live.town import Town

LANES = 4
PAGING_S = 0.6
_SYNCHRONOUS = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
_MISSING = """
SELECT n.id FROM unnest($1::uuid[]) AS n (id)
 WHERE NOT EXISTS (SELECT 1 FROM page_message m JOIN escalation e USING (page_id)
                    WHERE m.page_id = n.id)
"""


@dataclass(slots=True)
class Node:
    """One PostgreSQL of the pair."""

    layout: Layout
    child: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.child = spawn(postgres.program(self.layout), stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_S
        while not postgres.ready(self.layout):
            if self.child.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.layout.postgres_dir} did not come up")
            time.sleep(0.02)

    def crash(self) -> None:
        """At once, without a checkpoint."""
        if self.child is not None and self.child.poll() is None:
            os.kill(self.child.pid, signal.SIGQUIT)
            self.child.wait(30)

    @property
    def url(self) -> str:
        """As the superuser."""
        return self.layout.postgres_url(postgres.SUPERUSER, DATABASE)


@dataclass(slots=True)
class Succession:
    """Rounds done, pages promised and pages missing."""

    rounds: int = 0
    pages: int = 0
    lost: list[str] = field(default_factory=list)


async def succeed(town: Town, first: Node, place: Path, rounds: int) -> Succession:
    """Let replica after replica take over; `first` is running and holds the town."""
    done, primary = Succession(), first
    try:
        for number in range(rounds):
            replica = await _replica(primary, place / f"node{number}")
            there = replace(town, clone=Clone(primary.layout, DATABASE))
            committed = await _page_until_crashed(there, primary)
            await there.clone.close()
            await _promote(replica)
            done.lost += await _missing(replica, committed)
            done.rounds, done.pages = done.rounds + 1, done.pages + len(committed)
            if primary is not first:
                shutil.rmtree(primary.layout.home, ignore_errors=True)
            primary = replica
    finally:
        primary.crash()
    return done


async def _replica(primary: Node, home: Path) -> Node:
    """A running replica that every commit of the primary waits for."""
    layout = replace(primary.layout, home=home, run_dir=home / "run")
    for directory in (layout.postgres_dir, layout.run_dir):
        own_directory(directory, layout.account)
    home.chmod(0o755)  # noqa: ASYNC240  (one call, and the service account must pass through)
    copy = [f"{postgres_bin(layout.account)}/pg_basebackup", "-D", str(layout.postgres_dir)]
    copy += ["-h", str(primary.layout.run_dir), "-U", postgres.SUPERUSER]
    await _run(layout, *copy, "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
    node = Node(layout)
    node.start()
    root = await asyncpg.connect(primary.url)
    try:
        await root.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        await root.execute("SELECT pg_reload_conf()")
        async with asyncio.timeout(PATIENCE_S):
            while not await root.fetchval(_SYNCHRONOUS):
                await asyncio.sleep(0.05)
    finally:
        await root.close()
    return node


async def _page_until_crashed(town: Town, primary: Node) -> list[object]:
    """Pages from several clients until the primary is gone; those that were promised."""
    committed: list[object] = []

    async def client() -> None:
        try:
            while True:
                case_id = await town.open_case()
                committed.append(await town.page(town.centres[0], case_id))
        except Refusal:
            return

    clients = [asyncio.create_task(client()) for _ in range(LANES)]
    async with asyncio.timeout(PATIENCE_S):
        while len(committed) < LANES:
            await asyncio.sleep(0.02)
    await asyncio.sleep(PAGING_S)
    await asyncio.to_thread(primary.crash)
    await asyncio.gather(*clients)
    return committed


async def _promote(replica: Node) -> None:
    program = f"{postgres_bin(replica.layout.account)}/pg_ctl"
    await _run(replica.layout, program, "promote", "-w", "-D", str(replica.layout.postgres_dir))


async def _missing(node: Node, committed: list[object]) -> list[str]:
    root = await asyncpg.connect(node.url)
    try:
        return [str(row["id"]) for row in await root.fetch(_MISSING, committed)]
    finally:
        await root.close()


async def _run(layout: Layout, *argv: str) -> None:
    job = Program(Path(argv[0]).name, argv, account=layout.account, cwd=layout.run_dir)
    child = spawn(job, stdout=subprocess.PIPE)
    output, _ = await asyncio.to_thread(child.communicate)
    if child.returncode:
        raise RuntimeError(f"{argv[0]}: {output.decode(errors='replace')}")
