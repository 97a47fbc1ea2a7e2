"""The layout of a link: Python and PostgreSQL agree on any row, and no two rows share an image."""

import random
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

import asyncpg

from kernel.chain.canonical import encode
from kernel.chain.hashing import EventRow, event_hash, milestone_at
from tests.fixtures.database import Clone

T = TypeVar("T")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def random_row(dice: random.Random) -> EventRow:
    def uuid() -> UUID:
        return UUID(int=dice.getrandbits(128))

    def moment() -> datetime:
        return EPOCH + timedelta(microseconds=dice.randrange(-(10**15), 6 * 10**15))

    def maybe(value: T) -> T | None:
        return value if dice.random() < 0.5 else None

    return EventRow(
        case_id=uuid(),
        seq=dice.randrange(1, 2**40),
        kind=dice.choice(["a.b", "referral.requested", "x"]),
        source=dice.choice(["human", "system", "device", "simulated"]),
        auto=dice.random() < 0.5,
        actor=maybe(uuid()),
        facility=maybe(uuid()),
        payload=encode({"t": "产后出血" * dice.randrange(3), "n": dice.random()}),
        occurred_at=maybe(moment()),
        device_at=maybe(moment()),
        clock_offset_ms=maybe(dice.randrange(-(10**12), 10**12)),
        rtt_ms=maybe(dice.randrange(10**6)),
        recv_at=moment(),
        prev=dice.randbytes(32),
        hash=b"",
    )


async def test_sql_hashes_the_same_bytes(module_database: Clone) -> None:
    dice = random.Random(5)
    connection = await asyncpg.connect(module_database.owner_url)
    columns = [entry.name for entry in fields(EventRow)]
    types = dict(
        await connection.fetch(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
            " WHERE attrelid = 'case_event'::regclass AND attnum > 0"
        )
    )
    slots = ", ".join(f"${n}::{types[name]}" for n, name in enumerate(columns, start=1))
    try:
        assert list(types) == columns  # a column that nobody hashes would show here
        for _ in range(300):
            row = random_row(dice)
            values = [getattr(row, name) for name in columns]
            found = await connection.fetchval(
                f"SELECT case_event_hash(ROW({slots})::case_event)", *values
            )
            assert found == event_hash(row)
    finally:
        await connection.close()


def test_neighbouring_fields_cannot_trade_bytes() -> None:
    row = random_row(random.Random(1))
    pairs = [
        (replace(row, kind="ab", source="c"), replace(row, kind="a", source="bc")),
        (
            replace(row, actor=row.case_id, facility=None),
            replace(row, actor=None, facility=row.case_id),
        ),
        (
            replace(row, occurred_at=EPOCH, device_at=None),
            replace(row, occurred_at=None, device_at=EPOCH),
        ),
        (replace(row, rtt_ms=0), replace(row, rtt_ms=None)),
    ]
    for one, another in pairs:
        assert event_hash(one) != event_hash(another)


async def test_the_rule_for_milestone_time_is_one(module_database: Clone) -> None:
    late, received = EPOCH, EPOCH + timedelta(hours=1)
    connection = await asyncpg.connect(module_database.app_url)
    try:
        for occurred in (None, late):
            found = await connection.fetchval("SELECT case_event_at($1, $2)", occurred, received)
            assert found == milestone_at(occurred, received)
    finally:
        await connection.close()
