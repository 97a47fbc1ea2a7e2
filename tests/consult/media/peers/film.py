"""What a worker writes of somebody's camera, without the worker."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from consult.media.engine import Kind, Source
from consult.media.recording.frames import Frame
from consult.media.recording.matroska import Matroska
from consult.media.recording.shelf import Label, Shelf
from tests.consult.media.peers.clip import FPS, HEIGHT, WIDTH, clip

BEGAN = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)


def film(shelf: Shelf, recording: UUID, who: UUID, *, end: bool = True) -> None:
    """Two seconds of picture; without its end, as after a crash."""
    matroska = Matroska(Kind.VIDEO, (WIDTH, HEIGHT))
    writer = shelf.begin(Label(recording, who, Source.CAMERA, BEGAN))
    for n, payload in enumerate(clip().pictures):
        matroska.put(Frame(0, payload, n == 0), n * 1000 // FPS)
    writer.append(matroska.take())
    if end:
        writer.close(matroska.close())
    else:
        writer.abandon()
