"""Effects happen after commit, at least once, and none is lost with its relay."""

import asyncio
import time
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text

from kernel.errors import Unavailable
from kernel.outbox import WAKE_CHANNEL, OutboxMessage, enqueue
from kernel.relay import Relay
from kernel.viewer import Viewer
from kernel.wake import Listener
from tests.fixtures.database import Clone
from tests.fixtures.half_open import half_open
from tests.kernel.test_database import VIEWER

SYSTEM = Viewer.system("test")


async def put(database: Clone, n: int = 1, *, key: str | None = None, topic: str = "t") -> None:
    async with database.app.session(VIEWER) as session:
        for i in range(n):
            await enqueue(session, topic, {"n": i}, key=key)


async def pending(database: Clone) -> int:
    async with database.system.session(SYSTEM) as session:
        found = await session.execute(
            text("SELECT count(*) FROM outbox WHERE done_at IS NULL AND dead_at IS NULL")
        )
        return int(found.scalar_one())


class Seen(list[OutboxMessage]):
    async def take(self, message: OutboxMessage) -> None:
        self.append(message)


async def test_handles_each_row_and_marks_it_done(database: Clone) -> None:
    seen = Seen()
    await put(database, 3)
    assert await Relay(database.system, {"t": seen.take}).run_once() is True
    assert sorted(message.payload["n"] for message in seen) == [0, 1, 2]
    assert await pending(database) == 0


async def test_rolled_back_effects_never_happen(database: Clone) -> None:
    seen = Seen()
    with pytest.raises(RuntimeError):
        async with database.app.session(VIEWER) as session:
            await enqueue(session, "t", {})
            raise RuntimeError("refused")
    assert await Relay(database.system, {"t": seen.take}).run_once() is False
    assert seen == []


async def test_one_row_per_key(database: Clone) -> None:
    await put(database, 3, key="same")
    assert await pending(database) == 1


async def test_two_relays_share_without_repeating(database: Clone) -> None:
    await put(database, 40)
    seen = Seen()
    relays = [Relay(database.system, {"t": seen.take}, batch=10) for _ in range(2)]

    async def drain(relay: Relay) -> None:
        while await relay.run_once():
            pass

    await asyncio.gather(*(drain(relay) for relay in relays))
    assert len(seen) == len({message.id for message in seen}) == 40


async def test_a_failing_handler_is_retried_and_its_neighbours_are_not_held_up(
    database: Clone,
) -> None:
    await put(database, 1, topic="bad")
    await put(database, 1, topic="good")
    good = Seen()

    async def fail(message: OutboxMessage) -> None:
        raise ValueError("provider says no")

    relay = Relay(database.system, {"bad": fail, "good": good.take})
    await relay.run_once()
    assert len(good) == 1
    assert await pending(database) == 1
    async with database.system.session(SYSTEM) as session:
        row = (
            await session.execute(
                text("SELECT attempts, last_error FROM outbox WHERE topic = 'bad'")
            )
        ).one()
    assert row == (1, "ValueError")


async def test_a_dead_relay_s_rows_come_back_after_the_lease(database: Clone) -> None:
    await put(database)
    held = asyncio.Event()

    async def hang(message: OutboxMessage) -> None:
        await held.wait()

    dying = asyncio.create_task(
        Relay(database.system, {"t": hang}, lease=timedelta(seconds=0.4)).run_once()
    )
    await asyncio.sleep(0.2)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    seen = Seen()
    relay = Relay(database.system, {"t": seen.take})
    assert await relay.run_once() is False, "the lease still holds"
    await asyncio.sleep(0.5)
    assert await relay.run_once() is True
    assert seen[0].attempt == 2


@pytest.mark.parametrize(("error", "final"), [(ValueError("never"), True), (Unavailable(), False)])
async def test_hopeless_rows_end_in_a_final_state_and_an_outage_makes_no_row_hopeless(
    database: Clone, error: Exception, final: bool
) -> None:
    await put(database)
    async with database.system.session(SYSTEM) as session:
        await session.execute(text("UPDATE outbox SET attempts = 19"))

    async def fail(message: OutboxMessage) -> None:
        raise error

    await Relay(database.system, {"t": fail}).run_once()
    async with database.system.session(SYSTEM) as session:
        row = (await session.execute(text("SELECT dead_at, last_error FROM outbox"))).one()
    assert (row.dead_at is not None, row.last_error) == (final, type(error).__name__)


async def test_notify_wakes_the_listener_on_commit_and_after_a_lost_connection(
    database: Clone,
) -> None:
    woken: asyncio.Queue[str] = asyncio.Queue()
    listener = Listener(
        database.system_url, (WAKE_CHANNEL,), lambda channel, payload: woken.put_nowait(payload)
    )
    task = asyncio.create_task(listener.run())
    assert await asyncio.wait_for(woken.get(), 5) == "", "a fresh listener looks once"
    await put(database)
    assert await asyncio.wait_for(woken.get(), 5) == "t"
    root = await asyncpg.connect(database.superuser_url)
    ended = await root.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    )
    await root.close()
    assert len(ended) == 1
    assert await asyncio.wait_for(woken.get(), 10) == "", "it reconnected and looks again"
    await put(database)
    assert await asyncio.wait_for(woken.get(), 5) == "t"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_listener_leaves_a_line_that_the_server_has_ended(
    database: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.wake.ASK_S", 0.2)
    woken: asyncio.Queue[str] = asyncio.Queue()
    async with half_open(database) as way:
        listener = Listener(
            way.system_url, (WAKE_CHANNEL,), lambda channel, payload: woken.put_nowait(payload)
        )
        task = asyncio.create_task(listener.run())
        assert await asyncio.wait_for(woken.get(), 5) == ""
        assert await way.end("") == 1
        assert await asyncio.wait_for(woken.get(), 10) == "", "it reconnected and looks again"
        await put(database)
        assert await asyncio.wait_for(woken.get(), 5) == "t"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_listener_that_is_told_to_end_ends_whatever_it_hears_at_that_moment(
    database: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.wake.ASK_S", 0.001)
    for turn in range(80):
        listening: asyncio.Event = asyncio.Event()
        listener = Listener(
            database.system_url, (WAKE_CHANNEL,), lambda *_, told=listening: told.set()
        )
        task = asyncio.create_task(listener.run())
        await listening.wait()
        await asyncio.sleep(0.003)
        # A loop that was held up hears everything at once: the clock, the answer, and the end.
        for _ in range(turn // 2):
            await asyncio.sleep(0)
        time.sleep(0.005)  # noqa: ASYNC251 - that is what holds it up
        for _ in range(2 + turn % 2 * 2):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=2)
        assert done, f"in turn {turn}"
