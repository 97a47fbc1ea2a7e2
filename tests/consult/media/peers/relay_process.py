"""A coturn of the tests' own, on the loopback."""

from __future__ import annotations

import asyncio
import subprocess
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kernel.clock import SystemClock
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


def certified(place: Path) -> tuple[Path, Path]:
    """A certificate for the loopback that nobody else signed, and its key."""
    key, name = generate_private_key(SECP256R1()), x509.Name([])
    now = SystemClock().now()
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), True)
        .sign(key, SHA256())
    )
    certificate, secret = place / "turn.crt", place / "turn.key"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, secret


class Relay:
    """A coturn as docs/video.md tells operators to run one, with its worker on the loopback."""

    def __init__(self, place: Path, *, secure: bool = False) -> None:
        self.port = free_port()
        self.url = f"turn:{HOST}:{self.port}"
        written: dict[str, object] = {
            "listening-ip": HOST,
            "relay-ip": HOST,
            "listening-port": self.port,
            "static-auth-secret": SECRET,
            "allowed-peer-ip": HOST,
            "log-file": place / "turn.log",
            "pidfile": place / "turn.pid",
            "userdb": place / "turn.db",
        }
        if secure:
            port = written["tls-listening-port"] = free_port()
            written["cert"], written["pkey"] = certified(place)
            self.url = f"turns:{HOST}:{port}?transport=tcp"
        lines = told() + [f"{name}={value}" for name, value in written.items()]
        lines += ["no-dtls", "allow-loopback-peers", *([] if secure else ["no-tls"])]
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
