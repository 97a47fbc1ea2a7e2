"""The CTG routes on a real database, asked by whoever the test says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from litestar import Litestar, Router
from litestar.di import Provide
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock, SystemClock
from kernel.viewer import Viewer
from realtime import service
from realtime.folding import JournalRow, fold
from realtime.routes import router
from server import problems
from tests.fixtures.database import Clone
from tests.realtime.wire import frame
from tests.registry.world import SEALER, World, build

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
        return await self.client.get(path, params=query or None)

    async def post(self, path: str, viewer: Viewer | None = None, **body: Any) -> Any:
        assert self.client is not None
        self.viewer = viewer or self.world.doctor
        ready = {name: str(v) if isinstance(v, UUID) else v for name, v in body.items()}
        headers = {"Idempotency-Key": str(uuid4())}
        return await self.client.post(f"/api/ctg{path}", json=ready, headers=headers)

    async def bind(self, recording: UUID, viewer: Viewer | None = None, **body: Any) -> Any:
        return await self.post(f"/recordings/{recording}/bind", viewer, **body)

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
        row = JournalRow(SystemClock().now(), [no], [len(chunks)], b"".join(chunks))
        for chunk in fold([row]).chunks if chunks else []:
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


async def open_desk(database: Clone) -> AsyncIterator[Desk]:
    """A county hospital with a monitor, another house with one, and the routes."""
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
            "sealer": Provide(lambda: SEALER, sync_to_thread=False),
            "idempotency_key": Provide(provide_key),
        },
        exception_handlers=problems.HANDLERS,
    )
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        desk.client = client
        yield desk
