"""Frames from one gateway to the viewers of another: by Valkey when it is there, and once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from unittest.mock import Mock
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from realtime.gateway.hints import LIVE, Hints, Unreadable, build, read
from realtime.gateway.live import Recording, Recordings
from realtime.gateway.main import Gateway, Timing
from realtime.resume import Progress
from tests.realtime.conftest import ORIGIN, Site, among, viewer_at
from tests.realtime.wire import Sender, Watcher, bundle, frame

numbers = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=8)


@given(st.uuids(), numbers, st.booleans())
def test_a_bundle_is_read_as_it_was_built(gateway: UUID, nos: list[int], framed: bool) -> None:
    parts = [frame(at + 1) for at in range(len(nos))] if framed else []
    assert read(build(gateway, nos, b"".join(parts))) == (gateway, nos, parts)


@given(st.binary(max_size=200))
def test_no_message_of_strangers_breaks_the_listener(data: bytes) -> None:
    with suppress(Unreadable):
        read(data)
    hints = Hints("unix:///nowhere", Recordings())
    for channel in ("yunshang:ctg:live", "yunshang:ctg:want", "yunshang:ctg:told"):
        hints.take(channel, data)


def arrive(recordings: Recordings, recording: Recording, seq: int) -> None:
    recordings.receive_some([recording], [frame(seq)], 0)
    recordings.spread()


def test_only_what_somebody_else_asked_for_is_sent_and_not_for_ever() -> None:
    now, recordings = [0.0], Recordings()
    hints = Hints("unix:///nowhere", recordings, clock=lambda: now[0])
    recording = recordings.keep(UUID(int=1), 1, Progress(UUID(int=1)))
    recording.feeder = (Mock(slot=3), Mock(number=1))
    arrive(recordings, recording, 1)
    hints.take("yunshang:ctg:want", build(uuid4(), [1, 2]))
    arrive(recordings, recording, 2)
    hints.tick()
    assert hints.sent == 1
    now[0] = 10.0
    hints._forget()
    arrive(recordings, recording, 3)
    hints.tick()
    assert hints.sent == 1


@dataclass(slots=True)
class Two:
    """Two gateways on one database and one Valkey; the second never looks by itself."""

    here: Gateway
    there: Gateway
    here_url: str
    there_url: str


@pytest.fixture
async def two(site: Site, valkey_url: str) -> AsyncIterator[Two]:
    made = []
    for _ in range(2):
        gateway = Gateway(
            site.clone.system_url, among(site.sessions), {ORIGIN},
            Timing(tick_s=0.05, fold_s=3_600, pulse_s=0.2, follow_s=3_600),
            valkey_url=valkey_url,
        )  # fmt: skip
        made.append((gateway, f"ws://127.0.0.1:{await gateway.start('127.0.0.1', 0)}"))
    [(here, here_url), (there, there_url)] = made
    yield Two(here, there, here_url, there_url)
    await here.stop()
    await there.stop()


async def watching(site: Site, url: str, recording: UUID) -> tuple[Watcher, int]:
    site.sessions["good"] = viewer_at(site.facility)
    watcher = await Watcher.dial(url, {"Authorization": "Bearer good"})
    await watcher.subscribe([recording])
    return watcher, (await watcher.expect("subscribed"))["view"]


async def until_sent_along(gateway: Gateway, recording: UUID) -> None:
    async with asyncio.timeout(10):
        while (known := gateway.ingest.recordings.get(recording)) is None or known.outlet is None:
            await asyncio.sleep(0.02)


async def test_a_viewer_elsewhere_sees_it_by_hint_and_the_rest_from_the_database(
    site: Site, two: Two, valkey_url: str
) -> None:
    sender, recording = await Sender.dial(two.here_url, site.token), uuid4()
    await sender.open(recording)
    await sender.send(bundle([frame(seq) for seq in range(1, 31)]))
    await sender.until_acked(30)
    watcher, view = await watching(site, two.there_url, recording)
    await until_sent_along(two.here, recording)
    for seq in range(31, 61):
        await sender.send(frame(seq))
    await watcher.until_seq(view, 60)
    assert watcher.seqs(view) == list(range(1, 61))
    assert two.there.elsewhere.looks == 0
    while not any(told["type"] == "state" and told["connected"] for told in watcher.messages):
        await watcher.receive()
    # Hints are lost: a hole shows at the next one, and the database fills it.
    known = two.here.ingest.recordings.get(recording)
    assert known is not None
    known.outlet, kept = None, known.outlet
    two.here.ingest.recordings.moved(known)
    await sender.send(bundle([frame(seq) for seq in range(61, 71)]))
    await sender.until_acked(70)
    known.outlet = kept
    two.here.ingest.recordings.moved(known)
    await sender.send(frame(71))
    await watcher.until_seq(view, 71)
    await two.there.elsewhere.look()
    async with asyncio.timeout(10):
        while len(watcher.seqs(view)) < 71:
            await watcher.receive()
    assert sorted(watcher.seqs(view)) == list(range(1, 72))
    assert len(watcher.seqs(view)) == 71
    await sender.close()
    await watcher.close()


async def test_without_valkey_the_database_does_and_hints_come_back(
    site: Site, two: Two, valkey_url: str
) -> None:
    sender, recording = await Sender.dial(two.here_url, site.token), uuid4()
    await sender.open(recording)
    watcher, view = await watching(site, two.there_url, recording)
    await until_sent_along(two.here, recording)
    admin = Redis.from_url(valkey_url)
    await admin.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    async with asyncio.timeout(10):
        while two.there.hints is not None and two.there.hints.connected:
            await asyncio.sleep(0.01)
    await sender.send(bundle([frame(seq) for seq in range(1, 6)]))
    await sender.until_acked(5)
    await two.there.elsewhere.look()
    await watcher.until_seq(view, 5)
    async with asyncio.timeout(10):
        while not (two.there.hints is not None and two.there.hints.connected):
            await asyncio.sleep(0.01)
    await admin.publish(LIVE, b"nonsense")
    for seq in range(6, 11):
        await sender.send(frame(seq))
    await watcher.until_seq(view, 10)
    assert watcher.seqs(view) == list(range(1, 11))
    await admin.aclose()
    await sender.close()
    await watcher.close()


async def test_what_was_only_hinted_is_not_taken_for_stored(site: Site, two: Two) -> None:
    """The first gateway dies with a second that others saw: its sender must send it again."""
    sender, recording = await Sender.dial(two.here_url, site.token), uuid4()
    await sender.open(recording)
    await sender.send(frame(1))
    await sender.until_acked(1)
    watcher, view = await watching(site, two.there_url, recording)
    known = two.there.ingest.recordings.get(recording)
    assert known is not None
    known.hint(2, frame(2), 0, 0.0)
    await watcher.until_seq(view, 2)
    again = await Sender.dial(two.there_url, site.token)
    assert (await again.open(recording))["next_seq"] == 2
    await again.send(frame(2))
    await again.until_acked(2)
    assert await site.stored(recording) == [frame(1), frame(2)]
    for socket in (sender, again, watcher):
        await socket.close()
