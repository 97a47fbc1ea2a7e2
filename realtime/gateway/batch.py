"""What one flush makes durable, and its one journal row.

The row's frames are sorted by recording number: whoever looks for one recording among the hundreds
of a flush finds it by bisection (`ctg_journal_parts`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from realtime import frames
from realtime.gateway.live import Recording


@dataclass(slots=True)
class Batch:
    """Frames and whose each is, gaps, ends; and what to do once all of it is durable."""

    owners: list[Recording] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    gaps: list[tuple[UUID, int, int]] = field(default_factory=list)
    ends: list[tuple[UUID, int]] = field(default_factory=list)
    touched: dict[Recording, int] = field(default_factory=dict)
    """How far each recording is settled once this batch is durable; filled when it is sealed."""
    after: list[Callable[[], None]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.frames or self.gaps or self.ends or self.after or self.touched)

    @property
    def size(self) -> int:
        """What of it takes memory."""
        return len(self.frames) + len(self.gaps)


@dataclass(frozen=True, slots=True)
class Row:
    """One journal row: `counts[i]` frames of `joined` are those of `recordings[i]`."""

    recordings: list[Recording]
    numbers: list[int]
    counts: npt.NDArray[np.int64]
    joined: bytes
    view: npt.NDArray[Any]
    invalid: list[tuple[UUID, int]]
    """Values out of range, per recording that has any."""


def seal(batch: Batch) -> Row:
    """Note how far each recording has come, and build the row in one vectorised pass."""
    for recording in (*batch.touched, *batch.owners):
        batch.touched[recording] = recording.progress.next_seq - 1
    if not batch.frames:
        return Row([], [], np.empty(0, np.int64), b"", frames.view_frames(b""), [])
    numbers = np.array([owner.no for owner in batch.owners], dtype=np.int64)
    order = np.argsort(numbers, kind="stable")
    numbers = numbers[order]
    joined = b"".join([batch.frames[at] for at in order.tolist()])
    view = frames.view_frames(joined)
    starts = np.flatnonzero(np.r_[True, numbers[1:] != numbers[:-1]])
    counts = np.diff(np.r_[starts, len(numbers)])
    recordings = [batch.owners[at] for at in order[starts].tolist()]
    invalid: list[tuple[UUID, int]] = []
    bad = frames.count_invalid_of(view)
    if bad.any():
        sums = np.add.reduceat(bad, starts)
        invalid = [(recordings[at].id, int(sums[at])) for at in np.flatnonzero(sums)]
    return Row(recordings, numbers[starts].tolist(), counts, joined, view, invalid)
