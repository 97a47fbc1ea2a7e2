"""What can still be read of a damaged buffer, carried into a new one.

A garbled disk must not end the recording of what comes. The damaged files are set aside and kept;
each second that is whole (its checksum says so) goes on; the others are found missing when their
turn comes, and declared lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import structlog

from realtime import frames

log = structlog.get_logger()

STEP: Final = 32
"""Seconds that one damaged page may take with it: fewer than a page holds."""
_BESIDE: Final = ("", "-wal", "-shm")


def set_aside(path: Path) -> Path:
    """Move a database and what lies beside it out of the way; return where it is now."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    for end in _BESIDE:
        part = path.with_name(path.name + end)
        if part.exists():
            part.rename(aside.with_name(aside.name + end))
    return aside


def salvage(damaged: Path, into: sqlite3.Connection) -> tuple[int, int]:
    """Copy whole rows into an empty buffer; returns how many recordings and seconds those are.

    Raises:
        sqlite3.OperationalError: the new buffer takes nothing.
    """
    try:
        source = sqlite3.connect(damaged, isolation_level=None)
    except sqlite3.DatabaseError:
        return 0, 0
    seconds = 0
    try:
        recordings = _rows(source, "SELECT no, id, device, bed, channels, started_ns, last_seq,"
                                   " last_ns, acked, ended FROM recording")  # fmt: skip
        into.execute("BEGIN IMMEDIATE")
        for row in recordings:
            into.execute("INSERT OR IGNORE INTO recording (no, id, device, bed, channels,"
                         " started_ns, last_seq, last_ns, acked, ended)"
                         " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)  # fmt: skip
            for seq, body in _seconds(source, row[0], row[8], row[6]):
                if not whole(seq, body):
                    continue
                into.execute("INSERT OR IGNORE INTO frame VALUES (?, ?, ?)", (row[0], seq, body))
                seconds += 1
        for gap in _rows(source, "SELECT no, first, last FROM gap"):
            into.execute("INSERT OR IGNORE INTO gap VALUES (?, ?, ?)", gap)
        into.execute("COMMIT")
    except BaseException:
        if into.in_transaction:
            into.execute("ROLLBACK")
        raise
    finally:
        source.close()
    return len(recordings), seconds


def whole(seq: int, body: bytes) -> bool:
    """Whether a second is the one that was written under this number."""
    try:
        return len(body) == frames.FRAME_BYTES and frames.read_head(body).seq == seq
    except (frames.Malformed, TypeError):
        return False


def _rows(source: sqlite3.Connection, sql: str) -> list[tuple[int, ...]]:
    """Rows up to the first that cannot be read."""
    found: list[tuple[int, ...]] = []
    try:
        found.extend(source.execute(sql))
    except sqlite3.DatabaseError as error:
        log.error("agent.buffer_unreadable", error=str(error))
    return found


def _seconds(
    source: sqlite3.Connection, number: int, above: int, last: int
) -> Iterator[tuple[int, bytes]]:
    """A recording's whole seconds, ascending, with leaps over what cannot be read."""
    while above < last:
        to = min(above + STEP, last)
        try:
            yield from source.execute(
                "SELECT seq, body FROM frame WHERE no = ? AND seq > ? AND seq <= ?",
                (number, above, to),
            ).fetchall()
        except sqlite3.DatabaseError:
            log.error("agent.seconds_unreadable", first=above + 1, last=to)
        above = to
