"""Find what was changed: a pure function over an export, the checkpoint file and public keys.

Any single byte, row, order or removed tail in the chain's tables or in the checkpoint file is
found and its place named. Three witnesses check one another: each case's hash chain with its
head, the Merkle tree with its signed roots, and the file of checkpoints outside the database.

Not found, and not claimed: the removal of a case's newest events together with a matching change
of its head and of the queue, if that happens before the next checkpoint (60 s); everything that
was signed after an attacker had the signing key *and* the file, unless somebody else has seen a
checkpoint. `Report.uncovered` counts the events that no checkpoint holds yet.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, pairwise
from uuid import UUID

from kernel.chain.checkpoint import FIRST_PREV, Checkpoint
from kernel.chain.export import Export, HeadRow, LeafRow
from kernel.chain.hashing import GENESIS, EventRow, event_hash
from kernel.chain.merkle import TILE_LEAVES, Frontier, leaf_hash
from kernel.chain.signing import key_id, signature_holds

EventKey = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written, and where."""

    code: str
    table: str
    detail: str
    case_id: UUID | None = None
    seq: int | None = None
    column: str | None = None


@dataclass(slots=True)
class Report:
    """What `verify` found; `ok` when nothing.

    A clock that stepped back is told and is no finding: order is `seq`, and times stand as written.
    """

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cases: int = 0
    events: int = 0
    leaves: int = 0
    checkpoints: int = 0
    file_checkpoints: int | None = None
    uncovered: int = 0
    clock_steps_back: int = 0
    newest_checkpoint_at: datetime | None = None

    @property
    def ok(self) -> bool:
        """No contradiction anywhere."""
        return not self.findings

    def add(self, code: str, table: str, detail: str, **place: object) -> None:
        """Record one finding."""
        self.findings.append(Finding(code, table, detail, **place))  # type: ignore[arg-type]


def verify(
    export: Export,
    *,
    checkpoint_file: bytes | None = None,
    trusted_keys: Mapping[str, bytes] | None = None,
) -> Report:
    """Check everything against everything.

    Args:
        export: all rows of the chain's tables.
        checkpoint_file: content of the append-only file; without it a removed tail of
            checkpoints cannot be seen, and a note says so.
        trusted_keys: raw public keys by name from outside the database; without them the
            published ones are used, and a note says so.
    """
    report = Report(
        events=len(export.case_event),
        leaves=len(export.chain_leaf),
        checkpoints=len(export.chain_checkpoint),
    )
    events = _check_chains(export, report)
    _check_leaves(export, events, report)
    _check_tree(export, report)
    _check_keys(export, report)
    _check_signatures(export.chain_checkpoint, export, trusted_keys, report)
    if checkpoint_file is None:
        report.notes.append("no checkpoint file: a removed tail of checkpoints would not be seen")
    else:
        _check_file(checkpoint_file, export, report)
    if trusted_keys is None:
        report.notes.append("no public key from outside: keys of the database were used")
    signed = pairwise(export.chain_checkpoint)
    report.clock_steps_back += sum(later.at < earlier.at for earlier, later in signed)
    if report.clock_steps_back:
        report.notes.append(
            f"the database's clock stepped back {report.clock_steps_back} times; order is seq"
        )
    if export.chain_checkpoint:
        report.newest_checkpoint_at = export.chain_checkpoint[-1].at
    return report


def _check_chains(export: Export, report: Report) -> dict[EventKey, EventRow]:
    heads = {head.case_id: head for head in export.case_head}
    if len(heads) != len(export.case_head) or not _ascending(h.case_id for h in export.case_head):
        report.add("order", "case_head", "heads are repeated or out of order")
    leaves = {(leaf.case_id, leaf.seq): leaf for leaf in export.chain_leaf}
    if not _ascending((row.case_id, row.seq) for row in export.case_event):
        report.add("order", "case_event", "events are repeated or out of order")
    found: dict[EventKey, EventRow] = {}
    for case_id, group in groupby(export.case_event, key=lambda row: row.case_id):
        rows = list(group)
        report.cases += 1
        found |= {(case_id, row.seq): row for row in rows}
        _check_case(rows, heads.pop(case_id, None), leaves, report)
    for head in heads.values():
        report.add(
            "case_missing",
            "case_event",
            f"case {head.case_id} has a head at event {head.seq} and no events",
            case_id=head.case_id,
        )
    return found


