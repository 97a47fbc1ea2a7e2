"""The look: once a second at every second that came, and at the lines on which nothing came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from kernel.ids import new_id
from realtime import frames
from realtime.alarms.ledger import Finding
from realtime.alarms.rules import Change
from realtime.gateway.alarms.register import Register, Watched, moment
from realtime.gateway.tap import Flush
from realtime.marks import Places

AT_ONCE: Final = 4_096
"""Frames that wait for the next look; a backfill larger than this is looked at as it comes."""
STALLED_NS: Final = 1_500_000_000
"""So long without a flush: the database is away, and the newest frames are looked at themselves."""
MOST_ASIDE: Final = 600
"""Seconds of one recording that wait for its earlier ones; with more, it goes without them."""


class Looking:
    """Takes flushes, finds what began and what is over."""

    def __init__(
        self, register: Register, clock_ns: Callable[[], int], steady_ns: Callable[[], int]
    ) -> None:
        self._register = register
        self._clock_ns = clock_ns
        self._steady_ns = steady_ns
        self._fresh: list[tuple[Places, Flush, int]] = []
        self._waiting = 0
        self.flushed_ns = steady_ns()

    def flushed(self, flush: Flush) -> None:
        """New seconds of any number of recordings."""
        # At once: by the next look the places may be others'.
        self.flushed_ns = now_ns = self._steady_ns()
        self._fresh.append((self._register.rows(flush.places, now_ns), flush, now_ns))
        self._waiting += len(flush.frames)
        if self._waiting >= AT_ONCE:
            self.take()

    def unseen(self, one: Watched) -> bool:
        """Whether seconds of it have been received at which nobody looked here."""
        board, highest = self._register.board, one.recording.progress.received.highest
        if self._fresh and 0 < board.newest(one.row) < highest:
            self.take()
        return board.newest(one.row) < highest

    def tick(self) -> None:
        """Look at what came since the last time, and at what did not come."""
        self.take()
        now_ns, register = self._steady_ns(), self._register
        if now_ns - self.flushed_ns > STALLED_NS:
            self._take_newest(now_ns)
        for row, silent in register.lines.changed(now_ns):
            register.say_silent(register.by_row[row], silent, self._clock_ns())
        for row in register.lines.gone(now_ns):
            register.forget(register.by_row[row])

    def take(self) -> None:
        """Look at everything that was flushed."""
        fresh, self._fresh, self._waiting = self._fresh, [], 0
        if not fresh:
            return
        owners = np.concatenate([rows for rows, _, _ in fresh])
        counts = np.concatenate([flush.counts for _, flush, _ in fresh])
        arrived = frames.joined([flush.frames for _, flush, _ in fresh])
        heard = np.array([at_ns for _, _, at_ns in fresh], np.int64)
        self._register.lines.heard(owners, np.repeat(heard, [len(rows) for rows, _, _ in fresh]))
        rows = np.repeat(owners, counts)
        if self._register.uncounted:
            by_row = self._register.by_row
            kept = self._put_aside([by_row[row] for row in owners.tolist()], counts, arrived)
            rows, arrived = rows[kept], frames.picked(arrived, kept)
        self.look(rows, arrived)

    def _put_aside(
        self, owners: Sequence[Watched], counts: npt.NDArray[np.int64], arrived: npt.NDArray[Any]
    ) -> npt.NDArray[np.bool_]:
        """Which frames can be looked at now; the others wait for the seconds before them."""
        kept = np.ones(len(arrived), bool)
        end = 0
        for one, count in zip(owners, counts.tolist(), strict=True):
            start, end = end, end + count
            if one.aside is not None:
                kept[start:end] = False
                one.aside.append(arrived[start:end])
                if sum(map(len, one.aside)) > MOST_ASIDE:
                    self.go_without(one)
        return kept

    def _take_newest(self, now_ns: int) -> None:
        """Nothing is flushed while the database is away; each second's newest frame is here."""
        register = self._register
        rows, arrived = register.beyond()
        if register.uncounted:
            counted = np.array([register.by_row[row].aside is None for row in rows.tolist()], bool)
            rows, arrived = rows[counted], arrived[counted]
        if len(rows):
            register.lines.heard(rows, np.full(len(rows), now_ns, np.int64))
            self.look(rows, arrived)

    def look(self, rows: npt.NDArray[np.intp], arrived: npt.NDArray[Any]) -> None:
        """Frames, each with the row of its recording."""
        self.tell_changes(self._register.board.take(rows, arrived))

    def tell_changes(self, changes: Iterable[Change]) -> None:
        """What began and what is over, said of now."""
        at = moment(self._clock_ns())
        for change in changes:
            one = self._register.by_row[change.row]
            self._register.say(
                one,
                Finding(
                    new_id(),
                    at,
                    one.recording.id,
                    change.kind,
                    change.channel,
                    change.present,
                    change.onset_seq,
                    change.seq,
                    change.rate,
                ),
            )

    def go_without(self, one: Watched) -> None:
        """Its earlier seconds cannot be had: only what was found of them is known."""
        self._register.uncounted.discard(one)
        for kind, channel in one.standing:
            self._register.board.restore(one.row, kind, channel)
        self.catch_up(one)

    def catch_up(self, one: Watched) -> None:
        """Look at what came of it while its earlier seconds were awaited."""
        aside, one.aside = one.aside, None
        if aside:
            arrived = np.concatenate(aside)
            self.look(np.full(len(arrived), one.row, np.intp), arrived)
