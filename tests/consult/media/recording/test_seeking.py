"""What a player is given: length, places to seek to, and the frames byte for byte."""

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consult.media.engine import Kind, Source
from consult.media.recording.frames import Frame
from consult.media.recording.matroska import Matroska
from consult.media.recording.seeking import CLUSTER, Plan, Span, Unseekable, plan
from consult.media.recording.shelf import Label, PartLost, Shelf
from tests.consult.media.peers.clip import clip
from tests.consult.media.peers.numbered import (
    FPS,
    HEIGHT,
    KEY_EVERY_S,
    SECONDS,
    WIDTH,
    numbered,
    pictures,
)
from tests.consult.media.recording.test_shelf import BEGAN, MASTER, RECORDING, WHO

Packets = list[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Raw:
    """A file in memory."""

    raw: bytes

    @property
    def size(self) -> int:
        return len(self.raw)

    def at(self, start: int, stop: int) -> bytes:
        return self.raw[start:stop]


def given_of(raw: bytes, made: Plan) -> bytes:
    """All that is given of a file."""
    return b"".join(
        one if isinstance(one, bytes) else raw[one.start : one.stop]
        for one in made.spans(0, made.size)
    )


def packets(raw: bytes) -> Packets:
    """Time in milliseconds and payload of each."""
    with av.open(io.BytesIO(raw), "r") as container:
        return [
            (round(float(one.pts * one.time_base) * 1000), bytes(one))
            for one in container.demux()
            if one.pts is not None and one.time_base is not None
        ]


@cache
def sound(seconds: int) -> bytes:
    """Opus, as a worker writes it."""
    matroska, raw = Matroska(Kind.AUDIO, None), b""
    for n in range(seconds * 50):
        matroska.put(Frame(0, clip().sounds[n % 100], True), n * 20)
    return raw + matroska.close()


@cache
def film() -> bytes:
    """The numbered minute, as a worker writes it."""
    matroska = Matroska(Kind.VIDEO, (WIDTH, HEIGHT))
    for n, (payload, key) in enumerate(pictures()):
        matroska.put(Frame(0, payload, key), n * 1000 // FPS)
    return matroska.close()


@pytest.mark.parametrize("make", [film, lambda: sound(30)], ids=["picture", "sound"])
def test_nothing_of_the_frames_is_changed_and_the_length_is_said(make) -> None:  # type: ignore[no-untyped-def]
    raw = make()
    made = plan(Raw(raw))
    whole = given_of(raw, made)
    assert len(whole) == made.size
    first = raw.index(CLUSTER.to_bytes(4, "big"))
    assert whole.endswith(raw[first:])
    before, after = packets(raw), packets(whole)
    assert after == before
    with av.open(io.BytesIO(raw), "r") as plain, av.open(io.BytesIO(whole), "r") as better:
        assert plain.duration is None
        assert better.duration == made.length_ms * 1000
        assert abs(made.length_ms - before[-1][0]) <= 40


def test_a_seek_lands_at_the_key_frame_before_and_reads_little(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, MASTER)
    numbered(shelf, RECORDING, WHO)
    (part,) = shelf.parts(RECORDING)
    made = shelf.playable(RECORDING, part.id)
    raw = b"".join(made.parts(0, made.size))
    asked: list[int] = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            found = super().read(size)
            asked.append(len(found))
            return found

    for at_s in (31.4, 7.0, 59.0, 20.0):
        with av.open(Watched(raw), "r") as container:
            asked.clear()
            container.seek(int(at_s * 1_000_000))
            stream = container.streams.video[0]
            landed = next(container.decode(stream))
            assert landed.time == at_s // KEY_EVERY_S * KEY_EVERY_S
            assert sum(asked) < len(raw) // 4


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_whatever_a_kill_leaves_is_given_up_to_its_last_whole_frame(data: st.DataObject) -> None:
    raw = film() if data.draw(st.booleans()) else sound(30)
    first = raw.index(CLUSTER.to_bytes(4, "big"))
    cut = data.draw(st.integers(first + 13_000, len(raw)))
    left = raw[:cut]
    made = plan(Raw(left))
    given_ = given_of(left, made)
    kept = packets(given_)
    assert kept == packets(raw)[: len(kept)]
    # No more than the frame in which it was cut is missing.
    assert len(kept) >= len(packets(left)) - 1
    # The first 6.5 ms of Opus are the decoder's own.
    assert 20 <= made.length_ms - kept[-1][0] <= 27
    with av.open(io.BytesIO(given_), "r") as container:
        assert container.duration == made.length_ms * 1000
        decoded = sum(1 for _ in container.decode(container.streams[0]))
    assert decoded == len(kept)


@given(st.integers(0, 9_000), st.integers(0, 9_000), st.data())
def test_any_range_is_that_of_the_whole(start: int, stop: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 4_000))
    raw = bytes(n % 251 for n in range(size))
    cuts = sorted(data.draw(st.lists(st.integers(0, size), min_size=2, max_size=2)))
    made = Plan((b"head" * 9, Span(cuts[0], cuts[1]), b"again", Span(0, cuts[0])), 0)
    whole = given_of(raw, made)
    assert len(whole) == made.size
    some = b"".join(
        one if isinstance(one, bytes) else raw[one.start : one.stop]
        for one in made.spans(start, stop)
    )
    assert some == whole[start:stop]


@settings(max_examples=300)
@given(st.integers(0, 2_000), st.binary(min_size=1, max_size=9), st.integers(0, 30_000))
def test_what_is_laid_out_otherwise_is_said_to_be_and_nothing_else_happens(
    at: int, patch: bytes, cut: int
) -> None:
    raw = sound(30)[:cut]
    broken = raw[:at] + patch + raw[at + len(patch) :]
    try:
        made = plan(Raw(broken))
    except Unseekable:
        return
    assert len(given_of(broken, made)) == made.size


def test_what_cannot_be_walked_is_given_as_it_lies_and_what_was_touched_is_not(
    tmp_path: Path,
) -> None:
    shelf = Shelf(tmp_path, MASTER)
    writer = shelf.begin(Label(RECORDING, WHO, Source.CAMERA, BEGAN))
    writer.append(b"not a Matroska at all")
    writer.close()
    (place,) = tmp_path.rglob("*.ysr")
    strange = UUID(place.stem)
    made = shelf.playable(RECORDING, strange)
    assert b"".join(made.parts(0, made.size)) == b"not a Matroska at all"
    place.unlink()

    numbered(shelf, RECORDING, WHO)
    (place,) = tmp_path.rglob("*.ysr")
    raw = place.read_bytes()
    middle = len(raw) // 2
    place.write_bytes(raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :])
    with pytest.raises(PartLost):
        shelf.playable(RECORDING, UUID(place.stem))


def test_a_minutes_head_is_small_and_says_each_key_frame() -> None:
    made = plan(Raw(film()))
    head = sum(len(one) for one in made.pieces if isinstance(one, bytes))
    assert head < 1_000
    assert given_of(film(), made).count(b"\xbb\x9f") >= SECONDS // KEY_EVERY_S - 1
    hour = plan(Raw(sound(30)))
    assert sum(len(one) for one in hour.pieces if isinstance(one, bytes)) < 30 * 60 + 600
