"""A real worker records: nobody without agreement, nothing after a no, nothing lost to a kill."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import av
import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage

from consult.media.engine import Recording, RecordingChanged, Source
from consult.media.errors import MediaUnavailable
from consult.media.recording.shelf import Part
from kernel.ids import new_id
from tests.consult.media.forward import worker_process
from tests.consult.media.peers.houses import RunningHouse, forward_house, somebody
from tests.consult.media.peers.peer import Peer
from tests.consult.media.test_conformance import until
from tests.fixtures.ports import free_port

WITHIN_S = 1.0
"""A no is done within this time."""


@pytest.fixture
async def house(valkey_url: str, tmp_path: Path) -> AsyncIterator[RunningHouse]:
    """Our worker, with a folder."""
    async with forward_house(valkey_url, tmp_path) as made:
        await made.listen()
        yield made


async def test_everybody_agrees_somebody_comes_late_somebody_withdraws(house: RunningHouse) -> None:
    people = await house.enter(2)
    recording = UUID(int=new_id().int)
    one = house.peers[people[0]]
    await until(lambda: one.pictures == 1)
    await house.engine.set_recording(house.room, Recording(recording, frozenset(people[:1])))
    await until(lambda: one.recording.get("waits_for") == [str(people[1])])
    assert not _bytes(house, recording)

    agreed = frozenset(people)
    await house.engine.set_recording(house.room, Recording(recording, agreed))
    await until(lambda: all(house.peers[who].recording["running"] for who in people))
    await until(lambda: _bytes(house, recording) > 100_000)

    # Somebody who was not asked comes: it rests before they are there.
    (late,) = await house.enter(1)
    await until(lambda: house.peers[late].recording.get("waits_for") == [str(late)])
    assert not one.recording["running"]
    await asyncio.sleep(WITHIN_S)
    before = _bytes(house, recording)
    await asyncio.sleep(1)
    assert _bytes(house, recording) == before

    agreed |= {late}
    await house.engine.set_recording(house.room, Recording(recording, agreed))
    await until(lambda: _bytes(house, recording) > before + 50_000)

    # A no, said as the API says it.
    await house.engine.set_recording(house.room, None)
    await asyncio.sleep(WITHIN_S)
    before = _bytes(house, recording)
    assert one.recording == {
        "type": "recording", "id": None, "running": False, "failed": False, "waits_for": [],
    }  # fmt: skip
    await asyncio.sleep(1)
    assert _bytes(house, recording) == before

    told = [event.running for event in house.told(RecordingChanged)]
    assert told == [True, False, True, False]
    parts = _parts(house, recording)
    sources = {(part.label.participant, part.label.source) for part in parts}
    assert sources == {(who, kind) for who in agreed for kind in (Source.MICROPHONE, Source.CAMERA)}
    assert all(part.whole for part in parts)
    _plays(house, recording, parts)


async def test_a_word_that_is_lost_is_seen_within_a_second_and_silence_is_a_no(
    house: RunningHouse,
) -> None:
    people = await house.enter(2)
    recording = UUID(int=new_id().int)
    await house.engine.set_recording(house.room, Recording(recording, frozenset(people)))
    await until(lambda: _bytes(house, recording) > 20_000)
    # Nobody orders anything: what is kept for the worker changes, or is gone.
    await house.engine._directory.ask_recording(house.room, None)  # type: ignore[attr-defined]
    await asyncio.sleep(2 * WITHIN_S)
    before = _bytes(house, recording)
    await asyncio.sleep(1)
    assert _bytes(house, recording) == before


async def test_what_is_written_stays_readable_after_a_kill(house: RunningHouse) -> None:
    people = await house.enter(2)
    recording = UUID(int=new_id().int)
    await house.engine.set_recording(house.room, Recording(recording, frozenset(people)))
    began = asyncio.get_running_loop().time()
    await until(lambda: _bytes(house, recording) > 150_000)
    await asyncio.sleep(3)
    lived = asyncio.get_running_loop().time() - began
    house.process.kill()
    house.process.wait()
    parts = _parts(house, recording)
    assert len(parts) == 4
    for part in parts:
        assert not part.whole
        assert part.length_ms > (lived - 4) * 1000
    _plays(house, recording, parts)


async def test_a_lost_workers_room_moves_and_its_record_is_whole(
    house: RunningHouse, valkey_url: str, tmp_path: Path
) -> None:
    people = await house.enter(3)
    recording = UUID(int=new_id().int)
    await house.engine.set_recording(house.room, Recording(recording, frozenset(people)))
    await until(lambda: _bytes(house, recording) > 150_000)
    port = free_port()
    other = worker_process.spawn(port, valkey_url, recordings=tmp_path / "recordings")
    try:
        await _answers(port)
        lost = list(house.peers.values())
        house.process.kill()
        await asyncio.gather(*(_comes_back(house, who) for who in people))
        await until(lambda: all(house.peers[who].pictures == 2 for who in people))
        house.process.wait()
        for peer in lost:
            await peer.leave()
        # Nobody asks again: who agreed is kept beside the room, and the next worker goes on.
        await until(lambda: all(house.peers[who].recording.get("running") for who in people))
        before = _bytes(house, recording)
        await until(lambda: _bytes(house, recording) > before + 150_000)
        await until(lambda: _files(house, recording) == 2 * 2 * len(people))
        await house.engine.set_recording(house.room, None)
        await until(lambda: all(not house.peers[who].recording["running"] for who in people))
        # The last of it is on its way to the disk.
        await until(lambda: sum(part.whole for part in _parts(house, recording)) == 2 * len(people))
    finally:
        other.kill()
        other.wait()
    parts = _parts(house, recording)
    kept = Counter((part.label.participant, part.label.source, part.whole) for part in parts)
    sources = (Source.MICROPHONE, Source.CAMERA)
    assert set(kept) == {
        (who, source, whole) for who in people for source in sources for whole in (False, True)
    }
    _plays(house, recording, parts)


async def _answers(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


async def _comes_back(house: RunningHouse, who: UUID) -> None:
    """As a page does: a fresh ticket, as often as needed."""
    while True:
        peer = Peer(house.signalling)
        try:
            ticket = await house.ticket(somebody(who))
            if await peer.enter(ticket) == "welcome":
                house.peers[who] = peer
                return
        except (MediaUnavailable, OSError, ConnectionClosed, InvalidMessage):
            await asyncio.sleep(0.2)


def _bytes(house: RunningHouse, recording: UUID) -> int:
    """Of all files of a recording."""
    assert house.shelf is not None
    root = house.shelf._root / str(recording)
    return sum(place.stat().st_size for place in root.glob("*")) if root.exists() else 0


def _files(house: RunningHouse, recording: UUID) -> int:
    """That hold something: one for each worker's part of each sound and picture."""
    assert house.shelf is not None
    places = (house.shelf._root / str(recording)).glob("*")
    return sum(place.stat().st_size > 0 for place in places)


def _parts(house: RunningHouse, recording: UUID) -> list[Part]:
    assert house.shelf is not None
    return house.shelf.parts(recording)


def _plays(house: RunningHouse, recording: UUID, parts: list[Part]) -> None:
    """All that was written decodes, and one person's sound and picture belong together."""
    assert house.shelf is not None
    for part in parts:
        with av.open(house.shelf.content(recording, part.id), "r") as container:  # type: ignore[call-overload]
            frames = list(container.decode(container.streams[0]))
        assert len(frames) == part.frames
    for who in {part.label.participant for part in parts}:
        mine = [part for part in parts if part.label.participant == who]
        first = [
            min(part.label.began_at for part in mine if part.label.source is source)
            for source in (Source.MICROPHONE, Source.CAMERA)
        ]
        assert abs((first[0] - first[1]).total_seconds()) < 2.5
