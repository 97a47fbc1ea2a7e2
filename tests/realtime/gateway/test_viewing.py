"""A viewer gets history, then live without a seam; others get nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any
from uuid import UUID, uuid4

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kernel.viewer import Viewer
from realtime.gateway.viewing import MOST_UNSAID, WatchListener
from tests.realtime.conftest import ORIGIN, Site, viewer_at
from tests.realtime.wire import Sender, Watcher, bundle, frame


def cookie(site: Site, viewer: Viewer) -> dict[str, str]:
    """What a logged-in browser sends."""
    site.sessions["session-token"] = viewer
    return {"Cookie": "a=b; odd[]={1,2}; __Host-yunshang=session-token", "Origin": ORIGIN}


async def colleague(site: Site) -> Watcher:
    return await Watcher.dial(site.url, cookie(site, viewer_at(site.facility)))


async def fed(site: Site, seconds: int = 0) -> tuple[Sender, UUID]:
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    for first in range(1, seconds + 1, 100):
        last = min(first + 99, seconds)
        await sender.send(bundle([frame(seq) for seq in range(first, last + 1)]))
        await sender.until_acked(last)
    return sender, recording


async def test_history_then_live_without_a_seam(site: Site) -> None:
    sender, recording = await fed(site, 300)
    await site.gateway.folder.fold_once()
    await sender.send(bundle([frame(seq) for seq in range(301, 351)]))
    await sender.until_acked(350)  # now in the journal
    done = asyncio.Event()

    async def keep_sending() -> None:
        seq = 351
        while not done.is_set() or seq < 420:
            await sender.send(frame(seq))
            seq += 1
            await asyncio.sleep(0.002)

    sending = asyncio.create_task(keep_sending())
    watchers = []
    for _ in range(5):  # subscribe at five different moments of the flushes
        watcher = await colleague(site)
        await watcher.subscribe([recording], since_s=200)
        subscribed = await watcher.expect("subscribed")
        watchers.append((watcher, subscribed))
        await asyncio.sleep(0.013)
    done.set()
    await sending
    last = 419
    for watcher, subscribed in watchers:
        assert subscribed["channels"] == ["fhr1", "mhr", "toco"]
        assert subscribed["bed"] == "产房3床"
        assert subscribed["bound"] is False
        assert subscribed["connected"] is True
        await watcher.until_seq(subscribed["view"], last)
        seqs = watcher.seqs(subscribed["view"])
        assert seqs == list(range(subscribed["from_seq"], seqs[-1] + 1))
        assert subscribed["from_seq"] in range(151, 400)
        for seq, one in zip(seqs, watcher.frames[subscribed["view"]], strict=True):
            assert one[8:76] == frame(seq)[8:76]
        await watcher.close()
    await sender.close()


async def test_long_history_comes_in_pages_and_joins_live(site: Site) -> None:
    sender, recording = await fed(site, 4_000)
    await site.gateway.folder.fold_once()
    watcher = await colleague(site)
    await watcher.subscribe([recording], since_s=4_000)
    view = (await watcher.expect("subscribed"))["view"]
    for seq in range(4_001, 4_041):
        await sender.send(frame(seq))
        await asyncio.sleep(0.002)
    await watcher.until_seq(view, 4_040)
    assert watcher.seqs(view) == list(range(1, 4_041))
    await watcher.close()
    await sender.close()


async def test_one_viewer_sees_several_recordings_in_one_message_a_tick(site: Site) -> None:
    sender = await Sender.dial(site.url, site.token)
    recordings = [uuid4() for _ in range(8)]
    for stream, recording in enumerate(recordings, 1):
        await sender.open(recording, stream=stream)
    watcher = await colleague(site)
    await watcher.subscribe(recordings)
    views = {(await watcher.expect("subscribed"))["view"] for _ in recordings}
    assert views == set(range(1, 9))
    await sender.send(bundle([frame(1, stream=stream) for stream in range(1, 9)]))
    await watcher.receive()
    while len(watcher.frames) < 8:
        await watcher.receive()
    assert all(watcher.seqs(view) == [1] for view in views)
    await watcher.close()
    await sender.close()


async def test_gaps_states_and_the_end_are_told(site: Site) -> None:
    sender, recording = await fed(site, 5)
    watcher = await colleague(site)
    await watcher.subscribe([recording])
    assert (await watcher.expect("subscribed"))["gaps"] == []
    await sender.send(frame(9, flags=4))
    await sender.say(type="gap", stream=1, **{"from": 6, "to": 8})
    gap = await watcher.expect("gap")
    assert (gap["from"], gap["to"]) == (6, 8)
    while not (state := await watcher.expect("state"))["battery_low"]:
        pass
    assert state["last_seq"] == 9
    assert state["lag_ms"] is not None
    await sender.until_acked(9)
    await sender.say(type="close", stream=1, last_seq=9)
    await sender.expect("closed")
    while (state := await watcher.expect("state"))["connected"]:
        pass
    assert state["closed"] is True  # ended, not cut
    late = await colleague(site)
    await late.subscribe([recording])
    subscribed = await late.expect("subscribed")
    assert subscribed["gaps"] == [[6, 8]]
    assert subscribed["closed_at"] is not None
    await late.until_seq(subscribed["view"], 9)
    await late.close()
    await watcher.close()
    await sender.close()


async def test_a_cut_is_told_from_an_end_and_fetuses_by_their_letters(site: Site) -> None:
    sender, recording = await fed(site, 1)
    await site.fetch(
        "UPDATE ctg_recording SET channels = '{fhr1,fhr2,toco}', labels = '{B,A,C}' WHERE id = $1",
        recording,
    )
    watcher = await colleague(site)
    await watcher.subscribe([recording])
    assert (await watcher.expect("subscribed"))["fetuses"] == [["fhr1", "B"], ["fhr2", "A"]]
    sender.socket.transport.abort()
    while (state := await watcher.expect("state"))["connected"]:
        pass
    assert state["closed"] is False
    await watcher.close()


async def test_a_stranger_is_refused_as_if_it_did_not_exist(site: Site) -> None:
    sender, recording = await fed(site, 3)
    stranger = await Watcher.dial(site.url, cookie(site, viewer_at(uuid4())))
    nothing = uuid4()
    await stranger.subscribe([recording, nothing])
    answers = [await stranger.expect("refused") for _ in range(2)]
    assert {answer["recording"] for answer in answers} == {str(recording), str(nothing)}
    assert {answer["code"] for answer in answers} == {"ctg.not_found"}
    await sender.send(frame(4))
    await sender.until_acked(4)
    await asyncio.sleep(0.15)
    assert not stranger.frames
    await stranger.close()
    await sender.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Cookie": "__Host-yunshang=wrong", "Origin": ORIGIN}, 401),
        ({"Cookie": "__Host-yunshang=good", "Origin": "https://evil.example"}, 403),
        ({"Cookie": "__Host-yunshang=good", "Origin": ORIGIN + ":444"}, 403),
        ({"Cookie": "__Host-yunshang=good", "Origin": "null"}, 403),
        ({"Cookie": "__Host-yunshang=good"}, 403),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer good", "Origin": "https://evil.example"}, 403),
    ],
)
async def test_the_door_asks_for_session_and_origin(
    site: Site, headers: dict[str, str], status: int
) -> None:
    site.sessions["good"] = viewer_at(site.facility)
    with pytest.raises(InvalidStatus) as refused:
        await Watcher.dial(site.url, headers)
    assert refused.value.response.status_code == status


async def test_a_bearer_session_may_watch_without_a_browser(site: Site) -> None:
    sender, recording = await fed(site, 2)
    site.sessions["good"] = viewer_at(site.facility)
    watcher = await Watcher.dial(site.url, {"Authorization": "Bearer good"})
    await watcher.subscribe([recording])
    await watcher.until_seq((await watcher.expect("subscribed"))["view"], 2)
    await watcher.close()
    await sender.close()


async def test_a_token_in_the_url_does_not_pass(site: Site) -> None:
    site.sessions["good"] = viewer_at(site.facility)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(
        b"GET /ctg/watch?token=good HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Protocol: yunshang.ctg.watch.v1\r\n\r\n"
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 400")
    writer.close()


async def test_what_a_viewer_may_see_is_asked_again(site: Site) -> None:
    sender, recording = await fed(site, 2)
    watcher = await colleague(site)
    await watcher.subscribe([recording])
    view = (await watcher.expect("subscribed"))["view"]
    site.sessions["session-token"] = viewer_at(uuid4())  # moved to another hospital
    refused = await watcher.expect("refused")
    assert (refused["recording"], refused["code"]) == (str(recording), "ctg.not_found")
    await sender.send(frame(3))
    await sender.until_acked(3)
    await asyncio.sleep(0.15)
    assert 3 not in watcher.seqs(view)
    del site.sessions["session-token"]  # logged out
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            await asyncio.wait_for(watcher.socket.recv(), 5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.reason == "ctg.session_ended"
    await sender.close()


def listener_of(site: Site, watcher: Watcher) -> WatchListener:
    """The gateway's end of a viewer's connection."""
    [listener] = [
        one for one in site.gateway.viewing.listeners if one.transport is not None
        and one.transport.underlying_transport.get_extra_info("peername")
        == watcher.socket.local_address
    ]  # fmt: skip
    return listener


async def test_a_viewer_that_was_behind_is_told_every_alarm_and_the_newest_state(
    site: Site,
) -> None:
    sender, recording = await fed(site, 1)
    watcher = await colleague(site)
    await watcher.subscribe([recording])
    await watcher.expect("subscribed")
    listener, known = listener_of(site, watcher), site.gateway.ingest.recordings.get(recording)
    assert known is not None
    listener.pause_writing()
    for number in range(3):
        known.tell("alarm", number=number)
        known.tell("state", number=number)
    listener.resume_writing()
    known.tell("gap", **{"from": 1, "to": 1})
    await watcher.expect("gap")
    said = [(one["type"], one["number"]) for one in watcher.messages if "number" in one]
    assert said == [("alarm", 0), ("alarm", 1), ("alarm", 2), ("state", 2)]
    await watcher.close()
    await sender.close()


async def test_what_is_told_while_a_viewer_comes_reaches_it_after_its_welcome(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, recording = await fed(site, 1)
    watcher = await colleague(site)
    known = site.gateway.ingest.recordings.get(recording)
    assert known is not None
    standing = site.gateway.viewing.alarms

    async def read_too_early(recordings: Collection[UUID]) -> dict[UUID, list[Any]]:
        found = await standing(recordings)
        known.tell("alarm", alarm=7)
        known.tell("state", connected=False)
        return found

    monkeypatch.setattr(site.gateway.viewing, "alarms", read_too_early)
    await watcher.subscribe([recording])
    subscribed = await watcher.expect("subscribed")
    known.tell("gap", **{"from": 1, "to": 1})
    await watcher.expect("gap")
    told = [one for one in watcher.messages if one["type"] in ("subscribed", "alarm", "gap")]
    assert [one["type"] for one in told] == ["subscribed", "alarm", "gap"]
    assert (told[1]["alarm"], told[1]["view"]) == (7, subscribed["view"])
    # The welcome says how the line is, and no older word undoes it.
    assert all(one["connected"] for one in watcher.messages if "connected" in one)
    await watcher.close()
    await sender.close()


async def test_a_viewer_for_whom_too_many_notices_wait_has_to_come_again(site: Site) -> None:
    sender, recording = await fed(site, 1)
    watcher = await colleague(site)
    await watcher.subscribe([recording])
    await watcher.expect("subscribed")
    listener, known = listener_of(site, watcher), site.gateway.ingest.recordings.get(recording)
    assert known is not None
    listener.pause_writing()
    for number in range(MOST_UNSAID + 50):
        known.tell("alarm", alarm=number)
    assert listener.waiting_bytes < 2**20
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            await watcher.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.reason == "ctg.viewer_stalled"
    await sender.close()


async def test_a_stalled_viewer_is_bounded_and_told_what_it_missed(site: Site) -> None:
    sender, recording = await fed(site, 1)
    stalled, lively = await colleague(site), await colleague(site)
    for watcher in (stalled, lively):
        await watcher.subscribe([recording], since_s=1)
        view = (await watcher.expect("subscribed"))["view"]
        await watcher.until_seq(view, 1)  # live: before that it would be history, read anew
    listener = listener_of(site, stalled)
    listener.pause_writing()  # what the transport calls when its buffer is full
    top = 6_001
    for first in range(2, top + 1, 500):
        last = min(first + 499, top)
        await sender.send(bundle([frame(seq) for seq in range(first, last + 1)]))
        await sender.until_acked(last)
    await lively.until_seq(view, top)
    assert len(lively.seqs(view)) == top
    assert listener.waiting_frames <= 4_096
    listener.resume_writing()
    resync = await stalled.expect("resync")
    await stalled.until_seq(view, top)
    seqs = stalled.seqs(view)
    missed = set(range(resync["from"], resync["to"] + 1))
    assert missed | set(seqs) == set(range(1, top + 1))
    assert seqs == sorted(seqs)
    for watcher in (stalled, lively):
        await watcher.close()
    await sender.close()
