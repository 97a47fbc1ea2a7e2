"""What can still be read of a damaged buffer, carried into a new one.

A garbled disk must not end the recording of what comes. The damaged files are set aside and kept;
each second that is whole (its checksum says so) goes on; the others are found missing when their
turn comes, and declared lost. Whatever ends the process, and wherever: what was not carried over is
carried over when the buffer is opened again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import structlog

from realtime import frames
from realtime.agent import carving
from realtime.agent.carving import whole

log = structlog.get_logger()

STEP: Final = 32
"""Seconds that one damaged page may take with it: fewer than a page holds."""
AT_ONCE: Final = 512
"""Seconds of one transaction: what is carried over stays, however the rest ends."""
ASTRAY_NS: Final = 2_000_000_000
"""So much before its recording a second's moment may lie."""
_LAST_FIRST: Final = ("-shm", "-wal", "")
_MARK: Final = ".damaged"
COLUMNS: Final = "id, device, bed, channels, started_ns, last_seq, last_ns, acked, ended"
_SECOND: Final = (
    "INSERT OR IGNORE INTO frame SELECT no, ?2, ?3 FROM recording WHERE id = ?1 AND acked < ?2"
)
_GAP: Final = (
    "INSERT OR IGNORE INTO gap SELECT no, ?2, ?3 FROM recording WHERE id = ?1 AND acked < ?3"
)

SCHEMA: Final = "CREATE TABLE IF NOT EXISTS carried (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;"
"""Names of damaged files of which everything whole is in this one."""


def set_aside(path: Path) -> None:
    """Move a database and what lies beside it out of the way.

    A mark says that this has begun: a log that was left behind would be taken for the new one's.

    Raises:
        OSError: the disk does not even take that.
    """
    number = 1
    while (aside := _aside(path, number)).exists():
        number += 1
    path.with_name(path.name + _MARK).write_text(aside.name)
    finish_setting_aside(path)


def finish_setting_aside(path: Path) -> None:
    """Do the rest of it, if whoever began it was killed.

    Raises:
        OSError: the disk does not take it.
    """
    mark = path.with_name(path.name + _MARK)
    if not mark.exists():
        return
    name = mark.read_text() or _aside(path, 1).name
    for end in _LAST_FIRST:
        part = path.with_name(path.name + end)
        if part.exists():
            part.rename(path.with_name(name + end))
    mark.unlink()


def left_behind(path: Path, into: sqlite3.Connection) -> list[Path]:
    """Damaged files of which not everything whole is in the new one yet."""
    carried = {name for (name,) in into.execute("SELECT name FROM carried")}
    number, found = 1, []
    while (aside := _aside(path, number)).exists():
        number += 1
        if aside.name not in carried:
            found.append(aside)
    return found


Row = tuple[Any, ...]
"""A recording's `COLUMNS`."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A recording in a damaged file."""

    id: bytes
    started_ns: int
    last_seq: int
    acked: int


def salvage(
    damaged: Path, into: sqlite3.Connection, known: Mapping[int, Row] = MappingProxyType({})
) -> tuple[int, int]:
    """Copy whole rows into a buffer; returns how many recordings and seconds were added.

    What is there already stays as it is, so it may be done again.

    Args:
        known: by their numbers, recordings of which the damaged file may no longer say anything.

    Raises:
        sqlite3.DatabaseError: the new buffer takes nothing; what it took so far stays.
    """
    source = _Source(damaged)
    try:
        rows = {**known, **source.recordings()}
        there = {no: _Known(row[0], row[4], row[5], row[7]) for no, row in rows.items()}
        recordings = _in_parts(into, _recordings(rows))
        seconds = _in_parts(into, ((_SECOND, row) for row in source.seconds(there)))
        _in_parts(into, ((_GAP, row) for row in source.gaps(there)))
        into.execute("INSERT OR IGNORE INTO carried VALUES (?)", (damaged.name,))
    finally:
        source.close()
    return recordings, seconds


