"""Alarm conditions of many live tracings at once, on raw samples. Pure: arrays in, changes out.

One rule serves all kinds. Each (kind, recording, channel) has a bucket, counted in samples: a
sample that shows the condition adds one, a sample that shows its absence takes `DRAIN` away, a
sample that tells nothing leaves it. Full (the delay's worth of samples) the condition is there;
empty again it is over. So a condition must hold for its delay, a single stray sample neither
raises nor ends it, and noise that shows it four times in five is found like the pure thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from realtime import frames
from realtime.alarms.kinds import SAMPLED, AlarmKind
from realtime.alarms.limits import Limits

DRAIN: Final = 4
"""Contrary samples outweigh four of their kind (the platform's choice, 待核实)."""

FORGET_S: Final = 30
"""After a hole this long, what had been counted before says nothing about now."""

SHALLOW: Final = 4
"""Seconds that one recording usually has at once."""

FETAL: Final = 3
_MARKS: Final = 5
"""Where the marks are among the words of a sample; first the fetal rates, then the maternal one."""
_LOW, _HIGH, _LOSS, _MATERNAL, _SAME, _BATTERY = range(len(SAMPLED))

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Change:
    """A condition began or ended in one row.

    Attributes:
        channel: 1-3 for a fetal channel, 0 for the recording as a whole.
        onset_seq: the second in which the bucket began to fill (of an ending: the same second).
        seq: the second in which it became full, or empty.
        rate: the newest valid rate of the channel, quarter bpm; 0 where there was none.
    """

    row: int
    kind: AlarmKind
    channel: int
    present: bool
    onset_seq: int
    seq: int
    rate: int


class Board:
    """Structure of arrays, one row a recording; rows are reused after `remove`."""

    def __init__(self, capacity: int = 64) -> None:
        kinds = len(SAMPLED)
        self._fill: Ints = np.zeros((kinds, capacity, FETAL), np.int32)
        self._full: Ints = np.ones((kinds, capacity, 1), np.int32)
        self._on = np.zeros((kinds, capacity, FETAL), bool)
        self._onset = np.zeros((kinds, capacity, FETAL), np.int64)
        self._low = np.zeros((capacity, 1), np.int32)
        self._high = np.zeros((capacity, 1), np.int32)
        self._apart = np.zeros((capacity, 1), np.int32)
        self._expected = np.zeros((capacity, FETAL), bool)
        self._rate: Ints = np.zeros((capacity, FETAL), np.int32)
        self._seq = np.zeros(capacity, np.int64)
        self._busy = np.zeros(capacity, bool)
        """Rows in which some bucket is not empty."""
        self._looked = np.zeros(capacity, np.intp)
        """Where a row was in the latest frames; of one that was in them twice, one of the two."""
        self._free = list(range(capacity - 1, -1, -1))

    # Rows

    def add(self, channels: Sequence[str], limits: Limits) -> int:
        """Take a row for a recording with these channels; nothing is wrong yet.

        Lost signal on the first fetal channel counts from the start, on a further one (a twin's,
        whose transducer may not be on) only once there has been a signal.
        """
        if not self._free:
            self._grow()
        row = self._free.pop()
        for array in (self._fill, self._on, self._onset):
            array[:, row] = 0
        self._rate[row], self._seq[row], self._expected[row] = 0, 0, False
        self._busy[row] = False
        fetal = [int(name[3]) - 1 for name in channels if name.startswith("fhr")]
        if fetal:
            self._expected[row, min(fetal)] = True
        self.set_limits(row, limits)
        return row

    def remove(self, row: int) -> None:
        """Give the row back."""
        self._free.append(row)

    def set_limits(self, row: int, limits: Limits) -> None:
        """Use these limits from the next sample on; what is counted stays."""
        self._low[row] = limits.low_bpm * frames.RATE_SCALE
        self._high[row] = limits.high_bpm * frames.RATE_SCALE
        self._apart[row] = limits.together_bpm * frames.RATE_SCALE
        seconds = {
            _LOW: limits.low_delay_s,
            _HIGH: limits.high_delay_s,
            _LOSS: limits.loss_delay_s,
            _MATERNAL: limits.maternal_delay_s,
            _SAME: limits.same_fetus_delay_s,
            _BATTERY: 1,
        }
        for kind, delay_s in seconds.items():
            self._full[kind, row] = delay_s * frames.SAMPLES_PER_FRAME
        self._fill[:, row] = np.minimum(self._fill[:, row], self._full[:, row])

    def restore(self, row: int, kind: AlarmKind, channel: int) -> None:
        """The condition is known to be there (a gateway before this one found it)."""
        at = SAMPLED.index(kind), row, max(channel - 1, 0)
        self._on[at] = True
        self._fill[at] = self._full[at[0], row, 0]
        self._busy[row] = True
        if kind is AlarmKind.SIGNAL_LOSS:
            self._expected[row, at[2]] = True

    def newest(self, row: int) -> int:
        """The newest second that was taken; 0 for none."""
        return int(self._seq[row])

    def newest_of(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
        """The same of many rows."""
        return self._seq[rows]

    def recount(
        self,
        row: int,
        arrived: npt.NDArray[Any],
        standing: Mapping[tuple[AlarmKind, int], int],
    ) -> list[Change]:
        """Count anew from the row's latest frames, at which another gateway has looked before.

        Args:
            standing: conditions that it found there, and the second that raised each.

        Returns:
            What is there and was not known, what was known and is over; nothing in between.
        """
        for array in (self._fill, self._on, self._onset):
            array[:, row] = 0
        self._rate[row], self._seq[row], self._busy[row] = 0, 0, False
        first = int(arrived["seq"].min()) if len(arrived) else frames.MAX_SEQ
        for (kind, channel), raised in standing.items():
            if raised < first:
                self.restore(row, kind, channel)
        found = {
            (change.kind, change.channel): change
            for change in self.take(np.full(len(arrived), row, np.intp), arrived)
        }
        for kind, channel in standing.keys() - found.keys():
            # It began to fill before we look back: it is over only if it is empty now.
            at = SAMPLED.index(kind), row, max(channel - 1, 0)
            self._on[at] |= self._fill[at] > 0
        present = set(self.present(row))
        changes = [found[key] for key in found if key in present and key not in standing]
        for kind, channel in standing.keys() - present:
            over = found.get((kind, channel))
            seq = self.newest(row) if over is None else over.seq
            changes.append(Change(row, kind, channel, False, seq, seq, 0))
        return changes

    def present(self, row: int) -> list[tuple[AlarmKind, int]]:
        """The conditions that are there now, as (kind, channel)."""
        return [
            (SAMPLED[kind], 0 if kind == _BATTERY else int(channel) + 1)
            for kind, channel in zip(*np.nonzero(self._on[:, row]), strict=True)
        ]

    def _grow(self) -> None:
        size = len(self._seq)
        for name, axis in (
            ("_fill", 1), ("_full", 1), ("_on", 1), ("_onset", 1), ("_low", 0), ("_high", 0),
            ("_apart", 0), ("_expected", 0), ("_rate", 0), ("_seq", 0), ("_busy", 0),
            ("_looked", 0),
        ):  # fmt: skip
            array = getattr(self, name)
            setattr(self, name, np.concatenate([array, np.zeros_like(array)], axis=axis))
        self._free = list(range(2 * size - 1, size - 1, -1))

    # Samples

    def take(self, rows: npt.NDArray[np.intp], arrived: npt.NDArray[Any]) -> list[Change]:
        """Take frames (dtype `frames.FRAME`) of these rows, in any mixture.

        Each row's frames count in the order of their numbers; what is not newer than the newest
        taken is passed over: alarms are about now.
        """
        changes: list[Change] = []
        numbers = np.arange(len(rows))
        self._looked[rows] = numbers
        if (self._looked[rows] == numbers).all():  # each row once, as nearly always
            fresh = arrived["seq"] > self._seq[rows]
            if not fresh.all():
                rows, arrived = rows[fresh], frames.picked(arrived, fresh)
            if len(rows):
                self._layer(rows, arrived, changes)
            return changes
        order = np.lexsort((arrived["seq"], rows))
        rows, arrived = rows[order], frames.picked(arrived, order)
        fresh = arrived["seq"] > self._seq[rows]
        fresh[1:] &= (rows[1:] != rows[:-1]) | (arrived["seq"][1:] != arrived["seq"][:-1])
        if not fresh.all():
            rows, arrived = rows[fresh], frames.picked(arrived, fresh)
        if not len(rows):
            return []
        starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
        counts = np.diff(np.r_[starts, len(rows)])
        # Many rows at once, second by second, or few rows that have much to catch up on, each by
        # itself: whichever is fewer steps.
        deep = counts > SHALLOW
        if deep.sum() < counts.max():
            for start, count in zip(starts[deep], counts[deep], strict=True):
                part = slice(start, start + count)
                self._stretch(int(rows[start]), arrived[part], changes)
            kept = ~np.repeat(deep, counts)
            rows, arrived = rows[kept], frames.picked(arrived, kept)
            counts = counts[~deep]
        if len(rows):
            starts = np.cumsum(counts) - counts
            depth = np.arange(len(rows)) - np.repeat(starts, counts)
            for layer in range(int(counts.max())):
                chosen = np.flatnonzero(depth == layer)
                self._layer(rows[chosen], frames.picked(arrived, chosen), changes)
        return changes

    def _layer(
        self, rows: npt.NDArray[np.intp], arrived: npt.NDArray[Any], changes: list[Change]
    ) -> None:
        """One newer second of each of these rows, every row once."""
        stirred = self._stirred(rows, arrived)
        if len(stirred):
            self._second(rows[stirred], frames.picked(arrived, stirred), changes)

    def _stirred(
        self, rows: npt.NDArray[np.intp], arrived: npt.NDArray[Any]
    ) -> npt.NDArray[np.intp]:
        """Of one second of these rows, which of them can change a bucket: mostly few.

        The others, in which everything is well and was, are taken here.
        """
        # (word, sample, frame): thousands in a row are compared many times faster than three.
        words = frames.sample_words(arrived).transpose(2, 1, 0).copy()
        rates, maternal = words[:FETAL].view(np.int16), words[FETAL].view(np.int16)
        valid = (rates >= frames.RATE_MIN) & (rates <= frames.RATE_MAX)
        expected = self._expected[rows].T | valid.any(axis=1)
        odd = (rates.min(axis=1) < self._low[rows].T) & expected
        odd |= rates.max(axis=1) > self._high[rows].T
        if maternal.max() >= frames.RATE_MIN:
            near = np.abs(rates - maternal) <= self._apart[rows].T.astype(np.int16)
            odd |= (near & (maternal >= frames.RATE_MIN)).any(axis=1)
        stirred = odd.any(axis=0) | self._busy[rows] | (expected.sum(axis=0) > 1)
        stirred |= arrived["flags"] & frames.Flag.BATTERY_LOW != 0
        stirred |= (words[_MARKS] & frames.MARK_COINCIDENCE != 0).any(axis=0)
        calm = ~stirred
        still = rows[calm]
        self._seq[still], self._expected[still] = arrived["seq"][calm], expected.T[calm]
        newest, known = valid[:, -1, calm].T, rates[:, -1, calm].T
        self._rate[still] = np.where(newest, known, self._rate[still])
        return np.flatnonzero(stirred)

    def _second(
        self, rows: npt.NDArray[np.intp], arrived: npt.NDArray[Any], changes: list[Change]
    ) -> None:
        """One second of each of these rows, every row once."""
        seq = arrived["seq"].astype(np.int64)
        hole = (seq - self._seq[rows] > FORGET_S) & (self._seq[rows] > 0)
        if hole.any():
            gone = rows[hole]
            self._fill[:, gone] = np.where(self._on[:, gone], self._full[:, gone], 0)
        self._seq[rows] = seq
        battery = arrived["flags"] & frames.Flag.BATTERY_LOW != 0
        fill, full, on = self._fill[:, rows], self._full[:, rows], self._on[:, rows]
        onset, low, high = self._onset[:, rows], self._low[rows], self._high[rows]
        apart, expected, rate = self._apart[rows], self._expected[rows], self._rate[rows]
        for at in range(frames.SAMPLES_PER_FRAME):
            sample = arrived["samples"][:, at]
            rates, valid = _rates(sample)
            rate, expected = np.where(valid, rates, rate), expected | valid
            steps = _steps(sample, rates, valid, low, high, apart, expected, battery)
            onset = np.where((fill == 0) & (steps > 0), seq[None, :, None], onset)
            fill = np.clip(fill + steps, 0, full)
            began, ended = (fill == full) & ~on, (fill == 0) & on
            if not (began.any() or ended.any()):
                continue
            on = (on | began) & ~ended
            for which, present in ((began, True), (ended, False)):
                for kind, n, channel in zip(*np.nonzero(which), strict=True):
                    since = int(onset[kind, n, channel])
                    where = int(rows[n]), int(kind), int(channel)
                    found = _change(*where, present, since, int(seq[n]), int(rate[n, channel]))
                    changes.append(found)
        self._fill[:, rows], self._on[:, rows], self._onset[:, rows] = fill, on, onset
        self._expected[rows], self._rate[rows] = expected, rate
        self._busy[rows] = (fill > 0).any(axis=(0, 2))

    def _stretch(self, row: int, arrived: npt.NDArray[Any], changes: list[Change]) -> None:
        """Many seconds of one row: buckets in which nothing can move are not looked at."""
        sample = arrived["samples"].reshape(-1)
        seqs = np.repeat(arrived["seq"].astype(np.int64), frames.SAMPLES_PER_FRAME)
        rates, valid = _rates(sample)
        expected = self._expected[row] | np.logical_or.accumulate(valid, axis=0)
        battery = np.repeat(
            arrived["flags"] & frames.Flag.BATTERY_LOW != 0, frames.SAMPLES_PER_FRAME
        )
        limits = self._low[row], self._high[row], self._apart[row]
        steps = _steps(sample, rates, valid, *limits, expected, battery)
        before = np.r_[self._seq[row] or seqs[0], seqs[:-1]]
        holes = set(np.flatnonzero(seqs - before > FORGET_S).tolist())
        moving = (steps > 0).any(axis=1) | (self._fill[:, row] > 0) | self._on[:, row]
        found: list[tuple[int, Change]] = []
        for kind, channel in zip(*np.nonzero(moving), strict=True):
            where = row, int(kind), int(channel)
            for at, present, onset in self._pour(where, steps[kind, :, channel].tolist(),
                                                 seqs.tolist(), holes):  # fmt: skip
                known = rates[: at + 1, channel][valid[: at + 1, channel]]
                rate = int(known[-1]) if len(known) else int(self._rate[row, channel])
                found.append((at, _change(*where, present, onset, int(seqs[at]), rate)))
        self._busy[row] = (self._fill[:, row] > 0).any()
        found.sort(key=lambda one: one[0])
        changes.extend(change for _, change in found)
        self._seq[row], self._expected[row] = seqs[-1], expected[-1]
        for channel in range(FETAL):
            known = rates[:, channel][valid[:, channel]]
            if len(known):
                self._rate[row, channel] = known[-1]

    def _pour(
        self, where: tuple[int, int, int], steps: list[int], seqs: list[int], holes: set[int]
    ) -> list[tuple[int, bool, int]]:
        """Fill one bucket sample by sample; where (of `steps`) it became full or empty."""
        row, kind, channel = where
        at = kind, row, channel
        full = int(self._full[kind, row, 0])
        fill, on, onset = int(self._fill[at]), bool(self._on[at]), int(self._onset[at])
        found = []
        for n, step in enumerate(steps):
            if n in holes:
                fill = full if on else 0
            if step > 0:
                if fill == 0:
                    onset = seqs[n]
                fill = min(fill + step, full)
                if fill == full and not on:
                    on = True
                    found.append((n, True, onset))
            elif step < 0 and fill:
                fill = max(fill + step, 0)
                if fill == 0 and on:
                    on = False
                    found.append((n, False, onset))
        self._fill[at], self._on[at], self._onset[at] = fill, on, onset
        return found


def _rates(sample: npt.NDArray[Any]) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """The three fetal rates of each sample, and which of them are rates at all."""
    rates = np.stack([sample["fhr1"], sample["fhr2"], sample["fhr3"]], axis=1).astype(np.int32)
    return rates, (rates >= frames.RATE_MIN) & (rates <= frames.RATE_MAX)


def _steps(
    sample: npt.NDArray[Any],
    rates: Ints,
    valid: npt.NDArray[np.bool_],
    low: Ints,
    high: Ints,
    apart: Ints,
    expected: npt.NDArray[np.bool_],
    battery: npt.NDArray[np.bool_],
) -> Ints:
    """What each sample adds to each bucket (kind, sample, channel): 1, 0 or -DRAIN."""
    maternal = sample["mhr"].astype(np.int32)[:, None]
    known = valid & (maternal >= frames.RATE_MIN) & (maternal <= frames.RATE_MAX)
    reported = (sample["marks"] & frames.MARK_COINCIDENCE != 0)[:, None] & valid
    # A channel is compared with the ones before it: the later label names the pair.
    twin = np.zeros(valid.shape, bool)
    near = np.zeros(valid.shape, bool)
    for one, other in ((1, 0), (2, 0), (2, 1)):
        both = valid[:, one] & valid[:, other]
        twin[:, one] |= both
        close = np.abs(rates[:, one] - rates[:, other]) <= apart.reshape(-1)
        near[:, one] |= both & close
    first = np.broadcast_to(np.arange(FETAL) == 0, valid.shape)
    return np.stack(
        [
            _step(valid, rates < low),
            _step(valid, rates > high),
            _step(expected, ~valid),
            _step(known | reported, reported | (known & (np.abs(rates - maternal) <= apart))),
            _step(twin, near),
            _step(first, np.broadcast_to(battery[:, None], valid.shape)),
        ]
    )


def _change(
    row: int, kind: int, channel: int, present: bool, onset: int, seq: int, rate: int
) -> Change:
    whole = kind == _BATTERY
    return Change(
        row,
        SAMPLED[kind],
        0 if whole else channel + 1,
        present,
        onset if present else seq,
        seq,
        0 if whole else rate,
    )


def _step(tells: npt.NDArray[np.bool_], shows: npt.NDArray[np.bool_]) -> Ints:
    return np.where(tells, np.where(shows, 1, -DRAIN), 0).astype(np.int32)
