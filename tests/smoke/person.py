"""Somebody at a browser: logs in, calls the API, listens to the stream."""

import asyncio
import time
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect

from server.demo import PASSWORD

Json = dict[str, Any]


class Refused(Exception):
    """The API answered with a problem."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.problem: Json = answer.json() if answer.content else {}
        super().__init__(f"{answer.request.method} {answer.url.path}: {self.status} {self.problem}")


class Person:
    """One login with a session cookie and, after `listen`, an open stream."""

    def __init__(self, url: str, login: str) -> None:
        self.login = login
        self.url = url
        # A line kept longer than the server keeps it may end under a request.
        limits = httpx.Limits(keepalive_expiry=2.0)
        self._http = httpx.AsyncClient(base_url=url, timeout=10, limits=limits)
        self.cookie = ""
        self.me: Json = {}
        self.heard: list[tuple[float, Json]] = []
        self._news = asyncio.Condition()
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def log_in(self) -> "Person":
        """Open a session; the cookie is sent by hand because it is Secure and this is loopback."""
        answer = await self._http.post(
            "/api/login",
            json={"login": self.login, "password": PASSWORD},
            headers={"origin": self.url},
        )
        if answer.status_code != 200:
            raise Refused(answer)
        self.cookie = answer.headers["set-cookie"].split(";")[0]
        self.me = answer.json()
        return self

    async def get(self, path: str, **query: Any) -> Any:
        """GET and parse; bytes if it is not JSON."""
        # No parameters at all, or httpx drops those that the path has already.
        answer = await self._http.get(path, params=query or None, headers=self._headers())
        if answer.status_code != 200:
            raise Refused(answer)
        if "json" in answer.headers.get("content-type", ""):
            return answer.json()
        return answer.content

    async def post(self, path: str, body: Json | None = None, *, key: str | None = None) -> Any:
        """POST with an idempotency key."""
        headers = {**self._headers(), "idempotency-key": key or uuid4().hex}
        answer = await self._http.post(path, json=body or {}, headers=headers)
        if answer.status_code >= 300:
            raise Refused(answer)
        return answer.json() if answer.content else None

    async def patch(self, path: str, body: Json) -> Any:
        """PATCH with an idempotency key."""
        headers = {**self._headers(), "idempotency-key": uuid4().hex}
        answer = await self._http.patch(path, json=body, headers=headers)
        if answer.status_code >= 300:
            raise Refused(answer)
        return answer.json()

    def _headers(self) -> dict[str, str]:
        return {"cookie": self.cookie, "origin": self.url}

    async def listen(self) -> "Person":
        """Open the browser stream and remember everything that arrives, with its moment."""
        socket = await connect(
            self.url.replace("http", "ws") + "/api/stream",
            additional_headers={"cookie": self.cookie},
            origin=self.url,  # type: ignore[arg-type]
        )
        self._socket = socket
        await socket.send('{"type":"hello","offset":0,"visible":true}')
        self._reader = asyncio.create_task(self._read(socket))
        await self.hears(lambda message: message["type"] == "welcome", 5)
        return self

    async def _read(self, socket: ClientConnection) -> None:
        async for raw in socket:
            at = time.perf_counter()
            message: Json = msgspec.json.decode(raw)
            if message["type"] == "ping":
                await socket.send('{"type":"pong"}')
                continue
            async with self._news:
                self.heard.append((at, message))
                self._news.notify_all()

    async def hears(
        self, wanted: Any, patience_s: float = 10, *, after: float = 0.0
    ) -> tuple[float, Json]:
        """The first message after `after` for which `wanted(message)` is true, and its moment."""
        async with asyncio.timeout(patience_s), self._news:
            while True:
                for at, message in self.heard:
                    if at >= after and wanted(message):
                        return at, message
                await self._news.wait()

    async def leave(self) -> None:
        """Close the stream and the connection pool."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            with suppress(Exception):
                await self._reader
        await self._http.aclose()
