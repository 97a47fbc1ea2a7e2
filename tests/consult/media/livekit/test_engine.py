"""What is asked of LiveKit is in its contract, and what it answers is understood."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from redis.asyncio import Redis

from consult.media.engine import (
    Grants,
    Joined,
    JoinTicket,
    Layer,
    Left,
    MediaEngine,
    RoomPolicy,
    Source,
    WasLeft,
)
from consult.media.errors import (
    CapNotOffered,
    MediaUnavailable,
    RecordingNotOffered,
    RoomFull,
)
from consult.media.livekit.engine import LiveKitEngine
from consult.media.livekit.rooms import Key
from kernel.clock import SystemClock
from kernel.ids import new_id
from tests.consult.media.livekit.contract import KEY, SECRET, LiveKit, Twirp, opened
from tests.consult.media.peers.houses import somebody

ROOM = UUID(int=new_id().int)


@pytest.fixture
def server() -> LiveKit:
    """An empty one."""
    return LiveKit()


def _engine(server: LiveKit, valkey_url: str, secret: str = SECRET) -> LiveKitEngine:
    transport = httpx.ASGITransport(server.app())
    client = httpx.AsyncClient(transport=transport, base_url="http://livekit.test")
    key = Key(KEY, secret)
    return LiveKitEngine(client, "wss://livekit.test", key, Redis.from_url(valkey_url))


@pytest.fixture
async def engine(server: LiveKit, valkey_url: str) -> AsyncIterator[LiveKitEngine]:
    """One that may all, with a room for two."""
    made = _engine(server, valkey_url)
    await made.ensure_room(ROOM, RoomPolicy(max_participants=2))
    yield made
    await made.close()


async def _ticket(
    engine: LiveKitEngine, who: UUID | None = None, grants: Grants | None = None
) -> JoinTicket:
    at = SystemClock().now()
    return await engine.issue_join(ROOM, somebody(who), grants or Grants(), at)


async def test_a_ticket_is_a_token_for_one_room_and_what_may_be_sent(
    engine: LiveKitEngine,
) -> None:
    assert isinstance(engine, MediaEngine)
    who = somebody().id
    ticket = await _ticket(engine, who, Grants(frozenset({Source.MICROPHONE, Source.ULTRASOUND})))
    claims = opened(ticket.token)
    assert (ticket.engine, ticket.url) == ("livekit", "wss://livekit.test")
    assert (claims["sub"], claims["exp"]) == (str(who), int(ticket.expires_at.timestamp()))
    assert claims["video"] == {
        "room": str(ROOM),
        "roomJoin": True,
        "canSubscribe": True,
        "canPublish": True,
        "canPublishSources": ["microphone", "screen_share"],
    }
    listener = opened((await _ticket(engine, grants=Grants(frozenset()))).token)
    assert listener["video"]["canPublish"] is False


async def test_a_token_of_another_key_opens_nothing(server: LiveKit, valkey_url: str) -> None:
    stranger = _engine(server, valkey_url, secret="another secret of the same length")
    with pytest.raises(MediaUnavailable):
        await stranger.ensure_room(ROOM, RoomPolicy())
    await stranger.close()


async def test_present_are_those_whose_connection_is_up(
    server: LiveKit, engine: LiveKitEngine
) -> None:
    assert server.limits[str(ROOM)] == 2
    one, two = somebody().id, somebody().id
    server.enter((await _ticket(engine, one)).token, "microphone")
    server.enter((await _ticket(engine, two)).token, state="JOINING")
    assert await engine.present(ROOM) == {one}
    server.enter((await _ticket(engine, two)).token, "microphone", "camera")
    assert await engine.present(ROOM) == {one, two}
    with pytest.raises(RoomFull):
        await _ticket(engine)
    assert await _ticket(engine, one)


async def test_a_source_is_silenced_by_its_name(server: LiveKit, engine: LiveKitEngine) -> None:
    who = server.enter((await _ticket(engine)).token, "microphone", "ultrasound")
    for muted in (True, True, False):
        await engine.set_muted(ROOM, UUID(who), Source.ULTRASOUND, muted)
        sound, scan = server.rooms[str(ROOM)][who]["tracks"]
        assert (sound["muted"], scan["muted"]) == (False, muted)


async def test_whoever_is_sent_out_stays_out(server: LiveKit, engine: LiveKitEngine) -> None:
    kept = await _ticket(engine, who := somebody().id)
    server.enter(kept.token, "camera")
    events = engine.events()
    async with asyncio.timeout(10):
        assert isinstance(await anext(events), Joined)
        await engine.eject(ROOM, who)
        assert await engine.present(ROOM) == frozenset()
        with pytest.raises(Twirp, match="permission_denied"):
            server.enter((await _ticket(engine, who)).token)
        gone = await anext(events)
        assert isinstance(gone, WasLeft)
        assert gone.why is Left.EJECTED
        server.enter(kept.token, "camera")  # LiveKit cannot take a token back
        assert isinstance(await anext(events), Joined)
        assert isinstance(await anext(events), WasLeft)
    await events.aclose()
    assert await engine.present(ROOM) == frozenset()


async def test_what_is_not_there_is_no_trouble(server: LiveKit, engine: LiveKitEngine) -> None:
    nobody = somebody().id
    await engine.eject(ROOM, nobody)
    await engine.set_muted(ROOM, nobody, Source.CAMERA, True)
    await engine.close_room(ROOM)
    await engine.close_room(ROOM)
    assert str(ROOM) not in server.rooms
    assert await engine.present(ROOM) == frozenset()


async def test_what_livekit_cannot_is_refused_by_name(
    server: LiveKit, engine: LiveKitEngine
) -> None:
    with pytest.raises(CapNotOffered):
        await engine.set_layer_cap(ROOM, somebody().id, Layer.LOW)
    with pytest.raises(RecordingNotOffered):
        await engine.set_recording(ROOM, None)
    server.broken = True
    with pytest.raises(MediaUnavailable):
        await engine.present(ROOM)
