"""A database administrator against the chain, with PostgreSQL's own means."""

import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from kernel.chain.checkpoint import ChainBroken, ChainCheckpointer, CheckpointFile
from kernel.chain.signing import PUBLIC_FILE, Signer
from server.commands.verify import verify_database, verify_export
from tests.fixtures.database import Clone
from tests.kernel.chain.story import add_events, doctor, open_case

TABLES = ("case_event", "case_head", "chain_leaf", "chain_tile", "chain_key", "chain_checkpoint")


@dataclass(slots=True)
class Log:
    """A log of three cases, signed twice, and the administrator's connection."""

    database: Clone
    place: Path
    cases: list[UUID]
    admin: asyncpg.Connection
    engine: ChainCheckpointer

    async def tamper(self, statement: str, *values: object) -> None:
        """Disable the guards, change, and enable them again as if nothing had been."""
        for table in TABLES:
            await self.admin.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        await self.admin.execute("SET session_replication_role = replica")  # foreign keys
        await self.admin.execute(statement, *values)
        await self.admin.execute("SET session_replication_role = origin")
        for table in TABLES:
            await self.admin.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_sealed")
        await self.admin.execute("ALTER TABLE case_head ENABLE ALWAYS TRIGGER case_head_forward")

    def verify(self) -> tuple[int, dict[str, Any], list[str]]:
        """Exit status, JSON object and lines of `yunshang verify`."""
        return _verify(self)


def _verify(log: Log, **options: Path) -> tuple[int, dict[str, Any], list[str]]:
    """Runs in a thread, because the command has an event loop of its own."""
    lines: list[str] = []
    files = (log.place / "checkpoints.jsonl", log.place / PUBLIC_FILE)
    arguments = (log.database.system_url, *files, lines.append)
    with ThreadPoolExecutor(1) as pool:
        status = pool.submit(partial(verify_database, *arguments, **options)).result()
    return status, json.loads(lines[-1]), lines


@pytest.fixture
async def log(database: Clone, tmp_path: Path) -> AsyncIterator[Log]:
    signer = Signer.load_or_create(tmp_path)
    engine = ChainCheckpointer(
        database.system, signer, CheckpointFile(tmp_path / "checkpoints.jsonl")
    )
    viewer, cases = doctor(), []
    for _ in range(3):
        async with database.app.session(viewer) as session:
            cases.append(await open_case(session, viewer))
            await add_events(session, cases[-1], viewer, 3)
        await engine.sign()
    admin = await asyncpg.connect(database.superuser_url)
    yield Log(database, tmp_path, list(cases), admin, engine)
    await admin.close()


async def test_good_data_is_ok_and_says_what_it_covers(log: Log) -> None:
    async with log.database.app.session(viewer := doctor()) as session:
        await open_case(session, viewer)
    status, summary, lines = log.verify()
    assert (status, summary["chain"], summary["places"]) == (0, "ok", [])
    assert (summary["cases"], summary["events"], summary["uncovered"]) == (4, 13, 1)
    assert "1 younger events are held by their case's chain and head only" in lines[-2]


@pytest.mark.parametrize("table", [*TABLES])
@pytest.mark.parametrize("mode", ["origin", "replica"])
async def test_not_even_a_superuser_without_disabling_the_guards(
    log: Log, table: str, mode: str
) -> None:
    await log.admin.execute(f"SET session_replication_role = {mode}")
    column = {"chain_tile": "hash", "chain_key": "public_key"}.get(table, "hash")
    column = {"chain_leaf": "leaf_hash", "chain_checkpoint": "root"}.get(table, column)
    for statement in (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
    ):
        with pytest.raises(asyncpg.PostgresError) as refusal:
            await log.admin.execute(statement)
        assert refusal.value.sqlstate == "YS001"
    assert log.verify()[0] == 0


