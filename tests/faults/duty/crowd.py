"""Those who page and those who answer, as persistent as people with a browser: what fails for want
of a database is sent again under the same key."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar
from uuid import uuid4

from duty.escalation.errors import PageOver
from kernel.errors import Refusal
from kernel.ids import PageId, PersonId
from tests.live.processes import Phones
from tests.live.town import Centre, Town

T = TypeVar("T")

BY_KEYPAD = 0.3
"""Share of answers that come as a report of a pressed key."""
PRESSED_S = 1.5
"""After that the page was answered by the key; else the person answers in the application."""
RINGS_S = 3.0
RETRY_S = 0.1
PATIENCE_S = 90.0


@dataclass(slots=True)
class Crowd:
    """What was asked and what was promised."""

    town: Town
    phones: Phones
    dice: random.Random
    late_s: tuple[float, float] = (6, 9)
    committed: dict[str, tuple[float, Centre]] = field(default_factory=dict)
    delivered: set[str] = field(default_factory=set)
    answering: set[asyncio.Task[None]] = field(default_factory=set)

    async def page(self, answer_after_s: float | None = None) -> PageId:
        """Page some centre until it is committed; somebody answers later (None: nobody does)."""
        centre = self.dice.choice(self.town.centres)
        page_id = await self.page_at(centre)
        if answer_after_s is not None:
            self.answer_later(page_id, centre, answer_after_s)
        return page_id

    async def page_at(self, centre: Centre) -> PageId:
        """Page this centre until it is committed."""
        case_id = await self.until_done(self.town.open_case)
        key = str(uuid4())
        page_id = await self.until_done(lambda: self.town.page(centre, case_id, key))
        self.promised(page_id, centre)
        return page_id

    def promised(self, page_id: PageId, centre: Centre) -> None:
        """A client has seen this page committed: from now on it may not be lost."""
        self.committed[str(page_id)] = (time.monotonic(), centre)

    def answer_later(self, page_id: PageId, centre: Centre, after_s: float) -> None:
        """One of the centre's people answers after a while."""
        task = asyncio.create_task(self._answer(page_id, centre, after_s))
        self.answering.add(task)
        task.add_done_callback(self.answering.discard)

    async def load(self, rate: float, until: asyncio.Event) -> None:
        """Pages at `rate` a second; four of five are answered soon, the fifth after a step."""
        asking: set[asyncio.Task[object]] = set()
        while not until.is_set():
            late = self.dice.random() < 0.2
            after = (
                self.dice.uniform(*self.late_s)
                if late
                else self.dice.uniform(0.1, self.late_s[0] / 2)
            )
            task: asyncio.Task[object] = asyncio.create_task(self.page(after))
            asking.add(task)
            task.add_done_callback(asking.discard)
            with suppress(TimeoutError):
                await asyncio.wait_for(until.wait(), 1 / rate)
        await asyncio.gather(*asking)

    async def quiet(self) -> None:
        """Until everybody who meant to answer has."""
        while self.answering:
            await asyncio.gather(*self.answering)

    async def _answer(self, page_id: PageId, centre: Centre, after_s: float) -> None:
        await asyncio.sleep(after_s)
        person = self.dice.choice(centre.people)
        if self.dice.random() < BY_KEYPAD:
            await self._press(person, page_id)
        with suppress(PageOver):
            await self.until_done(lambda: self.town.answer(person, centre, page_id))

    async def _press(self, person: PersonId, page_id: PageId) -> None:
        """The key 接听 on a telephone that rings, which its company reports twice at once and once
        more later, before it says that nobody took the call and speaks of one that never was."""
        message_id = await self.until_done(lambda: self.town.message_of(person, page_id))
        if not await self.rings(message_id):
            return
        reports = [self.until_done(lambda: self.town.call_back(message_id)) for _ in range(2)]
        await asyncio.gather(*reports)
        await self.until_done(lambda: self.town.call_back(message_id))
        await asyncio.sleep(PRESSED_S)
        if await self.until_done(lambda: self.town.state_of(message_id)) == "delivered":
            self.delivered.add(message_id)
        for id_ in (message_id, str(uuid4())):
            await self.until_done(partial(self.town.call_ended, id_, "200003"))

    async def rings(self, message_id: str) -> bool:
        """Wait until this message rings; False if it does not."""
        deadline = time.monotonic() + RINGS_S
        while not any(ring.message_id == message_id for ring in self.phones.rings()):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(RETRY_S)
        return True

    async def until_done(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do it again until the database takes it."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return await work()
            except PageOver:
                raise
            except Refusal:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(RETRY_S)
