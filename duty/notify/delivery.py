"""Delivers one message: claim, commit, call, record. Nothing is held while the channel works.

A sender that dies leaves a lease; when it expires, the message goes out again under the same id.
We choose duplicates over silence, and receivers collapse them. A late word from a sender that
lost its lease fails on the attempt number.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify import posting
from duty.notify.channels.channel import Channel, Failed, InDoubt, Outcome, Sent
from duty.notify.contacts.links import LINKED, Links
from duty.notify.posting import Claimed
from duty.notify.states import MessageAction, MessageState
from kernel.database import Database
from kernel.sealing import Sealer
from kernel.viewer import Viewer

log = structlog.get_logger()

LEASE = timedelta(seconds=10)
"""Longer than any channel's time limit, so that only the dead lose it."""

MAX_TRIES = 3
MAX_ATTEMPTS = 4
PAUSE_S = (1, 3, 10)


class Delivery:
    """Sends messages over the channels it was given."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        channels: Mapping[str, Channel],
        *,
        lease: timedelta = LEASE,
        links: Links | None = None,
    ) -> None:
        self._database = database
        self._sealer = sealer
        self.channels = dict(channels)
        self.lease = lease
        self._links = links
        self._viewer = Viewer.system("delivery")

    async def deliver(self, message_id: UUID) -> MessageState | None:
        """Send one message if it is due and nobody else is sending it; its state afterwards.

        None: not due, already settled, or somebody else holds it. Repeats are harmless.
        """
        async with self._database.session(self._viewer) as session:
            claimed = await posting.claim(session, self._sealer, message_id, self.lease)
            if claimed is None:
                return None
            end = await self.ended(session, claimed)
            if end is not None:
                return end
            (claimed,) = await self.linked(session, [claimed])
        return await self.record(claimed, await self.send(claimed))

    async def ended(self, session: AsyncSession, claimed: Claimed) -> MessageState | None:
        """Settle a message that need not or cannot go out; None if it must be sent."""
        if not claimed.wanted:
            return await posting.settle(session, claimed, MessageAction.DROP)
        if claimed.outgoing is None or claimed.attempt > MAX_ATTEMPTS:
            return await posting.settle(session, claimed, MessageAction.GIVE_UP)
        return None

    async def linked(self, session: AsyncSession, claimed: Sequence[Claimed]) -> list[Claimed]:
        """The same messages; those of channels that can carry one have their answer link."""
        if self._links is None:
            return list(claimed)
        wanted = [one.id for one in claimed if one.channel in LINKED]
        urls = await self._links.mint(session, wanted)
        return [
            replace(one, outgoing=replace(one.outgoing, link=urls[one.id]))
            if one.outgoing is not None and one.id in urls
            else one
            for one in claimed
        ]

    async def send(self, claimed: Claimed) -> Outcome:
        """Call the channel; no transaction is open meanwhile."""
        channel = self.channels.get(claimed.channel)
        if channel is None or claimed.outgoing is None:
            return Failed("no_such_channel", again=False)
        try:
            async with asyncio.timeout(self.lease.total_seconds() * 0.95):
                return await channel.send(claimed.outgoing)
        except TimeoutError:
            return InDoubt("lease")

    async def record(self, claimed: Claimed, outcome: Outcome) -> MessageState | None:
        """Write what became of a call, in a transaction of its own."""
        log.info(
            "message.sent" if isinstance(outcome, Sent) else "message.not_sent",
            message_id=str(claimed.id),
            channel=claimed.channel,
            attempt=claimed.attempt,
            reason=getattr(outcome, "reason", None),
        )
        async with self._database.session(self._viewer) as session:
            if isinstance(outcome, Sent):
                return await posting.accepted(session, claimed, outcome.provider_ref)
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
            pause_s = max(_pause_s(claimed.try_), outcome.after_s)
            await posting.try_again(session, claimed, pause_s)
        return state


def _pause_s(count: int) -> float:
    return PAUSE_S[min(count, len(PAUSE_S)) - 1]
