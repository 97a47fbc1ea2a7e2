"""The demo's examination says that it is synthetic, and measures what it draws."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consult.imaging.archive import SealedFolder
from consult.imaging.parse import Box
from consult.imaging.taking import Desk
from kernel.blobs import BlobStore
from kernel.clock import SystemClock
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from server.demo.running import tell_running
from server.demo.scans import tell_arrival, tell_scans
from server.demo.seed import seed
from server.demo.ultrasound import BPD_CM, CM_PER_PIXEL, FRAMES, Subject, examination
from tests.fixtures.database import Clone

MASTER = b"m" * 32


async def test_every_file_says_that_it_is_synthetic_and_can_be_shown() -> None:
    files = examination(Subject("=林测试", "", datetime(2026, 11, 22, tzinfo=UTC), "2.25.7"))
    assert files == examination(
        Subject("=林测试", "", datetime(2026, 11, 22, tzinfo=UTC), "2.25.7")
    )
    box = Box(readers=1)
    try:
        found = [await box.summary(content) for content in files]
    finally:
        box.close()
    assert all(one.synthetic and one.study_uid == "2.25.7" for one in found)
    assert [one.why_not for one in found] == [None] * 3
    assert (found[0].frames, found[1].frames) == (FRAMES, 1)
    assert found[0].regions[0].delta_x == pytest.approx(CM_PER_PIXEL)
    assert (found[2].measurements[0].value, found[2].measurements[0].unit) == (str(BPD_CM), "cm")


async def test_it_is_brought_once(database: Clone, tmp_path: Path) -> None:
    clock, sealer = SystemClock(), Sealer(MASTER)
    await seed(database.system, clock, sealer, MASTER, history_days=0)
    await tell_running(database.app, clock.now(), sealer)
    archive = SealedFolder(BlobStore(tmp_path, sealer, max_bytes=0))
    desk = Desk(database.app, clock, sealer, archive, Box())
    try:
        assert await tell_scans(desk, clock.now()) == 3
        assert await tell_scans(desk, clock.now()) == 0
        for files in (3, 0):
            machines = replace(desk, database=database.system)
            assert await tell_arrival(machines, clock.now()) == files
    finally:
        desk.box.close()
    async with database.system.session(Viewer.system("test")) as session:
        connection = await session.connection()
        rows = await connection.exec_driver_sql("SELECT state, identity FROM imaging_study")
        assert rows.all() == [("filed", "same")]
