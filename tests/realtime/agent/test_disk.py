"""What a disk does to an agent: full, slow, garbled, away, or another agent's."""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from realtime.agent import keeper
from realtime.agent.buffer import PAGE_BYTES, Batch, Buffer, Full, Kept
from realtime.agent.config import read_config
from realtime.agent.samples import SILENT, build_frame
from realtime.agent.sole import BufferInUse
from realtime.agent.station import Station
from tests.realtime.agent.centre import Centre, Cuttable
from tests.realtime.agent.test_cuts import check, until
from tests.realtime.conftest import Site

SECONDS = 4_000
ROOM = 2**26
WAL = "-wal"


def seconds(recording: UUID, first: int, last: int) -> list[tuple[UUID, int, bytes]]:
    return [
        (recording, seq, build_frame(SILENT, seq=seq, device_ns=seq * 10**9, flags=0))
        for seq in range(first, last + 1)
    ]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a killed process leaves: some thousand seconds, of which the log holds the newest."""
    folder = tmp_path_factory.mktemp("left")
    recording = UUID(int=7)
    with closing(Buffer(folder / "running.db", ROOM)) as buffer:
        buffer.write(Batch(began=[Kept(recording, "SN-1", "1", ("fhr1",), 10**9)]))
        for first in range(1, SECONDS, 100):
            buffer.write(Batch(frames=seconds(recording, first, first + 99)))
        for end in ("", WAL):
            shutil.copy(folder / f"running.db{end}", folder / f"buffer.db{end}")
    return folder


@pytest.fixture
def place(left: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    for end in ("", WAL):
        shutil.copy(left / f"buffer.db{end}", tmp_path / f"buffer.db{end}")
    return tmp_path / "buffer.db"


def garble(file: Path, at: int, length: int) -> None:
    """Overwrite bytes; a negative place counts from the end."""
    with file.open("r+b") as opened:
        opened.seek(at if at >= 0 else max(0, file.stat().st_size + at))
        opened.write(b"\xa5" * length)


def cut(file: Path, by: int) -> None:
    os.truncate(file, max(0, file.stat().st_size - by))


@pytest.mark.parametrize(
    ("harm", "kept_at_least"),
    [
        pytest.param(lambda db, wal: cut(wal, 100), SECONDS - 100, id="log cut"),
        pytest.param(lambda db, wal: cut(wal, 40_000), SECONDS - 800, id="log cut deep"),
        pytest.param(lambda db, wal: garble(wal, -900, 300), SECONDS - 100, id="log garbled"),
        pytest.param(lambda db, wal: wal.unlink(), 0, id="log gone"),
        pytest.param(lambda db, wal: garble(db, 0, 64), 0, id="head garbled"),
        pytest.param(lambda db, wal: cut(db, PAGE_BYTES + 7), 0, id="file cut"),
        pytest.param(lambda db, wal: garble(db, -20_000, 4_096), 0, id="page"),
    ],
)
def test_a_garbled_buffer_gives_what_is_whole_and_takes_what_is_new(
    place: Path, harm: Callable[[Path, Path], object], kept_at_least: int
) -> None:
    harm(place, place.with_name(place.name + WAL))
    recording = UUID(int=7)
    with closing(Buffer(place, ROOM)) as buffer:
        found = buffer.read(recording, 1, SECONDS, SECONDS)
        assert len(found) >= kept_at_least
        want = {seq: body for _, seq, body in seconds(recording, 1, SECONDS)}
        assert all(want[seq] == body for seq, body in found)
        if not buffer.kept():
            buffer.write(Batch(began=[Kept(recording, "SN-1", "1", ("fhr1",), 10**9)]))
        buffer.write(Batch(frames=seconds(recording, SECONDS + 1, SECONDS + 50)))
        buffer.write(Batch(acked={recording: SECONDS}))
        assert len(buffer.read(recording, 1, 10**6, 10**6)) == 50
    with closing(Buffer(place, ROOM)) as again:
        assert again.kept()[0].last_seq == SECONDS + 50


def test_pages_garbled_while_it_runs_are_set_aside_with_what_is_whole(place: Path) -> None:
    recording = UUID(int=7)
    with closing(Buffer(place, ROOM)) as buffer:
        buffer.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        buffer.database.execute("PRAGMA cache_size = 1")
        garble(place, place.stat().st_size // 2, 3 * PAGE_BYTES)
        found = [seq for seq, _ in buffer.read(recording, 1, SECONDS, SECONDS)]
        assert SECONDS - 400 < len(found) < SECONDS
        assert buffer.set_aside
        assert place.with_name(buffer.set_aside).exists()
        buffer.write(Batch(frames=seconds(recording, SECONDS + 1, SECONDS + 9)))
        assert buffer.read(recording, SECONDS + 1, 10**6, 99)[-1][0] == SECONDS + 9


def test_a_bit_that_flipped_on_the_disk_is_not_sent(place: Path) -> None:
    recording = UUID(int=7)
    with closing(Buffer(place, ROOM)) as buffer:
        buffer.database.execute(
            "UPDATE frame SET body = CAST(substr(body, 1, 30) || x'55' || substr(body, 32) AS BLOB)"
            " WHERE seq = 12"
        )
        assert [seq for seq, _ in buffer.read(recording, 10, 14, 9)] == [10, 11, 13, 14]
        assert buffer.damaged == 1


def test_a_disk_that_is_not_there_yet_is_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "mounted later"
    recording = uuid4()
    began = Batch(began=[Kept(recording, "SN-1", "1", ("fhr1",), 7)])
    with closing(Buffer(folder / "buffer.db", ROOM)) as buffer:
        with pytest.raises(Full, match="unwritable"):
            buffer.write(began)
        folder.mkdir()
        buffer.write(began)
        assert [kept.id for kept in buffer.kept()] == [recording]


def test_a_buffer_of_an_older_version_is_taken_over(place: Path) -> None:
    with closing(Buffer(place, ROOM)) as buffer:
        buffer.database.execute("ALTER TABLE recording DROP COLUMN last_ns")
    with closing(Buffer(place, ROOM)) as again:
        (kept,) = again.kept()
        assert kept.last_ns == SECONDS * 10**9


def test_little_room_is_left_to_the_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 9 * 2**20})
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    with closing(Buffer(tmp_path / "buffer.db", ROOM)) as buffer:
        buffer.write(Batch(began=[Kept(uuid4(), "SN-1", "1", ("fhr1",), 7)]))
    assert not (tmp_path / "buffer.db.ballast").exists()


@pytest.fixture
async def cable(site: Site) -> AsyncIterator[Cuttable]:
    line = Cuttable(site.port)
    await line.start()
    yield line
    await line.stop()


@pytest.fixture
async def centre(site: Site, cable: Cuttable, tmp_path: Path) -> AsyncIterator[Centre]:
    made = Centre(tmp_path, cable.url, site.token)
    await made.start()
    yield made
    await made.stop()


async def test_a_second_agent_on_a_buffer_is_refused_and_the_first_goes_on(
    site: Site, centre: Centre, tmp_path: Path
) -> None:
    with pytest.raises(BufferInUse, match="another agent uses"):
        Station(read_config(tmp_path / "agent.toml"))
    await centre.say(14)
    await check(site, centre)


async def test_a_disk_that_hangs_delays_no_strip(
    site: Site, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "SLOW_S", 0.2)
    monkeypatch.setattr(keeper, "LOOK_S", 0.05)
    await centre.say(14)
    await until(lambda: centre.settled)
    buffer = centre.station.keeper.buffer
    write = buffer.write
    hanging = True

    def hang(batch: Batch) -> None:
        while hanging:
            time.sleep(0.02)
        write(batch)

    monkeypatch.setattr(buffer, "write", hang)
    try:
        for _ in range(4):
            await centre.say(5)
        assert centre.station.keeper.slow
        await until(lambda: centre.settled)  # acknowledged by the server; the disk still hangs
        assert '"disk":"slow"' in await centre.page("/status.json")
    finally:
        hanging = False
    await until(lambda: not centre.station.keeper.slow and not centre.station.keeper.in_memory)
    await check(site, centre)


async def test_memory_that_is_full_gives_up_the_oldest_and_says_so(
    site: Site, centre: Centre, cable: Cuttable, monkeypatch: pytest.MonkeyPatch
) -> None:
    await centre.say(14)
    await until(lambda: centre.settled)
    cable.cut()
    await centre.fill_disk()
    station = centre.station
    monkeypatch.setattr(station.keeper, "_max_unsaved", 50)
    await until(lambda: station.link.status.state != "connected")
    while not station.keeper.given_up:
        await centre.say(10)
    assert station.keeper.in_memory <= 50
    cable.mend()
    await until(lambda: centre.settled)
    gaps = await site.fetch("SELECT first_seq, last_seq FROM ctg_gap")
    lost = sum(gap["last_seq"] - gap["first_seq"] + 1 for gap in gaps)
    assert lost == station.keeper.given_up > 0
    told = await centre.page("/status.json")
    assert f'"given_up_s":{lost}' in told


async def test_a_file_that_may_not_grow_is_waited_for_by_a_real_process(
    site: Site, cable: Cuttable, tmp_path: Path
) -> None:
    """The kernel refuses every write beyond a size; when it does not any more, all is well."""
    centre = Centre(tmp_path, cable.url, site.token)
    await centre.start()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        await centre.say(14)
        await until(lambda: centre.settled)
        cable.cut()
        await until(lambda: centre.station.link.status.state != "connected")
        (tmp_path / "buffer.db.ballast").unlink(missing_ok=True)
        wal = (tmp_path / "buffer.db-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (wal + 20_000, hard))
        await centre.say(60)
        assert centre.station.keeper.refusal == "unwritable"
        cable.mend()
        await check(site, centre)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        await until(lambda: not centre.station.keeper.full)
        await centre.say(3)
        await check(site, centre)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        await centre.stop()
