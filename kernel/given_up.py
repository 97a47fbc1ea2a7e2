"""Outbox rows that the relay gave up: what they are, and what an operator decides about them.

Such a row is an effect that somebody still waits for. It stays until it is revived (handed to its
handler once more, from the first attempt) or set aside (it shall not happen any more); either way
who decided and why is kept for good. Payloads are not shown: a list needs none of their ids.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import Refusal
from kernel.outbox import WAKE_CHANNEL, notify

_ROWS = text(
    "SELECT id, topic, attempts, created_at, dead_at, last_error FROM outbox"
    " WHERE dead_at IS NOT NULL AND done_at IS NULL"
    "   AND (CAST(:topic AS text) IS NULL OR topic = :topic)"
    " ORDER BY dead_at, id"
)
_HELD = text(
    "SELECT id FROM outbox WHERE id = ANY(:ids) AND dead_at IS NOT NULL AND done_at IS NULL"
    " ORDER BY id FOR UPDATE"
)
_KEEP = text(
    "INSERT INTO outbox_decision (outbox_id, topic, dead_at, last_error, what, operator, reason)"
    " SELECT id, topic, dead_at, last_error, :what, :operator, :reason"
    "   FROM outbox WHERE id = ANY(:ids)"
)
_REVIVE = text(
    "UPDATE outbox SET dead_at = NULL, told_at = NULL, attempts = 0,"
    " available_at = clock_timestamp() WHERE id = ANY(:ids)"
)
_SET_ASIDE = text("UPDATE outbox SET done_at = clock_timestamp() WHERE id = ANY(:ids)")
_DECISIONS = text(
    "SELECT outbox_id, topic, what, operator, reason, at FROM outbox_decision"
    " ORDER BY id DESC LIMIT :limit"
)


class Decision(StrEnum):
    """重新投递、不再投递."""

    REVIVED = "revived"
    SET_ASIDE = "set_aside"


class GivenUp(msgspec.Struct, frozen=True):
    """One row. `last_error` names the kind of failure, never what it was about."""

    id: UUID
    topic: str
    attempts: int
    created_at: datetime
    dead_at: datetime
    last_error: str | None


class Decided(msgspec.Struct, frozen=True):
    """One line of the record."""

    outbox_id: UUID
    topic: str
    what: str
    operator: str
    reason: str
    at: datetime


class NotGivenUp(Refusal):
    """There is no such row, or it was not given up or is decided already. Fields: id."""

    code = "kernel.outbox_not_given_up"


class ReasonMissing(Refusal):
    """Nobody decides about a lost effect without saying why."""

    code = "kernel.outbox_reason_missing"
    status = 422


async def rows(session: AsyncSession, topic: str | None = None) -> list[GivenUp]:
    """All that was given up and not decided, the longest lost first."""
    return [GivenUp(*row) for row in await session.execute(_ROWS, {"topic": topic})]


async def decide(
    session: AsyncSession,
    ids: Collection[UUID],
    what: Decision,
    *,
    operator: str,
    reason: str,
) -> int:
    """Revive these rows or set them aside, all or none; how many they were.

    Raises:
        NotGivenUp: one of them is not, so that nobody repeats what another has decided.
        ReasonMissing: without a reason.
    """
    if not reason.strip():
        raise ReasonMissing()
    wanted = sorted(set(ids))
    held = set((await session.execute(_HELD, {"ids": wanted})).scalars())
    for one in wanted:
        if one not in held:
            raise NotGivenUp(id=str(one))
    said = {"what": str(what), "operator": operator[:80], "reason": reason.strip()[:500]}
    await session.execute(_KEEP, {"ids": wanted, **said})
    await session.execute(_REVIVE if what == Decision.REVIVED else _SET_ASIDE, {"ids": wanted})
    if what == Decision.REVIVED:
        await notify(session, WAKE_CHANNEL)
    return len(wanted)


async def decisions(session: AsyncSession, limit: int = 50) -> list[Decided]:
    """What was decided, the newest first."""
    return [Decided(*row) for row in await session.execute(_DECISIONS, {"limit": limit})]