def _check_case(
    rows: list[EventRow],
    head: HeadRow | None,
    leaves: Mapping[EventKey, LeafRow],
    report: Report,
) -> None:
    case_id, expected, prev = rows[0].case_id, 1, GENESIS
    for row in rows:
        place = {"case_id": case_id, "seq": row.seq}
        if row.seq != expected:
            detail = f"case {case_id}: event {expected} is missing before event {row.seq}"
            report.add("event_missing", "case_event", detail, case_id=case_id, seq=expected)
        elif row.prev != prev:
            detail = f"case {case_id} event {row.seq}: prev is not the hash of the event before"
            report.add("prev_wrong", "case_event", detail, **place, column="prev")
        digest = event_hash(row)
        if digest != row.hash:
            leaf = leaves.get((case_id, row.seq))
            column = _changed_column(row, digest, leaf)
            detail = f"case {case_id} event {row.seq}: {column} changed"
            report.add("event_changed", "case_event", detail, **place, column=column)
        expected, prev = row.seq + 1, row.hash
    steps_back = (later.recv_at < row.recv_at for row, later in pairwise(rows))
    report.clock_steps_back += sum(steps_back)
    last = rows[-1]
    if head is None:
        report.add("head_missing", "case_head", f"case {case_id} has no head", case_id=case_id)
        return
    for column, stored, actual in (
        ("seq", head.seq, last.seq),
        ("hash", head.hash, last.hash),
        ("opened_at", head.opened_at, rows[0].recv_at),
    ):
        if stored != actual:
            what = "the newest event" if column != "opened_at" else "the first event"
            detail = f"case {case_id}: the head's {column} does not fit {what} ({last.seq})"
            report.add(
                "head_wrong", "case_head", detail, case_id=case_id, seq=last.seq, column=column
            )


def _changed_column(row: EventRow, digest: bytes, leaf: LeafRow | None) -> str:
    """Which column contradicts the others; content columns share one hash."""
    if leaf is not None and leaf.leaf_hash == leaf_hash(digest):
        return "hash"
    return "content (kind, source, auto, actor, facility, payload or a time)"


def _check_leaves(export: Export, events: Mapping[EventKey, EventRow], report: Report) -> None:
    placed: set[EventKey] = set()
    for expected, leaf in enumerate(export.chain_leaf):
        place = {"case_id": leaf.case_id, "seq": leaf.seq}
        key = (leaf.case_id, leaf.seq)
        name = f"leaf {leaf.leaf_no} (case {leaf.case_id} event {leaf.seq})"
        if leaf.leaf_no != expected:
            report.add("leaf_order", "chain_leaf", f"{name} stands at {expected}", **place)
            return
        if key in placed:
            report.add("leaf_repeated", "chain_leaf", f"{name} repeats an event", **place)
        placed.add(key)
        event = events.get(key)
        if event is None:
            detail = f"case {leaf.case_id} event {leaf.seq} was signed and is gone"
            report.add("event_missing", "case_event", detail, **place)
        elif leaf.leaf_hash != leaf_hash(event.hash):
            detail = f"{name} does not hold the hash of its event"
            report.add("leaf_wrong", "chain_leaf", detail, **place, column="leaf_hash")
    waiting = {(row.case_id, row.seq) for row in export.chain_pending}
    if len(waiting) != len(export.chain_pending):
        report.add("queue_wrong", "chain_pending", "an event waits twice")
    report.uncovered = len(events.keys() - placed)
    for case_id, seq in sorted((events.keys() - placed) ^ waiting):
        detail = f"case {case_id} event {seq}: neither in the tree nor waiting, or both"
        report.add("queue_wrong", "chain_pending", detail, case_id=case_id, seq=seq)


