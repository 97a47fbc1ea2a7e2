"""Where files of scans lie: the sealed folder, or an Orthanc. Nothing else knows which."""

from consult.imaging.archive.keeping import Archive, ArchiveAway
from consult.imaging.archive.orthanc import Orthanc
from consult.imaging.archive.sealed import SealedFolder

__all__ = ["Archive", "ArchiveAway", "Orthanc", "SealedFolder"]
