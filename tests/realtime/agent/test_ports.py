"""Bytes come from a line, a converter or a file, and come again after either was away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from realtime.agent import ports
from tests.fixtures.ports import free_port


@contextlib.asynccontextmanager
async def watched(port: str, hello: bytes = b"") -> AsyncIterator[tuple[list[bytes], list[str]]]:
    """What is read, and what is told, while the block runs."""
    heard: list[bytes] = []
    told: list[str] = []
    task = asyncio.create_task(ports.watch(port, 9_600, hello, heard.append, told.append))
    try:
        yield heard, told
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(heard: list[bytes], wanted: bytes) -> None:
    async with asyncio.timeout(10):
        while wanted not in b"".join(heard):
            await asyncio.sleep(0.01)


async def test_a_serial_line_is_greeted_and_read_raw() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        async with watched(os.ttyname(slave), b"G") as (heard, _):
            assert await asyncio.to_thread(os.read, master, 1) == b"G"
            os.write(master, b"\x00\x10\x03\r\n\xff")
            await until(heard, b"\x00\x10\x03\r\n\xff")
    finally:
        os.close(master)
        os.close(slave)


async def test_a_growing_file_is_followed_from_now_on(tmp_path: Path) -> None:
    file = tmp_path / "monitor.csv"
    file.write_bytes(b"old\n")
    async with watched(file.as_uri()) as (heard, told):
        async with asyncio.timeout(10):
            while not told:
                await asyncio.sleep(0.01)
        with file.open("ab") as more:
            more.write(b"new\n")
        await until(heard, b"new\n")
    assert b"old" not in b"".join(heard)


async def test_a_converter_that_comes_back_is_read_again() -> None:
    port = free_port()
    greeted: list[bytes] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeted.append(await reader.readexactly(1))
        writer.write(b"said")
        await writer.drain()
        writer.close()

    async with watched(f"tcp://127.0.0.1:{port}", b"G") as (heard, told):
        async with asyncio.timeout(10):
            while not told:
                await asyncio.sleep(0.01)
        server = await asyncio.start_server(speak, "127.0.0.1", port)
        await until(heard, b"said")
        server.close()
    assert greeted == [b"G"]
    assert told[0] == "ConnectionRefusedError"


async def test_a_line_that_says_nothing_is_greeted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "QUIET_S", 0.1)
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        async with watched(os.ttyname(slave), b"G") as (heard, told):
            for _ in range(3):
                assert await asyncio.to_thread(os.read, master, 1) == b"G"
            os.write(master, b"there")
            await until(heard, b"there")
            assert told == [""]
    finally:
        os.close(master)
        os.close(slave)


async def test_a_converter_that_forgot_us_is_asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "QUIET_S", 0.1)
    greeted = 0

    async def forget(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal greeted
        await reader.readexactly(1)
        greeted += 1
        if greeted == 3:
            writer.write(b"said")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(forget, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with watched(f"tcp://127.0.0.1:{port}", b"G") as (heard, told):
        await until(heard, b"said")
        assert set(told) == {""}
    server.close()


async def test_a_line_that_is_unplugged_in_a_flood_is_read_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "AGAIN_S", 0.05)
    monkeypatch.setattr(ports, "READ_BYTES", 16)
    monkeypatch.setattr(ports, "WAITING", 4)
    plugged = tmp_path / "ttyUSB0"
    async with watched(str(plugged)) as (heard, told):
        for round_no in range(3):
            master, slave = os.openpty()
            tty.setraw(slave)
            plugged.symlink_to(os.ttyname(slave))
            async with asyncio.timeout(10):
                while told[-1:] != [""]:
                    await asyncio.sleep(0.01)
            os.write(master, b"x" * 3_000 + b"round %d" % round_no)
            await until(heard, b"round %d" % round_no)
            plugged.unlink()
            os.close(slave)
            os.close(master)
            async with asyncio.timeout(10):
                while told[-1:] == [""]:
                    await asyncio.sleep(0.01)


@pytest.mark.parametrize("port", ["tcp://" + "x" * 70 + ":1", "/no/such/tty", "file:///no/such"])
async def test_a_port_that_cannot_be_is_told(port: str) -> None:
    async with watched(port) as (_, told):
        async with asyncio.timeout(10):
            while not told:
                await asyncio.sleep(0.01)
    assert told[0]