async def test_disabled_guards_are_reported(log: Log) -> None:
    await log.admin.execute("ALTER TABLE case_event DISABLE TRIGGER case_event_sealed")
    await log.admin.execute("GRANT UPDATE ON case_event TO yunshang_app")
    status, summary, _ = log.verify()
    assert (status, summary["findings"]) == (1, 2)
    assert [place["code"] for place in summary["places"]] == ["guard_off", "grant_wrong"]


@pytest.mark.parametrize(
    ("assignment", "code", "column"),
    [
        ("kind = 'leg.departed'", "event_changed", "content"),
        ("payload = set_byte(payload, 3, get_byte(payload, 3) + 1)", "event_changed", "content"),
        ("recv_at = recv_at - interval '1 microsecond'", "event_changed", "content"),
        ("actor = gen_random_uuid()", "event_changed", "content"),
        ("auto = NOT auto", "event_changed", "content"),
        ("prev = set_byte(prev, 0, 255 - get_byte(prev, 0))", "prev_wrong", "prev"),
        ("hash = set_byte(hash, 0, 255 - get_byte(hash, 0))", "event_changed", "hash"),
    ],
)
async def test_one_changed_value_is_found_and_named(
    log: Log, assignment: str, code: str, column: str
) -> None:
    case = log.cases[1]
    await log.tamper(f"UPDATE case_event SET {assignment} WHERE case_id = $1 AND seq = 2", case)
    status, summary, lines = log.verify()
    assert status == 1
    places = summary["places"]
    assert isinstance(places, list)
    assert any(
        (place["code"], place["case_id"], place["seq"]) == (code, str(case), "2")
        and place["column"].startswith(column)
        for place in places
    )
    assert any(line.startswith("FOUND") and str(case) in line for line in lines)


async def test_a_removed_tail_with_a_corrected_head_is_found(log: Log) -> None:
    case = log.cases[2]
    await log.tamper("DELETE FROM case_event WHERE case_id = $1 AND seq = 4", case)
    await log.tamper(
        "UPDATE case_head h SET seq = 3, hash = e.hash FROM case_event e"
        " WHERE h.case_id = $1 AND e.case_id = h.case_id AND e.seq = 3",
        case,
    )
    status, summary, _ = log.verify()
    assert status == 1
    assert [(place["code"], place["seq"]) for place in summary["places"]] == [
        ("event_missing", "4")
    ]


async def test_a_tail_removed_from_every_table_is_found_by_the_file(log: Log) -> None:
    case = log.cases[2]
    for table in ("case_event", "case_head", "chain_leaf"):
        await log.tamper(f"DELETE FROM {table} WHERE case_id = $1", case)
    await log.tamper("DELETE FROM chain_checkpoint WHERE no = 3")
    from kernel.chain.merkle import Frontier

    leaves = await log.admin.fetch("SELECT leaf_hash FROM chain_leaf ORDER BY leaf_no")
    edge, _ = Frontier().extend(row["leaf_hash"] for row in leaves)
    await log.tamper("UPDATE chain_tree SET size = $1, peaks = $2", edge.size, edge.pack())
    status, summary, _ = log.verify()
    assert status == 1
    assert [place["code"] for place in summary["places"]] == ["checkpoint_missing"]
    with pytest.raises(ChainBroken):
        await log.engine.sign()


async def test_a_lost_checkpoint_file_is_a_finding(log: Log) -> None:
    (log.place / "checkpoints.jsonl").unlink()
    status, summary, _ = log.verify()
    assert (status, summary["places"][0]["code"]) == (1, "file_missing")


async def test_an_export_is_checked_without_the_database(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "export.jsonl"
    assert _verify(log, export_to=path)[0] == 0
    files = (log.place / "checkpoints.jsonl", log.place / PUBLIC_FILE)
    lines: list[str] = []
    assert verify_export(path, *files, lines.append) == 0
    path.write_bytes(path.read_bytes().replace(b"leg.arrived", b"leg.halted_", 1))
    assert verify_export(path, *files, lines.append) == 1
    assert json.loads(lines[-1])["chain"] == "tampered"
