"""The disk between the monitors and the network: days of seconds, each there before it is sent.

SQLite with a write-ahead log and `synchronous=FULL`: a commit that returned survives kill -9 and a
pulled plug, a torn one never was. Acknowledged seconds are deleted, and their room is used again.
Nothing that is not acknowledged is ever deleted to make room: a full buffer refuses
(:class:`Full`), and whoever writes keeps what is new in memory and says so.

A full disk cannot even record that something may go. So a ballast file lies beside the buffer; it
is let go when the disk is full and laid again when there is room. A disk that cannot be opened at
all is tried again with every write; damaged files are set aside, and what is whole of them goes on.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import structlog

from realtime import frames as wire
from realtime.agent import rescue
from realtime.agent.carving import whole

log = structlog.get_logger()
T = TypeVar("T")

PAGE_BYTES: Final = 4_096
BALLAST_BYTES: Final = 8 * 2**20
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REFUSING: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
"""What a disk says that is full, over its quota, write-protected, worn out, or held by another."""
AGAIN_S: Final = 30.0
"""So often room is looked for, for what a damaged file still has."""
_REST_S: Final = 5.0
"""So long at most a write waits for whoever else looks at the file."""

_SCHEMA: Final = (
    """
CREATE TABLE IF NOT EXISTS recording (
  no         INTEGER PRIMARY KEY AUTOINCREMENT,
  id         BLOB NOT NULL UNIQUE,
  device     TEXT NOT NULL,
  bed        TEXT NOT NULL,
  channels   TEXT NOT NULL,
  started_ns INTEGER NOT NULL,
  last_seq   INTEGER NOT NULL DEFAULT 0,
  last_ns    INTEGER NOT NULL DEFAULT 0,
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
    + rescue.SCHEMA
)
_BEGIN: Final = (
    f"INSERT INTO recording ({rescue.COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
    " ON CONFLICT (id) DO NOTHING"
)


