"""A small, valid log in memory: five cases, 24 events, four checkpoints, one event waiting."""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kernel.chain.canonical import encode
from kernel.chain.checkpoint import FIRST_PREV, Checkpoint
from kernel.chain.export import (
    Export,
    HeadRow,
    KeyRow,
    LeafRow,
    PendingRow,
    TreeRow,
)
from kernel.chain.hashing import GENESIS, EventRow, event_hash
from kernel.chain.merkle import Frontier, leaf_hash
from kernel.chain.signing import Signer

START = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
SIZES = (0, 5, 14, 14, 23)


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows, file and keys that fit together."""

    export: Export
    file: bytes

    @property
    def keys(self) -> dict[str, bytes]:
        """The trusted keys."""
        return {SIGNER.key_id: SIGNER.public}


def sample() -> Sample:
    """Build the log as the database would."""
    dice = random.Random(7)
    events = sorted(
        (row for case in range(5) for row in _case(dice, case)),
        key=lambda row: (row.case_id, row.seq),
    )
    export = Export(case_event=events)
    last = {row.case_id: row for row in events}
    first = {row.case_id: row for row in reversed(events)}
    export.case_head = [
        HeadRow(case_id, last[case_id].seq, last[case_id].hash, first[case_id].recv_at)
        for case_id in sorted(last)
    ]
    waiting = events[-1]
    export.chain_pending = [PendingRow(waiting.case_id, waiting.seq)]
    export.chain_leaf = [
        LeafRow(number, row.case_id, row.seq, leaf_hash(row.hash))
        for number, row in enumerate(sorted(events[:-1], key=lambda row: row.recv_at))
    ]
    export.chain_key = [KeyRow(SIGNER.key_id, SIGNER.public)]
    export.chain_checkpoint = list(_checkpoints([leaf.leaf_hash for leaf in export.chain_leaf]))
    edge, _ = Frontier().extend(leaf.leaf_hash for leaf in export.chain_leaf)
    export.chain_tree = [TreeRow(edge.size, edge.pack())]
    file = b"".join(checkpoint.line() for checkpoint in export.chain_checkpoint)
    return Sample(export, file)


def _case(dice: random.Random, number: int) -> list[EventRow]:
    case_id, prev, rows = UUID(int=dice.getrandbits(128)), GENESIS, []
    at = START + timedelta(seconds=dice.randrange(1, 1000))
    for seq in range(1, (5, 5, 5, 5, 4)[number] + 1):
        device = dice.random() < 0.5
        at += timedelta(seconds=dice.randrange(1, 10**4), microseconds=dice.randrange(10**6))
        row = EventRow(
            case_id=case_id,
            seq=seq,
            kind=dice.choice(["offer.accepted", "leg.arrived", "page.sent"]),
            source="device" if device else "human",
            auto=device,
            actor=None if device else UUID(int=dice.getrandbits(128)),
            facility=UUID(int=dice.getrandbits(128)),
            payload=encode({"n": dice.randrange(1000), "text": "产后出血"}),
            occurred_at=at - timedelta(minutes=5) if dice.random() < 0.3 else None,
            device_at=at if device else None,
            clock_offset_ms=dice.randrange(-2000, 2000) if device else None,
            rtt_ms=dice.randrange(500) if device else None,
            recv_at=at,
            prev=prev,
            hash=b"",
        )
        row = replace(row, hash=event_hash(row))
        prev = row.hash
        rows.append(row)
    return rows


def _checkpoints(leaves: list[bytes]) -> list[Checkpoint]:
    edge, prev, signed = Frontier(), FIRST_PREV, []
    for no, size in enumerate(SIZES, start=1):
        edge, _ = edge.extend(leaves[edge.size : size])
        at = START + timedelta(minutes=no)
        unsigned = Checkpoint(no, size, edge.root(), at, SIGNER.key_id, prev)
        signed.append(replace(unsigned, signature=SIGNER.sign(unsigned.body())))
        prev = unsigned.digest()
    return signed
