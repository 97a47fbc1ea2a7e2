"""Every mutation is found: each byte of the export and the file, each row, order and tail."""

import json
import random
from copy import copy
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.chain.export import (
    ROWS,
    Export,
    HeadRow,
    LeafRow,
    PendingRow,
    TreeRow,
    dump_export,
    load_export,
)
from kernel.chain.hashing import event_hash
from kernel.chain.merkle import Frontier, leaf_hash
from kernel.chain.signing import Signer
from kernel.chain.verify import Report, verify
from tests.kernel.chain.sample import SIGNER, Sample, sample

GOOD = sample()
BYTES = dump_export(GOOD.export)


def report_of(export: Export, file: bytes | None = GOOD.file) -> Report:
    return verify(export, checkpoint_file=file, trusted_keys=GOOD.keys)


def found_in_bytes(data: bytes) -> bool:
    export, bad = load_export(data)
    return bool(bad) or not report_of(export).ok


def test_a_good_log_is_ok() -> None:
    report = report_of(GOOD.export)
    assert report.ok
    assert report.notes == []
    assert (report.cases, report.events, report.leaves) == (5, 24, 23)
    assert (report.checkpoints, report.file_checkpoints, report.uncovered) == (5, 5, 1)
    assert report.newest_checkpoint_at == GOOD.export.chain_checkpoint[-1].at


def test_a_clock_that_stepped_back_is_told_and_is_no_finding() -> None:
    first = GOOD.export.case_event[0]
    earlier = replace(first, seq=2, prev=first.hash, recv_at=first.recv_at - timedelta(seconds=1))
    earlier = replace(earlier, hash=event_hash(earlier))
    waiting = [PendingRow(first.case_id, seq) for seq in (1, 2)]
    export = Export(
        case_event=[first, earlier],
        case_head=[HeadRow(first.case_id, 2, earlier.hash, first.recv_at)],
        chain_pending=waiting,
        chain_tree=[TreeRow(0, b"")],
    )
    report = verify(export, checkpoint_file=b"", trusted_keys={})
    assert (report.ok, report.clock_steps_back, report.uncovered) == (True, 1, 2)
    assert len(report.notes) == 1


def test_less_evidence_is_said() -> None:
    report = verify(GOOD.export)
    assert report.ok
    assert len(report.notes) == 2


def test_an_empty_installation_is_ok() -> None:
    assert verify(Export(chain_tree=[TreeRow(0, b"")]), checkpoint_file=b"").ok


def test_an_export_reads_back() -> None:
    export, bad = load_export(BYTES)
    assert bad == []
    assert export == GOOD.export


def test_every_byte_of_the_export() -> None:
    """One random other value for each byte: about 14,000 mutations."""
    dice = random.Random(11)
    missed = []
    for position, byte in enumerate(BYTES):
        changed = bytearray(BYTES)
        changed[position] = (byte + dice.randrange(1, 256)) % 256
        if not _found_fast(bytes(changed), position):
            missed.append((position, byte, changed[position]))
    assert len(BYTES) > 10_000
    assert missed == []


def _found_fast(data: bytes, position: int) -> bool:
    """As `found_in_bytes`; most changes already show in the one line that holds them."""
    start = data.rfind(b"\n", 0, position) + 1
    end = data.find(b"\n", position) + 1
    _, bad = load_export(data[start:end])
    return bool(bad) or found_in_bytes(data)


def test_every_byte_of_the_checkpoint_file() -> None:
    dice = random.Random(12)
    for position, byte in enumerate(GOOD.file):
        changed = bytearray(GOOD.file)
        changed[position] = (byte + dice.randrange(1, 256)) % 256
        assert not report_of(GOOD.export, bytes(changed)).ok, position


def test_a_file_cut_short() -> None:
    for length in range(0, len(GOOD.file), 7):
        assert not report_of(GOOD.export, GOOD.file[:length]).ok, length


