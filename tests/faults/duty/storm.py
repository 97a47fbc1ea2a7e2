"""The troubles, one after another, on one installation that is never repaired by hand."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from kernel.ids import PageId
from tests.faults.duty import timing, verdict
from tests.faults.duty.crowd import Crowd
from tests.faults.duty.ground import Ground
from tests.faults.duty.nursery import Life, die_asking
from tests.faults.duty.points import CLIENTS, LEASE, POINTS, STEP_EVERY_S, Trouble
from tests.live.town import SEEDER, Town

LONGEST_S = 60.0
STEP_S, REPEAT_S = 2.0, 3
"""From the first step to the last, and from then on."""

RING_S = {
    "down_5_min_first_ring_s": 2.0,
    "down_5_min_step_s": 2.0,
    "postgres_crash_ring_s": 10.0,
    "valkey_down_ring_s": 2.0,
    "notify_dropped_ring_s": 1.0,
    "clock_slow_ring_s": 2.0,
    "clock_skew_ring_s": 2.0,
    "clock_step_ring_s": 2.0,
    "all_away_ring_s": 1.0,
}
"""The longest that a page may wait in each of the troubles that are timed."""
CRASHES = 3
TIMED_PAGES = 8
POSTPONED_S, HEARD_S = 4.0, 1.5
"""Long enough for an engine to come up and hear a report, and for one that runs to hear it."""
ANSWERED_S = 5.0


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
    ill_timed: list[str] = field(default_factory=list)
    misled: list[str] = field(default_factory=list)

    @property
    def late(self) -> list[str]:
        """Troubles in which a page rang too late or not at all, and steps at a wrong moment."""
        slow = [f"{name}: {taken}" for name, taken in self.notes.items() if taken >= RING_S[name]]
        return slow + self.ill_timed

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

    async def reached(self, page_id: PageId) -> set[str]:
        """How far the page got with those whom it rang."""
        states = text("SELECT state FROM page_target WHERE page_id = :p")
        async with self.ground.clone.system.session(SEEDER) as session:
            return set(await session.scalars(states, {"p": page_id}))

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
    async with storm.running("engine"):
        await crowd.rings(message_id)
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
    async with storm.running("engine"):
        await storm.first_ring([await storm.crowd.page(answer_after_s=ANSWERED_S)])
    pages = [await storm.crowd.page() for _ in range(6)]
    await storm.make_due(300)
    begun, begun_at = time.monotonic(), time.time()
    async with storm.running("engine"):
        await storm.first_ring(pages)
        storm.notes["down_5_min_first_ring_s"] = round(time.monotonic() - begun, 2)
        await asyncio.sleep(STEP_S + REPEAT_S)
        await _answer_all(storm, pages)
        await storm.settled()
    steps = await timing.steps(storm.ground.clone.superuser_url, pages)
    second = [found[1] if 1 in found else float("inf") for found in steps.values()]
    storm.notes["down_5_min_step_s"] = round(max(second) - begun_at, 2)
    storm.ill_timed += timing.wrong_moments(steps, (None, REPEAT_S))


async def crashed(storm: Storm) -> None:
    """PostgreSQL crashes beside processes that nobody restarts: they come back by themselves."""
    late: list[float] = []
    async with storm.running("engine", "sender") as lives:
        await storm.first_ring([await storm.crowd.page(answer_after_s=ANSWERED_S)])
        pages = []
        for _ in range(CRASHES):
            pages.append(await storm.crowd.page(answer_after_s=3 * ANSWERED_S))
            storm.ground.crash_postgres()
            storm.ground.start_postgres()
            returned = time.monotonic()
            pages.append(await storm.crowd.page(answer_after_s=3 * ANSWERED_S))
            late.append(await storm.first_ring(pages) - returned)
        storm.notes["postgres_crash_ring_s"] = round(max(late), 2)
        await storm.settled()
        storm.missed += [f"{life.name} did not outlive a crash" for life in lives if life.dead]
    steps = await timing.steps(storm.ground.clone.superuser_url, pages)
    storm.ill_timed += timing.wrong_moments(steps, (None,))


async def valkey_down(storm: Storm) -> None:
    """No Valkey: pages ring all the same."""
    async with storm.running("engine"):
        await storm.first_ring([await storm.crowd.page(answer_after_s=ANSWERED_S)])
        storm.ground.kill_valkey()
        await _timed(storm, "valkey_down_ring_s")
        storm.ground.start_valkey()


async def deaf(storm: Storm) -> None:
    """Every NOTIFY lost: the look every half second finds the page."""
    async with storm.running("engine", trouble=Trouble(deaf=True)):
        await storm.first_ring([await storm.crowd.page(answer_after_s=ANSWERED_S)])
        await _timed(storm, "notify_dropped_ring_s")


async def wrong_clocks(storm: Storm) -> None:
    """An engine five minutes slow, then another beside it that is as fast: the database's clock
    alone decides what is due."""
    async with storm.running("engine", trouble=Trouble(skew_s=-300)):
        await storm.first_ring([await storm.crowd.page(answer_after_s=ANSWERED_S)])
        await _timed(storm, "clock_slow_ring_s", once=True)
        async with storm.running("engine", trouble=Trouble(skew_s=300)):
            await asyncio.sleep(ANSWERED_S)
            await _timed(storm, "clock_skew_ring_s", once=True)


async def stepping_clocks(storm: Storm) -> None:
    """Clocks that jump five minutes forward and back while two engines work: pages from the first
    jump until every clock has been ahead, behind and right again."""
    async with storm.running("engine", "engine", trouble=Trouble(step_s=300)):
        await storm.first_ring([await storm.crowd.page(answer_after_s=ANSWERED_S)])
        await asyncio.sleep(STEP_EVERY_S)
        turns_s = 3 * STEP_EVERY_S
        await _timed(storm, "clock_step_ring_s", every_s=turns_s / TIMED_PAGES, once=True)


async def false_reports(storm: Storm) -> None:
    """A provider speaks of calls that were never made and takes back what it said: nobody counts as
    reached who was not, and nobody's ringing ends."""
    town, crowd, (centre, *_) = storm.town, storm.crowd, storm.town.centres
    page_id = await crowd.page_at(centre)
    await _postpone(storm, page_id)
    pressed, heard, _ = [str(await town.message_of(one, page_id)) for one in centre.people]
    await town.call_back(pressed)
    await town.call_ended(heard, "200000")
    await town.call_back(str(uuid4()))
    async with storm.running("engine"):
        await asyncio.sleep(POSTPONED_S / 2)
        await crowd.rings(heard)
        if await storm.answered(page_id, patience_s=1):
            storm.misled.append("a key answered a page that nobody had got")
        if "delivered" in await storm.reached(page_id):
            storm.misled.append("a call that was never made arrived")
        for status in ("200001", "200003"):
            await town.call_ended(heard, status)
            await asyncio.sleep(HEARD_S)
        if await town.state_of(heard) != "delivered":
            storm.misled.append("a call that was taken is not any more")
        crowd.answer_later(page_id, centre, 0)
        await storm.settled()


