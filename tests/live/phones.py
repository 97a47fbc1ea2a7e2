"""The phones: an HTTP server in a process of its own that writes down every ring.

One line per ring, `<monotonic ns> <wall ns> <message id> <page id> <mode>`, appended by one write:
what the file holds has rung, whoever was killed meanwhile. The path says how the phone behaves:
`/ok` answers, `/slow` answers after a second, `/hang` reads and never answers, `/cut` rings and
drops the line, `/busy` refuses the first call of every message and takes the next.
"""

import argparse
import asyncio
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HANGS_S = 3600.0
SLOW_S = 1.0


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring of one phone."""

    at_s: float
    wall_s: float
    message_id: str
    page_id: str
    mode: str


def rings(journal: Path) -> list[Ring]:
    """Everything that has rung so far, in order."""
    found = []
    for line in journal.read_text().splitlines():
        at, wall, message_id, page_id, mode = line.split(" ")
        found.append(Ring(int(at) / 1e9, int(wall) / 1e9, message_id, page_id, mode))
    return found


refused: set[str] = set()


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, journal: int) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                int(line.split(":", 1)[1])
                for line in head.split("\r\n")
                if line.lower().startswith("content-length:")
            )
            body = json.loads(await reader.readexactly(length))
            mode = head.split(" ", 2)[1].split("/")[1]
            moment = f"{time.monotonic_ns()} {time.time_ns()}"
            line = f"{moment} {body['message_id']} {body['page_id']} {mode}\n"
            os.write(journal, line.encode())
            if mode == "busy" and body["message_id"] not in refused:
                refused.add(body["message_id"])
                writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                continue
            if mode == "hang":
                await asyncio.sleep(HANGS_S)
            if mode == "slow":
                await asyncio.sleep(SLOW_S)
            if mode == "cut":
                break
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
    writer.close()


async def serve(journal: Path, port: int) -> None:
    """Ring until killed."""
    file = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    server = await asyncio.start_server(
        lambda reader, writer: _talk(reader, writer, file), "127.0.0.1", port, backlog=512
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("journal", type=Path)
    parser.add_argument("port", type=int)
    wanted = parser.parse_args()
    asyncio.run(serve(wanted.journal, wanted.port))
