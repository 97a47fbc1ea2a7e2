"""Garbage on a socket ends that socket and disturbs nobody else's.

tests/realtime sends what the protocols name as wrong. Here is what only an attacker or a broken
client sends: depth, NULs, numbers and dates beyond every column, and bytes that are no text.
"""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from duty.rosters import presence
from duty.rosters.oncall import DutyTier
from realtime import hub
from server.settings import Settings
from tests.duty.region import Region, build
from tests.fixtures.database import Clone
from tests.realtime.browser import ORIGIN, Served, browsing, log_in, opened, serving
from tests.realtime.conftest import ORIGIN as SITE_ORIGIN
from tests.realtime.conftest import Site, site, viewer_at
from tests.realtime.wire import Sender, Watcher, frame

NOBODYS = UUID(int=7)
"""A recording that does not exist; every worker calls the test by the same name."""

__all__ = ["site"]

FIRST, SECOND = DutyTier.FIRST, DutyTier.SECOND
DEEP = "[" * 12_000
PAGE = "01a20204-ccaa-7740-9ad6-e73d95016b48"


@pytest.fixture
async def region(database: Clone) -> Region:
    return await build(database)


@pytest.fixture
async def served(settings: Settings, region: Region) -> AsyncIterator[Served]:
    async with serving(dataclasses.replace(settings, public_origins=(ORIGIN,))) as running:
        yield running


BROWSER_GARBAGE: list[str | bytes] = [
    DEEP,
    '{"type":"ping","x":' + DEEP,
    '{"type":"hello","device_id":"a\\u0000b"}',
    f'{{"type":"hello","device_id":"{"x" * 81}"}}',
    '{"type":"hello","device_id":"\\ud800"}',
    '{"type":"hello","offset":1e400}',
    '{"type":"hello","offset":"1"}',
    '{"type":"time","t1":1e999}',
    f'{{"type":"receipt","page_id":"{PAGE}","state":"seen\\u0000"}}',
    b"\xff\xfe\x00",
    b'{"type":"ping"}' * 2,
    "",
    "null",
]


@pytest.mark.parametrize("garbage", BROWSER_GARBAGE, ids=lambda one: repr(one)[:40])
@pytest.mark.parametrize("greeted", [False, True], ids=["first", "later"])
async def test_a_browsers_garbage_ends_its_own_socket(
    region: Region, served: Served, garbage: str | bytes, greeted: bool
) -> None:
    token = await log_in(region, region.experts[FIRST])
    other = await log_in(region, region.experts[SECOND])
    door = browsing if greeted else opened
    async with browsing(served, other) as neighbour, door(served, token) as phone:
        await phone.socket.send(garbage)
        with pytest.raises(ConnectionClosed) as closed:
            await phone.hear("nothing")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400
        await neighbour.say(type="ping")
        await neighbour.hear("pong")


@pytest.mark.parametrize("offset", [2**70, -(2**70), -1, 0])
async def test_an_offset_beyond_everything_begins_somewhere(
    region: Region, served: Served, offset: int
) -> None:
    token = await log_in(region, region.experts[FIRST])
    async with browsing(served, token, offset=offset) as phone:
        await region.page()
        assert (await phone.hear("item"))["offset"] == 1


