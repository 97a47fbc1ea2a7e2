"""Where bytes come from: a serial line, a serial-to-network converter, a file that grows.

Each reader ends with an error when its device is gone; `watch` begins it again. A device that says
nothing for long is greeted again: it may have been switched off and on, and some wait for it.
Serial lines are opened by POSIX means; on Windows set the speed with `mode` before
(docs/ctg-agent.md).
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import structlog

log = structlog.get_logger()

READ_BYTES: Final = 4_096
CONNECT_S: Final = 10.0
AGAIN_S: Final = 2.0
FILE_POLL_S: Final = 0.25
QUIET_S: Final = 20.0
"""After so long without a byte a line is greeted anew, and a connection made anew: a converter that
lost its power has forgotten ours and does not tell."""
WAITING: Final = 256


class PortGone(Exception):
    """The device, converter or file is not there (any more)."""


class Quiet(Exception):
    """Nothing came for long; begin anew at once."""


async def watch(
    port: str, baud: int, hello: bytes, feed: Callable[[bytes], None], tell: Callable[[str], None]
) -> None:
    """Hand on bytes for ever; what goes wrong is told, and tried again after two seconds."""
    while True:
        try:
            async for data in _reader(port, baud, hello, lambda: tell("")):
                feed(data)
            tell("closed")
        except Quiet:
            continue
        except (OSError, ValueError, PortGone) as error:
            tell(type(error).__name__)
            log.warning("agent.port_gone", port=port, error=str(error))
        await asyncio.sleep(AGAIN_S)


def _reader(port: str, baud: int, hello: bytes, ready: Callable[[], None]) -> AsyncIterator[bytes]:
    address = urlsplit(port)
    if address.scheme == "tcp":
        return _tcp(address.hostname or "", address.port or 0, hello, ready)
    if address.scheme == "file":
        return _file(Path(url2pathname(address.path)), ready)
    if sys.platform == "win32":
        return _file(Path(port), ready)
    return _serial(port, baud, hello, ready)


async def _tcp(
    host: str, port: int, hello: bytes, ready: Callable[[], None]
) -> AsyncIterator[bytes]:
    async with asyncio.timeout(CONNECT_S):
        reader, writer = await asyncio.open_connection(host, port)
    try:
        ready()
        writer.write(hello)
        while data := await _soon(reader.read(READ_BYTES)):
            yield data
    finally:
        writer.close()


async def _soon(read: Awaitable[bytes]) -> bytes:
    try:
        async with asyncio.timeout(QUIET_S):
            return await read
    except TimeoutError as error:
        raise Quiet from error


async def _file(path: Path, ready: Callable[[], None]) -> AsyncIterator[bytes]:
    """What is appended from now on; a file that was cut or replaced is begun anew."""
    with path.open("rb", buffering=0) as file:
        ready()
        file.seek(0, os.SEEK_END)
        while True:
            data = file.read(READ_BYTES)
            if data:
                yield data
                continue
            there = path.stat()  # noqa: ASYNC240 - one look at the directory
            if there.st_size < file.tell() or there.st_ino != os.fstat(file.fileno()).st_ino:
                raise PortGone("the file was replaced")
            await asyncio.sleep(FILE_POLL_S)


async def _serial(
    path: str, baud: int, hello: bytes, ready: Callable[[], None]
) -> AsyncIterator[bytes]:
    file = open_serial(path, baud)
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[bytes] = asyncio.Queue()

    def readable() -> None:
        try:
            data = os.read(file, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        waiting.put_nowait(data)
        # What is gone stays readable, and a flood waits in the kernel, not here.
        if not data or waiting.qsize() >= WAITING:
            loop.remove_reader(file)

    loop.add_reader(file, readable)
    try:
        ready()
        os.write(file, hello)
        while True:
            try:
                data = await _soon(waiting.get())
            except Quiet:
                os.write(file, hello)
                continue
            if not data:
                raise PortGone("the line was closed")
            yield data
            loop.add_reader(file, readable)
    finally:
        loop.remove_reader(file)
        os.close(file)


def open_serial(path: str, baud: int) -> int:
    """Open a line raw, eight bits, no parity, at this speed; returns its descriptor.

    Raises:
        OSError: it is not there, or not ours to open.
        PortGone: the speed is none that a line has.
    """
    import termios
    import tty

    speed = getattr(termios, f"B{baud}", None)
    if speed is None:
        raise PortGone(f"no line runs at {baud} baud")
    file = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        tty.setraw(file)
        attributes = termios.tcgetattr(file)
        attributes[2] |= termios.CLOCAL | termios.CREAD
        attributes[4] = attributes[5] = speed
        termios.tcsetattr(file, termios.TCSANOW, attributes)
    except termios.error as error:
        os.close(file)
        raise OSError(f"{path} is no serial line") from error
    return file
