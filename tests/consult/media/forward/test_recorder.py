"""A room is recorded while everybody in it has agreed, and not a packet longer."""

import time
from pathlib import Path
from uuid import UUID

import pytest

from consult.media.engine import Recording, Source
from consult.media.forward.disk import Disk
from consult.media.forward.inbound import Publication, Stream
from consult.media.forward.packets import Packet, vp8_head
from consult.media.forward.recorder import Recorder
from consult.media.forward.tape import KEY_EVERY_S
from consult.media.recording.shelf import Shelf
from kernel.clock import SystemClock
from tests.consult.media.peers.clip import FPS, clip, payloads

RECORDING = UUID(int=1)
DOCTOR, EXPERT, LATE = UUID(int=11), UUID(int=12), UUID(int=13)
BOTH = frozenset({DOCTOR, EXPERT})


class Sender:
    """One publication and what comes of it."""

    def __init__(self, owner: UUID, source: Source, *layers: str) -> None:
        self.publication = Publication(owner, source)
        for n, rid in enumerate(layers or ("",)):
            self.publication.streams[rid] = Stream.of(n + 1, rid, source.kind)
        self.seq = 0
        self.n = 0

    async def send(self, frames: int, rid: str = "", *, key: bool = True) -> None:
        """So many frames, at their time; the first is a key frame."""
        stream = self.publication.streams[rid]
        if key:
            self.n = -(-self.n // 30) * 30
        for _ in range(frames):
            at = time.monotonic()
            if self.publication.source is Source.MICROPHONE:
                packet = Packet(
                    111, False, self.seq, self.n * 960, stream.ssrc, clip().sounds[self.n % 100],
                    {}, codec="opus",
                )  # fmt: skip
                await self._out(stream, packet, at)
            else:
                parts = payloads(clip().pictures[self.n % 30], self.n)
                for number, part in enumerate(parts, 1):
                    packet = Packet(
                        96, number == len(parts), self.seq, self.n * 90_000 // FPS, stream.ssrc,
                        part, {}, vp8_head(part), "vp8",
                    )  # fmt: skip
                    await self._out(stream, packet, at)
            self.n += 1

    async def send_late(self, after_s: float) -> bool:
        """One frame that is no key frame, so much later; whether a key frame is asked for then."""
        stream, self.n = self.publication.streams[""], self.n + 1
        (*_, part) = payloads(clip().pictures[1], self.n)
        packet = Packet(
            96, True, self.seq, self.n * 90_000 // FPS, stream.ssrc, part, {}, vp8_head(part), "vp8"
        )
        at = time.monotonic() + after_s
        await self._out(stream, packet, at)
        return stream.picture.due(at)

    async def _out(self, stream: Stream, packet: Packet, at: float) -> None:
        stream.reception.add(packet.seq, packet.timestamp, at)
        self.publication.pass_on(stream, packet, at)
        self.seq += 1


class Studio:
    """A recorder with a disk, and what lies on it."""

    def __init__(self, root: Path) -> None:
        self.shelf = Shelf(root, b"k" * 32)
        self.disk = Disk(self.shelf)
        self.recorder = Recorder(SystemClock(), self.disk)
        self.senders = [Sender(DOCTOR, Source.CAMERA), Sender(EXPERT, Source.MICROPHONE)]

    def look(self, *people: UUID) -> bool:
        """What a room does at every change."""
        there = {one.publication.key: one.publication for one in self.senders}
        return self.recorder.look(people or tuple(BOTH), there)

    def kept(self) -> dict[tuple[UUID, Source], list[int]]:
        """How many frames each file has, by whose it is."""
        self.recorder.asked = None
        self.look()
        self.disk.close()
        found: dict[tuple[UUID, Source], list[int]] = {}
        for part in self.shelf.parts(RECORDING):
            assert part.whole
            key = part.label.participant, part.label.source
            found.setdefault(key, []).append(part.frames)
        return found


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """An empty one."""
    return Studio(tmp_path)


async def test_only_with_the_agreement_of_all_who_are_there(studio: Studio) -> None:
    doctor, expert = studio.senders
    assert not studio.look()
    await doctor.send(5)
    studio.recorder.asked = Recording(RECORDING, frozenset({DOCTOR}))
    assert studio.look()
    said = studio.recorder.said()
    assert (said.id, said.running, said.waits_for) == (RECORDING, False, (EXPERT,))
    await doctor.send(5)
    studio.recorder.asked = Recording(RECORDING, BOTH)
    assert studio.look()
    assert studio.recorder.said().running
    assert not studio.look()
    await doctor.send(10)
    await expert.send(20)
    # Somebody comes who was not asked: for nobody is a packet more taken.
    assert studio.look(DOCTOR, EXPERT, LATE)
    assert studio.recorder.said().waits_for == (LATE,)
    for sender in studio.senders:
        assert sender.publication.tap is None
        await sender.send(7)
    studio.recorder.asked = Recording(RECORDING, BOTH | {LATE})
    assert studio.look(DOCTOR, EXPERT, LATE)
    await doctor.send(3)
    assert not studio.look(DOCTOR, LATE)  # who goes takes nothing back
    await doctor.send(2, key=False)
    assert studio.kept() == {
        (DOCTOR, Source.CAMERA): [10, 5],
        (EXPERT, Source.MICROPHONE): [20],
    }


async def test_a_key_frame_is_asked_for_every_ten_seconds_and_once(studio: Studio) -> None:
    doctor, _ = studio.senders
    studio.recorder.asked = Recording(RECORDING, BOTH)
    studio.look()
    await doctor.send(3)
    doctor.publication.streams[""].picture.due(time.monotonic() + 1)
    assert not await doctor.send_late(KEY_EVERY_S - 1)
    assert await doctor.send_late(KEY_EVERY_S + 1)
    assert not await doctor.send_late(KEY_EVERY_S + 2)
    assert await doctor.send_late(2 * KEY_EVERY_S + 2)
    studio.kept()


async def test_what_is_muted_or_ended_is_not_recorded(studio: Studio) -> None:
    doctor, expert = studio.senders
    studio.recorder.asked = Recording(RECORDING, BOTH)
    studio.look()
    await expert.send(5)
    expert.publication.held = True
    await expert.send(5)
    expert.publication.held = False
    await expert.send(5)
    await doctor.send(4)
    studio.senders.remove(doctor)
    studio.look()
    await doctor.send(4)
    assert studio.kept() == {(DOCTOR, Source.CAMERA): [4], (EXPERT, Source.MICROPHONE): [10]}


async def test_the_best_layer_is_taken_at_its_key_frame(studio: Studio) -> None:
    studio.senders = [doctor := Sender(DOCTOR, Source.CAMERA, "l", "h")]
    studio.recorder.asked = Recording(RECORDING, BOTH)
    studio.look()
    await doctor.send(3, "l")
    high = doctor.publication.streams["h"]
    high.reception.add(1, 1, time.monotonic())  # it comes now, in the middle of a picture
    doctor.n = 1
    await doctor.send(2, "h", key=False)
    assert high.picture.due(time.monotonic() + 1)  # one was asked for
    await doctor.send(4, "h")
    await doctor.send(9, "l")
    assert studio.kept() == {(DOCTOR, Source.CAMERA): [7]}


async def test_another_recording_begins_other_files(studio: Studio) -> None:
    doctor, _ = studio.senders
    studio.recorder.asked = Recording(UUID(int=2), BOTH)
    studio.look()
    await doctor.send(4)
    studio.recorder.asked = Recording(RECORDING, BOTH)
    assert studio.look()
    await doctor.send(6)
    assert studio.kept() == {(DOCTOR, Source.CAMERA): [6]}
    assert [part.frames for part in studio.shelf.parts(UUID(int=2))] == [4]


async def test_a_disk_that_takes_nothing_stops_it_and_is_said(
    studio: Studio, tmp_path: Path
) -> None:
    doctor, _ = studio.senders
    (tmp_path / str(RECORDING)).write_text("in the way")
    studio.recorder.asked = Recording(RECORDING, BOTH)
    studio.look()
    await doctor.send(4)
    studio.disk.close()
    assert studio.look()
    said = studio.recorder.said()
    assert (said.running, said.failed) == (False, True)
    assert doctor.publication.tap is None
    none = Recorder(SystemClock(), None)
    none.asked = Recording(RECORDING, BOTH)
    none.look(BOTH, {})
    assert none.said().failed
