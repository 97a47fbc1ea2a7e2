"""Alarm conditions of many live tracings at once, on raw samples. Pure: arrays in, changes out.

One rule serves all kinds. Each (kind, recording, channel) has a bucket, counted in samples: a
sample that shows the condition adds one, a sample that shows its absence takes `DRAIN` away, a
sample that tells nothing leaves it. Full (the delay's worth of samples) the condition is there;
empty again it is over. So a condition must hold for its delay, a single stray sample neither
raises nor ends it, and noise that shows it four times in five is found like the pure thing.
"""

from __future__ import annotations

from collections.abc import Sequence
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

FETAL: Final = 3
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
        if kind is AlarmKind.SIGNAL_LOSS:
            self._expected[row, at[2]] = True

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
            ("_apart", 0), ("_expected", 0), ("_rate", 0), ("_seq", 0),
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
        order = np.lexsort((arrived["seq"], rows))
        rows, arrived = rows[order], arrived[order]
        fresh = arrived["seq"] > self._seq[rows]
        fresh[1:] &= (rows[1:] != rows[:-1]) | (arrived["seq"][1:] != arrived["seq"][:-1])
        rows, arrived = rows[fresh], arrived[fresh]
        if not len(rows):
            return []
        starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
        depth = np.arange(len(rows)) - np.repeat(starts, np.diff(np.r_[starts, len(rows)]))
        changes: list[Change] = []
        for layer in range(int(depth.max()) + 1):
            chosen = depth == layer
            self._second(rows[chosen], arrived[chosen], changes)
        return changes

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
        battery = (arrived["flags"] & frames.Flag.BATTERY_LOW != 0)[:, None]
        fill, full, on = self._fill[:, rows], self._full[:, rows], self._on[:, rows]
        onset = self._onset[:, rows]
        for at in range(frames.SAMPLES_PER_FRAME):
            steps = self._steps(rows, arrived["samples"][:, at], battery)
            onset = np.where((fill == 0) & (steps > 0), seq[None, :, None], onset)
            fill = np.clip(fill + steps, 0, full)
            began, ended = (fill == full) & ~on, (fill == 0) & on
            if began.any() or ended.any():
                on = (on | began) & ~ended
                self._note(rows, seq, onset, began, True, changes)
                self._note(rows, seq, onset, ended, False, changes)
        self._fill[:, rows], self._on[:, rows], self._onset[:, rows] = fill, on, onset

    def _steps(
        self, rows: npt.NDArray[np.intp], sample: npt.NDArray[Any], battery: npt.NDArray[np.bool_]
    ) -> Ints:
        """What one sample of each row adds to each bucket: 1, 0 or -DRAIN."""
        rates = np.stack([sample["fhr1"], sample["fhr2"], sample["fhr3"]], axis=1).astype(np.int32)
        valid = (rates >= frames.RATE_MIN) & (rates <= frames.RATE_MAX)
        self._rate[rows] = np.where(valid, rates, self._rate[rows])
        self._expected[rows] |= valid
        maternal = sample["mhr"].astype(np.int32)[:, None]
        known = valid & (maternal >= frames.RATE_MIN) & (maternal <= frames.RATE_MAX)
        apart = self._apart[rows]
        reported = (sample["marks"] & frames.MARK_COINCIDENCE != 0)[:, None] & valid
        # A channel is compared with the ones before it: the later label names the pair.
        twin = np.zeros(valid.shape, bool)
        near = np.zeros(valid.shape, bool)
        for one, other in ((1, 0), (2, 0), (2, 1)):
            both = valid[:, one] & valid[:, other]
            twin[:, one] |= both
            near[:, one] |= both & (np.abs(rates[:, one] - rates[:, other]) <= apart[:, 0])
        expected = self._expected[rows]
        first = np.arange(FETAL) == 0
        return np.stack(
            [
                _step(valid, rates < self._low[rows]),
                _step(valid, rates > self._high[rows]),
                _step(expected, ~valid),
                _step(known | reported, reported | (known & (np.abs(rates - maternal) <= apart))),
                _step(twin, near),
                _step(np.broadcast_to(first, valid.shape), np.broadcast_to(battery, valid.shape)),
            ]
        )

    def _note(
        self,
        rows: npt.NDArray[np.intp],
        seq: npt.NDArray[np.int64],
        onset: npt.NDArray[np.int64],
        which: npt.NDArray[np.bool_],
        present: bool,
        changes: list[Change],
    ) -> None:
        for kind, at, channel in zip(*np.nonzero(which), strict=True):
            row, second = int(rows[at]), int(seq[at])
            changes.append(
                Change(
                    row,
                    SAMPLED[kind],
                    0 if kind == _BATTERY else int(channel) + 1,
                    present,
                    int(onset[kind, at, channel]) if present else second,
                    second,
                    0 if kind == _BATTERY else int(self._rate[row, channel]),
                )
            )


def _step(tells: npt.NDArray[np.bool_], shows: npt.NDArray[np.bool_]) -> Ints:
    return np.where(tells, np.where(shows, 1, -DRAIN), 0).astype(np.int32)
