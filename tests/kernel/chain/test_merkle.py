"""The tree against the reference vectors of RFC 9162's ancestors and against itself."""

import random

import pytest

from kernel.chain.merkle import (
    EMPTY_ROOT,
    TILE_LEAVES,
    Frontier,
    inclusion_path,
    leaf_hash,
    root_from_path,
    root_of,
    subtree_of,
)

# The eight leaves and roots of the Certificate Transparency test suite (RFC 6962, same tree).
LEAVES = [
    leaf_hash(bytes.fromhex(data))
    for data in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MANY = [leaf_hash(number.to_bytes(4)) for number in range(700)]


def whole(leaves: list[bytes]) -> bytes:
    """The definition in RFC 9162 §2.1.1, word for word; slow and independent of `Frontier`."""
    from kernel.chain.merkle import node_hash

    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(whole(leaves[:split]), whole(leaves[split:]))


@pytest.mark.parametrize("size", range(1, 9))
def test_reference_roots(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_empty_tree() -> None:
    assert root_of([]) == EMPTY_ROOT
    assert EMPTY_ROOT.hex().startswith("e3b0c44298fc1c14")


def test_growing_by_steps_equals_building_at_once() -> None:
    steps = random.Random(1)
    edge, tiles = Frontier(), []
    while edge.size < len(MANY):
        end = min(len(MANY), edge.size + steps.randint(0, 60))
        edge, more = edge.extend(MANY[edge.size : end])
        tiles += more
        edge = Frontier.unpack(edge.size, edge.pack())
        assert edge.root() == whole(MANY[: edge.size])
    assert tiles == [
        (number, whole(MANY[number * TILE_LEAVES : (number + 1) * TILE_LEAVES]))
        for number in range(len(MANY) // TILE_LEAVES)
    ]


@pytest.mark.parametrize(
    ("size", "packed"), [(3, bytes(32)), (1, bytes(33)), (-1, b""), (0, bytes(32))]
)
def test_peaks_that_cannot_fit_are_refused(size: int, packed: bytes) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Frontier.unpack(size, packed)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 33, 70])
def test_every_leaf_has_a_proof_that_fits_no_other_place(size: int) -> None:
    leaves = MANY[:size]
    root = whole(leaves)
    for index in range(size):
        path = inclusion_path(index, size, lambda lo, hi: whole(leaves[lo:hi]))
        assert root_from_path(index, size, leaves[index], path) == root
        for other in range(size):
            if other != index:
                assert root_from_path(other, size, leaves[index], path) != root
        if path:
            assert root_from_path(index, size, leaves[index], path[:-1]) != root
        assert root_from_path(index, size, leaves[index], [*path, bytes(32)]) != root


@pytest.mark.parametrize("size", [255, 256, 257, 511, 512, 513, 700])
def test_proofs_from_tiles_read_few_leaves_and_say_the_same(size: int) -> None:
    leaves = MANY[:size]
    _, tiles = Frontier().extend(leaves)
    root = whole(leaves)
    for index in {0, 100, min(size, 256) - 1, size // 2, size - 1}:
        few = {
            tile: leaves[tile * TILE_LEAVES : (tile + 1) * TILE_LEAVES]
            for tile in (index // TILE_LEAVES, size // TILE_LEAVES)
        }
        path = inclusion_path(index, size, subtree_of([node for _, node in tiles], few))
        assert root_from_path(index, size, leaves[index], path) == root


def test_a_leaf_outside_the_tree() -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        inclusion_path(4, 4, lambda lo, hi: b"")
    assert root_from_path(4, 4, bytes(32), []) is None
