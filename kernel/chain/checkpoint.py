"""Every minute: give new events their leaves, sign the tree's root, keep it in two places.

A checkpoint is RFC 8785 JSON over (log, no, size, root, at, key_id, prev); the Ed25519 signature
covers exactly those bytes, and `prev` is SHA-256 over the previous checkpoint's, so neither can
be dropped, changed or reordered alone. It is written to `chain_checkpoint` and, after commit, as
one line to an append-only file, which belongs on another host.
"""

import asyncio
import json
import os
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import rfc8785
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain.canonical import utc_text
from kernel.chain.merkle import Frontier
from kernel.chain.signing import Signer
from kernel.database import Database
from kernel.viewer import Viewer

EVERY_SECONDS = 60
STALE_AFTER = timedelta(minutes=5)
"""Without a checkpoint for so long, somebody has to look (five were missed)."""
LOG_NAME = "yunshang.case-events.v1"
FIRST_PREV = bytes(32)
"""`prev` of the first checkpoint."""

_TAIL_BYTES = 4096  # a line is about 400
COLUMNS = "no, size, root, at, key_id, prev, signature"

log = structlog.get_logger(__name__)

_LOCK = text("SELECT pg_advisory_xact_lock(7283002)")
_SEQUENCE = text("SELECT leaf_no, leaf_hash FROM chain_sequence()")
_TREE = text("SELECT size, peaks, clock_timestamp() AS now FROM chain_tree")
_LAST = text(f"SELECT {COLUMNS} FROM chain_checkpoint ORDER BY no DESC LIMIT 1")  # noqa: S608
_SINCE = text(f"SELECT {COLUMNS} FROM chain_checkpoint WHERE no > :no ORDER BY no")  # noqa: S608
_AT = text(f"SELECT {COLUMNS} FROM chain_checkpoint WHERE no = :no")  # noqa: S608
_AGE = text("SELECT clock_timestamp() - at FROM chain_checkpoint ORDER BY no DESC LIMIT 1")
_SIGN = text(
    "SELECT chain_sign(:no, :size, :root, :at, :key_id, :public_key, :prev, :signature, :peaks,"
    " :tile_nos, :tile_hashes)"
)


class ChainBroken(Exception):
    """Signing would cover up a contradiction; a person has to run `yunshang verify`."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One signed state of the tree over all events."""

    no: int
    size: int
    root: bytes
    at: datetime
    key_id: str
    prev: bytes
    signature: bytes = b""

    def body(self) -> bytes:
        """The bytes that are signed."""
        return rfc8785.dumps(self._fields())

    def digest(self) -> bytes:
        """What the next checkpoint names as `prev`."""
        return sha256(self.body()).digest()

    def line(self) -> bytes:
        """The checkpoint with its signature as one line of the file."""
        signature = b64encode(self.signature).decode()
        return rfc8785.dumps(self._fields() | {"signature": signature}) + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> "Checkpoint":
        """Inverse of `line`, byte for byte.

        Raises:
            ValueError: the line is not exactly what `line()` writes.
        """
        try:
            raw = json.loads(line)
            found = cls(
                no=raw["no"],
                size=raw["size"],
                root=bytes.fromhex(raw["root"]),
                at=datetime.fromisoformat(raw["at"]),
                key_id=raw["key_id"],
                prev=bytes.fromhex(raw["prev"]),
                signature=b64decode(raw["signature"], validate=True),
            )
            written = found.line()
        except (KeyError, TypeError, Base64Error, OverflowError, RecursionError) as error:
            raise ValueError("not a checkpoint") from error
        except Exception as error:  # rfc8785 and datetime have exceptions of their own
            raise ValueError(f"not a checkpoint: {error}") from error
        if written.rstrip(b"\n") != line.rstrip(b"\n"):
            raise ValueError("not a checkpoint in canonical form")
        return found

    def _fields(self) -> dict[str, str | int]:
        return {
            "log": LOG_NAME,
            "no": self.no,
            "size": self.size,
            "root": self.root.hex(),
            "at": utc_text(self.at),
            "key_id": self.key_id,
            "prev": self.prev.hex(),
        }