class Full(Exception):
    """The disk takes nothing, `full` or `unwritable`; nothing of the batch was written."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


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
    last_ns: int = 0
    """Moment of the first sample of `last_seq`, by the clock of then."""


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
    """One file. Used by one thread at a time, and by one process (`sole.hold`).

    Args:
        path: the file; its directory must exist.
        max_bytes: how large it may grow.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.set_aside = ""
        """Where damaged files were put; empty while none were found."""
        self.damaged = 0
        """Seconds that the disk gave back garbled, and that were not used."""
        self._path = path
        self._max_pages = max(16, max_bytes // PAGE_BYTES)
        self._ballast = path.with_name(path.name + ".ballast")
        self._database: sqlite3.Connection | None = None
        self.left_behind = ""
        """Damaged files whose whole seconds are not carried over yet: there is no room for them."""
        self._again_s = 0.0
        self._known: dict[UUID, Kept] = {}
        self._numbers: dict[UUID, int] = {}
        """What a damaged file may no longer say, nor its followers know."""

    @property
    def database(self) -> sqlite3.Connection:
        """The open file.

        Raises:
            Full: the disk does not even let it be opened.
        """
        if self._database is None:
            self._database = self._opened()
        return self._database

    def close(self) -> None:
        """Give the file back."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            if _is(error, _DAMAGED):
                return self._rescue(error)
            if not _is(error, _REFUSING):
                raise
            self._drop_ballast()
            try:
                return self._open()
            except sqlite3.OperationalError as again:
                raise Full(_why(again)) from again

    def _open(self) -> sqlite3.Connection:
        try:
            rescue.finish_setting_aside(self._path)
        except OSError as error:
            raise Full("unwritable") from error
        database = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=_REST_S
        )
        try:
            database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.execute(f"PRAGMA max_page_count = {self._max_pages}")
            database.executescript(_SCHEMA)
            columns = {row[1] for row in database.execute("PRAGMA table_info(recording)")}
            if "last_ns" not in columns:  # made by an older version
                database.execute(
                    "ALTER TABLE recording ADD COLUMN last_ns INTEGER NOT NULL DEFAULT 0"
                )
            self._carry_over(database)
        except BaseException:
            database.close()
            raise
        self._lay_ballast()
        return database

    def _rescue(self, error: sqlite3.DatabaseError) -> sqlite3.Connection:
        """Begin a new file with what is whole of the damaged one, which is kept beside it."""
        self.close()
        log.error("agent.buffer_damaged", error=str(error))
        try:
            rescue.set_aside(self._path)
        except OSError as refused:
            raise Full("unwritable") from refused
        return self._open()

    def _carry_over(self, database: sqlite3.Connection) -> None:
        """What is whole of damaged files; where there is no room for it now, later."""
        self.left_behind = ""
        for aside in rescue.left_behind(self._path, database):
            self.set_aside = aside.name
            known = {number: _row(self._known[id_]) for id_, number in self._numbers.items()}
            try:
                recordings, seconds = rescue.salvage(aside, database, known)
            except sqlite3.DatabaseError as error:
                if not _is(error, _REFUSING):
                    raise
                self.left_behind, self._again_s = aside.name, time.monotonic() + AGAIN_S
                log.error("agent.buffer_left_behind", file=aside.name, error=str(error))
                continue
            log.warning("agent.buffer_salvaged", recordings=recordings, seconds=seconds)

    def kept(self) -> list[Kept]:
        """All recordings, in the order in which they began.

        Raises:
            Full: the file cannot be opened now.
        """
        return self._mending(self._kept)

    def _kept(self) -> list[Kept]:
        rows = self.database.execute(
            "SELECT id, device, bed, channels, started_ns, max(last_seq, acked), acked, ended,"
            " CASE WHEN last_ns > 0 THEN last_ns ELSE started_ns + (last_seq - 1) * 1000000000 END"
            " FROM recording ORDER BY no"
        )
        found = [
            Kept(
                UUID(bytes=i), device, bed, tuple(channels.split(",")), at, last, acked, bool(end),
                last_ns,
            )
            for i, device, bed, channels, at, last, acked, end, last_ns in rows
        ]  # fmt: skip
        self._know(found)
        return found

    def _know(self, some: Iterable[Kept]) -> None:
        """Keep in mind what a garbled page may take."""
        for kept in some:
            self._known[kept.id] = kept
            row = self.database.execute(
                "SELECT no FROM recording WHERE id = ?", (kept.id.bytes,)
            ).fetchone()
            if row is not None:
                self._numbers[kept.id] = row[0]

    def _mending(self, work: Callable[[], T]) -> T:
        """Do something with the file; when it proves damaged, rescue it and do it once more."""
        try:
            return work()
        except sqlite3.DatabaseError as error:
            if not _is(error, _DAMAGED):
                if _is(error, _REFUSING):
                    raise Full(_why(error)) from error
                raise
            try:
                self._database = self._rescue(error)
                return work()
            except sqlite3.DatabaseError as again:
                # What is damaged anew at once is no disk any more.
                if not _is(again, _REFUSING | _DAMAGED):
                    raise
                raise Full(_why(again)) from again

    def write(self, batch: Batch) -> None:
        """Make a batch durable, wholly or not at all.

        Raises:
            Full: the disk does not take it.
        """
        try:
            self._mending(lambda: self._write(batch))
        except Full:
            # What may go, goes first: its room may be all that was missing.
            self._drop_ballast()
            self._mending(lambda: self._write(Batch(acked=batch.acked, done=batch.done)))
            self._mending(lambda: self._write(batch))
        self._know(batch.began)
        for recording in batch.done:
            self._known.pop(recording, None)
            self._numbers.pop(recording, None)
        if self.left_behind and time.monotonic() > self._again_s:
            self._mending(lambda: self._carry_over(self.database))
        self._lay_ballast()

    def _write(self, batch: Batch) -> None:
        database = self.database
        database.execute("BEGIN IMMEDIATE")
        try:
            self._insert(batch)
            self._delete(batch)
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise

    def _insert(self, batch: Batch) -> None:
        run = self.database.executemany
        run(
            _BEGIN,
            [_row(Kept(k.id, k.device, k.bed, k.channels, k.started_ns)) for k in batch.began],
        )
        if self.left_behind:  # also what already ran is not in the new file yet
            run(_BEGIN, [_row(kept) for kept in self._known.values()])
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
        tops: dict[UUID, tuple[int, int]] = {}
        for rec, seq, body in batch.frames:
            tops[rec] = max((seq, wire.peek_head(body).device_ns), tops.get(rec, (0, 0)))
        run(
            "UPDATE recording SET last_ns = ?, last_seq = ? WHERE id = ? AND last_seq < ?2",
            [(at_ns, top, rec.bytes) for rec, (top, at_ns) in tops.items()],
        )
        run(
            "UPDATE recording SET last_seq = max(last_seq, ?) WHERE id = ?",
            [(last, rec.bytes) for rec, _, last in batch.gaps],
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
        """Seconds of `first..last`, ascending, at most `limit`; garbled ones are left out.

        Raises:
            Full: the disk gives nothing.
        """
        rows = self._mending(
            lambda: self.database.execute(
                "SELECT f.seq, f.body FROM frame f JOIN recording r ON r.no = f.no"
                " WHERE r.id = ? AND f.seq BETWEEN ? AND ? ORDER BY f.seq LIMIT ?",
                (recording.bytes, first, last, limit),
            ).fetchall()
        )
        if self.left_behind and len(rows) < min(limit, last - first + 1):
            raise Full("full")  # nothing is known to be missing until all is carried over
        sound = [(seq, body) for seq, body in rows if whole(seq, body)]
        self.damaged += len(rows) - len(sound)
        return sound

    def gaps(self, recording: UUID) -> list[tuple[int, int]]:
        """Declared gaps that are not acknowledged past, ascending.

        Raises:
            Full: the disk gives nothing.
        """
        return self._mending(
            lambda: self.database.execute(
                "SELECT g.first, g.last FROM gap g JOIN recording r ON r.no = g.no"
                " WHERE r.id = ? ORDER BY g.first",
                (recording.bytes,),
            ).fetchall()
        )

    def _drop_ballast(self) -> None:
        with suppress(OSError):  # a disk that is read-only by now gives nothing back
            self._ballast.unlink(missing_ok=True)

    def _lay_ballast(self) -> None:
        if self._ballast.exists():
            return
        try:
            # Not from the last of the room: it would be laid and let go with every write.
            if shutil.disk_usage(self._path.parent).free < 4 * BALLAST_BYTES:
                return
            with self._ballast.open("wb") as file:
                file.write(bytes(BALLAST_BYTES))
        except OSError:
            self._drop_ballast()


def _row(kept: Kept) -> tuple[Any, ...]:
    channels = ",".join(kept.channels)
    return (
        kept.id.bytes, kept.device, kept.bed, channels, kept.started_ns,
        kept.last_seq, 0, kept.acked, kept.ended,
    )  # fmt: skip


def _is(error: sqlite3.DatabaseError, codes: frozenset[int]) -> bool:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in codes


def _why(error: sqlite3.DatabaseError) -> str:
    # A file system's own limit (quota, file size) speaks as an I/O error.
    return "full" if _is(error, frozenset({sqlite3.SQLITE_FULL})) else "unwritable"
