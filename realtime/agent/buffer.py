"""The disk between the monitors and the network: days of seconds, each there before it is sent.

SQLite with a write-ahead log and `synchronous=FULL`: a commit that returned survives kill -9 and a
pulled plug, a torn one never was. Acknowledged seconds are deleted, and their room is used again.
Nothing that is not acknowledged is ever deleted to make room: a full buffer refuses
(:class:`Full`), and whoever writes keeps what is new in memory and says so.

A full disk cannot even record that something may go. So a ballast file lies beside the buffer; it
is let go when the disk is full and laid again when there is room.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

PAGE_BYTES: Final = 4_096
BALLAST_BYTES: Final = 8 * 2**20

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS recording (
  no         INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  device     TEXT NOT NULL,
  bed        TEXT NOT NULL,
  channels   TEXT NOT NULL,
  started_ns INTEGER NOT NULL,
  last_seq   INTEGER NOT NULL DEFAULT 0,
  acked      INTEGER NOT NULL DEFAULT 0,
  ended      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS frame (
  no   INTEGER NOT NULL,
  seq  INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (no, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gap (
  no    INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last  INTEGER NOT NULL,
  PRIMARY KEY (no, first)
) STRICT, WITHOUT ROWID;
"""


class Full(Exception):
    """There is no room; nothing of the batch was written."""


@dataclass(slots=True)
class Kept:
    """A recording that is not wholly acknowledged and closed yet."""

    id: UUID
    device: str
    bed: str
    channels: tuple[str, ...]
    started_ns: int
    last_seq: int = 0
    acked: int = 0
    ended: bool = False


@dataclass(slots=True)
class Batch:
    """What is written in one transaction."""

    began: list[Kept] = field(default_factory=list)
    frames: list[tuple[UUID, int, bytes]] = field(default_factory=list)
    gaps: list[tuple[UUID, int, int]] = field(default_factory=list)
    ended: list[UUID] = field(default_factory=list)
    acked: dict[UUID, int] = field(default_factory=dict)
    done: list[UUID] = field(default_factory=list)
    """Recordings that the server has closed: nothing of them is needed any more."""

    def __bool__(self) -> bool:
        return any((self.began, self.frames, self.gaps, self.ended, self.acked, self.done))