def _check_tree(export: Export, report: Report) -> None:
    edge, tiles = Frontier(), []
    hashes = [leaf.leaf_hash for leaf in export.chain_leaf]
    prev = FIRST_PREV
    for expected, checkpoint in enumerate(export.chain_checkpoint, start=1):
        name = f"checkpoint {checkpoint.no}"
        if checkpoint.no != expected:
            detail = f"checkpoint {expected} is missing, {name} stands in its place"
            report.add("checkpoint_missing", "chain_checkpoint", detail)
            return
        if checkpoint.prev != prev:
            detail = f"{name}: prev is not the digest of the checkpoint before"
            report.add("checkpoint_changed", "chain_checkpoint", detail, column="prev")
        prev = checkpoint.digest()
        if not edge.size <= checkpoint.size <= len(hashes):
            detail = f"{name} signed {checkpoint.size} leaves, there are {len(hashes)}"
            report.add("leaves_missing", "chain_leaf", detail)
            return
        start = edge.size
        edge, more = edge.extend(hashes[start : checkpoint.size])
        tiles += more
        if edge.root() != checkpoint.root:
            detail = f"{name}: leaves {start} to {checkpoint.size - 1} do not give its root"
            report.add("root_wrong", "chain_leaf", detail, column="leaf_hash")
            return
    if edge.size != len(hashes):
        detail = f"leaves from {edge.size} on were never signed"
        report.add("leaf_unsigned", "chain_leaf", detail)
    if [(tree.size, tree.peaks) for tree in export.chain_tree] != [(edge.size, edge.pack())]:
        report.add("tree_wrong", "chain_tree", "the stored edge is not that of the leaves")
    if [(tile.tile_no, tile.hash) for tile in export.chain_tile] != tiles:
        detail = f"the stored hashes over {TILE_LEAVES} leaves are not those of the leaves"
        report.add("tile_wrong", "chain_tile", detail)


def _check_keys(export: Export, report: Report) -> None:
    used = {checkpoint.key_id for checkpoint in export.chain_checkpoint}
    if not _ascending(key.key_id for key in export.chain_key):
        report.add("order", "chain_key", "keys are repeated or out of order")
    for key in export.chain_key:
        if key_id(key.public_key) != key.key_id:
            report.add("key_wrong", "chain_key", f"key {key.key_id} does not bear its own name")
        elif key.key_id not in used:
            report.add("key_unused", "chain_key", f"key {key.key_id} signed nothing")


def _check_signatures(
    checkpoints: list[Checkpoint],
    export: Export,
    trusted: Mapping[str, bytes] | None,
    report: Report,
) -> None:
    published = {key.key_id: key.public_key for key in export.chain_key}
    for checkpoint in checkpoints:
        name = f"checkpoint {checkpoint.no}"
        key = (published if trusted is None else trusted).get(checkpoint.key_id)
        if checkpoint.key_id not in published:
            report.add("key_missing", "chain_key", f"{name}: key {checkpoint.key_id} is gone")
        if key is None:
            detail = f"{name}: no trusted key {checkpoint.key_id}"
            report.add("key_untrusted", "chain_checkpoint", detail, column="key_id")
        elif not signature_holds(key, checkpoint.body(), checkpoint.signature):
            detail = f"{name}: the signature does not hold"
            report.add("signature_wrong", "chain_checkpoint", detail)


def _check_file(data: bytes, export: Export, report: Report) -> None:
    stored = {checkpoint.no: checkpoint for checkpoint in export.chain_checkpoint}
    seen = 0
    for number, line in enumerate(_complete_lines(data, report), start=1):
        try:
            checkpoint = Checkpoint.parse(line)
        except ValueError:
            report.add("file_line_wrong", "file", f"line {number} is not a checkpoint")
            return
        if checkpoint.no != seen + 1:
            detail = f"line {number}: checkpoint {checkpoint.no} follows checkpoint {seen}"
            report.add("file_order", "file", detail)
            return
        seen = checkpoint.no
        if seen not in stored:
            detail = f"checkpoint {seen} is in the file and gone from the table"
            report.add("checkpoint_missing", "chain_checkpoint", detail)
        elif checkpoint != stored[seen]:
            detail = f"checkpoint {seen} differs between file and table"
            report.add("checkpoint_changed", "chain_checkpoint", detail)
    report.file_checkpoints = seen
    for no in sorted(no for no in stored if no > seen):
        report.add("file_short", "file", f"checkpoint {no} is in the table and not in the file")


def _complete_lines(data: bytes, report: Report) -> Iterator[bytes]:
    """Lines of the file; a crash may leave the beginning of a line before the line itself."""
    lines = data.split(b"\n")
    if lines[-1]:
        report.add("file_torn", "file", f"the last line ({len(lines)}) is not complete")
    complete = lines[:-1]
    for position, line in enumerate(complete):
        following = complete[position + 1] if position + 1 < len(complete) else None
        torn = following is not None and line != following and following.startswith(line)
        if not (torn and line):
            yield line


def _ascending(keys: Iterator[object]) -> bool:
    ordered = list(keys)
    return all(a < b for a, b in pairwise(ordered))  # type: ignore[operator]
