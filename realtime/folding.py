"""Turn journal rows, all monitors mixed, into chunks of one recording each.

Pure and vectorised: a minute of thousands of monitors is one sort. A second that is already stored
stays as it is; an equal one is dropped, a different one is reported as a conflict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from realtime import frames

MAX_CHUNK_FRAMES: Final = 600


Numbers = Sequence[int] | npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One flush: `counts[i]` consecutive frames belong to recording number `recordings[i]`."""

    received_at: datetime
    recordings: Numbers
    counts: Numbers
    frames: bytes | memoryview


@dataclass(frozen=True, slots=True)
class Stored:
    """Frames of a recording that are already in a chunk."""

    recording_no: int
    frames: bytes


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive seconds of one recording."""

    recording_no: int
    first_seq: int
    last_seq: int
    received_from: datetime
    received_to: datetime
    frames: bytes


@dataclass(frozen=True, slots=True)
class Conflict:
    """A second that came twice with different content; `kept` is what stays."""

    recording_no: int
    seq: int
    kept: bytes
    refused: bytes


@dataclass(frozen=True, slots=True)
class Folded:
    """What becomes of journal rows.

    Attributes:
        overcounted: values out of range in seconds that do not stay, by recording number: whoever
            took such a second has counted them, as whoever took the one that stays has its own.
    """

    chunks: list[Chunk] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    overcounted: dict[int, int] = field(default_factory=dict)


def extents(rows: Sequence[JournalRow]) -> list[tuple[int, int, int]]:
    """Return `(recording number, lowest seq, highest seq)` for every recording in the rows."""
    if not any(row.frames for row in rows):
        return []
    seqs = np.concatenate([frames.view_frames(row.frames)["seq"] for row in rows])
    owners = _owners(rows)
    order = np.argsort(owners, kind="stable")
    owners, seqs = owners[order], seqs[order]
    starts = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]])
    lowest, highest = np.minimum.reduceat(seqs, starts), np.maximum.reduceat(seqs, starts)
    columns = owners[starts].tolist(), lowest.tolist(), highest.tolist()
    return list(zip(*columns, strict=True))


def shares(rows: Sequence[JournalRow], firsts: Sequence[int]) -> list[list[JournalRow]]:
    """Cut rows into shares of recordings, without copying their frames.

    Hundreds of megabytes at once are taken from the system and given back each minute, which costs
    more than folding does.

    Args:
        firsts: the lowest number of each share, ascending; none in the rows is below the first.
    """
    found: list[list[JournalRow]] = [[] for _ in firsts]
    for row in map(_ascending, rows):
        numbers, counts, whole = row.recordings, row.counts, memoryview(row.frames)
        bounds = [*np.searchsorted(numbers, firsts).tolist(), len(numbers)]
        ends = (np.r_[0, np.cumsum(counts)][bounds] * frames.FRAME_BYTES).tolist()
        for share, a, b, start, end in zip(found, bounds, bounds[1:], ends, ends[1:], strict=False):
            if a < b:
                part = JournalRow(row.received_at, numbers[a:b], counts[a:b], whole[start:end])
                share.append(part)
    return found


def _ascending(row: JournalRow) -> JournalRow:
    numbers, counts = np.asarray(row.recordings), np.asarray(row.counts)
    whole = row.frames
    if (numbers[1:] < numbers[:-1]).any():
        owners = np.repeat(numbers, counts)
        whole = frames.picked(
            frames.view_frames(whole), np.argsort(owners, kind="stable")
        ).tobytes()
        order = np.argsort(numbers, kind="stable")
        numbers, counts = numbers[order], counts[order]
    return JournalRow(row.received_at, numbers, counts, whole)


def fold(rows: Sequence[JournalRow], stored: Sequence[Stored] = ()) -> Folded:
    """Return the new chunks and the conflicts of `rows`, the earliest of which wins.

    Who reads journal and chunks has the same order (`frames.merge`): what was read stays.

    Args:
        rows: journal rows in the order of their commits.
        stored: frames of chunks that overlap the rows' extents.
    """
    if not any(row.frames for row in rows):
        return Folded()
    every, owners = _joined(rows), _owners(rows)
    old = 0
    if stored:
        every = np.concatenate([*(frames.view_frames(part.frames) for part in stored), every])
        old = len(every) - len(owners)
        sizes = [len(part.frames) // frames.FRAME_BYTES for part in stored]
        owners = np.r_[np.repeat([part.recording_no for part in stored], sizes), owners]
    seqs = every["seq"].astype(np.int64)
    # Both sorts are stable, so of equal numbers the stored one, then the earliest, comes first.
    order = np.argsort(owners, kind="stable")
    owner, seq = owners[order], seqs[order]
    together = owner[1:] == owner[:-1]
    if (together & (seq[1:] < seq[:-1])).any():  # seldom: each recording's come in their order
        order = np.lexsort((seqs, owners))
        seq = seqs[order]
    same = np.r_[False, together & (seq[1:] == seq[:-1])]
    conflicts, overcounted = [], {}
    if same.any():
        conflicts = _conflicts(every, owners, order, same)
        overcounted = _overcounted(every, owners, order[same & (order >= old)])
    new = ~same & (order >= old)
    kept = order[new]
    row_of = np.repeat(
        np.arange(len(rows)), [len(row.frames) // frames.FRAME_BYTES for row in rows]
    )
    chunks = _chunks(every, kept, owner[new], seq[new], row_of[kept - old], rows)
    return Folded(chunks, conflicts, overcounted)


def _joined(rows: Sequence[JournalRow]) -> npt.NDArray[Any]:
    return frames.view_frames(b"".join(row.frames for row in rows))


def _owners(rows: Sequence[JournalRow]) -> npt.NDArray[np.int64]:
    numbers = np.concatenate([np.asarray(row.recordings, dtype=np.int64) for row in rows])
    counts = np.concatenate([np.asarray(row.counts, dtype=np.int64) for row in rows])
    return np.repeat(numbers, counts)


def _conflicts(
    every: npt.NDArray[Any],
    owners: npt.NDArray[np.int64],
    order: npt.NDArray[np.int64],
    same: npt.NDArray[np.bool_],
) -> list[Conflict]:
    found = []
    firsts = np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))
    for at in np.flatnonzero(same):
        kept, refused = every[order[firsts[at]]].tobytes(), every[order[at]].tobytes()
        if not frames.same_content(kept, refused):
            found.append(Conflict(int(owners[order[at]]), frames.seq_of(refused), kept, refused))
    return found


def _overcounted(
    every: npt.NDArray[Any], owners: npt.NDArray[np.int64], dropped: npt.NDArray[np.int64]
) -> dict[int, int]:
    found: dict[int, int] = {}
    if len(dropped):
        counts = frames.count_invalid_of(frames.picked(every, dropped)).tolist()
        for owner, count in zip(owners[dropped].tolist(), counts, strict=True):
            if count:
                found[owner] = found.get(owner, 0) + count
    return found


def _chunks(
    every: npt.NDArray[Any],
    kept: npt.NDArray[np.int64],
    owner: npt.NDArray[np.int64],
    seq: npt.NDArray[np.int64],
    row_of: npt.NDArray[np.int64],
    rows: Sequence[JournalRow],
) -> list[Chunk]:
    if not len(kept):
        return []
    breaks = np.r_[True, (owner[1:] != owner[:-1]) | (seq[1:] != seq[:-1] + 1)]
    starts = np.flatnonzero(breaks)
    since_start = np.arange(len(kept)) - np.repeat(starts, np.diff(np.r_[starts, len(kept)]))
    starts = np.flatnonzero(since_start % MAX_CHUNK_FRAMES == 0)
    ends = np.r_[starts[1:], len(kept)]
    whole = frames.picked(every, kept).tobytes()
    spans = zip(
        starts.tolist(),
        ends.tolist(),
        owner[starts].tolist(),
        seq[starts].tolist(),
        seq[ends - 1].tolist(),
        np.minimum.reduceat(row_of, starts).tolist(),
        np.maximum.reduceat(row_of, starts).tolist(),
        strict=True,
    )
    return [
        Chunk(
            no,
            first,
            last,
            rows[earliest].received_at,
            rows[latest].received_at,
            whole[a * frames.FRAME_BYTES : b * frames.FRAME_BYTES],
        )
        for a, b, no, first, last, earliest, latest in spans
    ]
