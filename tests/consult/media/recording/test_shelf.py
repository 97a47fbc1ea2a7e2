"""Files of recordings: what a player sees of them, whole or cut off."""

import os
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import pytest

from consult.media.engine import Kind, Source
from consult.media.recording.frames import Frame
from consult.media.recording.matroska import Matroska
from consult.media.recording.shelf import Label, PartLost, Shelf
from tests.consult.media.peers.clip import FPS, HEIGHT, WIDTH, clip

MASTER = b"k" * 32
RECORDING, WHO = UUID(int=1), UUID(int=2)
BEGAN = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


def _write(shelf: Shelf, source: Source, *, end: bool = True) -> None:
    """Two seconds of the clip, given to the disk each half a second."""
    film = clip()
    frames = film.sounds if source is Source.MICROPHONE else film.pictures
    step = 20 if source is Source.MICROPHONE else 1000 / FPS
    matroska = Matroska(source.kind, (WIDTH, HEIGHT))
    writer = shelf.begin(Label(RECORDING, WHO, source, BEGAN))
    for n, payload in enumerate(frames):
        keyframe = source.kind is Kind.AUDIO or n == 0
        matroska.put(Frame(0, payload, keyframe), round(n * step))
        if n % (len(frames) // 4) == 0:
            writer.append(matroska.take())
    if end:
        writer.close(matroska.close())
    else:
        writer.append(matroska.take())
        writer.abandon()


def _decoded(raw: bytes) -> list[Any]:
    with av.open(BytesIO(raw), "r") as container:
        return list(container.decode(container.streams[0]))


@pytest.mark.parametrize("source", [Source.CAMERA, Source.MICROPHONE])
def test_every_frame_is_there_decodes_and_is_at_its_time(tmp_path: Path, source: Source) -> None:
    shelf = Shelf(tmp_path, MASTER)
    _write(shelf, source)
    (part,) = shelf.parts(RECORDING)
    frames = {Source.CAMERA: 30, Source.MICROPHONE: 100}[source]
    assert (part.frames, part.whole, part.label) == (
        frames, True, Label(RECORDING, WHO, source, BEGAN),
    )  # fmt: skip
    assert abs(part.length_ms - 2000) < 80
    raw = shelf.content(RECORDING, part.id).read()
    assert (len(raw), raw[:4]) == (part.size, b"\x1a\x45\xdf\xa3")
    decoded = _decoded(raw)
    assert len(decoded) == frames
    step = 67 if source is Source.CAMERA else 20
    for n, frame in enumerate(decoded[:3]):
        # Opus gives 6.5 ms of its beginning to the decoder.
        assert abs(frame.time * 1000 - n * step) < 8


def test_parts_of_bytes_are_those_of_the_whole(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, MASTER)
    _write(shelf, Source.CAMERA)
    (part,) = shelf.parts(RECORDING)
    whole = shelf.content(RECORDING, part.id).read()
    for start, stop in ((0, 10), (1000, 90_000), (part.size - 5, part.size + 9)):
        found = b"".join(shelf.content(RECORDING, part.id).parts(start, stop))
        assert found == whole[start:stop]


@pytest.mark.parametrize("cut", [0, 1, 999])
def test_what_a_crash_cut_off_plays_up_to_there(tmp_path: Path, cut: int) -> None:
    shelf = Shelf(tmp_path, MASTER)
    _write(shelf, Source.CAMERA, end=False)
    (place,) = tmp_path.rglob("*.ysr")
    os.truncate(place, place.stat().st_size - cut)
    (part,) = shelf.parts(RECORDING)
    assert not part.whole
    assert part.frames >= 10
    assert len(_decoded(shelf.content(RECORDING, part.id).read())) == part.frames


def test_nothing_of_it_can_be_read_outside_and_what_is_touched_is_lost(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, MASTER)
    _write(shelf, Source.CAMERA)
    (place,) = tmp_path.rglob("*.ysr")
    (part,) = shelf.parts(RECORDING)
    raw = place.read_bytes()
    assert str(WHO).encode() not in raw
    assert clip().pictures[0][:64] not in raw
    place.write_bytes(raw[:60] + bytes([raw[60] ^ 1]) + raw[61:])
    assert shelf.parts(RECORDING) == []
    with pytest.raises(PartLost):
        shelf.content(RECORDING, part.id)
    with pytest.raises(PartLost):
        shelf.content(RECORDING, UUID(int=9))
    shelf.erase(RECORDING)
    shelf.erase(RECORDING)
    assert not list(tmp_path.rglob("*.ysr"))
