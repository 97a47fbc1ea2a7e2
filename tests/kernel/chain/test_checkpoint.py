"""Checkpoints on a real PostgreSQL and a real file; what happens after a crash between the two."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from kernel.chain.checkpoint import (
    STALE_AFTER,
    ChainBroken,
    ChainCheckpointer,
    Checkpoint,
    CheckpointFile,
    checkpoint_once,
    newest_age,
)
from kernel.chain.export import read_export
from kernel.chain.merkle import EMPTY_ROOT, TILE_LEAVES
from kernel.chain.proof import prove
from kernel.chain.signing import Signer, signature_holds
from kernel.chain.verify import Report, verify
from tests.fixtures.database import Clone
from tests.kernel.chain.sample import sample
from tests.kernel.chain.story import SYSTEM, add_events, doctor, open_case


def checkpointer(database: Clone, place: Path) -> ChainCheckpointer:
    signer = Signer.load_or_create(place)
    return ChainCheckpointer(database.system, signer, CheckpointFile(place / "checkpoints.jsonl"))


async def verified(database: Clone, place: Path) -> Report:
    async with database.system.session(SYSTEM) as session:
        export = await read_export(session)
    signer = Signer.load_or_create(place)
    return verify(
        export,
        checkpoint_file=(place / "checkpoints.jsonl").read_bytes(),
        trusted_keys={signer.key_id: signer.public},
    )


async def test_new_events_get_leaves_and_the_root_is_signed(
    database: Clone, tmp_path: Path
) -> None:
    viewer, engine = doctor(), checkpointer(database, tmp_path)
    signer = Signer.load_or_create(tmp_path)
    empty = await engine.sign()
    assert (empty.no, empty.size, empty.root) == (1, 0, EMPTY_ROOT)
    async with database.app.session(viewer) as session:
        case_id = await open_case(session, viewer)
        await add_events(session, case_id, viewer, 4)
    second = await engine.sign()
    assert (second.no, second.size, second.prev) == (2, 5, empty.digest())
    assert signature_holds(signer.public, second.body(), second.signature)
    idle = await engine.sign()
    assert (idle.size, idle.root) == (second.size, second.root)
    report = await verified(database, tmp_path)
    assert (report.findings, report.checkpoints, report.uncovered) == ([], 3, 0)


async def test_everybody_may_know_how_old_the_newest_checkpoint_is(
    database: Clone, tmp_path: Path
) -> None:
    async with database.app.session(doctor()) as session:
        assert await newest_age(session) is None
    await checkpointer(database, tmp_path).sign()
    async with database.app.session(doctor()) as session:
        age = await newest_age(session)
    assert age is not None
    assert timedelta(0) < age < STALE_AFTER


async def test_an_uncommitted_event_waits(database: Clone, tmp_path: Path) -> None:
    viewer, engine = doctor(), checkpointer(database, tmp_path)
    async with database.app.session(viewer) as session:
        await open_case(session, viewer)
        assert (await engine.sign()).size == 0
    assert (await engine.sign()).size == 1


async def test_two_engines_take_turns(database: Clone, tmp_path: Path) -> None:
    viewer = doctor()
    first, second = checkpointer(database, tmp_path), checkpointer(database, tmp_path)

    async def write() -> None:
        for _ in range(5):
            async with database.app.session(viewer) as session:
                await add_events(session, await open_case(session, viewer), viewer, 2)

    await asyncio.gather(
        write(), write(), *(engine.sign() for engine in (first, second) for _ in range(4))
    )
    await first.sign()
    report = await verified(database, tmp_path)
    assert (report.findings, report.leaves, report.file_checkpoints) == ([], 30, 9)


async def test_a_crash_before_the_file_was_written_is_made_good(
    database: Clone, tmp_path: Path
) -> None:
    engine, signer = checkpointer(database, tmp_path), Signer.load_or_create(tmp_path)
    await engine.sign()
    async with database.system.session(SYSTEM) as session:
        await checkpoint_once(session, signer)  # committed, and then the engine died
    report = await verified(database, tmp_path)
    assert [finding.code for finding in report.findings] == ["file_short"]
    await engine.sign()
    report = await verified(database, tmp_path)
    assert (report.findings, report.file_checkpoints) == ([], 3)


@pytest.mark.parametrize("kept", [40, -1])
async def test_a_crash_while_the_file_was_written_is_made_good(
    database: Clone, tmp_path: Path, kept: int
) -> None:
    engine, path = checkpointer(database, tmp_path), tmp_path / "checkpoints.jsonl"
    for _ in range(2):
        await engine.sign()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:kept])
    assert [finding.code for finding in (await verified(database, tmp_path)).findings] == [
        "file_torn",
        "file_short",
    ]
    await engine.sign()
    report = await verified(database, tmp_path)
    assert (report.findings, report.file_checkpoints) == ([], 3)


async def test_nothing_is_signed_over_a_contradiction_with_the_file(
    database: Clone, tmp_path: Path
) -> None:
    engine = checkpointer(database, tmp_path)
    await engine.sign()
    path = tmp_path / "checkpoints.jsonl"
    path.write_bytes(sample().file.splitlines(keepends=True)[0])
    with pytest.raises(ChainBroken, match="not the one in the database"):
        await engine.sign()
    path.write_bytes(b"nonsense\n")
    with pytest.raises(ChainBroken, match="not a checkpoint"):
        await engine.sign()
    async with database.system.session(SYSTEM) as session:
        count = await session.execute(text("SELECT count(*) FROM chain_checkpoint"))
        assert count.scalar_one() == 1


async def test_tiles_and_proofs_of_a_longer_log(database: Clone, tmp_path: Path) -> None:
    viewer, stranger, engine = doctor(), doctor(), checkpointer(database, tmp_path)
    async with database.app.session(viewer) as session:
        case_id = await open_case(session, viewer)
        events = await add_events(session, case_id, viewer, TILE_LEAVES + 20)
    await engine.sign()
    async with database.app.session(viewer) as session:
        for event in (events[0], events[TILE_LEAVES - 3], events[-1]):
            proof = await prove(session, case_id, event.seq)
            assert proof is not None
            assert proof.holds_for(event.hash)
            assert not proof.holds_for(bytes(32))
            assert not replace(proof, leaf_no=proof.leaf_no - 1).holds_for(event.hash)
        waiting = await add_events(session, case_id, viewer, 1)
        assert await prove(session, case_id, waiting[0].seq) is None
    async with database.app.session(stranger) as session:
        assert await prove(session, case_id, 1) is None
    async with database.system.session(SYSTEM) as session:
        assert len((await read_export(session)).chain_tile) == 1
    assert (await verified(database, tmp_path)).findings == []


def test_a_line_reads_back_and_only_in_its_own_form() -> None:
    for checkpoint in sample().export.chain_checkpoint:
        assert Checkpoint.parse(checkpoint.line()) == checkpoint
        for wrong in (checkpoint.line().replace(b":", b": ", 1), b"{}", b"[]", b"\xff", b"1"):
            with pytest.raises(ValueError, match="not a checkpoint"):
                Checkpoint.parse(wrong)
