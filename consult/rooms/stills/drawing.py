"""What stands on a still at a version of it. Pure."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from kernel.chain import canonical

DRAWN = ("n", "kind", "ax", "ay", "bx", "by", "colour", "text")


def undone(rows: Iterable[Any]) -> dict[int, int]:
    """Number of a mark → number of what took it back."""
    return {row.undoes: row.n for row in rows if row.undoes is not None}


def standing(rows: Iterable[Any], version: int | None = None) -> list[Any]:
    """The marks that stand at `version` (None: the newest), in the order of drawing."""
    seen = [row for row in rows if version is None or row.n <= version]
    gone = undone(seen)
    return [row for row in seen if row.undoes is None and row.n not in gone]


def digest(rows: Iterable[Any]) -> str:
    """SHA-256 of marks: the RFC 8785 form of who drew what."""
    said = [
        {name: getattr(row, name) for name in DRAWN} | {"person_id": str(row.person_id)}
        for row in rows
    ]
    return sha256(canonical.encode({"marks": said})).hexdigest()
