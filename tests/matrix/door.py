"""Speaks to the application as a browser would, in this event loop and without a network."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from litestar import Litestar

from kernel.clock import Clock
from server.app import create_app
from server.settings import Settings
from tests.registry.world import MASTER_KEY, PASSWORD

COOKIE = "__Host-yunshang"
LINK_COOKIE = "__Host-yunshang-link"


@dataclass(slots=True)
class Door:
    """The application behind its middleware; every request says whose cookie it carries."""

    app: Litestar
    client: httpx.AsyncClient
    origin: str
    cookies: dict[str, str] = field(default_factory=dict)

    async def log_in(self, login: str, password: str = PASSWORD) -> str:
        """The session token of a fresh login."""
        answer = await self.send("POST", "/api/login", json={"login": login, "password": password})
        assert answer.status_code == 200, answer.text
        token = answer.cookies.get(COOKIE) or _token(answer)
        self.cookies.setdefault(login, token)
        return token

    async def send(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        link: str | None = None,
        origin: str | None = "",
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """One request; `origin` is ours unless told otherwise, None for no header.

        `token` is a login's, `link` that of a case-scoped link's session.
        """
        sent = dict(headers or {})
        if origin is not None:
            sent["origin"] = origin or self.origin
        if token is not None:
            sent["cookie"] = f"{COOKIE}={token}"
        if link is not None:
            sent["cookie"] = f"{LINK_COOKIE}={link}"
        self.client.cookies.clear()
        return await self.client.request(method, path, headers=sent, **more)

    async def open_link(self, token: str, at: str = "/api/links/open") -> str:
        """The cookie's value of a freshly opened link."""
        answer = await self.send("POST", at, json={"token": token})
        assert answer.status_code == 200, answer.text
        return _token(answer)

    async def handshake(
        self,
        path: str,
        *,
        token: str | None = None,
        link: str | None = None,
        origin: str | None = "",
    ) -> int:
        """Open a WebSocket and leave: 101 if it was accepted, else the code of its closing."""
        headers = [(b"host", b"127.0.0.1:8000")]
        if origin is not None:
            headers.append((b"origin", (origin or self.origin).encode()))
        if token is not None:
            headers.append((b"cookie", f"{COOKIE}={token}".encode()))
        if link is not None:
            headers.append((b"cookie", f"{LINK_COOKIE}={link}".encode()))
        answers: list[dict[str, Any]] = []
        questions = [{"type": "websocket.connect"}]

        async def receive() -> dict[str, Any]:
            if questions:
                return questions.pop(0)
            return {"type": "websocket.disconnect", "code": 1001}

        async def send(message: Any) -> None:
            answers.append(dict(message))

        scope: Any = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("198.51.100.7", 50000),
            "server": ("127.0.0.1", 8000),
            "subprotocols": [],
        }
        await self.app(scope, receive, send)
        first = answers[0]
        return 101 if first["type"] == "websocket.accept" else int(first["code"])


def _token(answer: httpx.Response) -> str:
    """The cookie's value; clients keep Secure cookies from plain http to themselves."""
    return answer.headers["set-cookie"].split(";")[0].partition("=")[2]


@asynccontextmanager
async def opened(settings: Settings, clock: Clock, place: Path) -> AsyncIterator[Door]:
    """The application on this database, with the key that `tests.registry.world` seals with."""
    key = place / "master.key"
    key.write_bytes(MASTER_KEY)
    key.chmod(0o600)
    installed = replace(settings, secret_key_file=key)
    app = create_app(installed, clock=clock)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("198.51.100.7", 1))
    base = f"http://127.0.0.1:{settings.port}"
    async with _running(app), httpx.AsyncClient(transport=transport, base_url=base) as client:
        yield Door(app, client, base)


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    """Start-up and shutdown in one task: fixtures may be torn down by another."""
    started, leave = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set()
            await leave.wait()

    task = asyncio.create_task(live())
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if task.done():
            waiting.cancel()
            task.result()
        yield
    finally:
        leave.set()
        await task
