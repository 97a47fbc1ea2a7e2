"""Start the scripted emergency from the page; only in a demo installation."""

from typing import ClassVar

import msgspec
from litestar import Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import ANY
from kernel.clock import Clock
from kernel.database import act_as
from kernel.errors import NotFound, Refusal
from kernel.idempotency import once
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from server.demo.cast import Cast
from server.demo.emergency import ORIGIN, RECEIVER, STEPS, Play, start
from server.demo.journey import crew_path
from server.demo.phones import phones_url
from server.settings import Settings


class NotSeeded(Refusal):
    """The region is not there (yet)."""

    code: ClassVar[str] = "demo.not_seeded"


class StartEmergency(msgspec.Struct, forbid_unknown_fields=True):
    """`autoplay`: made-up colleagues act when nobody at a browser does."""

    autoplay: bool = True


class DemoState(msgspec.Struct):
    """What the demo offers."""

    title_zh: str
    title_en: str
    origin: str
    receiver: str
    seconds: float
    crew_path: str | None
    """The phone page of the journey under way; with its token, as in a demo nobody is real."""
    phones_url: str | None
    """Where the simulated telephones are shown, on the machine of the demo."""


@get("/", opt={"roles": ANY}, summary="What the demo offers")
async def offered(settings: Settings) -> DemoState:
    """404 in an installation with real people."""
    if not settings.demo:
        raise NotFound()
    return DemoState(
        title_zh="演练: 产后出血转诊",
        title_en="Drill: transfer for postpartum haemorrhage",
        origin=ORIGIN,
        receiver=RECEIVER,
        seconds=STEPS[-1][1],
        crew_path=crew_path(settings.data_dir),
        phones_url=phones_url(settings.providers_file),
    )


@post("/emergency", opt={"roles": ANY}, summary="Start the scripted emergency")
async def emergency(
    data: StartEmergency,
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    sealer: Sealer,
    settings: Settings,
    idempotency_key: str | None,
) -> Play:
    """A county doctor who does not exist sends a case; the on-call list rings."""
    if not settings.demo:
        raise NotFound()

    async def work() -> Play:
        cast = await Cast.load(session)
        doctor = cast.viewers.get(f"{ORIGIN.lower()}.doctor")
        if doctor is None:
            raise NotSeeded()
        await act_as(session, doctor)
        play = await start(session, clock, sealer, doctor, autoplay=data.autoplay)
        await act_as(session, viewer)
        return play

    return await once(session, viewer, idempotency_key, "demo.emergency", data, Play, work)


router = Router("/demo", route_handlers=[offered, emergency], tags=["demo"])