class Buffer:
    """One file. Used by one thread at a time.

    Args:
        path: the file; its directory must exist.
        max_bytes: how large it may grow.

    Raises:
        OSError: the file cannot be made.
        sqlite3.DatabaseError: it is not a buffer.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._ballast = path.with_name(path.name + ".ballast")
        self.database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = FULL")
        self.database.execute(f"PRAGMA max_page_count = {max(16, max_bytes // PAGE_BYTES)}")
        self.database.executescript(_SCHEMA)
        self._lay_ballast()

    def close(self) -> None:
        """Give the file back."""
        self.database.close()

    def kept(self) -> list[Kept]:
        """All recordings, in the order in which they began."""
        rows = self.database.execute(
            "SELECT id, device, bed, channels, started_ns, last_seq, acked, ended"
            " FROM recording ORDER BY no"
        )
        return [
            Kept(UUID(bytes=i), device, bed, tuple(channels.split(",")), at, last, acked, bool(end))
            for i, device, bed, channels, at, last, acked, end in rows
        ]

    def write(self, batch: Batch) -> None:
        """Make a batch durable, wholly or not at all.

        Raises:
            Full: there is no room for it.
        """
        try:
            self._write(batch)
        except sqlite3.OperationalError as error:
            if not _no_room(error):
                raise
            # What may go, goes first: its room may be all that was missing.
            self._ballast.unlink(missing_ok=True)
            try:
                self._write(Batch(acked=batch.acked, done=batch.done))
                self._write(batch)
            except sqlite3.OperationalError as again:
                if not _no_room(again):
                    raise
                raise Full from again
        self._lay_ballast()

    def _write(self, batch: Batch) -> None:
        self.database.execute("BEGIN IMMEDIATE")
        try:
            self._insert(batch)
            self._delete(batch)
            self.database.execute("COMMIT")
        except BaseException:
            if self.database.in_transaction:
                self.database.execute("ROLLBACK")
            raise

    def _insert(self, batch: Batch) -> None:
        run = self.database.executemany
        run(
            "INSERT INTO recording (id, device, bed, channels, started_ns) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO NOTHING",
            [
                (k.id.bytes, k.device, k.bed, ",".join(k.channels), k.started_ns)
                for k in batch.began
            ],
        )
        run(
            "INSERT INTO frame (no, seq, body) SELECT no, ?, ? FROM recording"
            " WHERE id = ? AND acked < ?1 ON CONFLICT DO NOTHING",
            [(seq, body, rec.bytes) for rec, seq, body in batch.frames],
        )
        run(
            "INSERT INTO gap (no, first, last) SELECT no, ?, ? FROM recording WHERE id = ?"
            " ON CONFLICT DO NOTHING",
            [(first, last, rec.bytes) for rec, first, last in batch.gaps],
        )
        tops: dict[UUID, int] = {}
        for rec, seq, _ in batch.frames:
            tops[rec] = max(seq, tops.get(rec, 0))
        for rec, _, last in batch.gaps:
            tops[rec] = max(last, tops.get(rec, 0))
        run(
            "UPDATE recording SET last_seq = max(last_seq, ?) WHERE id = ?",
            [(top, rec.bytes) for rec, top in tops.items()],
        )
        run("UPDATE recording SET ended = 1 WHERE id = ?", [(rec.bytes,) for rec in batch.ended])

    def _delete(self, batch: Batch) -> None:
        run = self.database.executemany
        number = "(SELECT no FROM recording WHERE id = ?)"
        acked = [(seq, rec.bytes) for rec, seq in batch.acked.items()]
        run("UPDATE recording SET acked = max(acked, ?) WHERE id = ?", acked)
        upside = [(rec, seq) for seq, rec in acked]
        run(f"DELETE FROM frame WHERE no = {number} AND seq <= ?", upside)  # noqa: S608
        run(f"DELETE FROM gap WHERE no = {number} AND last <= ?", upside)  # noqa: S608
        done = [(rec.bytes,) for rec in batch.done]
        run(f"DELETE FROM frame WHERE no = {number}", done)  # noqa: S608
        run(f"DELETE FROM gap WHERE no = {number}", done)  # noqa: S608
        run("DELETE FROM recording WHERE id = ?", done)

    def read(self, recording: UUID, first: int, last: int, limit: int) -> list[tuple[int, bytes]]:
        """Seconds of `first..last`, ascending, at most `limit`."""
        rows = self.database.execute(
            "SELECT f.seq, f.body FROM frame f JOIN recording r ON r.no = f.no"
            " WHERE r.id = ? AND f.seq BETWEEN ? AND ? ORDER BY f.seq LIMIT ?",
            (recording.bytes, first, last, limit),
        )
        return [(seq, body) for seq, body in rows]

    def gaps(self, recording: UUID) -> list[tuple[int, int]]:
        """Declared gaps that are not acknowledged past, ascending."""
        rows = self.database.execute(
            "SELECT g.first, g.last FROM gap g JOIN recording r ON r.no = g.no"
            " WHERE r.id = ? ORDER BY g.first",
            (recording.bytes,),
        )
        return [(first, last) for first, last in rows]

    def _lay_ballast(self) -> None:
        if self._ballast.exists():
            return
        try:
            with self._ballast.open("wb") as file:
                file.write(bytes(BALLAST_BYTES))
        except OSError:
            self._ballast.unlink(missing_ok=True)


def _no_room(error: sqlite3.OperationalError) -> bool:
    # A file system's own limit (quota, file size) speaks as an I/O error.
    return error.sqlite_errorcode in (sqlite3.SQLITE_FULL,) or (
        error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_IOERR
    )


def seconds_between(first: int, last: int, there: Iterable[int]) -> list[tuple[int, int]]:
    """Runs of `first..last` that are not in `there`, which ascends."""
    missing: list[tuple[int, int]] = []
    following = first
    for seq in there:
        if seq > following:
            missing.append((following, seq - 1))
        following = seq + 1
    if following <= last:
        missing.append((following, last))
    return missing


def without(
    runs: Sequence[tuple[int, int]], known: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """What of `runs` no run of `known` covers."""
    left = list(runs)
    for low, high in known:
        cut: list[tuple[int, int]] = []
        for first, last in left:
            if last < low or first > high:
                cut.append((first, last))
                continue
            if first < low:
                cut.append((first, low - 1))
            if last > high:
                cut.append((high + 1, last))
        left = cut
    return left