class CheckpointFile:
    """The append-only copy of all checkpoints, one line each."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def last(self) -> Checkpoint | None:
        """The newest checkpoint in the file; a line torn by a crash while writing is skipped.

        Raises:
            ChainBroken: the last complete line is not a checkpoint.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
                *lines, rest = file.read().split(b"\n")
        except FileNotFoundError:
            return None
        with suppress(ValueError):
            return Checkpoint.parse(rest)  # only its newline was lost
        if not any(lines):
            return None
        try:
            return Checkpoint.parse(lines[-1])
        except ValueError as error:
            raise ChainBroken(f"the last line of {self.path} is not a checkpoint") from error

    def append(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Add lines and wait until the disk has them."""
        if not checkpoints:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        data = b"".join(checkpoint.line() for checkpoint in checkpoints)
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        with os.fdopen(descriptor, "a+b") as file:
            end = file.seek(0, os.SEEK_END)
            if end and os.pread(descriptor, 1, end - 1) != b"\n":
                data = b"\n" + data  # leave the torn line behind
            file.write(data)
            file.flush()
            os.fsync(descriptor)


async def checkpoint_once(session: AsyncSession, signer: Signer) -> Checkpoint:
    """Sequence what was committed and sign the tree; the checkpoint exists when this commits.

    Raises:
        ChainBroken: the stored edge of the tree does not lead to the last signed root.
    """
    await session.execute(_LOCK)
    row = (await session.execute(_LAST)).one_or_none()
    last = None if row is None else Checkpoint(*row)
    tree = (await session.execute(_TREE)).one()
    edge = _edge(tree.size, tree.peaks, last)
    leaves = (await session.execute(_SEQUENCE)).all()
    if leaves and leaves[0].leaf_no != edge.size:
        raise ChainBroken(f"the next leaf is {leaves[0].leaf_no}, the tree has {edge.size}")
    edge, tiles = edge.extend(leaf.leaf_hash for leaf in leaves)
    unsigned = Checkpoint(
        no=1 if last is None else last.no + 1,
        size=edge.size,
        root=edge.root(),
        at=tree.now,
        key_id=signer.key_id,
        prev=FIRST_PREV if last is None else last.digest(),
    )
    signature = signer.sign(unsigned.body())
    await session.execute(
        _SIGN,
        {
            "no": unsigned.no,
            "size": unsigned.size,
            "root": unsigned.root,
            "at": unsigned.at,
            "key_id": unsigned.key_id,
            "public_key": signer.public,
            "prev": unsigned.prev,
            "signature": signature,
            "peaks": edge.pack(),
            "tile_nos": [number for number, _ in tiles],
            "tile_hashes": [node for _, node in tiles],
        },
    )
    return replace(unsigned, signature=signature)


async def newest_age(session: AsyncSession) -> timedelta | None:
    """How long ago the newest checkpoint was signed; None before the first. For health pages."""
    age: timedelta | None = (await session.execute(_AGE)).scalar_one_or_none()
    return age


class ChainCheckpointer:
    """Run by the engine every `EVERY_SECONDS`; of several engines, one signs at a time."""

    def __init__(self, database: Database, signer: Signer, file: CheckpointFile) -> None:
        self._database = database
        self._signer = signer
        self._file = file

    async def run_once(self) -> bool:
        """One round for the engine; False: nothing is left to do before the next period."""
        await self.sign()
        return False

    async def sign(self) -> Checkpoint:
        """Sign one checkpoint and bring the file up to the table.

        Raises:
            ChainBroken: file and table contradict each other; nothing was signed.
        """
        viewer = Viewer.system("checkpointer")
        async with self._database.session(viewer) as session:
            await session.execute(_LOCK)
            await self._agree(session)
            signed = await checkpoint_once(session, self._signer)
        async with self._database.session(viewer) as session:
            await session.execute(_LOCK)  # two engines must not both complete the file
            last = self._file.last()
            rows = await session.execute(_SINCE, {"no": 0 if last is None else last.no})
            await asyncio.to_thread(self._file.append, [Checkpoint(*row) for row in rows])
        log.info("chain.checkpoint", no=signed.no, size=signed.size, root=signed.root.hex())
        return signed

    async def _agree(self, session: AsyncSession) -> None:
        last = self._file.last()
        if last is None:
            return
        row = (await session.execute(_AT, {"no": last.no})).one_or_none()
        if row is None or Checkpoint(*row) != last:
            raise ChainBroken(
                f"checkpoint {last.no} of {self._file.path} is not the one in the database"
            )


def _edge(size: int, peaks: bytes, last: Checkpoint | None) -> Frontier:
    try:
        edge = Frontier.unpack(size, peaks)
    except ValueError as error:
        raise ChainBroken(f"chain_tree: {error}") from error
    signed = (0, Frontier().root()) if last is None else (last.size, last.root)
    if (edge.size, edge.root()) != signed:
        raise ChainBroken("chain_tree does not lead to the last signed root")
    return edge
