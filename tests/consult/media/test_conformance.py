"""One behaviour, whichever engine: every test here runs against each engine that carries media."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from consult.media.engine import Participant, Role, RoomPolicy
from consult.media.errors import RoomFull
from kernel.ids import new_id
from tests.consult.media.peers.houses import House, forward_house
from tests.consult.media.peers.peer import Peer

HOUSES = {"forward": forward_house}


@pytest.fixture(params=HOUSES)
async def house(request: pytest.FixtureRequest, valkey_url: str) -> AsyncIterator[House]:
    """An engine that runs, and how peers speak to it."""
    async with HOUSES[request.param](valkey_url) as made:
        yield made


async def test_whoever_enters_at_the_same_moment_sees_all_others(house: House) -> None:
    peers = await house.enter(4)
    for peer in peers:
        await until(lambda peer=peer: _streams(peer) == 3)
    assert await _heard(house, 4)


async def test_a_room_takes_as_many_as_its_policy_says(house: House) -> None:
    await house.engine.ensure_room(house.room, RoomPolicy(max_participants=2))
    await house.enter(2)
    assert await _heard(house, 2)
    with pytest.raises(RoomFull):
        await house.ticket(Participant(new_id(), Role.GUEST))


async def _heard(house: House, people: int) -> bool:
    """Presence is what is heard, of those who were given tickets."""

    async def present() -> bool:
        return len(await house.engine.present(house.room)) == people

    await until_so(present)
    return await house.engine.present(house.room) == set(house.peers)


def _streams(peer: Peer) -> int:
    """Pictures that come."""
    return sum(count >= 5 for count in peer.frames.values() if count)


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for it."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


async def until_so(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Wait for it."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)
