"""Sound and picture lie where their sender says, whenever it says so and whatever its clocks do."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import av
import pytest

from consult.media.engine import Kind, Source
from consult.media.forward.disk import Disk
from consult.media.forward.inbound import CLOCK_RATE, Publication, Stream
from consult.media.forward.packets import Packet, vp8_head
from consult.media.forward.reception import NTP_SECOND, WallClock
from consult.media.forward.tape import Tape
from consult.media.recording.shelf import Label, Shelf
from tests.consult.media.peers.clip import clip, payloads

ROOM, WHO = UUID(int=1), UUID(int=2)
BEGUN = datetime(2026, 3, 1, tzinfo=UTC)
NTP = 3_990_000_000
"""The sender's wall clock at our steady second 0."""


class Person:
    """Somebody whose sound and picture are taped. Moments are seconds of our steady clock."""

    def __init__(self, root: Path) -> None:
        self.shelf = Shelf(root, b"k" * 32)
        self.disk = Disk(self.shelf)
        self.clock = WallClock()
        self.tapes: dict[Kind, Tape] = {}
        self.sent: dict[Kind, list[float]] = {Kind.AUDIO: [], Kind.VIDEO: []}
        for source in (Source.MICROPHONE, Source.CAMERA):
            publication = Publication(WHO, source)
            publication.streams[""] = Stream.of(1, "", source.kind, self.clock)
            self.tapes[source.kind] = Tape(publication, self._begin(source))

    def _begin(self, source: Source):  # type: ignore[no-untyped-def]
        def begin(at: float):  # type: ignore[no-untyped-def]
            return self.disk.begin(Label(ROOM, WHO, source, BEGUN + timedelta(seconds=at)))

        return begin

    def send(self, kind: Kind, made: float, comes: float, runs: float = 1.0) -> None:
        """A frame made at one moment that arrives at another; its timestamps run so fast."""
        stream = self.tapes[kind].publication.streams[""]
        number = len(self.sent[kind])
        if kind is Kind.AUDIO:
            parts = [clip().sounds[number % 100]]
        else:
            parts = payloads(clip().pictures[number % 30], number)
        for last, part in enumerate(parts, 1 - len(parts)):
            seq, timestamp = stream.reception.received, round(made * runs * CLOCK_RATE[kind])
            head = None if kind is Kind.AUDIO else vp8_head(part)
            codec = "opus" if kind is Kind.AUDIO else "vp8"
            packet = Packet(96, last == 0, seq, timestamp, 1, part, {}, head, codec)  # type: ignore[arg-type]
            stream.reception.add(seq, timestamp, comes)
            self.tapes[kind].take(stream, packet, comes)
        self.sent[kind].append(made)

    def report(self, kind: Kind, made: float, comes: float, runs: float = 1.0) -> None:
        """A sender report."""
        ntp = round((NTP + made) * NTP_SECOND)
        timestamp = round(made * runs * CLOCK_RATE[kind])
        self.tapes[kind].publication.streams[""].reception.heard_sender(ntp, timestamp, comes)

    def close(self) -> None:
        """Everything lies on the disk."""
        for tape in self.tapes.values():
            tape.close()
        self.disk.close()

    def apart_ms(self, kind: Kind) -> list[float]:
        """How much later than made each frame lies in the file."""
        self.close()
        (part,) = (one for one in self.shelf.parts(ROOM) if one.label.source.kind is kind)
        given = self.shelf.playable(ROOM, part.id)
        content = io.BytesIO(b"".join(given.parts(0, given.size)))
        began = (part.label.began_at - BEGUN).total_seconds()
        with av.open(content, "r") as container:
            times = sorted(
                float(packet.pts * packet.time_base)
                for packet in container.demux()
                if packet.pts is not None and packet.time_base is not None
            )
        assert len(times) == len(self.sent[kind])
        pairs = zip(times, self.sent[kind], strict=True)
        return [(began + at - made) * 1000 for at, made in pairs]


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """Nothing sent yet."""
    yield (made := Person(tmp_path))
    made.close()


def test_what_came_before_the_first_report_was_late_and_nothing_after_it(person: Person) -> None:
    for number in range(60):
        made = 10 + number / 15
        person.send(Kind.VIDEO, made, made + 0.2)
        if number == 14:
            person.report(Kind.VIDEO, made, made + 0.01)
    apart = person.apart_ms(Kind.VIDEO)
    assert apart[0] == pytest.approx(200, abs=2)
    assert all(value == pytest.approx(10, abs=3) for value in apart[20:])


def test_a_report_that_was_held_up_moves_neither_away_from_the_other(person: Person) -> None:
    person.report(Kind.AUDIO, 9.0, 9.02)
    person.report(Kind.VIDEO, 9.1, 9.38)
    for number in range(45):
        made = 10 + number / 15
        person.send(Kind.VIDEO, made, made + 0.15)
        person.send(Kind.AUDIO, made, made + 0.05)
    for kind in (Kind.VIDEO, Kind.AUDIO):
        assert all(value == pytest.approx(20, abs=2) for value in person.apart_ms(kind)[1:])


def test_a_sound_card_that_runs_fast_is_followed(person: Person) -> None:
    fast = 1.0005
    for number in range(50 * 240):
        made = 10 + number / 50
        if number % 250 == 0:
            person.report(Kind.AUDIO, made, made + 0.02, fast)
        person.send(Kind.AUDIO, made, made + 0.03, fast)
    apart = person.apart_ms(Kind.AUDIO)
    assert max(apart[500:]) - min(apart[500:]) < 25, "240 s would be 120 ms"


def test_a_clock_that_is_set_or_lies_is_not_followed(person: Person) -> None:
    for number in range(90):
        made = 10 + number / 15
        if number % 15 == 0:
            lie = 3600.0 if number >= 45 else 0.0
            person.report(Kind.VIDEO, made + lie, made + 0.02)
        person.send(Kind.VIDEO, made, made + 0.05)
    assert max(map(abs, person.apart_ms(Kind.VIDEO))) < 100


def test_the_promptest_report_is_believed_until_clocks_have_run_apart() -> None:
    clock = WallClock()
    for second in range(3):
        clock.heard((NTP + second) * NTP_SECOND, second + 0.3)
    clock.heard((NTP + 3) * NTP_SECOND, 3.04)
    clock.heard((NTP + 4) * NTP_SECOND, 4.5)
    assert clock.steady((NTP + 5) * NTP_SECOND) == pytest.approx(5.04, abs=0.001)
    clock.heard((NTP + 1004) * NTP_SECOND, 1004.5)
    assert clock.steady((NTP + 1005) * NTP_SECOND) == pytest.approx(1005.14, abs=0.001)
    clock.heard((NTP - 50) * NTP_SECOND, 1010.0)
    assert clock.steady((NTP - 49) * NTP_SECOND) == pytest.approx(1011.0, abs=0.001)
