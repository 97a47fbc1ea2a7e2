"""The routers over HTTP with the dependencies that the server provides; who asks is a header."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4
from weakref import finalize

import httpx
from litestar import Litestar, Request, Router
from litestar.di import Provide
from sqlalchemy.ext.asyncio import AsyncSession

from consult.imaging.archive import Archive, SealedFolder
from consult.imaging.intake import Intake
from consult.imaging.parse import Box
from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.database import Database
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from server import problems
from server.app import MAX_BODY_BYTES, provide_tracings
from server.settings import Settings
from tests.referral.network import SEALER, Network

ORIGIN = "http://test"


async def sealer() -> Sealer:
    return SEALER


async def _no_media() -> None:
    return None


async def _settings() -> Settings:
    return Settings()


def app(net: Network, *routers: Router) -> Litestar:
    """The routers, below /api, with one transaction per request."""

    async def viewer(request: Request[Any, Any, Any]) -> Viewer:
        who = request.headers.get("x-who", "")
        return net.staff[who] if who else Viewer.system("anonymous")

    async def session(viewer: Viewer) -> AsyncIterator[AsyncSession]:
        async with net.clone.app.session(viewer) as open_:
            yield open_

    async def clock() -> Clock:
        return net.clock

    folder = Path(tempfile.mkdtemp(prefix="ys-blobs-"))

    async def blobs() -> BlobStore:
        return BlobStore(folder, SEALER, max_bytes=300_000)

    finalize(blobs, shutil.rmtree, folder)

    reader, room = Box(readers=1), Intake()
    finalize(blobs, reader.close)

    async def archive() -> Archive:
        return SealedFolder(await blobs())

    async def box() -> Box:
        return reader

    async def intake() -> Intake:
        return room

    async def database() -> Database:
        return net.clone.app

    async def key(request: Request[Any, Any, Any]) -> str | None:
        return request.headers.get("Idempotency-Key")

    return Litestar(
        [Router("/api", route_handlers=list(routers))],
        dependencies={
            "viewer": Provide(viewer),
            "session": Provide(session),
            "clock": Provide(clock),
            "sealer": Provide(sealer),
            "database": Provide(database),
            "blobs": Provide(blobs),
            "archive": Provide(archive),
            "box": Provide(box),
            "intake": Provide(intake),
            "media": Provide(_no_media),
            "settings": Provide(_settings),
            "tracings": Provide(provide_tracings),
            "idempotency_key": Provide(key),
        },
        exception_handlers=problems.HANDLERS,
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,
    )


class Caller:
    """A client that speaks as somebody of the network."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def post(
        self, who: str, path: str, body: object, *, key: str | None = None, method: str = "POST"
    ) -> httpx.Response:
        """One write, under a fresh key unless one is given (empty: none at all)."""
        headers = {"x-who": who}
        if key != "":
            headers["Idempotency-Key"] = key or str(uuid4())
        return await self._client.request(method, f"/api{path}", json=body, headers=headers)

    async def upload(
        self, who: str, path: str, content: bytes, *, key: str = "", kind: str = "image/jpeg"
    ) -> httpx.Response:
        """One file, under a fresh key unless one is given."""
        headers = {"x-who": who, "Idempotency-Key": key or str(uuid4()), "content-type": kind}
        return await self._client.post(f"/api{path}", content=content, headers=headers)

    async def get(self, who: str, path: str, **headers: str) -> httpx.Response:
        """One read."""
        return await self._client.get(f"/api{path}", headers={"x-who": who, **headers})


def caller(net: Network, *routers: Router) -> Caller:
    """A client on the test's own loop."""
    return caller_of(app(net, *routers))


def caller_of(application: Litestar) -> Caller:
    """A client of an application of one's own."""
    transport = httpx.ASGITransport(application)
    return Caller(httpx.AsyncClient(transport=transport, base_url=ORIGIN))
