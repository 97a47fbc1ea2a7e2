"""The same key gives the same answer; another body under it is refused.

The key's row is written in the request's own transaction: either the work and the remembered answer
commit together, or neither does. Two requests racing under one key: the second waits on the unique
index, then reads the first one's answer.
"""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import TypeVar

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import KeyMissing, KeyReused
from kernel.viewer import Viewer

T = TypeVar("T", bound=msgspec.Struct)

_CLAIM = text(
    "INSERT INTO idempotency_key (account_id, key, fingerprint) VALUES (:account, :key, :print)"
    " ON CONFLICT (account_id, key) DO NOTHING"
)
_READ = text(
    "SELECT fingerprint, answer FROM idempotency_key WHERE account_id = :account AND key = :key"
)
_STORE = text(
    "UPDATE idempotency_key SET answer = :answer WHERE account_id = :account AND key = :key"
)


def fingerprint(operation: str, body: object) -> bytes:
    """32 bytes that say which request this is."""
    return sha256(operation.encode() + b"\0" + msgspec.json.encode(body, order="sorted")).digest()


async def once(
    session: AsyncSession,
    viewer: Viewer,
    key: str | None,
    operation: str,
    body: object,
    answer_type: type[T],
    work: Callable[[], Awaitable[T]],
) -> T:
    """Do `work` once per (account, key); later calls get the first answer.

    Raises:
        KeyMissing: no key was sent.
        KeyReused: the key was used for another operation or body.
    """
    if not key or len(key) > 100:
        raise KeyMissing()
    who = {"account": viewer.account_id, "key": key}
    mark = fingerprint(operation, body)
    claimed = await session.execute(_CLAIM, {**who, "print": mark})
    if claimed.rowcount == 0:  # type: ignore[attr-defined]
        stored = (await session.execute(_READ, who)).one()
        if bytes(stored[0]) != mark:
            raise KeyReused(key=key)
        return msgspec.json.decode(stored[1], type=answer_type)
    answer = await work()
    await session.execute(_STORE, {**who, "answer": msgspec.json.encode(answer)})
    return answer