def _recordings(rows: Mapping[int, Row]) -> Iterator[tuple[str, Row]]:
    """Under their own numbers where these are free: they keep the order in which they began."""
    for no, row in sorted(rows.items()):
        for number in (no, None):
            marks = ", ".join("?" * len(row))
            yield (
                f"INSERT OR IGNORE INTO recording (no, {COLUMNS}) VALUES (?, {marks})",  # noqa: S608
                (number, *row),
            )


def _in_parts(into: sqlite3.Connection, work: Iterable[tuple[str, Row]]) -> int:
    """Do statements, some hundred at a time; returns how many rows they made."""
    before = into.total_changes
    try:
        for number, (sql, values) in enumerate(work):
            if number % AT_ONCE == 0:
                _commit(into)
                into.execute("BEGIN IMMEDIATE")
            into.execute(sql, values)
        _commit(into)
    except BaseException:
        if into.in_transaction:
            into.execute("ROLLBACK")
        raise
    return into.total_changes - before


def _commit(into: sqlite3.Connection) -> None:
    if into.in_transaction:
        into.execute("COMMIT")


def _aside(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.damaged-{number}")


class _Source:
    """A damaged file: read as SQLite reads it, and where that fails, by its bytes."""

    def __init__(self, damaged: Path) -> None:
        self._files = [damaged, damaged.with_name(damaged.name + "-wal")]
        self._hidden = False
        """Whether there is something that SQLite cannot walk to."""
        self._database = sqlite3.connect(damaged, isolation_level=None)

    def close(self) -> None:
        self._database.close()

    def recordings(self) -> dict[int, Row]:
        """Rows by their numbers."""
        rows = self._rows(f"SELECT no, {COLUMNS} FROM recording")  # noqa: S608
        found = {row[0]: tuple(row[1:]) for row in rows}
        if self._hidden:
            for file in self._files:
                for no, row in carving.recordings(file).items():
                    found.setdefault(no, tuple(row[1:]))
        return found

    def seconds(self, rows: Mapping[int, _Known]) -> Iterator[tuple[bytes, int, bytes]]:
        """Whole seconds, in any order, some perhaps twice."""
        for no, one in rows.items():
            for seq, body in self._walk(no, one.acked, one.last_seq):
                if whole(seq, body):
                    yield one.id, seq, body
        if not self._hidden:
            return
        for file in self._files:
            for no, seq, body in carving.seconds(file):
                carved = rows.get(no)
                # Older files gave a number again: what was before belongs to somebody else.
                if carved and frames.peek_head(body).device_ns >= carved.started_ns - ASTRAY_NS:
                    yield carved.id, seq, body

    def gaps(self, rows: Mapping[int, _Known]) -> Iterator[tuple[bytes, int, int]]:
        """Declared gaps."""
        for no, first, last in self._rows("SELECT no, first, last FROM gap"):
            if no in rows:
                yield rows[no].id, first, last

    def _rows(self, sql: str) -> list[Row]:
        """Rows up to the first that cannot be read."""
        found: list[Row] = []
        try:
            found.extend(self._database.execute(sql))
        except sqlite3.DatabaseError as error:
            self._hidden = True
            log.error("agent.buffer_unreadable", error=str(error))
        return found

    def _walk(self, number: int, above: int, last: int) -> Iterator[tuple[int, bytes]]:
        """A recording's seconds, ascending, with leaps over what cannot be read."""
        while above < last:
            to = min(above + STEP, last)
            try:
                yield from self._database.execute(
                    "SELECT seq, body FROM frame WHERE no = ? AND seq > ? AND seq <= ?",
                    (number, above, to),
                ).fetchall()
            except sqlite3.DatabaseError:
                self._hidden = True
                log.error("agent.seconds_unreadable", first=above + 1, last=to)
            above = to
