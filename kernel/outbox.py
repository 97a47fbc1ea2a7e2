"""Side effects are rows, written in the transaction that causes them.

NOTIFY only says "look"; the relay also polls, so a lost notification costs half a second.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import OutboxId, new_id

WAKE_CHANNEL = "yunshang_outbox"

_INSERT = text(
    "WITH added AS ("
    " INSERT INTO outbox (id, topic, key, payload, available_at)"
    " VALUES (:id, :topic, :key, CAST(:payload AS jsonb),"
    "         coalesce(CAST(:available_at AS timestamptz), clock_timestamp()))"
    " ON CONFLICT (topic, key) WHERE key IS NOT NULL DO NOTHING)"
    " SELECT pg_notify(:channel, :topic)"
)
"""Row and notification in one round trip: every event writes one."""
_NOTIFY = text("SELECT pg_notify(:channel, :payload)")


class OutboxMessage(msgspec.Struct, frozen=True):
    """A claimed row. `attempt` counts from 1; a late write by a lost lease fails on it."""

    id: UUID
    topic: str
    payload: dict[str, Any]
    attempt: int
    created_at: datetime


async def enqueue(
    session: AsyncSession,
    topic: str,
    payload: dict[str, Any],
    *,
    key: str | None = None,
    available_at: datetime | None = None,
) -> OutboxId:
    """Write one side effect; the relay carries it out after commit.

    Args:
        session: the transaction that causes the effect.
        topic: which handler, e.g. `case.changed`.
        payload: JSON; ids only, never a patient's identity.
        key: at most one row per (topic, key) ever; repeats are ignored.
        available_at: not before this moment (default: at once).
    """
    id_ = OutboxId(new_id())
    await session.execute(
        _INSERT,
        {
            "id": id_,
            "topic": topic,
            "key": key,
            "payload": msgspec.json.encode(payload).decode(),
            "available_at": available_at,
            "channel": WAKE_CHANNEL,
        },
    )
    return id_


async def notify(session: AsyncSession, channel: str, payload: str = "") -> None:
    """Wake listeners of `channel` when (and only when) this transaction commits."""
    await session.execute(_NOTIFY, {"channel": channel, "payload": payload})
