"""What only LiveKit has: its tokens, and what its server says of people and tracks.

The rest is asked of all engines alike, in `test_conformance`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from consult.media.engine import Grants, JoinTicket, RoomPolicy, Source
from consult.media.errors import MediaUnavailable
from consult.media.livekit.engine import LiveKitEngine
from kernel.clock import SystemClock
from kernel.ids import new_id
from tests.consult.media.livekit.contract import LiveKit, opened
from tests.consult.media.livekit.house import URL, engine_on
from tests.consult.media.peers.houses import somebody

ROOM = UUID(int=new_id().int)


@pytest.fixture
def server() -> LiveKit:
    """An empty one."""
    return LiveKit()


@pytest.fixture
async def engine(server: LiveKit, valkey_url: str) -> AsyncIterator[LiveKitEngine]:
    """One that may all, with a room for two."""
    made = engine_on(server, valkey_url)
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
    who = somebody().id
    ticket = await _ticket(engine, who, Grants(frozenset({Source.MICROPHONE, Source.ULTRASOUND})))
    claims = opened(ticket.token)
    assert ticket.url == URL
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
    stranger = engine_on(server, valkey_url, secret="another secret of the same length")
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
    assert (await engine.present(ROOM)).people == {one}
    server.enter((await _ticket(engine, two)).token, "microphone", "camera")
    assert (await engine.present(ROOM)).people == {one, two}


async def test_a_source_is_silenced_by_its_name(server: LiveKit, engine: LiveKitEngine) -> None:
    who = server.enter((await _ticket(engine)).token, "microphone", "ultrasound")
    for muted in (True, True, False):
        await engine.set_muted(ROOM, UUID(who), Source.ULTRASOUND, muted)
        sound, scan = server.rooms[str(ROOM)][who]["tracks"]
        assert (sound["muted"], scan["muted"]) == (False, muted)
