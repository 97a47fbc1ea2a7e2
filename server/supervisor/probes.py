"""Asks a child, from outside, whether it works."""

import asyncio
import socket
from contextlib import suppress

import asyncpg

from server.settings import CannotGoOn
from server.supervisor.shell import Probe

TIMEOUT_S = 2.0

_BEATEN = "SELECT EXISTS (SELECT FROM process_heartbeat WHERE name = $1 AND pid = $2)"


class PortTaken(CannotGoOn):
    """Somebody else listens where we should."""


def local(host: str) -> str:
    """The address to reach a listener on this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def check_port(host: str, port: int, variable: str) -> None:
    """Make sure that nobody listens there.

    Raises:
        PortTaken: with the variable to change.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"cannot listen on {host} port {port} ({error.strerror}); "
                f"stop what uses it or set {variable} to another port"
            ) from error


def accepts(host: str, port: int) -> Probe:
    """A probe: the port accepts connections."""

    async def probe(_pid: int) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                _, writer = await asyncio.open_connection(local(host), port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return True

    return probe


def healthy(host: str, port: int, path: str = "/api/health") -> Probe:
    """A probe: the HTTP server answers 200."""

    async def probe(_pid: int) -> bool:
        request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
        try:
            async with asyncio.timeout(TIMEOUT_S):
                reader, writer = await asyncio.open_connection(local(host), port)
                try:
                    writer.write(request.encode())
                    status = await reader.readline()
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False
        return b" 200 " in status

    return probe


def beats(url: str, name: str) -> Probe:
    """A probe: the process has written a heartbeat, so it is connected and its loop turns."""

    async def probe(pid: int) -> bool:
        try:
            connection = await asyncpg.connect(url, timeout=TIMEOUT_S)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        try:
            return bool(await connection.fetchval(_BEATEN, name, pid))
        finally:
            await connection.close()

    return probe
