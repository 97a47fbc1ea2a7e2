"""The troubles, one after another, on one installation that is never repaired by hand."""

import asyncio
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from kernel.ids import PageId
from tests.faults.duty import verdict
from tests.faults.duty.crowd import Crowd
from tests.faults.duty.ground import Ground
from tests.faults.duty.nursery import Life, die_asking
from tests.faults.duty.points import CLIENTS, LEASE, POINTS, Trouble
from tests.live.town import SEEDER, Town

LONGEST_S = 60.0


def say(line: str) -> None:
    """For people, on the way."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@dataclass(slots=True)
class Storm:
    """The installation, its processes and what was done to them."""

    ground: Ground
    town: Town
    crowd: Crowd
    dice: random.Random
    kills: int = 0
    notes: dict[str, float] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)

    def life(self, name: str) -> Life:
        """A place for one process."""
        return Life(name, self.ground.settings, self.ground.place / f"{name}.log")

    @asynccontextmanager
    async def running(
        self, *names: str, trouble: Trouble | None = None
    ) -> AsyncIterator[list[Life]]:
        """These processes, killed at the end."""
        lives = [self.life(name).start(trouble) for name in names]
        try:
            yield lives
        finally:
            for life in lives:
                life.kill()

    async def settled(self) -> None:
        """Until everybody has answered and no message waits for anybody."""
        await self.crowd.quiet()
        deadline = time.monotonic() + LONGEST_S
        while await verdict.unsettled(self.ground.clone.superuser_url):
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(0.1)

    async def make_due(self, shift_s: float = 0.0) -> None:
        """As if `shift_s` more had passed: what is due is due since then, and every step is due."""
        sql = (
            "UPDATE escalation SET next_due_at = clock_timestamp() - make_interval(secs => :s)"
            " WHERE state IN ('running', 'exhausted')",
            "UPDATE page_message SET available_at = available_at - make_interval(secs => :s)"
            " WHERE state = 'queued'",
        )

        async def shift() -> None:
            async with self.ground.clone.system.session(SEEDER) as session:
                for statement in sql:
                    await session.execute(text(statement), {"s": shift_s})

        await self.crowd.until_done(shift)

    async def answered(self, page_id: PageId, patience_s: float = 20) -> bool:
        """Wait until somebody has the page."""
        state = text("SELECT state FROM escalation WHERE page_id = :p")
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            async with self.ground.clone.system.session(SEEDER) as session:
                if (await session.execute(state, {"p": page_id})).scalar_one() == "acknowledged":
                    return True
            await asyncio.sleep(0.1)
        return False

    async def first_ring(self, pages: list[Any], patience_s: float = 30) -> float:
        """Wait until each of these pages has rung; the moment of the last first ring."""
        wanted = {str(page) for page in pages}
        deadline = time.monotonic() + patience_s
        while True:
            first: dict[str, float] = {}
            for ring in self.ground.phones.rings():
                first.setdefault(ring.page_id, ring.at_s)
            if wanted <= set(first):
                return max(first[page] for page in wanted)
            if time.monotonic() > deadline:
                return float("inf")
            await asyncio.sleep(0.05)


async def labelled(storm: Storm, points: tuple[str, ...] = POINTS) -> None:
    """Die once at every labelled point, then let healthy processes clear up."""
    for point in points:
        if point.startswith(CLIENTS):
            await _die_as_client(storm, point)
        else:
            await _die_as_engine(storm, point)
    async with storm.running("engine"):
        await storm.settled()


async def _die_as_engine(storm: Storm, point: str) -> None:
    life = storm.life("engine").start(Trouble(point))
    for _ in range(3):
        await storm.crowd.page(answer_after_s=1.5)
    await storm.make_due()
    if await life.death(LONGEST_S / 3):
        storm.kills += 1
    else:
        storm.missed.append(point)
        life.kill()
    async with storm.running("engine"):
        await storm.settled()


async def _die_as_client(storm: Storm, point: str) -> None:
    """A page whose sender dies is sent again under its key; an answer is given again; a provider
    repeats its report, and the key that was pressed answers the page once."""
    town, crowd, act = storm.town, storm.crowd, point.split(".")[0]
    centre = storm.dice.choice(town.centres)
    if act == "page":
        case_id, key = await crowd.until_done(town.open_case), str(uuid4())
        await _die_asking(storm, point, centre, case_id, key)
        page_id = await crowd.until_done(lambda: town.page(centre, case_id, key))
        crowd.promised(page_id, centre)
        crowd.answer_later(page_id, centre, 0.5)
        return
    page_id = await crowd.page_at(centre)
    if act == "answer":
        await _die_asking(storm, point, centre.people[0], centre, page_id)
        crowd.answer_later(page_id, centre, 0.5)
        return
    message_id = await town.message_of(centre.people[0], page_id)
    await _die_asking(storm, point, message_id)
    await crowd.until_done(lambda: town.call_back(message_id))
    async with storm.running("engine"):
        if not await storm.answered(page_id):
            storm.missed.append(f"{point}: the key answered nothing")
            crowd.answer_later(page_id, centre, 0)
        await storm.settled()


async def _die_asking(storm: Storm, point: str, *ids: object) -> None:
    log = storm.ground.place / "client.log"
    child = die_asking(storm.town, log, point, point.split(".")[0], *ids)
    await asyncio.to_thread(child.join, LONGEST_S / 3)
    if child.exitcode == -signal.SIGKILL:
        storm.kills += 1
    else:
        storm.missed.append(point)


async def random_kills(storm: Storm, count: int, every_s: float, rate: float, crashes: int) -> None:
    """kill -9 of engines and senders at random moments under load, with crashes of PostgreSQL."""
    over = asyncio.Event()
    async with storm.running("engine", "engine", "sender") as lives:
        loading = asyncio.create_task(storm.crowd.load(rate, over))
        at = {round((n + 1) * count / (crashes + 1)) for n in range(crashes)}
        for number in range(1, count + 1):
            await asyncio.sleep(storm.dice.uniform(0.5, 1.5) * every_s)
            victim = storm.dice.choice(lives)
            victim.kill()
            victim.start()
            storm.kills += 1
            if number in at:
                storm.ground.crash_postgres()
                storm.ground.start_postgres()
        over.set()
        await loading
        await storm.settled()


async def paused(storm: Storm, times: int) -> None:
    """SIGSTOP for longer than the lease: a second sender takes over, the late word is refused."""
    for _ in range(times):
        async with storm.running("sender", "engine") as (stopped, _other):
            await storm.first_ring([await storm.crowd.page(answer_after_s=6)])
            stopped.signal(signal.SIGSTOP)
            for _ in range(3):
                await storm.crowd.page(answer_after_s=6)
            await asyncio.sleep(LEASE.total_seconds() + 1)
            stopped.signal(signal.SIGCONT)
            await storm.settled()


async def engine_down(storm: Storm) -> None:
    """Five minutes without any engine (by due times): each overdue step fires once on return."""
    pages = [await storm.crowd.page() for _ in range(6)]
    await storm.make_due(300)
    begun = time.monotonic()
    async with storm.running("engine"):
        await storm.first_ring(pages)
        storm.notes["down_5_min_first_ring_s"] = round(time.monotonic() - begun, 2)
        await _answer_all(storm, pages)
        await storm.settled()


async def valkey_down(storm: Storm) -> None:
    """No Valkey: pages ring all the same."""
    async with storm.running("engine"):
        await storm.first_ring([await storm.crowd.page(answer_after_s=5)])
        storm.ground.kill_valkey()
        storm.notes["valkey_down_ring_s"] = await _how_late(storm, 8)
        await storm.settled()
        storm.ground.start_valkey()


async def deaf(storm: Storm) -> None:
    """Every NOTIFY lost: the look every half second finds the page."""
    async with storm.running("engine", trouble=Trouble(deaf=True)):
        await storm.first_ring([await storm.crowd.page(answer_after_s=5)])
        storm.notes["notify_dropped_ring_s"] = await _how_late(storm, 8)
        await storm.settled()


async def wrong_clocks(storm: Storm) -> None:
    """Two engines five minutes fast and slow: the database's clock alone decides what is due."""
    fast, slow = Trouble(skew_s=300), Trouble(skew_s=-300)
    lives = [storm.life("engine").start(one) for one in (fast, slow)]
    try:
        storm.notes["clock_skew_ring_s"] = await _how_late(storm, 8)
        await storm.settled()
    finally:
        for life in lives:
            life.kill()


async def stepping_clocks(storm: Storm) -> None:
    """Clocks that jump five minutes forward and back while two engines work."""
    jumping = Trouble(step_s=300)
    lives = [storm.life("engine").start(jumping) for _ in range(2)]
    try:
        storm.notes["clock_step_ring_s"] = await _how_late(storm, 8)
        await storm.settled()
    finally:
        for life in lives:
            life.kill()


async def _how_late(storm: Storm, pages: int) -> float:
    late = []
    for _ in range(pages):
        page_id = await storm.crowd.page(answer_after_s=5)
        committed = storm.crowd.committed[str(page_id)][0]
        late.append(await storm.first_ring([page_id]) - committed)
    return round(max(late), 2)


async def _answer_all(storm: Storm, pages: list[Any]) -> None:
    for page_id in pages:
        centre = storm.crowd.committed[str(page_id)][1]
        storm.crowd.answer_later(page_id, centre, 0.1)
    await storm.crowd.quiet()


TROUBLES: dict[str, Callable[..., Any]] = {
    "engine down": engine_down,
    "valkey down": valkey_down,
    "notify dropped": deaf,
    "wrong clocks": wrong_clocks,
    "clock steps": stepping_clocks,
}
