"""The Merkle tree over all events' hashes: RFC 9162 §2.1, SHA-256, pure.

Leaves are `H(0x00 || data)`, nodes `H(0x01 || left || right)`, and a tree of n leaves
splits at the largest power of two below n. `Frontier` keeps only the complete subtrees on
the right edge (at most one per bit of the size), so a minute's work is the minute's leaves.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()
TILE_LEVEL = 8
TILE_LEAVES = 1 << TILE_LEVEL
"""Every complete subtree of 256 leaves is stored, so a proof reads 1/256 of the log."""

HASH_BYTES = 32


def leaf_hash(data: bytes) -> bytes:
    """RFC 9162 §2.1.1: the hash of one leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162 §2.1.1: the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: `peaks` are its complete subtrees, largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def extend(self, leaves: Iterable[bytes]) -> tuple["Frontier", list[tuple[int, bytes]]]:
        """Append leaf hashes; returns the new edge and the tiles (number, hash) completed."""
        size, peaks, tiles = self.size, list(self.peaks), []
        for leaf in leaves:
            node, level, rest = leaf, 0, size
            while rest & 1:
                node = node_hash(peaks.pop(), node)
                level, rest = level + 1, rest >> 1
                if level == TILE_LEVEL:
                    tiles.append((size >> TILE_LEVEL, node))
            peaks.append(node)
            size += 1
        return Frontier(size, tuple(peaks)), tiles

    def root(self) -> bytes:
        """The tree head (RFC 9162 §2.1.1)."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def pack(self) -> bytes:
        """The peaks, concatenated, for storage."""
        return b"".join(self.peaks)

    @classmethod
    def unpack(cls, size: int, packed: bytes) -> "Frontier":
        """Inverse of `pack`; raises `ValueError` when the number of peaks cannot fit."""
        peaks = tuple(packed[i : i + HASH_BYTES] for i in range(0, len(packed), HASH_BYTES))
        if size < 0 or len(peaks) != size.bit_count() or len(packed) % HASH_BYTES:
            raise ValueError(f"{len(packed)} bytes of peaks do not fit a tree of {size}")
        return cls(size, peaks)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The tree head over these leaf hashes."""
    return Frontier().extend(leaves)[0].root()


Subtree = Callable[[int, int], bytes]
"""The hash over the leaves lo..hi-1."""


def inclusion_path(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """RFC 9162 §2.1.3.1: the sibling hashes that lead from leaf `index` to the root."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path: list[bytes] = []
    lo, hi = 0, size
    while hi - lo > 1:
        split = lo + _split(hi - lo)
        if index < split:
            path.append(subtree(split, hi))
            hi = split
        else:
            path.append(subtree(lo, split))
            lo = split
    path.reverse()
    return path


def subtree_of(tiles: Sequence[bytes], leaves: Mapping[int, Sequence[bytes]]) -> Subtree:
    """Subtree hashes for a proof from few rows.

    Args:
        tiles: the hashes of all complete tiles.
        leaves: leaf hashes by tile, for the proven leaf's tile and the incomplete last one.
    """

    def subtree(lo: int, hi: int) -> bytes:
        # A path's subtrees are aligned: they lie inside one tile or begin at a tile's start.
        first, last = lo // TILE_LEAVES, (hi - 1) // TILE_LEAVES
        if first == last and first in leaves:
            start = first * TILE_LEAVES
            return root_of(leaves[first][lo - start : hi - start])
        edge = Frontier().extend(tiles[first : last + 1])[0]
        if last < len(tiles):
            return edge.root()
        rest = Frontier().extend(leaves[last])[0]
        return Frontier(edge.size + rest.size, edge.peaks + rest.peaks).root()

    return subtree


def root_from_path(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes | None:
    """RFC 9162 §2.1.3.2: the root that this path leads to, or None when it cannot fit."""
    if not 0 <= index < size:
        return None
    fn, sn, root = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            root = node_hash(sibling, root)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = node_hash(root, sibling)
        fn, sn = fn >> 1, sn >> 1
    return root if sn == 0 else None


def _split(n: int) -> int:
    return 1 << ((n - 1).bit_length() - 1)
