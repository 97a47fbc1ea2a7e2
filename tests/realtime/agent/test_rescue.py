"""Whatever ends the process and whatever the disk garbles: what was written is found again."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from uuid import UUID

import pytest

from realtime.agent import buffer as buffers
from realtime.agent import carving, rescue
from realtime.agent.buffer import PAGE_BYTES, Batch, Buffer, Full, Kept
from realtime.agent.keeper import Keeper
from realtime.agent.uplink import Uplink
from tests.realtime.agent.test_disk import ROOM, garble, seconds
from tests.realtime.gateway.process import ROOT

TWO = (UUID(int=7), UUID(int=8))
SECONDS = 400
GAP = (SECONDS + 1, SECONDS + 10)
LEAF = PAGE_BYTES // 90
"""More seconds than one page holds."""


def began(recording: UUID) -> Kept:
    return Kept(recording, f"SN-{recording.int}", "产房1床", ("fhr1", "toco"), 10**9)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings of four hundred seconds each and a gap, in a file without a log."""
    place = tmp_path_factory.mktemp("whole") / "buffer.db"
    with closing(Buffer(place, ROOM)) as buffer:
        buffer.write(Batch(began=[began(one) for one in TWO]))
        for first in range(1, SECONDS, 50):
            for one in TWO:
                buffer.write(Batch(frames=seconds(one, first, first + 49)))
        buffer.write(Batch(gaps=[(TWO[0], *GAP)]))
        buffer.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return place


def count(buffer: Buffer, recording: UUID) -> int:
    return len(buffer.read(recording, 1, 10**6, 10**6))


