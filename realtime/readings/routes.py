"""Readings over HTTP: ask, claim, look, sign, add, receive."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import Provide
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT, roles
from kernel.clock import Clock
from kernel.database import Database
from kernel.idempotency import once
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer
from realtime.readings import looking, queries, service
from realtime.readings.queries import Which
from realtime.readings.schemas import (
    AddIn,
    AskedOut,
    AskIn,
    LookIn,
    MoveIn,
    ReadingDetail,
    ReadingOut,
    SignIn,
    ViewOut,
)
from registry.people.service import confirm_password

READERS = roles(Role.EXPERT)
MATCHES = "Yunshang-Matches"
"""Header of a replay: whether the stored frames are still those that were shown."""

Command = Callable[[AsyncSession, Clock, Viewer, UUID, MoveIn], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: who asks, in which transaction, under which key."""

    session: AsyncSession
    clock: Clock
    viewer: Viewer
    sealer: Sealer
    key: str | None

    async def once(
        self, operation: str, body: object, work: Callable[[], Awaitable[UUID]]
    ) -> ReadingDetail:
        """Do `work` once under this key and show the reading as it is now."""

        async def answer() -> AskedOut:
            return AskedOut(await work())

        done = await once(self.session, self.viewer, self.key, operation, body, AskedOut, answer)
        return await self.show(done.reading_id)

    async def move(self, command: Command, reading_id: UUID, order: MoveIn) -> ReadingDetail:
        """Carry out one step of a reading."""

        async def work() -> UUID:
            await command(self.session, self.clock, self.viewer, reading_id, order)
            return reading_id

        return await self.once(f"ctg.reading.{command.__name__} {reading_id}", order, work)

    async def show(self, reading_id: UUID) -> ReadingDetail:
        """The reading as the viewer sees it."""
        return await queries.one(self.session, self.clock, self.viewer, self.sealer, reading_id)


async def provide_asked(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    idempotency_key: str | None,
) -> Asked:
    """The request as a dependency."""
    return Asked(session, clock, viewer, sealer, idempotency_key)


@get("/readings", opt={OPT: CLINICAL})
async def list_readings(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    which: Which = "open",
    recording_id: UUID | None = None,
) -> list[ReadingOut]:
    """Readings open to the viewer: all open ones, those to read, those asked, or those done.

    Where a time to look again was signed, a received one stays open at the house that asked.
    """
    return await queries.readings(session, clock, viewer, sealer, which, recording_id)


@get("/readings/{reading_id:uuid}", opt={OPT: CLINICAL})
async def get_reading(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, reading_id: UUID
) -> ReadingDetail:
    """One reading with what was signed, what was looked at, and all that happened."""
    return await queries.one(session, clock, viewer, sealer, reading_id)


@post("/readings", opt={OPT: CLINICAL})
async def ask_reading(data: AskIn, asked: Asked) -> ReadingDetail:
    """Ask a centre to read these seconds; its people on call are rung."""
    return await asked.once(
        "ctg.reading.ask",
        data,
        lambda: service.ask(asked.session, asked.clock, asked.viewer, data),
    )


@post("/readings/{reading_id:uuid}/claim", opt={OPT: READERS}, status_code=200)
async def claim_reading(reading_id: UUID, data: MoveIn, asked: Asked) -> ReadingDetail:
    """I read it; from a colleague who has it, it is taken over."""
    return await asked.move(service.claim, reading_id, data)


@post("/readings/{reading_id:uuid}/release", opt={OPT: READERS}, status_code=200)
async def release_reading(reading_id: UUID, data: MoveIn, asked: Asked) -> ReadingDetail:
    """I cannot read it after all: people are rung again."""
    return await asked.move(service.release, reading_id, data)


@post("/readings/{reading_id:uuid}/withdraw", opt={OPT: CLINICAL}, status_code=200)
async def withdraw_reading(reading_id: UUID, data: MoveIn, asked: Asked) -> ReadingDetail:
    """The bedside needs it no more."""
    return await asked.move(service.withdraw, reading_id, data)


@post("/readings/{reading_id:uuid}/receive", opt={OPT: CLINICAL}, status_code=200)
async def receive_reading(reading_id: UUID, data: MoveIn, asked: Asked) -> ReadingDetail:
    """The bedside has read the report and acts on it."""
    return await asked.move(service.receive, reading_id, data)


@post("/readings/{reading_id:uuid}/follow-up", opt={OPT: CLINICAL}, status_code=200)
async def follow_up_reading(reading_id: UUID, data: MoveIn, asked: Asked) -> ReadingDetail:
    """The bedside has looked at her again, as was recommended."""
    return await asked.move(service.follow_up, reading_id, data)


@post("/readings/{reading_id:uuid}/look", opt={OPT: CLINICAL})
async def look_at_reading(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    reading_id: UUID,
    data: LookIn,
    idempotency_key: str | None,
) -> ViewOut:
    """Keep what the window shows now; the frames come by the view's own address."""

    async def work() -> ViewOut:
        row = await queries.row_of(session, reading_id)
        view_id = await looking.look(session, clock, viewer, row, data)
        return await queries.view(session, reading_id, view_id)

    operation = f"ctg.reading.look {reading_id}"
    return await once(session, viewer, idempotency_key, operation, data, ViewOut, work)


@get("/readings/{reading_id:uuid}/views/{view_id:uuid}/frames", opt={OPT: CLINICAL})
async def replay_view(
    session: AsyncSession, viewer: Viewer, reading_id: UUID, view_id: UUID
) -> Response[bytes]:
    """The 80-byte frames that the view showed, and none that came later."""
    row = await queries.row_of(session, reading_id)
    joined, same = await looking.replay(session, viewer, row, view_id)
    headers = {"cache-control": "no-store", MATCHES: "true" if same else "false"}
    return Response(joined, media_type="application/octet-stream", headers=headers)


@post("/readings/{reading_id:uuid}/sign", opt={OPT: READERS}, status_code=200)
async def sign_reading(
    reading_id: UUID, data: SignIn, asked: Asked, database: Database
) -> ReadingDetail:
    """Sign the report with one's password; from then on it is only added to."""
    await confirm_password(database, asked.clock, asked.viewer, data.password)

    async def work() -> UUID:
        await service.sign(asked.session, asked.clock, asked.viewer, reading_id, data)
        return reading_id

    # The password is no part of what is remembered.
    body = (data.version, data.view_id, data.report)
    return await asked.once(f"ctg.reading.sign {reading_id}", body, work)


@post("/readings/{reading_id:uuid}/addenda", opt={OPT: READERS})
async def add_to_reading(
    reading_id: UUID, data: AddIn, asked: Asked, database: Database
) -> ReadingDetail:
    """Add to a signed reading with one's password; the bedside receives it again."""
    await confirm_password(database, asked.clock, asked.viewer, data.password)

    async def work() -> UUID:
        await service.add(asked.session, asked.clock, asked.viewer, reading_id, data)
        return reading_id

    body = (data.version, data.view_id, data.addendum)
    return await asked.once(f"ctg.reading.add {reading_id}", body, work)


router = Router(
    "/ctg",
    route_handlers=[
        list_readings, get_reading, ask_reading, claim_reading, release_reading, withdraw_reading,
        receive_reading, follow_up_reading, look_at_reading, replay_view, sign_reading,
        add_to_reading,
    ],
    dependencies={"asked": Provide(provide_asked)},
    tags=["ctg readings"],
)  # fmt: skip
