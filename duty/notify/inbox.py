"""The personal inbox: numbered without gaps, written in the transaction that causes the item.

Numbers are given when the transaction commits (migration 0004), so a reader who has item n has
all before it, and a socket resumes from a number alone. Items hold ids and codes, never a patient.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import CaseId, PersonId, new_id

Kind = Literal["page", "page_update", "notice"]

CHANNEL = "yunshang_inbox"
"""NOTIFY channel; the payload is the person's id."""

MAX_DATA_BYTES = 4096

_POST = text(
    "INSERT INTO inbox_item (id, person_id, kind, case_id, data)"
    " SELECT n.id, n.person_id, :kind, :case_id, CAST(:data AS jsonb)"
    "   FROM unnest(CAST(:ids AS uuid[]), CAST(:people AS uuid[])) AS n (id, person_id)"
)
_AFTER = text(
    "SELECT seq, kind, data::text AS data, created_at FROM inbox_item"
    " WHERE person_id = :person_id AND seq > :after ORDER BY seq LIMIT :limit"
)
_LATEST = text("SELECT seq FROM inbox_head WHERE person_id = :person_id")
_HEADS = text("SELECT person_id, seq FROM inbox_head WHERE person_id = ANY(:people)")


@dataclass(frozen=True, slots=True)
class Item:
    """One item; `offset` counts from 1 per person."""

    offset: int
    kind: str
    data: msgspec.Raw
    created_at: datetime


async def post(
    session: AsyncSession,
    people: Collection[PersonId],
    kind: Kind,
    case_id: CaseId | None,
    data: Mapping[str, object],
) -> None:
    """Put one item into each of these inboxes when (and only when) this transaction commits.

    Only the platform itself posts what is about no case.

    Raises:
        ValueError: the data is larger than `MAX_DATA_BYTES`: ids and codes are not.
    """
    if not people:
        return
    encoded = msgspec.json.encode({"case_id": case_id, **data})
    if len(encoded) > MAX_DATA_BYTES:
        raise ValueError("an inbox item holds ids and codes only")
    distinct = sorted(set(people))
    await session.execute(
        _POST,
        {
            "ids": [new_id() for _ in distinct],
            "people": distinct,
            "kind": kind,
            "case_id": case_id,
            "data": encoded.decode(),
        },
    )


async def after(
    session: AsyncSession, person_id: PersonId, offset: int, limit: int = 100
) -> list[Item]:
    """The person's items after `offset`, oldest first."""
    rows = await session.execute(_AFTER, {"person_id": person_id, "after": offset, "limit": limit})
    return [Item(row.seq, row.kind, msgspec.Raw(row.data.encode()), row.created_at) for row in rows]


async def latest(session: AsyncSession, person_id: PersonId) -> int:
    """The number of the person's newest item; 0 if there is none."""
    found = (await session.execute(_LATEST, {"person_id": person_id})).scalar_one_or_none()
    return int(found or 0)


async def heads(session: AsyncSession, people: Collection[PersonId]) -> dict[PersonId, int]:
    """The newest number of each person who has any."""
    rows = await session.execute(_HEADS, {"people": list(people)})
    return {PersonId(row.person_id): int(row.seq) for row in rows}
