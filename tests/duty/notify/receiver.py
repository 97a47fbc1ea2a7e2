"""A webhook receiver on a real socket, which can be slow, rude or dead."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class Receiver:
    """An HTTP/1.1 server in few lines; `answers` is consumed, the last one stays.

    An answer is a status, `hang` (read and never answer), or `cut` (close without answering).
    """

    port: int = 0
    answers: list[int | str] = field(default_factory=lambda: [200])
    headers: str = ""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                pairs = [line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line]
                headers = {name.lower(): value for name, value in pairs}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.requests.append((headers, body))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer == "hang":
                    await asyncio.sleep(3600)
                if answer == "cut":
                    break
                reply = f"HTTP/1.1 {answer} X\r\nContent-Length: 0\r\n{self.headers}\r\n"
                writer.write(reply.encode())
                await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving(*answers: int | str, headers: str = "") -> AsyncIterator[Receiver]:
    """A receiver that gives these answers in turn."""
    receiver = Receiver(answers=list(answers or (200,)), headers=headers)
    open_ones: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(receiver.serve(reader, writer))
        open_ones.add(task)
        with suppress(asyncio.CancelledError):
            await task
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)
        await asyncio.sleep(0)
