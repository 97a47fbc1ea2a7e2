"""Monitors that are not there: they say a synthetic tracing in a real device's bytes."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from realtime import frames
from realtime.agent.decoders.table import kinds
from realtime.agent.samples import LOST, Sample, Second
from realtime.sources import Source, Synthetic

Say = Callable[[bytes], Awaitable[None]]
OFF: Final[Second] = (LOST, LOST, LOST, LOST)


def seconds_of(source: Source) -> Iterator[Second]:
    """A source's seconds as samples."""
    for frame in source.frames(0):
        rows = frames.view_frames(frame)["samples"][0]
        samples = [
            Sample(
                fhr1=int(row["fhr1"]),
                fhr2=int(row["fhr2"]),
                fhr3=int(row["fhr3"]),
                mhr=int(row["mhr"]),
                toco=int(row["toco"]),
                spo2=int(row["spo2"]),
                marks=int(row["marks"]),
            )
            for row in rows
        ]
        yield samples[0], samples[1], samples[2], samples[3]


async def simulate(kind: str, to: str, scenario: str, *, seed: int = 1, speed: float = 1.0) -> None:
    """Speak for ever.

    Args:
        kind: a name of the decoders' table.
        to: `tcp://host:port` to listen on (like a serial converter), `file:///path` to append to,
            or the path of a serial line or pseudo-terminal.
        scenario: of the synthesiser.
        seed: decides the tracing.
        speed: 1 is life.
    """
    voice = kinds()[kind].voice()
    async with _mouth(to) as say:
        loop = asyncio.get_running_loop()
        due = loop.time()
        for second in seconds_of(Synthetic(scenario, seed)):
            await say(voice.say(second))
            due += 1 / speed
            await asyncio.sleep(max(0.0, due - loop.time()))


@contextlib.asynccontextmanager
async def _mouth(to: str) -> AsyncIterator[Say]:
    address = urlsplit(to)
    if address.scheme == "tcp":
        async with _listening(address.hostname or "127.0.0.1", address.port or 0) as say:
            yield say
        return
    if address.scheme == "file":
        file = os.open(url2pathname(address.path), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    else:
        file = os.open(Path(to), os.O_RDWR | os.O_NOCTTY)

    async def write(data: bytes) -> None:
        await asyncio.to_thread(os.write, file, data)

    try:
        yield write
    finally:
        os.close(file)


@contextlib.asynccontextmanager
async def _listening(host: str, port: int) -> AsyncIterator[Say]:
    ears: set[asyncio.StreamWriter] = set()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ears.add(writer)
        with contextlib.suppress(OSError):
            while await reader.read(1_024):
                pass  # commands are heard and not needed
        ears.discard(writer)
        writer.close()

    async def write(data: bytes) -> None:
        for ear in list(ears):
            ear.write(data)

    server = await asyncio.start_server(greet, host, port)
    try:
        yield write
    finally:
        server.close()
        for ear in list(ears):
            ear.close()
