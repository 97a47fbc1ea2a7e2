"""Prove to an outsider that one event stood in the log when a checkpoint was signed."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain.checkpoint import COLUMNS, Checkpoint
from kernel.chain.merkle import (
    TILE_LEAVES,
    inclusion_path,
    leaf_hash,
    root_from_path,
    subtree_of,
)
from kernel.chain.signing import signature_holds
from kernel.ids import CaseId

_LEAF = text("SELECT leaf_no FROM chain_leaf WHERE case_id = :case_id AND seq = :seq")
_CHECKPOINT = text(f"SELECT {COLUMNS} FROM chain_checkpoint ORDER BY no DESC LIMIT 1")  # noqa: S608
_KEY = text("SELECT public_key FROM chain_key WHERE key_id = :key_id")
_TILES = text("SELECT hash FROM chain_tile WHERE tile_no < :end ORDER BY tile_no")
_HASHES = text("SELECT leaf_hash FROM chain_hashes(:start, :end)")


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """RFC 9162 §2.1.3 inclusion proof of one event, with the signed tree head it leads to."""

    leaf_no: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint
    public_key: bytes

    def holds_for(self, event_hash: bytes) -> bool:
        """Whether an event with this hash is leaf `leaf_no` of the signed tree."""
        root = root_from_path(self.leaf_no, self.checkpoint.size, leaf_hash(event_hash), self.path)
        return root == self.checkpoint.root and signature_holds(
            self.public_key, self.checkpoint.body(), self.checkpoint.signature
        )


async def prove(session: AsyncSession, case_id: CaseId, seq: int) -> InclusionProof | None:
    """The proof for one event; None while it waits for its checkpoint or is not visible."""
    leaf_no = (await session.execute(_LEAF, {"case_id": case_id, "seq": seq})).scalar_one_or_none()
    return None if leaf_no is None else await prove_leaf(session, leaf_no)


async def prove_leaf(session: AsyncSession, leaf_no: int) -> InclusionProof | None:
    """The proof for one leaf; None while it waits for its checkpoint."""
    row = (await session.execute(_CHECKPOINT)).one_or_none()
    if row is None:
        return None
    checkpoint = Checkpoint(*row)
    if leaf_no >= checkpoint.size:
        return None
    key = (await session.execute(_KEY, {"key_id": checkpoint.key_id})).scalar_one()
    path = await _path(session, leaf_no, checkpoint.size)
    return InclusionProof(leaf_no, path, checkpoint, key)


async def _path(session: AsyncSession, leaf_no: int, size: int) -> tuple[bytes, ...]:
    """Reads whole tiles' hashes, and single leaves only beside the leaf and at the right edge."""
    edge = size // TILE_LEAVES
    tiles = list((await session.execute(_TILES, {"end": edge})).scalars())
    leaves: dict[int, list[bytes]] = {}
    for tile in {leaf_no // TILE_LEAVES, edge}:
        start, end = tile * TILE_LEAVES, min((tile + 1) * TILE_LEAVES, size)
        rows = await session.execute(_HASHES, {"start": start, "end": end})
        leaves[tile] = list(rows.scalars())
    return tuple(inclusion_path(leaf_no, size, subtree_of(tiles, leaves)))
