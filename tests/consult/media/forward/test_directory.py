"""Which worker a room is placed at, in a real Valkey: by load, once, and again when it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest
from redis.asyncio import Redis

from consult.media.errors import MediaUnavailable
from consult.media.forward.directory import (
    LAG_LIMIT_MS,
    PPS_LIMIT,
    Directory,
    WorkerFacts,
    choose,
)
from kernel.ids import new_id

NOW = datetime(2026, 11, 28, 3, tzinfo=UTC)


def worker(name: str, *, pps: int = 0, lag_ms: float = 0.0, rooms: int = 0) -> WorkerFacts:
    return WorkerFacts(url=f"wss://media.test/{name}", pps=pps, lag_ms=lag_ms, rooms=rooms)


@dataclass(slots=True)
class Site:
    """Several workers that beat into one Valkey."""

    directory: Directory

    async def beat(self, *workers: WorkerFacts) -> None:
        for one in workers:
            await self.directory.beat(one, {}, NOW)

    async def dies(self, one: WorkerFacts) -> None:
        """Its heartbeat has run out."""
        await self.directory.valkey.delete(f"media:worker:{one.url}")


@pytest.fixture
async def site(valkey_url: str) -> AsyncIterator[Site]:
    valkey = Redis.from_url(valkey_url)
    yield Site(Directory(valkey))
    await valkey.aclose()


@pytest.mark.parametrize(
    ("workers", "chosen"),
    [
        ([worker("a", pps=500), worker("b", pps=400)], "b"),
        ([worker("a", rooms=2), worker("b", rooms=1)], "b"),
        # One that is behind, or full, only where there is no other.
        ([worker("a", lag_ms=LAG_LIMIT_MS + 1), worker("b", pps=9_000)], "b"),
        ([worker("a", pps=PPS_LIMIT), worker("b", pps=9_999)], "b"),
        ([worker("a", lag_ms=90.0, pps=9), worker("b", lag_ms=21.0, pps=10)], "a"),
    ],
)
def test_a_new_room_goes_to_the_least_busy(workers: list[WorkerFacts], chosen: str) -> None:
    found = choose(workers)
    assert found is not None
    assert found.url == f"wss://media.test/{chosen}"


async def test_a_room_stays_where_it_is_whoever_is_less_busy_now(site: Site) -> None:
    one, two, room = worker("a", pps=100), worker("b", pps=200), UUID(int=new_id().int)
    await site.beat(one, two)
    assert await site.directory.place(room) == one.url
    await site.beat(worker("a", pps=5_000))
    assert await site.directory.place(room) == one.url


async def test_many_who_find_a_worker_lost_agree_on_the_next(site: Site) -> None:
    workers, room = [worker(name) for name in "abc"], UUID(int=new_id().int)
    await site.beat(*workers)
    placed = await asyncio.gather(*(site.directory.place(room) for _ in range(20)))
    (first,) = set(placed)
    await site.dies(next(one for one in workers if one.url == first))
    again = await asyncio.gather(*(site.directory.place(room) for _ in range(20)))
    (second,) = set(again)
    assert second != first
    # The one that was only slow hears that its room is elsewhere.
    late = next(one for one in workers if one.url == first)
    assert await site.directory.beat(late, {room: []}, NOW) == [room]
    assert await site.directory.place(room) == second


async def test_without_workers_there_is_no_room(site: Site) -> None:
    with pytest.raises(MediaUnavailable):
        await site.directory.place(UUID(int=new_id().int))
