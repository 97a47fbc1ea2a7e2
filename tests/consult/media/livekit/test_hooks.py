"""A LiveKit server's webhooks, over HTTP: who is believed, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from redis.asyncio import Redis

from consult.media.engine import Grants, Joined, RoomPolicy, WasLeft
from consult.media.livekit import engine as engines
from kernel.clock import SystemClock
from kernel.ids import new_id
from server.embedded.services import EmbeddedServices
from server.settings import Settings
from tests.consult.media.livekit.contract import KEY, SECRET, LiveKit, webhook
from tests.consult.media.livekit.house import engine_on
from tests.consult.media.peers.houses import somebody
from tests.fixtures.database import Clone
from tests.realtime.browser import serving

ROOM = UUID(int=new_id().int)
DOOR = "/api/hooks/livekit"


@pytest.fixture(scope="module")
async def door(
    services: EmbeddedServices, module_database: Clone, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """The application, whose rooms a LiveKit carries."""
    chosen = Settings(
        database_url=module_database.app_url,
        valkey_url=services.layout.valkey_url,
        data_dir=tmp_path_factory.mktemp("livekit"),
        demo=True,
        room_engine="livekit",
        livekit_url="http://livekit.test",
        livekit_public_url="wss://livekit.test",
        livekit_api_key=KEY,
        livekit_api_secret=SECRET,
    )
    async with (
        serving(chosen) as served,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", timeout=10) as client,
    ):
        yield client


async def _post(door: httpx.AsyncClient, room: str = str(ROOM), **how: Any) -> httpx.Response:
    body, headers = webhook(room, **how)
    return await door.post(DOOR, content=body, headers=headers)


async def test_a_room_of_which_the_server_tells_is_looked_at_at_once(
    door: httpx.AsyncClient, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "LOOK_S", 60.0)  # the net alone would be too late
    server = LiveKit()
    valkey, who = Redis.from_url(valkey_url), somebody()
    engine = engine_on(server, valkey_url)
    await engine.ensure_room(ROOM, RoomPolicy())
    events = engine.events()
    first = asyncio.ensure_future(anext(events))
    async with asyncio.timeout(20):
        await _is_listened_to(valkey)
        ticket = await engine.issue_join(ROOM, who, Grants(), SystemClock().now())
        server.enter(ticket.token, "microphone")
        assert (await asyncio.wait([first], timeout=0.3))[0] == set()
        for _ in range(3):  # said once or thrice is the same
            assert (await _post(door)).status_code == 204
        joined = await first
        assert isinstance(joined, Joined)
        assert (joined.room_id, joined.participant_id) == (ROOM, who.id)
        second = asyncio.ensure_future(anext(events))
        assert (await asyncio.wait([second], timeout=0.3))[0] == set()
        server.rooms[str(ROOM)].clear()
        await _post(door)
        gone = await second
        assert isinstance(gone, WasLeft)
        assert gone.participant_id == who.id
    await events.aclose()
    await engine.close()
    await valkey.aclose()


async def _is_listened_to(valkey: Redis) -> None:
    """The first look is over, and found nobody."""
    while not (await valkey.pubsub_numsub("media:livekit:calls"))[0][1]:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "another secret of the same length"},
        {"key": "not-ours"},
        {"of": b"{}"},
        {"age_s": 3600},
        {"age_s": -3600},
    ],
    ids=["secret", "key", "hash", "expired", "not yet"],
)
async def test_whoever_is_not_our_server_is_refused(
    door: httpx.AsyncClient, valkey_url: str, wrong: dict[str, Any]
) -> None:
    valkey = Redis.from_url(valkey_url)
    async with valkey.pubsub(ignore_subscribe_messages=True) as calls:
        await calls.subscribe("media:livekit:calls")
        await calls.get_message(timeout=1)
        answer = await _post(door, **wrong)
        assert (answer.status_code, answer.json()["code"]) == (403, "media.hook_refused")
        assert answer.headers["content-type"] == "application/problem+json"
        assert await calls.get_message(timeout=0.2) is None
        assert (await _post(door)).status_code == 204
        message = await calls.get_message(timeout=2)
        assert message is not None
        assert message["data"] == str(ROOM).encode()
    await valkey.aclose()


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "..", "é.é.é", "x" * 10_000, "Bearer x"], ids=lambda one: one[:8]
)
async def test_garbage_is_refused(door: httpx.AsyncClient, token: str) -> None:
    headers = {b"authorization": token.encode(), b"content-type": b"application/webhook+json"}
    answer = await door.post(DOOR, content=b"{", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "media.hook_refused")


async def test_of_rooms_of_others_nothing_is_made(door: httpx.AsyncClient) -> None:
    assert (await _post(door, "somebody's room")).status_code == 204


async def test_without_livekit_there_is_no_such_door(settings: Settings) -> None:
    async with (
        serving(settings) as served,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}") as client,
    ):
        assert (await _post(client)).status_code == 404
