"""The gateway as a process of its own, started as an operator starts it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.fixtures.ports import free_port

ROOT = Path(__file__).parents[3]


async def asked(port: int, path: str) -> tuple[int, str]:
    """Status and body of a plain GET."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    whole = (await reader.read()).decode()
    writer.close()
    head, _, body = whole.partition("\r\n\r\n")
    return int(head.split()[1]), body


class GatewayProcess:
    """`yunshang gateway` that can be killed and started again on the same port."""

    def __init__(
        self, system_url: str, valkey_url: str, origin: str, log: Path, **environment: str
    ) -> None:
        self.port = free_port()
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self.environment = {
            "PATH": os.environ["PATH"],
            "YUNSHANG_SYSTEM_DATABASE_URL": system_url,
            "VALKEY_URL": valkey_url,
            "YUNSHANG_GATEWAY_PORT": str(self.port),
            "YUNSHANG_PUBLIC_ORIGINS": origin,
            "PYTHONDONTWRITEBYTECODE": "1",
        } | environment

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @staticmethod
    def command(*options: str) -> tuple[str, ...]:
        """What an operator types."""
        return (sys.executable, "-m", "server.cli", "gateway", *options)

    async def start(self) -> None:
        """Start and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.command(), cwd=ROOT, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip
        async with asyncio.timeout(20):
            while not await self._healthy():
                assert self._process.returncode is None, self._log.read_text()
                await asyncio.sleep(0.05)

    async def _healthy(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            return (await reader.readline()).startswith(b"HTTP/1.1 200")
        except OSError:
            return False
        finally:
            writer.close()

    async def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        """Wait for the end; returns the exit code."""
        assert self._process is not None
        async with asyncio.timeout(30):
            return await self._process.wait()
