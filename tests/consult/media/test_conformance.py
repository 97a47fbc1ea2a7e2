"""One behaviour, whichever engine: what is asked of an engine is asked of each of them.

Our worker and Janus run, LiveKit's server is its contract alone: where sound and pictures must
flow, the engines are taken that carry some here. An engine is held to what it cannot as well: it
says so by name, before anybody counts on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from consult.media.engine import (
    TICKET_TTL,
    Grants,
    Joined,
    Layer,
    Left,
    MediaEngine,
    RoomPolicy,
    Source,
    WasLeft,
)
from consult.media.errors import CapNotOffered, MediaUnavailable, RecordingNotOffered, RoomFull
from kernel.clock import SystemClock
from kernel.ids import new_id
from tests.consult.media.livekit.house import livekit_house
from tests.consult.media.peers.houses import House, forward_house, janus_house, somebody

HOUSES: Final[dict[str, Callable[[str, Path], AbstractAsyncContextManager[House]]]] = {
    "forward": forward_house,
    "janus": janus_house,
    "livekit": livekit_house,
}
CARRYING: Final = ("forward", "janus")


@pytest.fixture(params=HOUSES)
async def house(
    request: pytest.FixtureRequest, valkey_url: str, tmp_path: Path
) -> AsyncIterator[House]:
    """An engine that runs, and how people speak to it."""
    async with HOUSES[request.param](valkey_url, tmp_path) as made:
        assert made.engine.name == request.param
        assert made.can.carry is (request.param in CARRYING)
        await made.listen()
        yield made


carrying = pytest.mark.parametrize("house", CARRYING, indirect=True)
"""Of the engines, those through which sound and pictures flow here."""


async def test_a_ticket_says_where_until_when_and_over_which_relays(house: House) -> None:
    assert isinstance(house.engine, MediaEngine)
    at, who = SystemClock().now(), somebody()
    ticket = await house.engine.issue_join(house.room, who, Grants(), at)
    assert (ticket.engine, ticket.expires_at) == (house.engine.name, at + TICKET_TTL)
    assert ticket.url.startswith(("ws://", "wss://"))
    assert ticket.token not in repr(ticket)
    (relay,) = ticket.ice_servers
    assert relay.username.endswith(f":{who.id}")
    assert relay.credential


async def test_who_comes_and_goes_is_present_and_told_once(house: House) -> None:
    await house.engine.ensure_room(house.room, RoomPolicy(max_participants=4))
    people = set(await house.enter(4))
    await until_so(lambda: _present(house, people))
    await until(lambda: _joined(house) == people)
    # More than the policy says are refused; who is there may come anew.
    with pytest.raises(RoomFull):
        await house.ticket(somebody())
    assert await house.ticket(somebody(min(people)))

    await house.peers[min(people)].leave()
    await until_so(lambda: _present(house, people - {min(people)}))
    await until(lambda: [event.participant_id for event in house.told(WasLeft)] == [min(people)])
    assert len(house.told(Joined)) == 4


@carrying
async def test_whoever_comes_at_the_same_moment_sees_and_hears_all_others(house: House) -> None:
    people = set(await house.enter(4))
    for peer in house.peers.values():
        await until(lambda peer=peer: peer.pictures == 3 and peer.sound > 30)
        assert peer.people == people


async def test_a_ticket_opens_only_while_it_is_valid_and_once_where_it_can_be_taken_back(
    house: House,
) -> None:
    used = await house.ticket(who := somebody())
    at = SystemClock().now() - TICKET_TTL
    late = await house.engine.issue_join(house.room, somebody(), Grants(), at)
    assert await house.knock(late) == "refused"
    assert await house.knock(replace(used, token=used.token[:-4] + "AAAA")) == "refused"
    await house.enter(1)
    assert await house.guest(who).enter(used) == "welcome"
    await until_so(lambda: _is_present(house, who.id))
    await until(lambda: who.id in _joined(house))
    await house.peers[who.id].leave()
    assert (await house.knock(used) == "refused") is house.can.void


async def test_who_is_sent_out_stays_out(house: House) -> None:
    one, two = await house.enter(2)
    await until_so(lambda: _present(house, {one, two}))
    await until(lambda: _joined(house) == {one, two})
    kept = await house.ticket(somebody(two))
    await house.engine.eject(house.room, two)
    await house.engine.eject(house.room, two)  # asking twice is like asking once
    await until(lambda: house.peers[two].bye == "ejected")
    await until(lambda: _whys(house) == [Left.EJECTED])
    assert await house.knock(await house.ticket(somebody(two))) == "refused"

    # A ticket from before opens nothing, or not for long.
    again = house.guest(somebody(two))
    assert (await again.enter(kept) == "refused") is house.can.void
    if not house.can.void:
        await until(lambda: again.bye == "ejected", seconds=5)
    await until_so(lambda: _present(house, {one}))
    assert set(_whys(house)) == {Left.EJECTED}


@carrying
async def test_silenced_nothing_is_heard_and_sent_out_nothing_comes(house: House) -> None:
    one, two = await house.enter(2)
    await until(lambda: house.peers[one].pictures == 1 and house.peers[one].sound > 30)
    await house.engine.set_muted(house.room, two, Source.MICROPHONE, True)
    await until_so(lambda: _silent(house, one))
    await house.engine.set_muted(house.room, two, Source.MICROPHONE, False)
    heard = house.peers[one].sound
    await until(lambda: house.peers[one].sound > heard + 10)

    await house.engine.eject(house.room, two)
    await asyncio.sleep(1)
    before = [house.peers[who].received.total() for who in (one, two)]
    await asyncio.sleep(0.5)
    assert [house.peers[who].received.total() for who in (one, two)] == before


async def test_a_closed_room_is_empty_and_can_be_made_anew(house: House) -> None:
    (one,) = await house.enter(1)
    await until(lambda: _joined(house) == {one})
    for _ in range(2):
        await house.engine.close_room(house.room)
    await until(lambda: house.peers[one].bye == "closed")
    await until_so(lambda: _present(house, set()))
    await until(lambda: _whys(house) == [Left.CLOSED])
    await house.engine.ensure_room(house.room, RoomPolicy())
    await house.engine.ensure_room(house.room, RoomPolicy())
    (other,) = await house.enter(1)
    await until_so(lambda: _present(house, {other}))


async def test_who_is_not_there_is_no_trouble_and_what_cannot_be_is_refused_by_name(
    house: House,
) -> None:
    nobody = UUID(int=new_id().int)
    await house.engine.set_muted(house.room, nobody, Source.CAMERA, True)
    await house.engine.eject(house.room, nobody)
    for _ in range(2):
        with nullcontext() if house.can.cap else pytest.raises(CapNotOffered):
            await house.engine.set_layer_cap(house.room, nobody, Layer.LOW)
        with nullcontext() if house.can.record else pytest.raises(RecordingNotOffered):
            await house.engine.set_recording(house.room, None)
    assert not (await house.engine.present(UUID(int=new_id().int))).people


async def test_a_lost_engine_says_so(house: House) -> None:
    house.lose()
    await until_so(lambda: _is_away(house))
    with pytest.raises(MediaUnavailable):
        await house.ticket(somebody())


async def _present(house: House, people: set[UUID]) -> bool:
    return (await house.engine.present(house.room)).people == people


async def _is_present(house: House, who: UUID) -> bool:
    return who in (await house.engine.present(house.room)).people


def _joined(house: House) -> set[UUID]:
    return {event.participant_id for event in house.told(Joined)}


def _whys(house: House) -> list[Left]:
    return [event.why for event in house.told(WasLeft)]


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
