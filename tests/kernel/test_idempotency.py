"""The same key gives the same answer, also when two requests race."""

import asyncio
from dataclasses import replace

import msgspec
import pytest
from sqlalchemy import text

from kernel.errors import KeyMissing, KeyReused
from kernel.idempotency import once
from kernel.ids import AccountId, new_id
from kernel.viewer import Viewer
from tests.fixtures.database import Clone
from tests.kernel.test_database import VIEWER


class Answer(msgspec.Struct):
    number: int


class Counter:
    def __init__(self) -> None:
        self.calls = 0

    async def work(self) -> Answer:
        self.calls += 1
        await asyncio.sleep(0.05)
        return Answer(self.calls)


async def ask(database: Clone, counter: Counter, key: str | None, body: object) -> Answer:
    async with database.app.session(VIEWER) as session:
        return await once(session, VIEWER, key, "POST /x", body, Answer, counter.work)


async def test_replay_gives_the_first_answer(database: Clone) -> None:
    counter = Counter()
    assert await ask(database, counter, "k1", {"a": 1}) == Answer(1)
    assert await ask(database, counter, "k1", {"a": 1}) == Answer(1)
    assert counter.calls == 1


async def test_other_body_under_the_same_key_is_refused(database: Clone) -> None:
    counter = Counter()
    await ask(database, counter, "k1", {"a": 1})
    with pytest.raises(KeyReused):
        await ask(database, counter, "k1", {"a": 2})
    assert counter.calls == 1


@pytest.mark.parametrize("key", [None, "", "x" * 101])
async def test_missing_or_overlong_key_is_refused(database: Clone, key: str | None) -> None:
    with pytest.raises(KeyMissing):
        await ask(database, Counter(), key, {})


async def test_racing_requests_do_the_work_once(database: Clone) -> None:
    counter = Counter()
    answers = await asyncio.gather(*(ask(database, counter, "k1", {"a": 1}) for _ in range(5)))
    assert counter.calls == 1
    assert answers == [Answer(1)] * 5


async def test_a_refused_request_frees_its_key(database: Clone) -> None:
    async def refuse() -> Answer:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        async with database.app.session(VIEWER) as session:
            await once(session, VIEWER, "k1", "POST /x", {}, Answer, refuse)
    assert await ask(database, Counter(), "k1", {}) == Answer(1)


COUNT = text("SELECT count(*) FROM idempotency_key")


async def test_keys_of_two_accounts_do_not_meet(database: Clone) -> None:
    counter = Counter()
    await ask(database, counter, "k1", {"a": 1})
    other = replace(VIEWER, account_id=AccountId(new_id()))
    async with database.app.session(other) as session:
        await once(session, other, "k1", "POST /x", {"a": 2}, Answer, counter.work)
        # Row-level security: not even the fact that another account used the key is seen.
        assert (await session.execute(COUNT)).scalar_one() == 1
    async with database.system.session(Viewer.system("test")) as session:
        assert (await session.execute(COUNT)).scalar_one() == 2
