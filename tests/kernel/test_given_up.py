"""What the relay gave up stays until somebody revives it or sets it aside, and says why."""

from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from kernel.errors import Refusal
from kernel.given_up import Decision, GivenUp, NotGivenUp, ReasonMissing, decide, decisions, rows
from kernel.ids import new_id
from kernel.outbox import OutboxMessage, enqueue
from kernel.relay import MAX_ATTEMPTS, Relay
from tests.fixtures.database import Clone
from tests.kernel.test_relay import SYSTEM


async def _fail(message: OutboxMessage) -> None:
    raise ValueError("a secret")


async def given_up(clone: Clone, *topics: str) -> list[GivenUp]:
    """Let a relay give up one row of each topic."""
    async with clone.system.session(SYSTEM) as session:
        for topic in topics:
            await enqueue(session, topic, {"case_id": "nobody's"})
        await session.execute(text("UPDATE outbox SET attempts = :n"), {"n": MAX_ATTEMPTS - 1})
    await Relay(clone.system, dict.fromkeys(topics, _fail)).run_once()
    async with clone.system.session(SYSTEM) as session:
        return await rows(session)


async def decided(clone: Clone, ids: list[UUID], what: Decision, reason: str = "fixed") -> int:
    async with clone.system.session(SYSTEM) as session:
        return await decide(session, ids, what, operator="root", reason=reason)


async def left(clone: Clone, topic: str | None = None) -> list[str]:
    async with clone.system.session(SYSTEM) as session:
        return [one.topic for one in await rows(session, topic)]


async def test_they_are_listed_by_kind_of_failure_and_by_topic(database: Clone) -> None:
    found = await given_up(database, "a", "b")
    assert {(one.topic, one.attempts, one.last_error) for one in found} == {
        ("a", MAX_ATTEMPTS, "ValueError"),
        ("b", MAX_ATTEMPTS, "ValueError"),
    }
    assert await left(database, "b") == ["b"]


async def test_a_revived_row_reaches_its_handler_from_the_first_attempt(database: Clone) -> None:
    (row,) = await given_up(database, "a")
    assert await decided(database, [row.id], Decision.REVIVED) == 1
    seen: list[OutboxMessage] = []

    async def take(message: OutboxMessage) -> None:
        seen.append(message)

    await Relay(database.system, {"a": take}).run_once()
    assert [(one.id, one.attempt, one.payload) for one in seen] == [
        (row.id, 1, {"case_id": "nobody's"})
    ]
    assert await left(database) == []


async def test_a_row_set_aside_happens_no_more(database: Clone) -> None:
    (row,) = await given_up(database, "a")
    await decided(database, [row.id], Decision.SET_ASIDE)
    assert await Relay(database.system, {"a": _fail}).run_once() is False
    assert await left(database) == []


async def test_who_decided_and_why_is_kept_and_cannot_be_changed(database: Clone) -> None:
    first, second = await given_up(database, "a", "b")
    await decided(database, [first.id], Decision.REVIVED, " the provider is back ")
    await decided(database, [second.id], Decision.SET_ASIDE)
    async with database.system.session(SYSTEM) as session:
        kept = await decisions(session)
    assert [(one.outbox_id, one.what, one.operator, one.reason) for one in kept] == [
        (second.id, "set_aside", "root", "fixed"),
        (first.id, "revived", "root", "the provider is back"),
    ]
    connection = await asyncpg.connect(database.superuser_url)
    try:
        with pytest.raises(asyncpg.PostgresError, match="it is a record"):
            await connection.execute("UPDATE outbox_decision SET reason = 'another'")
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("twice", "unknown", "reason", "refusal"),
    [
        (True, False, "again", NotGivenUp),
        (False, True, "unknown", NotGivenUp),
        (False, False, "  ", ReasonMissing),
    ],
)
async def test_nothing_is_decided_twice_about_nothing_or_without_a_reason(
    database: Clone, twice: bool, unknown: bool, reason: str, refusal: type[Refusal]
) -> None:
    first, second = await given_up(database, "a", "b")
    if twice:
        await decided(database, [first.id], Decision.SET_ASIDE)
    before = await left(database)
    with pytest.raises(refusal):
        wanted = [second.id, new_id() if unknown else first.id]
        await decided(database, wanted, Decision.REVIVED, reason)
    assert await left(database) == before, "all or none"
