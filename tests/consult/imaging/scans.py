"""Small synthetic scans for tests: frame n is filled with the value n."""

import io
import struct
import zlib

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

US_MULTIFRAME = "1.2.840.10008.5.1.4.1.1.3.1"


def region() -> Dataset:
    """A two-dimensional region of 0.05 cm per pixel."""
    found = Dataset()
    found.RegionSpatialFormat, found.RegionDataType, found.RegionFlags = 1, 1, 0
    found.RegionLocationMinX0, found.RegionLocationMinY0 = 0, 0
    found.RegionLocationMaxX1, found.RegionLocationMaxY1 = 31, 23
    found.PhysicalUnitsXDirection = found.PhysicalUnitsYDirection = 3
    found.PhysicalDeltaX = found.PhysicalDeltaY = 0.05
    return found


def scan(
    *,
    frames: int = 1,
    patient: str = "",
    born: str = "",
    study: str = "1.2.3.4",
    sop: str | None = None,
    private: bool = False,
    grey: int = 0,
) -> bytes:
    """A clip of 32 x 24 greys; `grey` is added to every value."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = US_MULTIFRAME
    meta.MediaStorageSOPInstanceUID = sop or generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset(None, Dataset(), preamble=b"\0" * 128, file_meta=meta)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = US_MULTIFRAME, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study, f"{study}.1"
    ds.Modality, ds.PatientName, ds.PatientID = "US", patient, "P-1" if patient else ""
    ds.PatientBirthDate, ds.PatientSex = born, "F" if patient else ""
    ds.StudyDate, ds.StudyTime = "20261126", "101500"
    ds.StudyDescription = "OB 2/3 trimester" if patient else ""
    ds.Rows, ds.Columns, ds.SamplesPerPixel = 24, 32, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    ds.NumberOfFrames, ds.FrameTime = frames, 40.0
    ds.SequenceOfUltrasoundRegions = [region()]
    if private:
        block = ds.private_block(0x0019, "SOMEBODY", create=True)
        block.add_new(1, "LO", "PRIVATE WORDS")
    values = np.arange(frames, dtype=np.uint8)[:, None, None] + np.uint8(grey)
    ds.PixelData = np.broadcast_to(values, (frames, 24, 32)).astype(np.uint8).tobytes()
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


def unpacked(png: bytes) -> tuple[int, np.ndarray]:
    """Colour type and lines of a PNG of ours, read by the standard's own rules."""
    columns, rows, _depth, colour = struct.unpack(">IIBB", png[16:26])
    at, data = 8, b""
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + size]
        at += size + 12
    samples = 3 if colour == 2 else 1
    lines = np.frombuffer(zlib.decompress(data), np.uint8).reshape(rows, columns * samples + 1)
    assert set(lines[:, 0]) == {2}
    values = np.cumsum(lines[:, 1:], axis=0, dtype=np.uint64).astype(np.uint8)
    return colour, values.reshape((rows, columns, samples) if samples == 3 else (rows, columns))
