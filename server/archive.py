"""Where this installation keeps scans."""

from consult.imaging.archive import Archive, Orthanc, SealedFolder
from kernel.blobs import BlobStore
from kernel.sealing import Sealer
from server.settings import Settings


def archive(settings: Settings, sealer: Sealer) -> Archive:
    """The sealed folder, or an Orthanc where one is set."""
    folder = SealedFolder(BlobStore(settings.attachments, sealer, max_bytes=0))
    if not settings.orthanc_url:
        return folder
    return Orthanc(settings.orthanc_url, settings.orthanc_user, settings.orthanc_password, folder)
