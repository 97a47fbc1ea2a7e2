"""Sends what is due, directly: the primary road of every message that leaves the house.

The message row is the order; NOTIFY only says "look". Claims and results are written many at a
time, calls go out side by side, and each channel has its own room: a provider that hangs fills its
room and holds up nobody else. Two or more senders may run: SKIP LOCKED decides who sends what.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog

from duty.notify import claims
from duty.notify.channels.channel import Outcome, Sent
from duty.notify.delivery import Delivery
from duty.notify.posting import Claimed
from kernel.database import Database
from kernel.errors import Unavailable
from kernel.sealing import Sealer
from kernel.viewer import Viewer

log = structlog.get_logger()

Overflow = Callable[[Sequence[UUID]], Awaitable[None]]
"""Offers messages to somebody else; they stay here as well, and whoever claims one sends it."""

ROOM = 48
"""Calls that one channel may have open at once, where its limits do not say otherwise."""

BATCH = 64
OVERFLOW_AFTER = timedelta(seconds=2)
OVERFLOW_BATCH = 16
OVERFLOW_PAUSE_S = 0.5
"""Messages that find no room for so long are offered to the workers too, some at a time."""

STRANDED_AFTER = timedelta(minutes=1)
"""A message of a channel that this installation no longer has is given up after so long."""

GATHER_S = 0.02
"""Results that arrive this close together are written by one commit."""


class Dispatcher:
    """Claims due messages, sends each over its channel, writes down what became of them."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        delivery: Delivery,
        *,
        wake: asyncio.Event | None = None,
        room: int = ROOM,
        rooms: Mapping[str, int] | None = None,
        overflow: Overflow | None = None,
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._delivery = delivery
        self._wake = wake or asyncio.Event()
        self._rooms = dict.fromkeys(delivery.channels, room) | dict(rooms or {})
        self._overflow = overflow
        self._handed: set[UUID] = set()
        self._offering: asyncio.Task[None] | None = None
        self._open: Mapping[str, set[asyncio.Task[None]]] = {
            name: set() for name in delivery.channels
        }
        self._sent: list[tuple[Claimed, Sent]] = []
        self._writing: asyncio.Task[None] | None = None
        self._viewer = Viewer.system("delivery")

    async def run_once(self) -> bool:
        """Start sending what is due. True if there may be more that has room."""
        rooms = {
            name: min(BATCH, self._rooms[name] - len(open_))
            for name, open_ in self._open.items()
            if len(open_) < self._rooms[name]
        }
        try:
            claimed = await self._claim(rooms) if rooms else []
        except Unavailable:
            log.warning("delivery.database_unavailable")
            return False
        self._consider_overflow(set(self._open) - set(rooms))
        for one in claimed:
            task = asyncio.create_task(self._send(one))
            self._open[one.channel].add(task)
            task.add_done_callback(partial(self._ended, one))
        taken = [one.channel for one in claimed]
        return any(taken.count(name) == room for name, room in rooms.items())

    async def give_up_stranded(self) -> bool:
        """End messages whose channel no sender has; always False."""
        try:
            async with self._database.session(self._viewer) as session:
                count = await claims.give_up_stranded(session, self._open, STRANDED_AFTER)
        except Unavailable:
            log.warning("delivery.database_unavailable")
            return False
        if count:
            log.error("delivery.no_such_channel", messages=count)
        return False

    async def close(self) -> None:
        """Stop sending; leases bring unfinished messages back. What was sent is still recorded."""
        tasks = [task for open_ in self._open.values() for task in open_]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._offering is not None:
            self._offering.cancel()
            await asyncio.gather(self._offering, return_exceptions=True)
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _claim(self, rooms: Mapping[str, int]) -> list[Claimed]:
        async with self._database.session(self._viewer) as session:
            claimed = await claims.claim_due(session, self._sealer, rooms, self._delivery.lease)
            wanted = [one for one in claimed if not await self._delivery.ended(session, one)]
            return await self._delivery.linked(session, wanted)

    def _consider_overflow(self, full: set[str]) -> None:
        """Offering is a chore of its own: a slow taker must not slow the senders."""
        if not full:
            self._handed.clear()
        elif self._overflow is not None and (self._offering is None or self._offering.done()):
            self._offering = asyncio.create_task(self._offer(self._overflow, full))

    async def _offer(self, overflow: Overflow, full: set[str]) -> None:
        try:
            async with self._database.session(self._viewer) as session:
                late = await claims.waiting(session, full, OVERFLOW_AFTER, OVERFLOW_BATCH)
        except Unavailable:
            return
        fresh = [id_ for id_ in late if id_ not in self._handed]
        self._handed.update(fresh)
        if fresh:
            await overflow(fresh)
        await asyncio.sleep(OVERFLOW_PAUSE_S)

    async def _send(self, claimed: Claimed) -> None:
        outcome: Outcome = await self._delivery.send(claimed)
        if isinstance(outcome, Sent):
            self._sent.append((claimed, outcome))
            if self._writing is None or self._writing.done():
                self._writing = asyncio.create_task(self._write())
            return
        try:
            await self._delivery.record(claimed, outcome)
        except Unavailable:
            log.warning("delivery.database_unavailable", unrecorded=1)

    async def _write(self) -> None:
        """Write down what went out until nothing is left; a lost database leaves it to leases."""
        while self._sent:
            await asyncio.sleep(GATHER_S)
            batch, self._sent = self._sent, []
            try:
                async with self._database.session(self._viewer) as session:
                    refs = [(one, sent.provider_ref) for one, sent in batch]
                    busy = await claims.accept_all(session, refs)
                for one, sent in batch:
                    if one.id in busy:
                        await self._delivery.record(one, sent)
            except Unavailable:
                log.warning("delivery.database_unavailable", unrecorded=len(batch))
            else:
                log.info("messages.sent", message_ids=[str(one.id) for one, _ in batch])

    def _ended(self, claimed: Claimed, task: asyncio.Task[None]) -> None:
        full = len(self._open[claimed.channel]) >= self._rooms[claimed.channel]
        self._open[claimed.channel].discard(task)
        if full:
            self._wake.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("delivery.failed", message_id=str(claimed.id), exc_info=task.exception())
