"""Delivers one message: claim, commit, call, record. Nothing is held while the channel works.

A sender that dies leaves a lease; when it expires, the message goes out again under the same id.
We choose duplicates over silence, and receivers collapse them. A late word from a sender that
lost its lease fails on the attempt number.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify import posting
from duty.notify.channels.channel import Channel, Failed, InDoubt, Outcome, Sent
from duty.notify.posting import Claimed
from duty.notify.states import MessageAction, MessageState
from kernel.database import Database
from kernel.errors import Unavailable
from kernel.sealing import Sealer
from kernel.viewer import Viewer

log = structlog.get_logger()

LEASE = timedelta(seconds=10)
"""Longer than any channel's time limit, so that only the dead lose it."""

MAX_TRIES = 3
MAX_ATTEMPTS = 4
PAUSE_S = (1, 3, 10)
PENDING_FOR = timedelta(seconds=2)
"""A message that the worker path has not touched for this long is sent by the engine itself."""


class Delivery:
    """Sends messages over the channels it was given."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        channels: Mapping[str, Channel],
        *,
        lease: timedelta = LEASE,
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._channels = dict(channels)
        self._lease = lease
        self._viewer = Viewer.system("delivery")

    async def deliver(self, message_id: UUID) -> MessageState | None:
        """Send one message if it is due and nobody else is sending it; its state afterwards.

        None: not due, already settled, or somebody else holds it. Repeats are harmless.
        """
        async with self._database.session(self._viewer) as session:
            claimed = await posting.claim(session, self._sealer, message_id, self._lease)
            if claimed is None:
                return None
            if not claimed.wanted:
                return await posting.settle(session, claimed, MessageAction.DROP)
            if claimed.outgoing is None or claimed.attempt > MAX_ATTEMPTS:
                return await posting.settle(session, claimed, MessageAction.GIVE_UP)
        channel = self._channels.get(claimed.channel)
        if channel is None or claimed.outgoing is None:
            outcome: Outcome = Failed("no_such_channel", again=False)
        else:
            outcome = await channel.send(claimed.outgoing)
        return await self._record(claimed, outcome)

    async def overdue(self, pending_for: timedelta = PENDING_FOR) -> list[UUID]:
        """Messages that nobody has taken for `pending_for`, or whose sender died."""
        async with self._database.session(self._viewer) as session:
            return await posting.overdue(session, pending_for)

    async def _record(self, claimed: Claimed, outcome: Outcome) -> MessageState | None:
        log.info(
            "message.sent" if isinstance(outcome, Sent) else "message.not_sent",
            message_id=str(claimed.id),
            channel=claimed.channel,
            attempt=claimed.attempt,
            reason=getattr(outcome, "reason", None),
        )
        async with self._database.session(self._viewer) as session:
            if isinstance(outcome, Sent):
                return await posting.accepted(session, claimed)
            if isinstance(outcome, InDoubt):
                return await self._doubted(session, claimed, outcome)
            return await self._refused(session, claimed, outcome)

    async def _doubted(
        self, session: AsyncSession, claimed: Claimed, outcome: InDoubt
    ) -> MessageState | None:
        if claimed.attempt >= MAX_ATTEMPTS:
            return await posting.settle(
                session, claimed, MessageAction.GIVE_UP, error=outcome.reason
            )
        return await posting.settle(
            session,
            claimed,
            MessageAction.LOSE,
            error=outcome.reason,
            pause_s=_pause_s(claimed.attempt),
        )

    async def _refused(
        self, session: AsyncSession, claimed: Claimed, outcome: Failed
    ) -> MessageState | None:
        state = await posting.settle(session, claimed, MessageAction.REFUSE, error=outcome.reason)
        if state is not None and outcome.again and claimed.try_ < MAX_TRIES:
            await posting.try_again(session, claimed, _pause_s(claimed.try_))
        return state


class Sweep:
    """The engine's own sender: pages leave the house with Valkey and Celery dead.

    Each message is sent by a task of its own, so one hung endpoint holds up nobody else.
    """

    def __init__(self, delivery: Delivery, *, at_once: int = 64) -> None:
        self._delivery = delivery
        self._at_once = at_once
        self._running: dict[UUID, asyncio.Task[MessageState | None]] = {}

    async def run_once(self) -> bool:
        """Start sending what is overdue. Always False: there is nothing to wait for."""
        try:
            overdue = await self._delivery.overdue()
        except Unavailable:
            log.warning("delivery.database_unavailable")
            return False
        for message_id in overdue:
            if message_id in self._running or len(self._running) >= self._at_once:
                continue
            task = asyncio.create_task(self._delivery.deliver(message_id))
            self._running[message_id] = task
            task.add_done_callback(partial(self._ended, message_id))
        return False

    async def close(self) -> None:
        """Stop sending; leases bring unfinished messages back."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, message_id: UUID, task: asyncio.Task[MessageState | None]) -> None:
        self._running.pop(message_id, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("delivery.failed", message_id=str(message_id), exc_info=task.exception())


def _pause_s(count: int) -> float:
    return PAUSE_S[min(count, len(PAUSE_S)) - 1]
