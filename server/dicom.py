"""What the process that receives scans is made of in this installation."""

import ssl

from consult.imaging.parse import Box
from consult.imaging.receiving.dimse import Listening
from consult.imaging.receiving.main import run as receive
from consult.imaging.taking import Desk
from kernel.database import Database
from kernel.database_clock import DatabaseClock
from kernel.sealing import Sealer
from server.archive import archive
from server.duties import kept, learning
from server.keyfile import master_key
from server.settings import Settings


async def run(settings: Settings, facts: dict[str, object]) -> None:
    """The `dicom` process, until cancelled."""
    sealer, clock = Sealer(master_key(settings)), DatabaseClock()
    pool = Database(settings.system_database_url, name="dicom", pool_size=settings.pool_size)
    async with kept(learning(pool, clock)):
        desk = Desk(pool, clock, sealer, archive(settings, sealer), Box())
        await receive(desk, listening(settings), facts)


def listening(settings: Settings) -> Listening:
    """Where and how, with TLS where a certificate is set."""
    tls = None
    if settings.dicom_tls_cert is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.minimum_version = ssl.TLSVersion.TLSv1_2
        tls.load_cert_chain(settings.dicom_tls_cert, settings.dicom_tls_key)
    return Listening(
        settings.dicom_host,
        settings.dicom_port,
        settings.dicom_ae_title,
        settings.dicom_associations,
        tls,
    )
