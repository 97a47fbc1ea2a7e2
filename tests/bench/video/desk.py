"""Gives tickets over the network, as the API does: `POST /tickets/ID`. Everything else is a page.

On a wire the way to the server is cut with everything else, and what a request does that was under
way then is the browser's affair.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

from consult.media.errors import MediaUnavailable

PATH: Final = "/tickets/"
LENGTH: Final = "content-length:"


class Desk:
    """Listens at `origin`; connections are kept, as browsers like them."""

    def __init__(self, host: str, ticket: Callable[[UUID], Awaitable[dict[str, Any]]]) -> None:
        self.origin = ""
        self._host = host
        self._ticket = ticket
        self._kept: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Desk]:
        """Listen while the block runs."""
        server = await asyncio.start_server(self._serve, self._host, 0)
        self.origin = f"http://{self._host}:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for connection in self._kept:
                connection.cancel()
            await asyncio.gather(*self._kept, return_exceptions=True)

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._answers(reader, writer))
        self._kept.add(connection)
        connection.add_done_callback(self._kept.discard)

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").lower()
                lengths = [line for line in head.splitlines() if line.startswith(LENGTH)]
                await reader.readexactly(sum(int(line.removeprefix(LENGTH)) for line in lengths))
                writer.write(await self._answer(*head.split()[:2]))
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    async def _answer(self, method: str, path: str) -> bytes:
        if method != "post" or not path.startswith(PATH):
            return _response("200 OK", "text/html", b"<!doctype html>")
        try:
            given = await self._ticket(UUID(path.removeprefix(PATH)))
        except MediaUnavailable:
            return _response("503 Service Unavailable", "application/json", b"{}")
        return _response("200 OK", "application/json", json.dumps(given).encode())


def _response(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
