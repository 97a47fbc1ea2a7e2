"""Sends codes and tests over the same channels as pages, in a row of their own.

Claim, commit, call, record, as every message; but apart from the pages' senders, so that no test
ever takes the room of a page. What failed goes out again under the same id, and ends.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify.channels.channel import Channel, Failed, InDoubt, Outcome, Outgoing, Purpose, Sent
from duty.notify.contacts.links import LINKED, Links
from duty.notify.contacts.secrets import code_of
from duty.notify.posting import ADDRESS_FIELD, SECRET_FIELD
from duty.notify.states import MESSAGE, MessageAction, MessageState
from kernel.database import Database
from kernel.errors import Unavailable
from kernel.sealing import Sealer
from kernel.viewer import Viewer

log = structlog.get_logger()

LEASE = timedelta(seconds=15)
AT_ONCE = 16
MAX_ATTEMPTS = 4
PAUSE = timedelta(seconds=20)

_CLAIM = text(
    """
    WITH m AS (
      UPDATE contact_message
         SET state = :sending, attempt = attempt + 1,
             lease_until = clock_timestamp() + CAST(:lease AS interval)
       WHERE id IN (SELECT d.id FROM contact_message d
                     WHERE d.state IN ('queued', 'sending', 'in_doubt')
                       AND CASE d.state WHEN 'sending' THEN d.lease_until < clock_timestamp()
                                        ELSE d.available_at <= clock_timestamp() END
                     ORDER BY d.available_at LIMIT :at_once FOR UPDATE SKIP LOCKED)
      RETURNING id, contact_point_id, purpose, attempt, created_at, expires_at
    )
    SELECT m.id, m.purpose, m.attempt, m.created_at, m.expires_at > clock_timestamp() AS fresh,
           c.channel, c.address_sealed, c.secret_sealed, c.disabled_at
      FROM m JOIN contact_point c ON c.id = m.contact_point_id
    """
)
_SETTLE = text(
    """
    UPDATE contact_message
       SET state = :to, lease_until = NULL, error = :error,
           provider_ref = coalesce(:provider_ref, provider_ref),
           available_at = clock_timestamp() + CAST(:pause AS interval),
           settled_at = CASE WHEN :settled THEN clock_timestamp() END
     WHERE id = :id AND attempt = :attempt AND state = :sending
    """
)
_DELIVERED = text(
    "UPDATE contact_message SET state = :to, settled_at = clock_timestamp()"
    " WHERE provider_ref = :ref AND state = :sent RETURNING id"
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A code or a test in our hands; `outgoing` is None if it need not go out any more."""

    id: UUID
    channel: str
    attempt: int
    outgoing: Outgoing | None


class ContactSender:
    """Sends what proves points."""

    def __init__(
        self, database: Database, sealer: Sealer, channels: Mapping[str, Channel], links: Links
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._channels = channels
        self._links = links
        self._viewer = Viewer.system("contacts")

    async def run_once(self) -> bool:
        """Send what is due, at most `AT_ONCE`. True if there may be more."""
        try:
            async with self._database.session(self._viewer) as session:
                claimed = await self._claim(session)
            await asyncio.gather(*(self._send(one) for one in claimed))
        except Unavailable:
            log.warning("contacts.database_unavailable")
            return False
        return len(claimed) == AT_ONCE

    async def _claim(self, session: AsyncSession) -> list[Claimed]:
        rows = await session.execute(
            _CLAIM,
            {"lease": LEASE, "at_once": AT_ONCE, "sending": str(MessageState.SENDING)},
        )
        claimed = [self._opened(row) for row in rows]
        linked = [
            one.id
            for one in claimed
            if one.channel in LINKED
            and one.outgoing is not None
            and one.outgoing.purpose == Purpose.TEST
        ]
        urls = await self._links.mint(session, linked, pages=False)
        return [
            replace(one, outgoing=replace(one.outgoing, link=urls.get(one.id, "")))
            if one.outgoing is not None
            else one
            for one in claimed
        ]

    def _opened(self, row: Row[Any]) -> Claimed:
        purpose = Purpose(row.purpose)
        if row.disabled_at is not None or not row.fresh or row.attempt > MAX_ATTEMPTS:
            return Claimed(row.id, row.channel, row.attempt, None)
        outgoing = Outgoing(
            id=row.id,
            page_id=None,
            attempt=row.attempt,
            address=self._sealer.open(row.address_sealed, ADDRESS_FIELD),
            secret=self._sealer.open(row.secret_sealed, SECRET_FIELD) if row.secret_sealed else "",
            event=f"contact.{purpose}",
            level="",
            title="",
            callback="",
            paged_at=row.created_at,
            purpose=purpose,
            code=code_of(self._sealer, row.id) if purpose == Purpose.VERIFY else "",
        )
        return Claimed(row.id, row.channel, row.attempt, outgoing)

    async def _send(self, one: Claimed) -> None:
        if one.outgoing is None:
            await self._settle(one, MessageAction.GIVE_UP, "over")
            return
        channel = self._channels.get(one.channel)
        outcome: Outcome = Failed("no_such_channel", again=False)
        if channel is not None:
            outcome = await channel.send(one.outgoing)
        log.info(
            "contact.sent" if isinstance(outcome, Sent) else "contact.not_sent",
            message_id=str(one.id),
            channel=one.channel,
            reason=getattr(outcome, "reason", None),
        )
        if isinstance(outcome, Sent):
            await self._settle(one, MessageAction.ACCEPT, None, outcome.provider_ref)
        elif isinstance(outcome, InDoubt) or outcome.again:
            last = one.attempt >= MAX_ATTEMPTS
            action = MessageAction.GIVE_UP if last else MessageAction.LOSE
            wait_s = getattr(outcome, "after_s", 0.0)
            await self._settle(one, action, outcome.reason, wait_s=wait_s)
        else:
            await self._settle(one, MessageAction.REFUSE, outcome.reason)

    async def _settle(
        self,
        one: Claimed,
        action: MessageAction,
        error: str | None,
        ref: str | None = None,
        *,
        wait_s: float = 0,
    ) -> None:
        to = MESSAGE.edge(MessageState.SENDING, action).to
        async with self._database.session(self._viewer) as session:
            await session.execute(
                _SETTLE,
                {
                    "id": one.id,
                    "attempt": one.attempt,
                    "sending": str(MessageState.SENDING),
                    "to": str(to),
                    "error": error,
                    "provider_ref": ref,
                    "pause": max(PAUSE * one.attempt, timedelta(seconds=wait_s)),
                    "settled": to != MessageState.IN_DOUBT,
                },
            )


async def delivered(session: AsyncSession, provider_ref: str) -> bool:
    """A provider's receipt, a keypad or a reply says that a test arrived; True if it was one."""
    found = await session.execute(
        _DELIVERED,
        {
            "ref": provider_ref,
            "to": str(MessageState.DELIVERED),
            "sent": str(MessageState.SENT),
        },
    )
    return found.one_or_none() is not None