def test_a_line_torn_by_a_crash_and_written_again_is_no_finding() -> None:
    lines = GOOD.file.splitlines(keepends=True)
    torn = b"".join([*lines[:-1], lines[-1][:40], b"\n", lines[-1]])
    assert report_of(GOOD.export, torn).ok


def other(value: Any, dice: random.Random) -> Any:
    """A value that the column could also hold."""
    match value:
        case None:
            return dice.choice([UUID(int=dice.getrandbits(128)), dice.randrange(1000)])
        case bool():
            return not value
        case int():
            return value + dice.choice([-1, 1, 7])
        case bytes():
            if not value:
                return b"\x00"
            changed = bytearray(value)
            changed[dice.randrange(len(value))] ^= 1 << dice.randrange(8)
            return bytes(changed)
        case str():
            return value[:-1] + chr(ord(value[-1]) ^ 1)
        case UUID():
            return UUID(int=value.int ^ (1 << dice.randrange(128)))
        case datetime():
            return value + timedelta(microseconds=dice.choice([-1, 1]))
    raise AssertionError(type(value))


def nullable(row: Any, column: str) -> bool:
    return column in {"actor", "facility", "occurred_at", "device_at", "clock_offset_ms", "rtt_ms"}


def typed_null(column: str, dice: random.Random) -> Any:
    if column in {"actor", "facility"}:
        return UUID(int=dice.getrandbits(128))
    if column.endswith("_at"):
        return GOOD.export.case_event[0].recv_at
    return dice.randrange(1000)


def mutate(export: Export, dice: random.Random) -> tuple[Export, str]:
    """One change that somebody with full rights could make, without any hash recomputed."""
    changed = copy(export)
    table = dice.choice(list(ROWS))
    rows = list(getattr(export, table))
    setattr(changed, table, rows)
    position = dice.randrange(len(rows)) if rows else 0
    choice = dice.choice(["column", "column", "column", "delete", "repeat", "swap", "tail"])
    if not rows:
        table, rows, choice = "chain_leaf", list(export.chain_leaf), "delete"
        changed.chain_leaf = rows
        position = dice.randrange(len(rows))
    if choice == "swap" and len(rows) < 2:
        choice = "delete"
    if choice == "column":
        row = rows[position]
        column = dice.choice([entry.name for entry in fields(row)])
        value = getattr(row, column)
        if value is None:
            new = typed_null(column, dice)
        elif nullable(row, column) and dice.random() < 0.3:
            new = None
        else:
            new = other(value, dice)
        rows[position] = replace(row, **{column: new})
        return changed, f"{table}.{column}"
    if choice == "delete":
        del rows[position]
    elif choice == "repeat":
        rows.insert(dice.randrange(len(rows) + 1), rows[position])
    elif choice == "swap":
        first, second = dice.sample(range(len(rows)), 2)
        rows[first], rows[second] = rows[second], rows[first]
    else:
        del rows[position:]
    return changed, f"{table} {choice}"


@settings(max_examples=250, database=None)
@given(st.integers(0, 2**63))
def test_any_change_of_a_row_a_column_an_order_or_a_tail_is_found(seed: int) -> None:
    """250 examples of 10 mutations each; the seed names the one that would be missed."""
    dice = random.Random(seed)
    for _ in range(10):
        changed, what = mutate(GOOD.export, dice)
        assert not report_of(changed).ok, what


def without_case(case: UUID) -> Export:
    good = GOOD.export
    changed = copy(good)
    for table in ("case_event", "case_head", "chain_leaf", "chain_pending"):
        setattr(changed, table, [row for row in getattr(good, table) if row.case_id != case])
    return changed


def test_a_case_that_vanished_altogether() -> None:
    case = GOOD.export.case_head[0].case_id
    report = report_of(without_case(case))
    assert {finding.code for finding in report.findings} >= {"leaf_order"}


