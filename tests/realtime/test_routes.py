"""Recordings over HTTP: found by those who may see them, fetched as stored."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from kernel.viewer import Viewer
from realtime.routes import NEXT_SEQ
from tests.realtime.desk import PATH, Desk, record
from tests.realtime.wire import frame
from tests.registry.world import patient


async def test_only_the_facility_sees_an_unbound_recording(desk: Desk) -> None:
    recording = await record(desk, "a", journal=[frame(1)], chunks=[])
    assert await desk.listed() == {"a"}
    for other in (desk.world.outsider, desk.world.expert):
        assert await desk.listed(other) == set()
        for path in (f"{PATH}/{recording}", f"{PATH}/{recording}/frames"):
            answer = await desk.get(path, other)
            assert (answer.status_code, answer.json()["code"]) == (404, "kernel.not_found")


async def test_the_list_is_filtered(desk: Desk) -> None:
    await record(desk, "old", journal=[], chunks=[])
    bound = await record(desk, "live", journal=[], chunks=[], live=True)
    woman = await patient(desk.clone.app, desk.world, desk.world.doctor)
    await desk.bind(bound, pregnancy_id=woman.pregnancy_id, version=1)
    assert await desk.listed() == {"old", "live"}
    assert await desk.listed(unbound=True) == {"old"}
    assert await desk.listed(unbound=False) == {"live"}
    assert await desk.listed(live=True) == {"live"}
    assert await desk.listed(live=False) == {"old"}
    assert await desk.listed(pregnancy_id=woman.pregnancy_id) == {"live"}
    assert await desk.listed(case_id=uuid4()) == set()
    detail = (await desk.get(f"{PATH}/{bound}")).json()
    assert detail["gaps"] == []
    pulse = detail["recording"]["pulse"]
    assert (pulse["battery_low"], pulse["quality"], pulse["lag_ms"]) == (True, [3, 2, 1], 300)
    assert detail["recording"]["live"] is True


async def test_a_recording_says_how_many_of_its_seconds_were_said_otherwise(desk: Desk) -> None:
    recording = await record(desk, "a", journal=[], chunks=[frame(1), frame(2)])
    other = await record(desk, "b", journal=[], chunks=[frame(1)])
    async with desk.clone.system.session(Viewer.system("gateway")) as session:
        for seq, rate in ((1, 400), (1, 480), (2, 400)):
            await session.execute(
                text(
                    "INSERT INTO ctg_conflict (recording_id, seq, kept, refused)"
                    " VALUES (:recording, :seq, :kept, :refused)"
                ),
                {"recording": recording, "seq": seq, "kept": frame(seq)}
                | {"refused": frame(seq, rate=rate)},
            )
    assert (await desk.get(f"{PATH}/{recording}")).json()["conflicts"] == 2
    assert (await desk.get(f"{PATH}/{other}")).json()["conflicts"] == 0


async def test_frames_come_from_chunks_and_journal_page_by_page(desk: Desk) -> None:
    every = [frame(seq) for seq in range(1, 3_701)]
    recording = await record(desk, "a", journal=every[3_500:], chunks=every[:3_550])
    first = await desk.get(f"{PATH}/{recording}/frames")
    assert first.headers["content-type"] == "application/octet-stream"
    assert first.content == b"".join(every[:3_600])
    assert first.headers[NEXT_SEQ] == "3601"
    rest = await desk.get(f"{PATH}/{recording}/frames", from_seq=3_601)
    assert rest.content == b"".join(every[3_600:])
    assert NEXT_SEQ not in rest.headers
    part = await desk.get(f"{PATH}/{recording}/frames", from_seq=10, to_seq=12)
    assert part.content == b"".join(every[9:12])
    for span in ({"from_seq": 0}, {"from_seq": 9, "to_seq": 8}, {"to_seq": 2**33}):
        refused = await desk.get(f"{PATH}/{recording}/frames", **span)
        assert (refused.status_code, refused.json()["code"]) == (422, "ctg.range_invalid")


async def test_the_app_role_cannot_read_the_journal_or_write_strips(desk: Desk) -> None:
    await record(desk, "a", journal=[frame(1)], chunks=[frame(2)])
    for statement in (
        "SELECT frames FROM ctg_journal",
        "DELETE FROM ctg_chunk",
        "UPDATE ctg_chunk SET first_seq = 9",
        "UPDATE ctg_recording SET facility_id = gen_random_uuid()",
        "UPDATE ctg_binding SET version = 9",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with desk.clone.app.session(desk.world.doctor) as session:
                await session.execute(text(statement))
    async with desk.clone.app.session(desk.world.outsider) as session:
        for table in ("ctg_recording", "ctg_chunk", "ctg_pulse", "ctg_gap", "ctg_device"):
            rows = (await session.execute(text(f"SELECT * FROM {table}"))).all()
            assert all(row.serial == "SN-2" for row in rows), table
        seen = await session.execute(
            text("SELECT ctg_journal_frames(:id)"), {"id": desk.recordings["a"]}
        )
        assert seen.all() == []
