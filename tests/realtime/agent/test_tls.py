"""By TLS: whom the region's own authority vouches for is sent to, and nobody else is told."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.realtime.agent.centre import Centre, Cuttable
from tests.realtime.agent.test_cuts import check, until
from tests.realtime.conftest import Site


def certified(place: Path, host: str) -> ssl.SSLContext:
    """A gateway's certificate for `host`, its own authority; `ca.pem` is what an agent trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "测试网关")])
    now = datetime.now(UTC)  # noqa: TID251 - a certificate's dates are the machine's
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(host))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (place / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (place / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(place / "ca.pem", place / "key.pem")
    return context


@pytest.mark.parametrize(
    ("host", "trusts", "arrives"),
    [("127.0.0.1", True, True), ("127.0.0.1", False, False), ("127.0.0.2", True, False)],
)
async def test_only_whom_the_authority_vouches_for_is_told(
    site: Site, tmp_path: Path, host: str, trusts: bool, arrives: bool
) -> None:
    line = Cuttable(site.port)
    await line.start(certified(tmp_path, host))
    head = 'ca_file = "ca.pem"\n' if trusts else ""
    centre = Centre(tmp_path, line.url.replace("ws:", "wss:"), site.token, head=head)
    await centre.start()
    try:
        await centre.say(12)
        if arrives:
            await check(site, centre)
        else:
            await until(lambda: centre.station.link.status.detail == "SSLCertVerificationError")
            assert centre.unsent == 12
            assert line.sent == 0
    finally:
        await centre.stop()
        await line.stop()
