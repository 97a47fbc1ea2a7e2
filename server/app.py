"""The web application: one list of routers, one transaction per request, one way to refuse."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Annotated, Any

from litestar import Litestar, Request, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import HeaderParameter
from sqlalchemy.ext.asyncio import AsyncSession

from consult.citing import Tracings
from consult.imaging.archive import Archive
from consult.imaging.intake import Intake
from consult.imaging.parse import Box
from consult.media.engine import MediaEngine
from consult.media.recording.shelf import Shelf
from duty.changes.handover.cases import OpenCases
from duty.notify.contacts.webpush import VapidKey
from duty.notify.providers.file import CONTRACTS, Callbacks
from duty.rosters.queries import on_duty_of
from kernel.access import PUBLIC
from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.database import Database
from kernel.database_clock import DatabaseClock
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from realtime.sockets import hub_lifespan
from server import problems, web
from server.archive import archive
from server.channels import channel_names, contracts
from server.duties import kept, learning
from server.headers import SecurityHeaders, content_security_policy
from server.intake import inspect
from server.keyfile import master_key
from server.media import media_engine, media_places, shelf
from server.open_cases import open_cases
from server.routes import ROUTERS
from server.security import Authentication, require_role
from server.settings import Settings
from server.tracings import RecordedTracings

MAX_BODY_BYTES = 1_000_000


async def provide_session(state: State, viewer: Viewer) -> AsyncIterator[AsyncSession]:
    """The request's one transaction: committed before the answer is sent, or nothing is."""
    database: Database = state.database
    async with database.session(viewer) as session:
        yield session


async def provide_viewer(request: Request[Any, Any, Any]) -> Viewer:
    """Who is asking; anonymous on public routes."""
    return request.scope["state"].get("viewer") or Viewer.system("anonymous")


async def provide_clock(state: State) -> Clock:
    clock: Clock = state.clock
    return clock


async def provide_sealer(state: State) -> Sealer:
    sealer: Sealer = state.sealer
    return sealer


async def provide_blobs(state: State) -> BlobStore:
    blobs: BlobStore = state.blobs
    return blobs


async def provide_archive(state: State) -> Archive:
    kept: Archive = state.archive
    return kept


async def provide_box(state: State) -> Box:
    box: Box = state.box
    return box


async def provide_intake(state: State) -> Intake:
    intake: Intake = state.intake
    return intake


async def provide_callbacks(state: State) -> Callbacks | None:
    callbacks: Callbacks | None = state.callbacks
    return callbacks


async def provide_contracted(state: State) -> frozenset[str]:
    contracted: frozenset[str] = state.contracted
    return contracted


async def provide_settings(state: State) -> Settings:
    settings: Settings = state.settings
    return settings


async def provide_database(state: State) -> Database:
    database: Database = state.database
    return database


async def provide_shelf(state: State) -> Shelf:
    found: Shelf = state.shelf
    return found


async def provide_media(state: State) -> MediaEngine | None:
    media: MediaEngine | None = state.media
    return media


async def provide_open_cases() -> OpenCases:
    return open_cases


async def provide_tracings() -> Tracings:
    return RecordedTracings()


async def provide_idempotency_key(
    key: Annotated[str | None, HeaderParameter(name="Idempotency-Key")] = None,
) -> str | None:
    return key


class OwnRouter(Router):
    """A router made for one application, whose copy is itself.

    Litestar copies a router deeply to make it its own: with all routes below it, half of the time
    that an application takes to be made.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> "OwnRouter":
        return self


def _openapi() -> OpenAPIConfig:
    """The description only: pages that draw it fetch scripts from elsewhere."""
    return OpenAPIConfig(
        title="Yunshang 云上妇幼",
        version="0.1.0",
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        openapi_router=Router(
            "/api/docs", route_handlers=[], opt={"roles": PUBLIC}, include_in_schema=False
        ),
    )


DEPENDENCIES = {
    "session": Provide(provide_session),
    "viewer": Provide(provide_viewer),
    "clock": Provide(provide_clock),
    "sealer": Provide(provide_sealer),
    "blobs": Provide(provide_blobs),
    "archive": Provide(provide_archive),
    "box": Provide(provide_box),
    "intake": Provide(provide_intake),
    "settings": Provide(provide_settings),
    "callbacks": Provide(provide_callbacks),
    "contracted": Provide(provide_contracted),
    "database": Provide(provide_database),
    "media": Provide(provide_media),
    "shelf": Provide(provide_shelf),
    "open_cases": Provide(provide_open_cases),
    "tracings": Provide(provide_tracings),
    "idempotency_key": Provide(provide_idempotency_key),
}


def _state(settings: Settings, database: Database, clock: Clock) -> State:
    """What all requests share."""
    master = master_key(settings)
    sealer = Sealer(master)
    providers = contracts(settings)
    return State(
        {
            "settings": settings,
            "database": database,
            "clock": clock,
            "sealer": sealer,
            "push_key": VapidKey(master).public,
            "channels": channel_names(settings),
            "blobs": BlobStore(
                settings.attachments, sealer, max_bytes=settings.attachment_max_mb * 1_000_000
            ),
            "archive": archive(settings, sealer),
            "box": Box(),
            "intake": Intake(),
            "on_duty_of": on_duty_of,
            "callbacks": providers.callbacks,
            "media": media_engine(settings, master),
            "shelf": shelf(settings),
            "contracted": frozenset(name for name in CONTRACTS if getattr(providers, name)),
        }
    )


def create_app(
    settings: Settings, *, database: Database | None = None, clock: Clock | None = None
) -> Litestar:
    """Build the application; `database` and `clock` are replaced in tests."""
    pool = database or Database(
        settings.need("database_url").database_url, name="serve", pool_size=settings.pool_size
    )
    clock = clock or DatabaseClock()
    state = _state(settings, pool, clock)

    def learns(_: Litestar) -> AbstractAsyncContextManager[None]:
        return kept(learning(pool, clock)) if isinstance(clock, DatabaseClock) else nullcontext()

    async def close() -> None:
        state.box.close()
        if state.media is not None:
            await state.media.close()
        await pool.close()

    return Litestar(
        route_handlers=[OwnRouter("/api", route_handlers=list(ROUTERS)), *web.routers()],
        dependencies=DEPENDENCIES,
        middleware=[
            DefineMiddleware(
                SecurityHeaders,
                policy=content_security_policy(settings.gateway_url, *media_places(settings)),
            ),
            DefineMiddleware(Authentication, settings=settings, database=pool),
        ],
        guards=[require_role],
        before_request=inspect,
        exception_handlers=problems.HANDLERS,
        lifespan=[learns, hub_lifespan],
        on_shutdown=[close],
        state=state,
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=_openapi(),
        logging_config=None,
        debug=False,
    )
