"""What the gateway is measured beside: each starts, is found by its process id, and ends."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from server.embedded.services import EmbeddedServices
from tests.fixtures.ports import free_port
from tests.realtime.gateway.process import ROOT

START_S: Final = 30.0
MOSQUITTO: Final = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 10000
"""


class Server:
    """One program that listens on a port of this machine."""

    def __init__(self, argv: list[str], port: int, log: Path) -> None:
        self.port = port
        with log.open("ab") as out:
            self._child = subprocess.Popen(argv, cwd=ROOT, stdout=out, stderr=out)
        deadline = time.monotonic() + START_S
        while not _listens(port):
            if self._child.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{argv[0]} did not start: {log.read_text()[-500:]}")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._child.pid

    def stop(self) -> None:
        """SIGTERM, then kill -9."""
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


def mosquitto_program() -> str | None:
    """Where mosquitto is; Debian keeps it off an ordinary PATH."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def mosquitto(place: Path) -> Server:
    """A broker that keeps nothing."""
    program, port, config = mosquitto_program(), free_port(), place / "mosquitto.conf"
    assert program is not None
    config.write_text(MOSQUITTO.format(port=port))
    return Server([program, "-c", str(config)], port, place / "mosquitto.log")


def echo(place: Path) -> Server:
    """Receive and answer in our own library, and nothing else."""
    port = free_port()
    argv = [sys.executable, "-m", "tests.bench.ctg.echo", str(port)]
    return Server(argv, port, place / "echo.log")


def naive(place: Path, database_url: str, services: EmbeddedServices) -> Server:
    """Handler, ORM, pub/sub, send."""
    port, valkey_url = free_port(), services.layout.valkey_url
    module = "tests.bench.naive_ctg"
    argv = [sys.executable, "-m", module, str(port), database_url, valkey_url]
    return Server(argv, port, place / "naive.log")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
