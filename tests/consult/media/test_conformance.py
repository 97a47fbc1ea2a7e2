"""One behaviour, whichever engine: every test here runs against each engine that carries media."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from consult.media.engine import (
    TICKET_TTL,
    Grants,
    Joined,
    Left,
    MediaEngine,
    RoomPolicy,
    Source,
    WasLeft,
)
from consult.media.errors import MediaUnavailable, RecordingNotOffered, RoomFull
from kernel.clock import SystemClock
from kernel.ids import new_id
from tests.consult.media.peers.houses import House, forward_house, janus_house, somebody
from tests.consult.media.peers.peer import Peer

HOUSES = {"forward": forward_house, "janus": janus_house}


@pytest.fixture(params=HOUSES)
async def house(
    request: pytest.FixtureRequest, valkey_url: str, tmp_path: Path
) -> AsyncIterator[House]:
    """An engine that runs, and how peers speak to it."""
    async with HOUSES[request.param](valkey_url, tmp_path) as made:
        await made.listen()
        yield made


async def test_whoever_comes_at_the_same_moment_sees_all_others(house: House) -> None:
    assert isinstance(house.engine, MediaEngine)
    await house.engine.ensure_room(house.room, RoomPolicy(max_participants=4))
    people = set(await house.enter(4))
    for peer in house.peers.values():
        await until(lambda peer=peer: peer.pictures == 3 and peer.sound > 30)
        assert peer.people == people

    # Presence is what is heard, and it is told once. More than the policy says are refused.
    await until_so(lambda: _present(house, people))
    await until(lambda: {event.participant_id for event in house.told(Joined)} == people)
    with pytest.raises(RoomFull):
        await house.ticket(somebody())
    assert await house.ticket(somebody(min(people)))  # who is there may come anew

    await house.peers[min(people)].leave()
    await until_so(lambda: _present(house, people - {min(people)}))
    await until(lambda: [event.participant_id for event in house.told(WasLeft)] == [min(people)])
    assert len(house.told(Joined)) == 4


async def test_a_ticket_opens_once_and_only_while_it_is_valid(house: House) -> None:
    used = await house.ticket(who := somebody())
    at = SystemClock().now() - TICKET_TTL
    late = await house.engine.issue_join(house.room, somebody(), Grants(), at)
    assert await house.knock(late) == "refused"
    assert await house.knock(replace(used, token=used.token[:-4] + "AAAA")) == "refused"
    await house.enter(1)
    peer = house.peers[who.id] = Peer(house.signalling)
    assert await peer.enter(used) == "welcome"
    await until_so(lambda: _is_present(house, who.id))
    await until(lambda: who.id in {event.participant_id for event in house.told(Joined)})
    await peer.leave()
    assert await house.knock(used) == "refused"


async def test_silenced_nothing_is_heard_and_sent_out_nothing_comes(house: House) -> None:
    one, two = await house.enter(2)
    await until(lambda: house.peers[one].pictures == 1 and house.peers[one].sound > 30)
    await house.engine.set_muted(house.room, two, Source.MICROPHONE, True)
    await until_so(lambda: _silent(house, one))
    await house.engine.set_muted(house.room, two, Source.MICROPHONE, False)
    heard = house.peers[one].sound
    await until(lambda: house.peers[one].sound > heard + 10)

    kept = await house.ticket(somebody(two))
    await house.engine.eject(house.room, two)
    await house.engine.eject(house.room, two)  # asking twice is like asking once
    await asyncio.sleep(1)
    before = [house.peers[who].received.total() for who in (one, two)]
    await until(lambda: house.peers[two].bye == "ejected")
    await asyncio.sleep(0.5)
    assert [house.peers[who].received.total() for who in (one, two)] == before
    assert await house.knock(kept) == "refused"
    assert await house.knock(await house.ticket(somebody(two))) == "refused"
    await until(lambda: [event.why for event in house.told(WasLeft)] == [Left.EJECTED])


async def test_a_closed_room_is_empty_and_a_lost_engine_says_so(house: House) -> None:
    (one,) = await house.enter(1)
    await until_so(lambda: _is_present(house, one))
    nobody = UUID(int=new_id().int)
    await house.engine.set_muted(house.room, nobody, Source.CAMERA, True)
    await house.engine.eject(house.room, nobody)
    # Asking twice is like asking once, and an engine that cannot says so before anybody agrees.
    for _ in range(2):
        with nullcontext() if house.records else pytest.raises(RecordingNotOffered):
            await house.engine.set_recording(house.room, None)
    await house.engine.close_room(house.room)
    await house.engine.close_room(house.room)
    await until(lambda: house.peers[one].bye == "closed")
    await until_so(lambda: _present(house, set()))
    house.process.kill()
    house.process.wait()
    await until_so(lambda: _is_away(house))


async def _present(house: House, people: set[UUID]) -> bool:
    return await house.engine.present(house.room) == people


async def _is_present(house: House, who: UUID) -> bool:
    return who in await house.engine.present(house.room)


async def _silent(house: House, who: UUID) -> bool:
    """No sound comes, pictures do."""
    peer = house.peers[who]
    sound, packets = peer.sound, peer.received.total()
    await asyncio.sleep(0.5)
    return peer.sound == sound and peer.received.total() > packets


async def _is_away(house: House) -> bool:
    try:
        await house.engine.ensure_room(house.room, RoomPolicy())
    except MediaUnavailable:
        return True
    return False


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
