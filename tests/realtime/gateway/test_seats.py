"""Who finds no seat is told so and comes again; a flood leaves who is in alone."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, WebSocketException

from realtime.gateway import door
from realtime.gateway.door import MAX_OUTSIDE
from realtime.gateway.seats import OWN_FILES, Seats, within_descriptors
from tests.realtime.conftest import ORIGIN, Site, viewer_at
from tests.realtime.wire import Sender, Watcher, frame

FLOOD = 40


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), max_size=60))
def test_nobody_is_counted_twice_or_forgotten(moves: list[tuple[bool, int]]) -> None:
    seats, inside = Seats(6, 3), dict.fromkeys(range(5), 0)
    for comes, token in moves:
        free = sum(inside.values()) < 6 and inside[token] < 3
        if comes and seats.free_for(token):
            assert free
            seats.take(token)
            inside[token] += 1
        elif comes:
            assert not free
        elif inside[token]:
            seats.leave(token)
            inside[token] -= 1
    assert seats.count == sum(inside.values())
    assert dict(seats.taken) == {token: many for token, many in inside.items() if many}


@pytest.fixture
def descriptors() -> Iterator[None]:
    """The limit is as before afterwards."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("descriptors")
def test_no_more_seats_than_files() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    assert within_descriptors(100) == 100
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert soft >= 125 + MAX_OUTSIDE + OWN_FILES or soft == hard
    most = within_descriptors(10**7)
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert most + most // 4 <= soft - min(soft // 2, MAX_OUTSIDE + OWN_FILES)


async def test_one_token_may_not_take_every_seat(site: Site) -> None:
    site.gateway.ingest.seats.most_each = 2
    healthy = await Sender.dial(site.url, site.token)
    await healthy.open(uuid4())
    other = await Sender.dial(site.url, site.token)
    turned = await Sender.dial(site.url, site.token)
    with pytest.raises(ConnectionClosed) as told:
        await turned.receive()
    assert told.value.rcvd is not None
    assert (told.value.rcvd.code, told.value.rcvd.reason) == (1013, "ctg.too_many_connections")
    await other.close()
    async with asyncio.timeout(10):
        while site.gateway.ingest.seats.count > 1:
            await asyncio.sleep(0.01)
    again = await Sender.dial(site.url, site.token)
    await again.open(uuid4(), stream=2)
    await healthy.send(frame(1))
    await healthy.until_acked(1)
    assert site.gateway.health.facts()["connections_refused"] == 1
    await again.close()
    await healthy.close()


async def test_a_login_with_too_many_windows_is_told_in_words(site: Site) -> None:
    site.gateway.viewing.seats.most_each = 1
    site.sessions["s"] = viewer_at(site.facility)
    headers = {"Authorization": "Bearer s", "Origin": ORIGIN}
    first = await Watcher.dial(site.url, headers)
    second = await Watcher.dial(site.url, headers)
    with pytest.raises(ConnectionClosed) as told:
        await second.receive()
    assert told.value.rcvd is not None
    assert (told.value.rcvd.code, told.value.rcvd.reason) == (1013, "ctg.too_many_connections")
    await first.close()


async def flood(site: Site, port: int, done: asyncio.Event) -> int:
    """Come again and again: with a token, without one, without a word; how often in vain."""
    in_vain = 0
    while not done.is_set():
        with suppress(OSError, WebSocketException, TimeoutError):
            _, mute = await asyncio.open_connection("127.0.0.1", port)
            try:
                sender = await Sender.dial(site.url, site.token)
                await sender.receive()
            except (OSError, WebSocketException):
                in_vain += 1
            finally:
                mute.close()
        await asyncio.sleep(0.01)
    return in_vain


async def test_a_flood_of_connections_leaves_healthy_streams_alone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MAX_OUTSIDE", 20)
    site.gateway.ingest.seats.most = 3
    healthy, recording = await Sender.dial(site.url, site.token), uuid4()
    await healthy.open(recording)
    others = [await Sender.dial(site.url, site.token) for _ in range(2)]
    done = asyncio.Event()
    flooding = [asyncio.create_task(flood(site, site.port, done)) for _ in range(FLOOD)]
    seq, refused = 0, site.gateway.ingest.seats
    while seq < 10 or refused.refused < FLOOD:
        seq += 1
        await healthy.send(frame(seq))
        await healthy.until_acked(seq)
        assert refused.count <= 3
    done.set()
    assert sum(await asyncio.gather(*flooding)) >= FLOOD
    assert await site.stored(recording) == [frame(one) for one in range(1, seq + 1)]
    async with asyncio.timeout(10):
        while refused.count > 3 or len(site.gateway.ingest.listeners) > 3:
            await asyncio.sleep(0.01)
    for one in (healthy, *others):
        await one.close()
