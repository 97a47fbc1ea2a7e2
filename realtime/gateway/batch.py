"""What one flush makes durable, and its one journal row.

The row's frames are sorted by recording number: whoever looks for one recording among the hundreds
of a flush finds it by bisection (`ctg_journal_parts`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from realtime import frames
from realtime.gateway.arrays import ends_of, starts_of
from realtime.gateway.columns import Ints
from realtime.gateway.live import Recording, Recordings
from realtime.marks import NONE, Places

NOBODY: Places = np.empty(0, np.intp)


@dataclass(slots=True)
class Batch:
    """Frames and whose each is, gaps, ends; and what to do once all of it is durable."""

    places: list[Places] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    """Joined; one place for each of them."""
    count: int = 0
    gaps: list[tuple[UUID, int, int]] = field(default_factory=list)
    ends: list[tuple[UUID, int]] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    """Places of recordings with gaps or ends."""
    settled: tuple[Places, Ints] = (NOBODY, NOBODY)
    """How far each recording is settled once this batch is durable; filled when it is sealed."""
    after: list[Callable[[], None]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.frames or self.gaps or self.ends or self.after or self.touched)

    @property
    def size(self) -> int:
        """What of it takes memory."""
        return self.count + len(self.gaps)

    def add(self, places: Places, joined: bytes) -> None:
        """Take frames, and whose each is."""
        self.places.append(places)
        self.frames.append(joined)
        self.count += len(places)

    @property
    def owners(self) -> set[int]:
        """Places of all recordings that it says something of."""
        return self.touched.union(*(part.tolist() for part in self.places))

    def of(self, recordings: Collection[Recording]) -> dict[Recording, list[bytes]]:
        """The frames of these recordings, in the order of their arrival."""
        found: dict[Recording, list[bytes]] = {recording: [] for recording in recordings}
        by_place = {recording.place: found[recording] for recording in recordings}
        wanted = np.array(list(by_place), np.intp)
        for places, joined in zip(self.places, self.frames, strict=True):
            for at in np.flatnonzero(np.isin(places, wanted)).tolist():
                start = at * frames.FRAME_BYTES
                by_place[int(places[at])].append(joined[start : start + frames.FRAME_BYTES])
        return found


@dataclass(frozen=True, slots=True)
class Row:
    """One journal row: `counts[i]` frames of `view` are those of the recording at `places[i]`."""

    places: Places
    numbers: Ints
    counts: Ints
    view: npt.NDArray[Any]
    invalid: list[tuple[UUID, int]]
    """Values out of range, per recording that has any."""


def seal(batch: Batch, recordings: Recordings) -> Row:
    """Note how far each recording has come, and build the row in one vectorised pass."""
    columns = recordings.columns
    if not batch.frames:
        batch.settled = _settled(np.array(sorted(batch.touched), np.intp), recordings)
        return Row(NOBODY, NOBODY, NOBODY, frames.view_frames(b""), [])
    places = np.concatenate(batch.places)
    numbers = columns.no[places]
    order = np.argsort(numbers, kind="stable")
    numbers = numbers[order]
    view = frames.picked(frames.view_frames(b"".join(batch.frames)), order)
    starts = starts_of(numbers)
    counts = ends_of(starts, len(numbers)) - starts
    here = places[order[starts]]
    others = batch.touched.difference(here.tolist()) if batch.touched else ()
    all_ = np.concatenate([here, np.array(list(others), np.intp)])
    batch.settled = _settled(all_, recordings)
    invalid: list[tuple[UUID, int]] = []
    bad = frames.count_invalid_of(view)
    if bad.any():
        sums = np.add.reduceat(bad, starts)
        at = np.flatnonzero(sums).tolist()
        invalid = [(recordings.at(int(here[one])).id, int(sums[one])) for one in at]
    return Row(here, numbers[starts], counts, view, invalid)


def _settled(places: Places, recordings: Recordings) -> tuple[Places, Ints]:
    tails = recordings.columns.tail[places]
    ends = tails - 1
    for at in np.flatnonzero(tails == NONE).tolist():
        ends[at] = recordings.at(int(places[at])).progress.next_seq - 1
    return places, ends
