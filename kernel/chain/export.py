"""Everything `verify` looks at, as data: read from the database or from an export file.

An export is one RFC 8785 JSON object per line, tables in the order of `Export`, rows in the order
of their keys. It can be checked on another machine that has only this file, the checkpoint file
and the public key.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, get_type_hints
from uuid import UUID

import rfc8785
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain.canonical import utc_text
from kernel.chain.checkpoint import Checkpoint
from kernel.chain.hashing import EventRow


@dataclass(frozen=True, slots=True)
class HeadRow:
    """Where a case's chain ends."""

    case_id: UUID
    seq: int
    hash: bytes
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class PendingRow:
    """A committed event that waits for its leaf."""

    case_id: UUID
    seq: int


@dataclass(frozen=True, slots=True)
class LeafRow:
    """The place of one event in the tree."""

    leaf_no: int
    case_id: UUID
    seq: int
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class TileRow:
    """The hash of a complete subtree of 256 leaves."""

    tile_no: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class TreeRow:
    """The tree's stored right edge."""

    size: int
    peaks: bytes


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A published public key."""

    key_id: str
    public_key: bytes


@dataclass(slots=True)
class Export:
    """All rows of the chain's tables."""

    case_event: list[EventRow] = field(default_factory=list)
    case_head: list[HeadRow] = field(default_factory=list)
    chain_pending: list[PendingRow] = field(default_factory=list)
    chain_leaf: list[LeafRow] = field(default_factory=list)
    chain_tile: list[TileRow] = field(default_factory=list)
    chain_tree: list[TreeRow] = field(default_factory=list)
    chain_key: list[KeyRow] = field(default_factory=list)
    chain_checkpoint: list[Checkpoint] = field(default_factory=list)


ROWS: dict[str, tuple[type[Any], str]] = {
    "case_event": (EventRow, "case_id, seq"),
    "case_head": (HeadRow, "case_id"),
    "chain_pending": (PendingRow, "case_id, seq"),
    "chain_leaf": (LeafRow, "leaf_no"),
    "chain_tile": (TileRow, "tile_no"),
    "chain_tree": (TreeRow, "size"),
    "chain_key": (KeyRow, "key_id"),
    "chain_checkpoint": (Checkpoint, "no"),
}
"""Row type and key order of each table; column names are the types' field names."""


async def read_export(session: AsyncSession) -> Export:
    """All chain rows in one snapshot; the session must see every case (system or owner role)."""
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    export = Export()
    for table, (row_type, order) in ROWS.items():
        columns = ", ".join(entry.name for entry in fields(row_type))
        query = text(f"SELECT {columns} FROM {table} ORDER BY {order}")  # noqa: S608
        rows = await session.execute(query)
        setattr(export, table, [row_type(*row) for row in rows])
    return export


def dump_export(export: Export) -> bytes:
    """The export as bytes; the same rows always give the same bytes."""
    return b"".join(_lines(export))


def load_export(data: bytes) -> tuple[Export, list[int]]:
    """Read an export; also the numbers (from 1) of lines that are not what `dump` writes."""
    export, bad = Export(), []
    lines = data.split(b"\n")
    if lines[-1]:
        bad.append(len(lines))
    for number, line in enumerate(lines[:-1], start=1):
        try:
            table, row = _parse(line)
            if _line(table, row) != line + b"\n":
                raise ValueError("not canonical")
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            bad.append(number)
        else:
            getattr(export, table).append(row)
    if not bad:
        written = list(_lines(export))
        bad.extend(
            number
            for number, (line, again) in enumerate(zip(lines, written, strict=False), start=1)
            if line + b"\n" != again
        )
    return export, bad


def _lines(export: Export) -> Iterable[bytes]:
    for table in ROWS:
        for row in getattr(export, table):
            yield _line(table, row)


def _line(table: str, row: Any) -> bytes:
    values = {entry.name: _out(getattr(row, entry.name)) for entry in fields(row)}
    return rfc8785.dumps({"table": table, "row": values}) + b"\n"


def _parse(line: bytes) -> tuple[str, Any]:
    raw = json.loads(line)
    table, values = raw["table"], raw["row"]
    row_type, _ = ROWS[table]
    return table, row_type(*(read(values[name]) for name, read in _readers(row_type)))


def _out(value: object) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, UUID):
        return str(value)
    return value


_READ: dict[Any, Callable[[Any], Any]] = {
    bytes: bytes.fromhex,
    datetime: lambda value: _aware(datetime.fromisoformat(value)),
    UUID: UUID,
    int: lambda value: value if type(value) is int else _refuse(value),
    bool: lambda value: value if type(value) is bool else _refuse(value),
    str: lambda value: value if type(value) is str else _refuse(value),
}
_cache: dict[type[Any], Sequence[tuple[str, Callable[[Any], Any]]]] = {}


def _readers(row_type: type[Any]) -> Sequence[tuple[str, Callable[[Any], Any]]]:
    if row_type not in _cache:
        hints = get_type_hints(row_type)
        _cache[row_type] = [(entry.name, _reader(hints[entry.name])) for entry in fields(row_type)]
    return _cache[row_type]


def _reader(hint: Any) -> Callable[[Any], Any]:
    options = getattr(hint, "__args__", (hint,))
    read = _READ[options[0]]
    if type(None) in options:
        return lambda value: None if value is None else read(value)
    return read


def _aware(value: datetime) -> datetime:
    return _refuse(value) if value.tzinfo is None else value


def _refuse(value: object) -> Any:
    raise ValueError(f"unexpected {value!r}")