async def _postpone(storm: Storm, page_id: PageId) -> None:
    """As if the page had been sent a few seconds later."""
    async with storm.ground.clone.system.session(SEEDER) as session:
        for table, column in (("page_message", "available_at"), ("page_target", "queued_at")):
            later = text(
                f"UPDATE {table} SET {column} = {column} + make_interval(secs => :s)"
                " WHERE page_id = :p"
            )
            await session.execute(later, {"p": page_id, "s": POSTPONED_S})


async def _timed(storm: Storm, name: str, *, every_s: float = 0, once: bool = False) -> None:
    """Page, note the slowest first ring, and judge the moments of the steps that follow; `once`:
    where nobody dies, no message rings twice."""
    pages, late = [], []
    for _ in range(TIMED_PAGES):
        pages.append(await storm.crowd.page(answer_after_s=ANSWERED_S))
        committed = storm.crowd.committed[str(pages[-1])][0]
        late.append(await storm.first_ring(pages[-1:]) - committed)
        await asyncio.sleep(every_s)
    storm.notes[name] = round(max(late), 2)
    await storm.settled()
    steps = await timing.steps(storm.ground.clone.superuser_url, pages)
    storm.ill_timed += [
        f"{name}: {line}" for line in timing.wrong_moments(steps, (STEP_S, REPEAT_S))
    ]
    if once:
        rang = Counter(
            one.message_id for one in storm.ground.phones.rings() if one.page_id in steps
        )
        storm.ill_timed += [f"{name}: {id_} rang {n} times" for id_, n in rang.items() if n > 1]


async def _answer_all(storm: Storm, pages: list[Any]) -> None:
    for page_id in pages:
        centre = storm.crowd.committed[str(page_id)][1]
        storm.crowd.answer_later(page_id, centre, 0.1)
    await storm.crowd.quiet()


TROUBLES: dict[str, Callable[..., Any]] = {
    "engine down": engine_down,
    "postgres crash": crashed,
    "valkey down": valkey_down,
    "notify dropped": deaf,
    "wrong clocks": wrong_clocks,
    "clock steps": stepping_clocks,
    "false reports": false_reports,
}
