"""A coturn of the tests' own, on the loopback."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Final

from tests.fixtures.ports import free_port

DOCS: Final = Path(__file__).parents[4] / "docs/video.md"
HOST: Final = "127.0.0.1"
SECRET: Final = "only the relay and serve know it"


def told() -> list[str]:
    """The lines that docs/video.md tells operators to write, without those to fill in."""
    text = DOCS.read_text("utf-8")
    block = text[text.index("```ini\nrealm") :].split("```")[1].removeprefix("ini\n")
    lines = [line for line in block.splitlines() if line and not line.startswith("#")]
    return [line for line in lines if "<" not in line and "tls" not in line]


class Relay:
    """A coturn as docs/video.md tells operators to run one, with its worker on the loopback."""

    def __init__(self, place: Path) -> None:
        self.port = free_port()
        self.url = f"turn:{HOST}:{self.port}"
        written = {
            "listening-ip": HOST,
            "relay-ip": HOST,
            "listening-port": self.port,
            "static-auth-secret": SECRET,
            "allowed-peer-ip": HOST,
            "log-file": place / "turn.log",
            "pidfile": place / "turn.pid",
            "userdb": place / "turn.db",
        }
        lines = told() + [f"{name}={value}" for name, value in written.items()]
        lines += ["no-tls", "no-dtls", "allow-loopback-peers"]
        config = place / "turn.conf"
        config.write_text("\n".join(lines))
        command = ["turnserver", "-c", str(config), "--no-stdout-log"]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )

    async def ready(self) -> None:
        """Until it listens."""
        async with asyncio.timeout(20):
            while True:
                try:
                    _, writer = await asyncio.open_connection(HOST, self.port)
                except OSError:
                    await asyncio.sleep(0.05)
                    continue
                writer.close()
                return

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
