"""The security trail: who logged in, failed to, or changed an account. Append-only."""

from datetime import datetime
from typing import cast

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import AccountId, SessionId
from registry.people.models import SecurityEvent

_TRAIL = cast(Table, SecurityEvent.__table__)


async def record(
    session: AsyncSession,
    at: datetime,
    kind: str,
    *,
    ok: bool,
    actor_id: AccountId | None = None,
    account_id: AccountId | None = None,
    session_id: SessionId | None = None,
    address: str = "",
) -> None:
    """Write one line; `account_id` is whom it concerns, `actor_id` who did it."""
    # A plain insert: most writers may not read the trail, so RETURNING would be refused.
    await session.execute(
        _TRAIL.insert().inline(),
        {
            "at": at,
            "kind": kind,
            "ok": ok,
            "actor_id": actor_id,
            "account_id": account_id,
            "session_id": session_id,
            "address": address,
        },
    )