def test_any_page_may_be_garbled_while_it_runs(whole: Path, tmp_path: Path) -> None:
    """One page takes its own seconds with it, none of the others', and nothing that comes."""
    for page in range(whole.stat().st_size // PAGE_BYTES):
        place = tmp_path / f"{page}.db"
        shutil.copy(whole, place)
        with closing(Buffer(place, ROOM)) as buffer:
            buffer.kept()
            garble(place, page * PAGE_BYTES, PAGE_BYTES)
            buffer.database.execute("PRAGMA shrink_memory")
            new = [one for recording in TWO for one in seconds(recording, GAP[1] + 1, GAP[1] + 20)]
            buffer.write(Batch(frames=new))
            for one in TWO:
                assert len(buffer.read(one, GAP[1] + 1, 10**6, 99)) == 20, page
                assert count(buffer, one) >= SECONDS + 20 - LEAF, page
                assert buffer.gaps(one) in ([], [GAP]), page
            assert {kept.id for kept in buffer.kept()} == set(TWO), page


def test_any_page_may_be_garbled_when_it_begins(whole: Path, tmp_path: Path) -> None:
    lost = []
    for page in range(whole.stat().st_size // PAGE_BYTES):
        place = tmp_path / f"{page}.db"
        shutil.copy(whole, place)
        garble(place, page * PAGE_BYTES, PAGE_BYTES)
        with closing(Buffer(place, ROOM)) as buffer:
            there = buffer.kept()
            for kept in there:
                buffer.gaps(kept.id)
                assert count(buffer, kept.id) >= SECONDS - LEAF, page
            if len(there) < len(TWO):
                lost.append(page)
            buffer.write(Batch(began=[began(UUID(int=9))], frames=seconds(UUID(int=9), 1, 5)))
            assert count(buffer, UUID(int=9)) == 5
    # The one page that says whose the seconds are: nobody else knows.
    assert len(lost) == 1


def test_what_is_found_in_bytes_is_never_another_recordings(tmp_path: Path) -> None:
    """Older versions gave a number again; what SQLite deleted still lies in the file."""
    place = tmp_path / "buffer.db"
    with closing(Buffer(place, ROOM)) as buffer:
        buffer.database.execute("PRAGMA secure_delete = 0")
        buffer.write(Batch(began=[began(TWO[0])], frames=seconds(TWO[0], 1, 400)))
        buffer.write(Batch(done=[TWO[0]]))
        buffer.database.execute("DELETE FROM sqlite_sequence")
        later = Kept(TWO[1], "SN-8", "2", ("fhr1",), 1_000 * 10**9)
        buffer.write(Batch(began=[later]))
        buffer.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert {no for no, _, _ in carving.seconds(place)} == {1}
    garble(place, 0, PAGE_BYTES)
    with closing(Buffer(place, ROOM)) as buffer:
        assert [kept.id for kept in buffer.kept()] == [TWO[1]]
        assert count(buffer, TWO[1]) == 0


@pytest.mark.parametrize("steps", range(5))
def test_killed_while_it_sets_aside_it_goes_on_with_that(
    place: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Files are renamed one by one; the log's seconds must not stay behind."""
    left = steps

    def dies(work: Callable[..., object]) -> Callable[..., object]:
        def step(*given: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            return work(*given)

        return step

    garble(place, PAGE_BYTES, PAGE_BYTES)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", dies(Path.rename))
        patched.setattr(Path, "unlink", dies(Path.unlink))
        patched.setattr(rescue, "salvage", dies(rescue.salvage))
        with suppress(KeyboardInterrupt), closing(Buffer(place, ROOM)) as buffer:
            buffer.kept()
    with closing(Buffer(place, ROOM)) as buffer:
        (kept,) = buffer.kept()
        assert count(buffer, kept.id) >= 4_000 - LEAF


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """Four thousand seconds, of which the log holds the newest, as a killed process leaves them."""
    running = tmp_path_factory.mktemp("running") / "buffer.db"
    with closing(Buffer(running, ROOM)) as buffer:
        buffer.write(Batch(began=[began(TWO[0])]))
        for first in range(1, 4_000, 500):
            buffer.write(Batch(frames=seconds(TWO[0], first, first + 499)))
        for end in ("", "-wal"):
            shutil.copy(f"{running}{end}", tmp_path / f"buffer.db{end}")
    return tmp_path / "buffer.db"


def test_no_room_to_carry_it_over_is_waited_for(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is called lost meanwhile, what comes is durable, and then all is there."""
    monkeypatch.setattr(buffers, "AGAIN_S", 0.0)
    monkeypatch.setattr(rescue, "AT_ONCE", 50)
    place = tmp_path / "buffer.db"
    shutil.copy(whole, place)
    new = range(GAP[1] + 1, GAP[1] + 21)
    with closing(Buffer(place, 22 * PAGE_BYTES)) as buffer:
        buffer.kept()
        garble(place, PAGE_BYTES, PAGE_BYTES)
        buffer.database.execute("PRAGMA shrink_memory")
        buffer.kept()
        assert buffer.left_behind == "buffer.db.damaged-1"
        with pytest.raises(Full):
            buffer.read(TWO[1], 1, SECONDS, SECONDS)
        assert buffer.read(TWO[0], 1, 20, 20)[-1][0] == 20
        # What is acknowledged gives its room back, and the rest comes over.
        for first in range(1, SECONDS, 100):
            buffer.write(Batch(acked=dict.fromkeys(TWO, first + 99)))
        assert not buffer.left_behind
        buffer.write(Batch(frames=seconds(TWO[0], new[0], new[-1])))
        assert [seq for seq, _ in buffer.read(TWO[0], 1, 10**6, 99)] == list(new)
    with closing(Buffer(place, ROOM)) as again:
        assert {kept.id for kept in again.kept()} == set(TWO)
        assert again.gaps(TWO[0]) in ([], [GAP])


async def test_a_disk_that_is_read_only_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not even give the ballast back."""

    def refuses(*_given: object, **_named: object) -> None:
        raise OSError(30, "Read-only file system")

    place = tmp_path / "buffer.db"
    keeper = Keeper(Buffer(place, ROOM), Uplink())
    keeper.buffer.write(Batch(began=[began(TWO[0])]))
    keeper.buffer.database.execute("PRAGMA query_only = 1")
    with monkeypatch.context() as patched:
        for name in ("unlink", "rename", "write_text"):
            patched.setattr(Path, name, refuses)
        keeper.end(TWO[0])
        await keeper.save()
        assert keeper.disk == "unwritable"
        keeper.buffer.close()
        garble(place, 0, PAGE_BYTES)
        await keeper.save()
        assert keeper.disk == "unwritable"
    await keeper.save()
    assert keeper.disk == "ok"
    await keeper.close()


WRITER = """
import sys
from pathlib import Path
from uuid import UUID
from realtime.agent.buffer import Batch, Buffer, Kept
from realtime.agent.samples import SILENT, build_frame

def seconds(one, first, last):
    return [(one, seq, build_frame(SILENT, seq=seq, device_ns=seq, flags=0))
            for seq in range(first, last + 1)]

one, buffer = UUID(int=7), Buffer(Path(sys.argv[1]), 2**26)
last = max((kept.last_seq for kept in buffer.kept()), default=0)
buffer.write(Batch(began=[Kept(one, "SN-1", "1", ("fhr1",), 10**9)]))
while True:
    acked = {one: last - 40} if last > 200 else {}
    buffer.write(Batch(frames=seconds(one, last + 1, last + 8), acked=acked))
    last += 8
    sys.stdout.buffer.write(last.to_bytes(8, "little"))
    sys.stdout.buffer.flush()
"""


async def test_kill_9_at_any_moment_takes_nothing_that_was_promised(tmp_path: Path) -> None:
    place, dice, before = tmp_path / "buffer.db", random.Random(4), 0
    for _ in range(5):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, str(place), cwd=ROOT, stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        said = await child.stdout.readexactly(8)
        await asyncio.sleep(dice.uniform(0.0, 0.15))
        child.kill()
        said += await child.stdout.read()
        await child.wait()
        promised = int.from_bytes(said[len(said) // 8 * 8 - 8 : len(said) // 8 * 8], "little")
        assert promised > before
        with closing(Buffer(place, ROOM)) as buffer:
            (kept,) = buffer.kept()
            assert kept.last_seq >= promised
            found = [seq for seq, _ in buffer.read(kept.id, 1, 10**9, 10**6)]
            assert found == list(range(kept.acked + 1, kept.last_seq + 1))
            assert not buffer.set_aside
        before = promised


def test_a_second_copy_of_a_row_is_told_from_the_first(whole: Path) -> None:
    """Rows are found in bytes as SQLite reads them, and no others."""
    database = sqlite3.connect(whole)
    walked = set(database.execute("SELECT no, seq, body FROM frame"))
    rows = {row[0]: row for row in database.execute(f"SELECT no, {rescue.COLUMNS} FROM recording")}
    database.close()
    assert set(carving.seconds(whole)) == walked
    assert carving.recordings(whole) == rows
