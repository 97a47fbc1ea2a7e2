"""Recordings over HTTP: found by those who may see them, bound once, fetched as stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from litestar import Litestar, Router
from litestar.di import Provide
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock, SystemClock
from kernel.ids import PregnancyId, new_id
from kernel.viewer import Viewer
from realtime import service
from realtime.folding import JournalRow, fold
from realtime.routes import NEXT_SEQ, router
from server import problems
from tests.fixtures.database import Clone
from tests.realtime.wire import frame
from tests.registry.world import World, build, case, patient

PATH = "/api/ctg/recordings"


@dataclass(slots=True)
class Desk:
    """The routes, asked by whoever `viewer` is."""

    clone: Clone
    world: World
    viewer: Viewer
    client: httpx.AsyncClient | None = None
    recordings: dict[str, UUID] = field(default_factory=dict)

    async def get(self, path: str, viewer: Viewer | None = None, **query: Any) -> Any:
        assert self.client is not None
        self.viewer = viewer or self.world.doctor
        return await self.client.get(path, params=query)

    async def bind(self, recording: UUID, viewer: Viewer | None = None, **body: Any) -> Any:
        assert self.client is not None
        self.viewer = viewer or self.world.doctor
        ready = {name: str(v) if isinstance(v, UUID) else v for name, v in body.items()}
        headers = {"Idempotency-Key": str(uuid4())}
        return await self.client.post(f"{PATH}/{recording}/bind", json=ready, headers=headers)

    async def listed(self, viewer: Viewer | None = None, **query: Any) -> set[str]:
        answer = await self.get(PATH, viewer, **query)
        assert answer.status_code == 200, answer.text
        names = {str(id_): name for name, id_ in self.recordings.items()}
        return {names[row["id"]] for row in answer.json()}


async def record(
    desk: Desk, name: str, *, journal: list[bytes], chunks: list[bytes], live: bool = False
) -> UUID:
    """A recording of the county hospital as the gateway would have stored it."""
    connection = await _system(desk)
    recording = uuid4()
    try:
        no = await connection.fetchval(
            "INSERT INTO ctg_recording (id, device_id, facility_id, bed, channels, started_at)"
            " SELECT $1, id, facility_id, '产房1床', '{fhr1,toco}', $2 FROM ctg_device"
            " WHERE serial = 'SN-1' RETURNING no",
            recording, SystemClock().now(),
        )  # fmt: skip
        if journal:
            await connection.execute(
                "INSERT INTO ctg_journal (gateway, batch, recordings, counts, frames)"
                " VALUES ($1, 1, $2, $3, $4)",
                uuid4(), [no + 1_000, no], [1, len(journal)], b"".join([frame(9), *journal]),
            )  # fmt: skip
        made, _ = fold([JournalRow(SystemClock().now(), [no], [len(chunks)], b"".join(chunks))])
        for chunk in made if chunks else []:
            await connection.execute(
                "INSERT INTO ctg_chunk (recording_id, recording_no, first_seq, last_seq,"
                " received_from, received_to, frames) VALUES ($1, $2, $3, $4, $5, $5, $6)",
                recording, no, chunk.first_seq, chunk.last_seq, chunk.received_to, chunk.frames,
            )  # fmt: skip
        await connection.execute(
            "INSERT INTO ctg_pulse VALUES ($1, 5, clock_timestamp() - $2::interval, 300, 4,"
            " 27, true)", recording, timedelta(seconds=1 if live else 60),
        )  # fmt: skip
    finally:
        await connection.close()
    desk.recordings[name] = recording
    return recording


async def _system(desk: Desk) -> Any:
    return await asyncpg.connect(desk.clone.system_url)


@pytest.fixture
async def desk(database: Clone) -> AsyncIterator[Desk]:
    world = await build(database.system)
    async with database.system.session(Viewer.system("test")) as session:
        for serial, facility in (("SN-1", world.county_hospital), ("SN-2", world.stranger)):
            await service.register_device(
                session, serial=serial, kind="monitor", facility_id=facility, token=serial * 8
            )
    desk = Desk(database, world, world.doctor)

    async def provide_session() -> AsyncIterator[AsyncSession]:
        async with database.app.session(desk.viewer) as session:
            yield session

    async def provide_viewer() -> Viewer:
        return desk.viewer

    async def provide_clock() -> Clock:
        return SystemClock()

    async def provide_key(request: Any) -> str | None:
        key: str | None = request.headers.get("Idempotency-Key")
        return key

    app = Litestar(
        [Router("/api", route_handlers=[router])],
        dependencies={
            "session": Provide(provide_session),
            "viewer": Provide(provide_viewer),
            "clock": Provide(provide_clock),
            "idempotency_key": Provide(provide_key),
        },
        exception_handlers=problems.HANDLERS,
    )
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        desk.client = client
        yield desk


async def test_only_the_facility_sees_an_unbound_recording(desk: Desk) -> None:
    recording = await record(desk, "a", journal=[frame(1)], chunks=[])
    assert await desk.listed() == {"a"}
    for other in (desk.world.outsider, desk.world.expert):
        assert await desk.listed(other) == set()
        for path in (f"{PATH}/{recording}", f"{PATH}/{recording}/frames"):
            answer = await desk.get(path, other)
            assert (answer.status_code, answer.json()["code"]) == (404, "kernel.not_found")


async def test_binding_opens_it_to_the_parties_of_her_case(desk: Desk) -> None:
    recording = await record(desk, "a", journal=[], chunks=[frame(1), frame(2)])
    doctor, expert = desk.world.doctor, desk.world.expert
    woman = await patient(desk.clone.app, desk.world, doctor)
    her_case = await case(desk.clone.app, desk.world, doctor, woman, desk.world.city_centre)
    bound = await desk.bind(
        recording, doctor, pregnancy_id=woman.pregnancy_id, case_id=her_case, version=1
    )
    assert bound.status_code == 200, bound.text
    shown = bound.json()["recording"]
    assert (shown["version"], shown["pregnancy_id"]) == (2, str(woman.pregnancy_id))
    assert shown["bound_by"] == str(doctor.person_id)
    assert await desk.listed(expert) == await desk.listed(expert, case_id=her_case) == {"a"}
    assert await desk.listed(desk.world.outsider) == set()
    assert (await desk.get(f"{PATH}/{recording}/frames", expert)).content == frame(1) + frame(2)
    async with desk.clone.app.session(doctor) as session:
        kinds = (await session.scalars(text("SELECT kind FROM case_event"))).all()
        history = (await session.execute(text("SELECT version, bound_by FROM ctg_binding"))).all()
    assert "ctg.bound" in kinds
    assert [tuple(row) for row in history] == [(2, doctor.person_id)]


async def test_a_stale_version_binds_nothing(desk: Desk) -> None:
    recording = await record(desk, "a", journal=[], chunks=[])
    woman = await patient(desk.clone.app, desk.world, desk.world.doctor)
    body = {"pregnancy_id": woman.pregnancy_id, "version": 1}
    assert (await desk.bind(recording, **body)).status_code == 200
    stale = await desk.bind(recording, **body)
    assert (stale.status_code, stale.json()["code"]) == (409, "kernel.version_stale")
    assert stale.json()["fields"] == {"current": 2, "given": 1}


async def test_a_case_of_another_woman_is_refused(desk: Desk) -> None:
    recording = await record(desk, "a", journal=[], chunks=[])
    doctor = desk.world.doctor
    woman, other = [await patient(desk.clone.app, desk.world, doctor) for _ in range(2)]
    others_case = await case(desk.clone.app, desk.world, doctor, other)
    answer = await desk.bind(
        recording, pregnancy_id=woman.pregnancy_id, case_id=others_case, version=1
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "ctg.case_of_another")
    assert await desk.listed(unbound=True) == {"a"}


@pytest.mark.parametrize("what", ["pregnancy", "recording"])
async def test_unknown_and_foreign_things_are_not_found(desk: Desk, what: str) -> None:
    recording = await record(desk, "a", journal=[], chunks=[])
    woman = await patient(desk.clone.app, desk.world, desk.world.doctor)
    pregnancy = PregnancyId(woman.pregnancy_id)
    if what == "pregnancy":
        pregnancy = PregnancyId(new_id())
    asked = recording if what == "pregnancy" else uuid4()
    answer = await desk.bind(asked, pregnancy_id=pregnancy, version=1)
    assert answer.status_code == 404
    stranger = await desk.bind(
        recording, desk.world.outsider, pregnancy_id=woman.pregnancy_id, version=1
    )
    assert stranger.status_code == 404
    assert await desk.listed(unbound=True) == {"a"}


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


async def test_devices_are_those_of_the_facility(desk: Desk) -> None:
    answer = await desk.get("/api/ctg/devices")
    assert [device["serial"] for device in answer.json()] == ["SN-1"]
    assert "token" not in answer.text


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
