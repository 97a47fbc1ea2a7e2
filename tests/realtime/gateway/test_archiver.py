"""Chunks become segments: nothing is lost, doubled or hidden on the way, whoever reads when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from realtime import frames
from realtime.gateway.archiver import Archiver, Piece, runs
from realtime.gateway.store import Store
from tests.realtime.conftest import Site, viewer_at
from tests.realtime.wire import Sender, Watcher, bundle, frame


def piece(first: int, last: int) -> Piece:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    return Piece(UUID(int=1), 1, first, last, at, at, b"")


def test_runs_end_at_holes_and_after_an_hour() -> None:
    pieces = [piece(1, 60), piece(61, 120), piece(130, 140), piece(141, 200)]
    assert [[p.first_seq for p in run] for run in runs(pieces)] == [[1, 61], [130, 141]]
    assert [[p.first_seq for p in run] for run in runs(pieces, most=119)] == [[1], [61], [130, 141]]
    assert runs([]) == []


def archiver(site: Site, quiet_s: float = 0) -> Archiver:
    return Archiver(site.gateway.store, quiet=timedelta(seconds=quiet_s))


async def sent(site: Site, recording: UUID, first: int, last: int) -> None:
    sender = await Sender.dial(site.url, site.token)
    await sender.open(recording)
    made = [frame(seq) for seq in range(first, last + 1)]
    for at in range(0, len(made), 500):
        await sender.send(bundle(made[at : at + 500]))
    await sender.until_acked(last)
    await sender.close()


async def fold(site: Site) -> None:
    while await site.gateway.folder.fold_once():
        pass


async def rows(site: Site, table: str) -> int:
    [row] = await site.fetch(f"SELECT count(*) AS n FROM {table}")
    return int(row["n"])


async def test_a_reader_never_sees_a_hole_while_seconds_move(site: Site) -> None:
    recording = uuid4()
    await sent(site, recording, 1, 1_300)
    await fold(site)
    assert await archiver(site, 3_600).pack_once() == 0
    assert await archiver(site).pack_once() == 1
    assert (await rows(site, "ctg_chunk"), await rows(site, "ctg_segment")) == (0, 1)
    await sent(site, recording, 1_301, 1_400)
    await fold(site)
    await sent(site, recording, 1_401, 1_450)
    whole = [frame(seq) for seq in range(1, 1_451)]
    assert await site.stored(recording) == whole
    site.sessions["good"] = viewer_at(site.facility)
    watcher = await Watcher.dial(site.url, {"Authorization": "Bearer good"})
    await watcher.subscribe([recording], since_s=1_450)
    view = (await watcher.expect("subscribed"))["view"]
    await watcher.until_seq(view, 1_450)
    assert watcher.seqs(view) == list(range(1, 1_451))
    await watcher.close()


async def test_what_comes_again_after_hours_is_not_stored_twice(site: Site) -> None:
    recording = uuid4()
    await sent(site, recording, 1, 100)
    await fold(site)
    await archiver(site).pack_once()
    [row] = await site.fetch("SELECT no FROM ctg_recording WHERE id = $1", recording)
    again = [frame(99), frame(100), frame(101)]
    await site.fetch(
        "INSERT INTO ctg_journal (gateway, batch, recordings, counts, frames, sorted)"
        " VALUES (gen_random_uuid(), 1, $1, '{3}', $2, true)", [row["no"]], b"".join(again),
    )  # fmt: skip
    await fold(site)
    assert await site.stored(recording) == [frame(seq) for seq in range(1, 102)]
    chunks = await site.fetch("SELECT first_seq, last_seq FROM ctg_chunk")
    assert [tuple(chunk) for chunk in chunks] == [(101, 101)]


async def test_a_spoiled_hour_is_a_hole_and_keeps_nothing_else_back(site: Site) -> None:
    spoiled, whole = uuid4(), uuid4()
    for recording in (spoiled, whole):
        await sent(site, recording, 1, 100)
    await fold(site)
    await archiver(site).pack_once()
    admin = await asyncpg.connect(site.clone.superuser_url)
    try:
        await admin.execute(
            "UPDATE ctg_segment SET packed = overlay(packed placing '\\xdeadbeef' from 40)"
            " WHERE recording_id = $1",
            spoiled,
        )
    finally:
        await admin.close()
    sender = await Sender.dial(site.url, site.token)
    await sender.open(spoiled)
    await sender.send(bundle([frame(100), frame(101)]))  # the first of them cannot be compared
    await sender.until_acked(101)
    await fold(site)
    assert await site.stored(spoiled) == [frame(101)]
    site.sessions["good"] = viewer_at(site.facility)
    watcher = await Watcher.dial(site.url, {"Authorization": "Bearer good"})
    await watcher.subscribe([spoiled, whole])
    views = {}
    for _ in range(2):
        told = await watcher.expect("subscribed")
        views[told["recording"]] = told["view"]
    await watcher.until_seq(views[str(whole)], 100)
    await watcher.until_seq(views[str(spoiled)], 101)
    assert watcher.seqs(views[str(whole)]) == list(range(1, 101))
    assert watcher.seqs(views[str(spoiled)]) == [101]
    await watcher.close()
    await sender.close()


async def test_a_crash_before_the_end_leaves_the_chunks(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = uuid4()
    await sent(site, recording, 1, 700)
    await fold(site)
    crashing = archiver(site)
    monkeypatch.setattr("realtime.gateway.archiver._DELETE", "SELECT 1/0, $1::uuid, $2::bigint[]")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await crashing.pack_once()
    assert await rows(site, "ctg_segment") == 0
    monkeypatch.undo()
    assert await archiver(site).pack_once() == 1
    assert await site.stored(recording) == [frame(seq) for seq in range(1, 701)]


async def test_several_recordings_in_one_row_are_told_apart(site: Site) -> None:
    """Rows of before and of now, with one frame a recording and with several."""
    store: Store = site.gateway.store
    for stream in (1, 2, 3):
        sender = await Sender.dial(site.url, site.token)
        await sender.open(uuid4(), stream=stream)
        await sender.close()
    numbers = [row["no"] for row in await site.fetch("SELECT no FROM ctg_recording ORDER BY no")]
    made = {
        no: [frame(seq, stream=at) for seq in range(1, at + 2)] for at, no in enumerate(numbers)
    }
    for batch, (counts, in_order) in enumerate([(True, True), (True, False), (False, True)]):
        order = numbers if in_order else numbers[::-1]
        parts = [made[no] if counts else made[no][:1] for no in order]
        await site.fetch(
            "INSERT INTO ctg_journal (gateway, batch, recordings, counts, frames, sorted)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            uuid4(), batch, order, [len(part) for part in parts],
            b"".join(one for part in parts for one in part), in_order,
        )  # fmt: skip
    _, found = await store.newest_frames(numbers, 0)
    for no in numbers:
        assert found[no] == [*made[no], *made[no], made[no][0]]
    _, one = await store.newest_frames([numbers[1], numbers[-1] + 99], 0)
    assert list(one) == [numbers[1]]
    assert frames.seq_of(one[numbers[1]][0]) == 1