def test_a_case_whose_events_vanished_is_named() -> None:
    case = GOOD.export.case_head[1].case_id
    changed = copy(GOOD.export)
    changed.case_event = [row for row in changed.case_event if row.case_id != case]
    found = report_of(changed).findings
    assert ("case_missing", case) in {(finding.code, finding.case_id) for finding in found}
    assert {("event_missing", case, seq) for seq in range(1, 6)} <= {
        (finding.code, finding.case_id, finding.seq) for finding in found
    }


def rewritten(sample_: Sample) -> Export:
    """An event changed by somebody who recomputed chain, head and leaves as well."""
    changed = copy(sample_.export)
    case = changed.case_head[0].case_id
    prev = bytes(32)
    events = []
    for row in changed.case_event:
        if row.case_id == case:
            row = replace(row, prev=prev, kind="leg.departed" if row.seq == 2 else row.kind)
            row = replace(row, hash=event_hash(row))
            prev = row.hash
        events.append(row)
    changed.case_event = events
    hashes = {(row.case_id, row.seq): row.hash for row in events}
    head = changed.case_head[0]
    changed.case_head = [replace(head, hash=prev), *changed.case_head[1:]]
    changed.chain_leaf = [
        LeafRow(leaf.leaf_no, leaf.case_id, leaf.seq, leaf_hash(hashes[leaf.case_id, leaf.seq]))
        for leaf in changed.chain_leaf
    ]
    edge, _ = Frontier().extend(leaf.leaf_hash for leaf in changed.chain_leaf)
    changed.chain_tree = [replace(changed.chain_tree[0], peaks=edge.pack())]
    return changed


def test_a_rewriter_with_all_hashes_recomputed_meets_the_signed_root() -> None:
    (finding,) = report_of(rewritten(GOOD)).findings
    assert finding.code == "root_wrong"


def test_a_rewriter_who_signs_with_another_key_is_not_trusted() -> None:
    forger = Signer(Ed25519PrivateKey.generate())
    changed = copy(GOOD.export)
    last = replace(changed.chain_checkpoint[-1], key_id=forger.key_id)
    last = replace(last, signature=forger.sign(last.body()))
    changed.chain_checkpoint = [*changed.chain_checkpoint[:-1], last]
    changed.chain_key = sorted(
        [*changed.chain_key, type(changed.chain_key[0])(forger.key_id, forger.public)],
        key=lambda key: key.key_id,
    )
    codes = {finding.code for finding in report_of(changed).findings}
    assert codes == {"key_untrusted", "checkpoint_changed"}


def test_deleted_checkpoints_are_in_the_file() -> None:
    changed = copy(GOOD.export)
    changed.chain_checkpoint = changed.chain_checkpoint[:-1]
    codes = {finding.code for finding in report_of(changed).findings}
    assert "checkpoint_missing" in codes


@pytest.mark.parametrize(
    ("column", "named"),
    [("hash", "hash"), ("prev", "prev"), ("kind", "content"), ("payload", "content")],
)
def test_the_place_is_named(column: str, named: str) -> None:
    dice = random.Random(3)
    changed = copy(GOOD.export)
    changed.case_event = list(changed.case_event)
    row = changed.case_event[2]
    changed.case_event[2] = replace(row, **{column: other(getattr(row, column), dice)})
    found = [
        finding
        for finding in report_of(changed).findings
        if (finding.case_id, finding.seq) == (row.case_id, row.seq)
    ]
    assert any((finding.column or "").startswith(named) for finding in found)


def test_an_export_line_that_is_no_row() -> None:
    lines = BYTES.splitlines(keepends=True)
    wrong = json.loads(lines[3])
    wrong["row"]["seq"] = True
    for line in (b"{}\n", b"[]\n", b"\xff\n", json.dumps(wrong).encode() + b"\n", b"nonsense"):
        _, bad = load_export(b"".join([*lines[:3], line]))
        assert bad[-1] == 4


def test_the_key_of_the_sample_is_its_own() -> None:
    assert GOOD.export.chain_key[0].key_id == SIGNER.key_id
