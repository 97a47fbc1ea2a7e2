"""With a certificate the receiver speaks TLS, and nothing else; dcmtk is the machine."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from consult.imaging.archive import SealedFolder
from consult.imaging.parse import Box
from consult.imaging.receiving import machines
from consult.imaging.receiving.dimse import Receiver
from consult.imaging.receiving.door import Register
from consult.imaging.receiving.main import refresh
from consult.imaging.receiving.schemas import NewMachine
from consult.imaging.taking import Desk
from kernel.blobs import BlobStore
from server.dicom import listening
from server.settings import Settings
from tests.consult.imaging.receiving.machine import LIN, TITLE, echo, store, written
from tests.referral.network import SEALER, Network

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Certificate and key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dicom.test")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    made = made.public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=36_500))
    place = tmp_path / "dicom.pem"
    pem = serialization.Encoding.PEM
    place.write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return place


async def test_a_machine_sends_under_tls_and_not_without(
    net: Network, certificate: Path, tmp_path: Path
) -> None:
    admin, register = net.staff["admin"], Register()
    archive = SealedFolder(BlobStore(tmp_path / "store", SEALER, max_bytes=0))
    desk = Desk(net.clone.system, net.clock, SEALER, archive, Box(readers=1))
    order = NewMachine(
        ae_title=TITLE, name="超声", networks=["127.0.0.1"], facility_id=net.places["county"]
    )
    async with net.clone.app.session(admin) as session:
        await machines.register(session, net.clock, admin, order)
    await refresh(desk, register)
    receiver = Receiver(
        desk, register, listening(Settings(dicom_port=0, dicom_tls_cert=certificate))
    )
    try:
        port, files = receiver.facts.port, written(tmp_path, 2, patient=LIN)
        secret = await store(port, *files, options=("+tla", "-ic"))
        assert secret.statuses == ["Success"] * 2, secret.output
        assert (await echo(port)).code != 0
    finally:
        await asyncio.to_thread(receiver.close)
        desk.box.close()
    assert await net.count("imaging_arrived_file") == 2
