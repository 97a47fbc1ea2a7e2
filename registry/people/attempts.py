"""Counting failed passwords per login and address; the delay passes by itself.

An attempt is counted before the password is tried, so that a burst of parallel guesses gets no
more tries than a row of single ones; success forgives.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from registry.people.errors import LoginBlocked

MAX_FAILURES = 5
DELAY = timedelta(minutes=15)
"""GB/T 22239-2019 §8.1.4.1 b asks for a limit; five failures and 15 minutes are ours."""
FORGET_AFTER = timedelta(days=1)

_BEGIN = text(
    "INSERT INTO login_failure AS f (login_hash, address, failures, last_failed_at)"
    " VALUES (:login, :address, 1, :at)"
    " ON CONFLICT (login_hash, address) DO UPDATE SET"
    "  failures = CASE WHEN f.last_failed_at <= :fresh THEN 1 ELSE f.failures + 1 END,"
    "  blocked_until = CASE WHEN f.last_failed_at > :fresh AND f.failures + 1 >= :most"
    "    THEN CAST(:until AS timestamptz) END,"
    "  last_failed_at = :at"
    " WHERE f.blocked_until IS NULL OR f.blocked_until <= :at"
    " RETURNING failures"
)
_BLOCKED = text(
    "SELECT blocked_until FROM login_failure WHERE login_hash = :login AND address = :address"
)
_GIVE_BACK = text(
    "UPDATE login_failure SET failures = greatest(failures - 1, 0), blocked_until = NULL"
    " WHERE login_hash = :login AND address = :address"
)
_FORGIVE = text("DELETE FROM login_failure WHERE login_hash = :login AND address = :address")
_FORGET = text("DELETE FROM login_failure WHERE last_failed_at < :before")


def _key(login: str, address: str) -> dict[str, object]:
    return {"login": sha256(login.encode()).digest(), "address": address}


async def begin(
    session: AsyncSession, at: datetime, login: str, address: str
) -> LoginBlocked | None:
    """Count an attempt; the refusal if there were too many, to raise after this commits."""
    key = _key(login, address)
    await session.execute(_FORGET, {"before": at - FORGET_AFTER})
    counted = await session.scalar(
        _BEGIN, {**key, "at": at, "fresh": at - DELAY, "until": at + DELAY, "most": MAX_FAILURES}
    )
    if counted is not None:
        return None
    until = await session.scalar(_BLOCKED, key)
    left = (until - at) if until is not None else DELAY
    return LoginBlocked(minutes=max(1, ceil(left / timedelta(minutes=1))))


async def give_back(session: AsyncSession, login: str, address: str) -> None:
    """The attempt was not tried after all."""
    await session.execute(_GIVE_BACK, _key(login, address))


async def forgive(session: AsyncSession, login: str, address: str) -> None:
    """The password was right: forget the failures before it."""
    await session.execute(_FORGIVE, _key(login, address))
