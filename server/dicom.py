"""What the process that receives scans is made of in this installation."""

import ssl

from consult.imaging.parse import Box
from consult.imaging.receiving.dimse import Listening
from consult.imaging.taking import Desk
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.sealing import Sealer
from server.archive import archive
from server.keyfile import master_key
from server.settings import Settings


def desk(settings: Settings) -> Desk:
    """What scans are taken in with, as the platform's own process."""
    sealer = Sealer(master_key(settings))
    pool = Database(settings.system_database_url, name="dicom", pool_size=settings.pool_size)
    return Desk(pool, SystemClock(), sealer, archive(settings, sealer), Box())


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
