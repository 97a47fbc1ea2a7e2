"""Which recordings are looked at here, and what was found of them: told now, recorded soon."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt

from kernel.ids import new_id
from realtime.alarms import watched
from realtime.alarms.kinds import SAMPLED, AlarmKind
from realtime.alarms.ledger import Finding, Key
from realtime.alarms.limitbook import Ward
from realtime.alarms.limits import Limits, shipped
from realtime.alarms.rules import Board
from realtime.alarms.schemas import WatchedAlarm
from realtime.gateway.findings import Findings
from realtime.gateway.lines import Lines
from realtime.gateway.live import Recording, Recordings
from realtime.marks import NONE, Places

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(eq=False, slots=True)
class Watched:
    """One recording that comes in here.

    Attributes:
        ward: whose limits these are, once they have been read.
        aside: while its earlier seconds are awaited, the new ones wait here.
    """

    recording: Recording
    row: int
    limits: Limits
    ward: Ward | None = None
    alarms: dict[Key, WatchedAlarm] = field(default_factory=dict)
    aside: list[npt.NDArray[Any]] | None = None

    @property
    def standing(self) -> dict[tuple[AlarmKind, int], int]:
        """Conditions on samples that are known to be there, and the second that raised each."""
        return {
            (AlarmKind(kind), channel): alarm.seq
            for (_, kind, channel), alarm in self.alarms.items()
            if alarm.present and AlarmKind(kind) in SAMPLED
        }


class Register:
    """Each recording has a row of the board and of the lines; sets say what is still to be done.

    Attributes:
        unread: their limits, and what earlier gateways found of them, are to be read.
        uncounted: their earlier seconds are to be counted before their new ones.
        work: set when there is something to read, count or record.
    """

    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings
        self.board = Board()
        self.lines = Lines()
        self.by_recording: dict[Recording, Watched] = {}
        self.by_row: dict[int, Watched] = {}
        self.unread: set[Watched] = set()
        self.uncounted: set[Watched] = set()
        self.findings = Findings()
        self.work = asyncio.Event()
        self._default = shipped()

    def of(self, recording_id: UUID) -> Watched | None:
        """The recording of this id, if it is looked at here."""
        recording = self._recordings.get(recording_id)
        return None if recording is None else self.by_recording.get(recording)

    def beyond(self) -> tuple[Places, npt.NDArray[Any]]:
        """Newest frames at which nobody has looked, of all that comes in here, and their rows."""
        columns = self._recordings.columns
        places = np.flatnonzero((columns.row != NONE) & (columns.feeder != NONE))
        rows = columns.row[places]
        fresh = columns.last["seq"][places] > self.board.newest_of(rows)
        return rows[fresh], columns.last[places[fresh]]

    def rows(self, places: Places, now_ns: int) -> Places:
        """Where these recordings are looked at here; from now on those that were not."""
        columns = self._recordings.columns
        rows = columns.row[places]
        for at in np.flatnonzero(rows == NONE).tolist():
            rows[at] = self.watched(self._recordings.at(int(places[at])), now_ns).row
        return rows

    def watched(self, recording: Recording, now_ns: int) -> Watched:
        """The recording as it is looked at here; from now on if it was not."""
        one = self.by_recording.get(recording)
        if one is None:
            channels = [] if recording.feeder is None else recording.feeder[1].opening.channels
            row = self.board.add(channels, self._default)
            self.lines.add(row, now_ns)
            self.lines.set_limit(row, self._default.silent_s)
            one = Watched(recording, row, self._default)
            self.by_recording[recording] = self.by_row[row] = one
            recording.columns.row[recording.place] = row
            self.unread.add(one)
            self.work.set()
        return one

    def forget(self, one: Watched) -> None:
        """Nobody looks at it here any more; its row is another's."""
        self.board.remove(one.row)
        self.lines.remove(one.row)
        one.recording.columns.row[one.recording.place] = NONE
        self.unread.discard(one)
        self.uncounted.discard(one)
        del self.by_recording[one.recording], self.by_row[one.row]

    def say(self, one: Watched, finding: Finding) -> None:
        """Tell the viewers now; write it soon."""
        alarm = watched.foretold(finding, one.alarms.get(finding.key))
        if alarm is not None:
            one.alarms[finding.key] = alarm
            tell(one.recording, alarm)
        self.findings.add(finding)
        self.work.set()

    def say_silent(self, one: Watched, silent: bool, now_ns: int) -> None:
        """A monitor says nothing on a line that is up, or speaks again."""
        kind, at = AlarmKind.DEVICE_SILENT, moment(now_ns)
        self.say(one, Finding(new_id(), at, one.recording.id, kind, 0, silent, 0, 0, 0))


def tell(recording: Recording, alarm: WatchedAlarm) -> None:
    """Send it to everybody who looks at the recording here."""
    recording.tell("alarm", alarm=alarm)


def moment(ns: int) -> datetime:
    """Nanoseconds since 1970 as a moment."""
    return _EPOCH + timedelta(microseconds=ns // 1_000)