async def test_nobody_hides_the_others_from_the_roster(
    region: Region, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Presence of all is written together; one foul device name must not stop it."""
    monkeypatch.setattr(hub, "PRESENCE_S", 0.05)
    foul = await log_in(region, region.experts[FIRST])
    good = await log_in(region, region.experts[SECOND])
    person_id = region.experts[SECOND].person_id
    async with opened(served, foul) as phone, browsing(served, good):
        await phone.say(type="hello", offset=0, device_id="a\0b")
        async with asyncio.timeout(10):
            while True:
                async with region.clone.app.session(region.doctor) as session:
                    here = await presence.reach(session, [person_id])
                if here and here[person_id].online:
                    break
                await asyncio.sleep(0.05)


def _opening(**more: Any) -> str:
    message = {
        "type": "open",
        "stream": 2,
        "device": "SN-0002",
        "recording": str(NOBODYS),
        "channels": ["fhr1"],
        "started_at": "2026-11-22T03:00:00Z",
    }
    return json.dumps(message | more)


INGEST_GARBAGE: list[str | bytes] = [
    DEEP,
    '{"type":"time","x":' + DEEP,
    _opening(bed="产房\0"),
    _opening(device="SN\0"),
    _opening(device="' OR '1'='1"),
    _opening(started_at="0001-01-01T00:00:00+14:00"),
    _opening(started_at="9999-12-31T23:59:59-14:00"),
    _opening(recording="00000000-0000-0000-0000-00000000000g"),
    _opening(stream=2**70),
    json.dumps({"type": "time", "t1": 2**70}),
    json.dumps({"type": "time", "t1": 1, "offset_ns": 2**70, "rtt_ns": 2**70}),
    json.dumps({"type": "time", "t1": 1, "offset_ns": 2**63, "rtt_ns": 2**63}),
    json.dumps({"type": "gap", "stream": 1, "from": 1, "to": 2**70}),
    json.dumps({"type": "gap", "stream": 1, "from": 1, "to": 2**32 - 1}),
    json.dumps({"type": "close", "stream": 1, "last_seq": 2**70}),
    json.dumps({"type": "close", "stream": 1, "last_seq": 2**32 - 1}),
    b"\x00" * 79,
    b"\x01\x05\xff\xff\x00\x00\x00\x00",
]


@pytest.mark.parametrize("garbage", INGEST_GARBAGE, ids=lambda one: repr(one)[:60])
async def test_a_monitors_garbage_stops_no_other_monitor(site: Site, garbage: str | bytes) -> None:
    bad, good = await Sender.dial(site.url, site.token), await Sender.dial(site.url, site.token)
    recording = uuid4()
    await good.open(recording, stream=3)
    await bad.open(uuid4(), stream=1)
    await bad.socket.send(garbage)
    await _ends_or_goes_on(bad)
    for seq in range(1, 4):
        await good.send(frame(seq, stream=3))
    await good.until_acked(3, stream=3)
    assert await site.stored(recording) == [frame(seq, stream=3) for seq in range(1, 4)]
    await good.open(uuid4(), stream=4)  # whoever opens recordings has not died of it either
    await good.close()


async def _ends_or_goes_on(bad: Sender) -> None:
    """Ended with a code for what it said, or as usable as before (an odd gap is no crime)."""
    await asyncio.sleep(0.1)
    if bad.socket.close_code is None:
        await bad.say(type="time", t1=7)
    try:
        async with asyncio.timeout(5):
            while (await bad.receive() or {}).get("t1") != 7:
                pass
    except ConnectionClosed:
        assert bad.socket.close_code in (1007, 1008, 1009)
    else:
        await bad.close()


WATCH_GARBAGE: list[str | bytes] = [
    DEEP,
    '{"type":"subscribe","x":' + DEEP,
    json.dumps({"type": "subscribe", "recordings": []}),
    json.dumps({"type": "subscribe", "recordings": [str(NOBODYS)] * 65}),
    json.dumps({"type": "subscribe", "recordings": ["x"]}),
    json.dumps({"type": "subscribe", "recordings": [str(NOBODYS)], "since_s": 2**70}),
    json.dumps({"type": "subscribe", "recordings": [str(NOBODYS)], "since_s": -1}),
    "null",
    b"\x01\x02",
]


@pytest.mark.parametrize("garbage", WATCH_GARBAGE, ids=lambda one: repr(one)[:60])
async def test_a_viewers_garbage_stops_no_other_viewer(site: Site, garbage: str | bytes) -> None:
    site.sessions["good"] = viewer_at(site.facility)
    headers = {"Cookie": "__Host-yunshang=good", "Origin": SITE_ORIGIN}
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    bad, good = await Watcher.dial(site.url, headers), await Watcher.dial(site.url, headers)
    await good.subscribe([recording])
    view = (await good.expect("subscribed"))["view"]
    await bad.socket.send(garbage)
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            await asyncio.wait_for(bad.socket.recv(), 5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code in (1007, 1008)
    await sender.send(frame(1))
    await good.until_seq(view, 1)
    await good.close()
    await sender.close()
