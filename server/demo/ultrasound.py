"""A synthetic ultrasound examination: a clip, a still and its report, drawn and not scanned.

Nothing in it was ever a person. Every picture has SYNTHETIC written into it, and the machine's name
says so too. The lengths in the report are those of the drawing, so calipers can be tried on it.
"""

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ComprehensiveSRStorage, ExplicitVRLittleEndian

CLIP: Final = "1.2.840.10008.5.1.4.1.1.3.1"
STILL: Final = "1.2.840.10008.5.1.4.1.1.6.1"
ROWS, COLUMNS, FRAMES = 360, 480, 30
CM_PER_PIXEL: Final = 0.04
BPD_CM, OFD_CM = 9.2, 11.4
FRAME_MS: Final = 40.0
_CENTRE = (215.0, 240.0)

_LETTERS = {
    "S": "0f10100e01011e", "Y": "1111110a040404", "N": "11191513111111", "T": "1f040404040404",
    "H": "1111111f111111", "E": "1f10101e10101f", "I": "0e04040404040e", "C": "0e11101010110e",
}  # fmt: skip
"""Five columns by seven rows; a byte is one row."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who the examination says it is of, and under which root its UIDs stand."""

    name: str
    born: str
    at: datetime
    root: str


def examination(subject: Subject) -> list[bytes]:
    """Three files of one study; the same for the same subject."""
    moving = np.stack([_frame(2 * np.pi * n / FRAMES) for n in range(FRAMES)])
    return [_picture(subject, moving, 1), _picture(subject, moving[:1], 2), _report(subject)]


def _frame(phase: float) -> NDArray[np.uint8]:
    """One frame: a sector of speckle, a skull of the reported size, something that beats."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(float)
    depth, side = np.hypot(y + 60, x - 240), np.arctan2(x - 240, y + 60)
    sector = (depth > 70) & (depth < 400) & (np.abs(side) < 0.72)
    speckle = np.random.default_rng(7).gamma(2.0, 14.0, (ROWS, COLUMNS))
    picture = speckle * np.exp(-depth / 520)
    across, along = OFD_CM / CM_PER_PIXEL / 2, BPD_CM / CM_PER_PIXEL / 2
    skull = np.hypot((x - _CENTRE[1]) / across, (y - _CENTRE[0]) / along)
    picture[skull < 1] *= 0.45
    picture += 190 * np.exp(-(((skull - 1) * 28) ** 2))
    picture += 70 * np.exp(-(((y - _CENTRE[0]) / 2.5) ** 2)) * (skull < 0.86)
    beat = 1 + 0.22 * np.sin(phase)
    pulse = np.hypot((x - 300) / (16 * beat), (y - 190) / (11 * beat))
    picture[pulse < 1] = 18
    picture += 110 * np.exp(-(((pulse - 1) * 5) ** 2))
    shown = np.where(sector, np.clip(picture, 0, 255), 0).astype(np.uint8)
    _write(shown, "SYNTHETIC", 10, 12)
    return shown


def _write(picture: NDArray[np.uint8], words: str, top: int, left: int) -> None:
    for n, letter in enumerate(words):
        bits = bytes.fromhex(_LETTERS[letter])
        rows = np.unpackbits(np.frombuffer(bits, np.uint8)[:, None], axis=1)[:, 3:]
        big = np.kron(rows, np.ones((2, 2), np.uint8)) * np.uint8(230)
        at = left + n * 13
        picture[top : top + 14, at : at + 10] = np.maximum(
            picture[top : top + 14, at : at + 10], big
        )


def _begun(subject: Subject, kind: str, number: int) -> FileDataset:
    """What all three files say."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = kind, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = f"{subject.root}.{number}.1"
    ds = FileDataset(None, Dataset(), preamble=b"\0" * 128, file_meta=meta)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = kind, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID = subject.root, f"{subject.root}.{number}"
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = "1", number, 1
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = subject.name, "", subject.born
    ds.PatientSex = "F"
    shown = subject.at + timedelta(hours=8)
    ds.StudyDate, ds.StudyTime = shown.strftime("%Y%m%d"), shown.strftime("%H%M%S")
    ds.StudyDescription = "产科超声（合成影像，仅供演示）"
    ds.Manufacturer, ds.ManufacturerModelName = "Yunshang", "SYNTHETIC demonstration"
    return ds


def _picture(subject: Subject, frames: NDArray[np.uint8], number: int) -> bytes:
    ds = _begun(subject, CLIP if len(frames) > 1 else STILL, number)
    ds.Modality = "US"
    ds.SeriesDescription = "动态" if len(frames) > 1 else "双顶径平面"
    ds.Rows, ds.Columns, ds.SamplesPerPixel = ROWS, COLUMNS, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    if len(frames) > 1:
        ds.NumberOfFrames, ds.FrameTime = len(frames), FRAME_MS
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = COLUMNS - 1, ROWS - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = CM_PER_PIXEL
    ds.SequenceOfUltrasoundRegions = [region]
    ds.BurnedInAnnotation = "NO"
    ds.PixelData = frames.tobytes()
    return _bytes(ds)


_BIOMETRY = (
    ("11820-8", "双顶径 Biparietal Diameter", BPD_CM, "cm"),
    ("11851-3", "枕额径 Occipital-Frontal Diameter", OFD_CM, "cm"),
    ("11984-2", "头围 Head Circumference", 32.4, "cm"),
    ("11979-2", "腹围 Abdominal Circumference", 33.1, "cm"),
    ("11963-6", "股骨长 Femur Length", 7.2, "cm"),
)
"""LOINC codes of TID 5005; the head's circumference is the drawn ellipse's (Ramanujan)."""

_AGES = {
    "11820-8": (37.4, ("11902-4", "BPD, Hadlock 1984")),
    "11984-2": (36.7, ("11932-1", "HC, Hadlock 1984")),
    "11963-6": (36.9, None),
}
"""Weeks that the drawn machine infers, by which table; as some do, one without saying by which."""


def _report(subject: Subject) -> bytes:
    ds = _begun(subject, ComprehensiveSRStorage, 3)
    ds.Modality, ds.SeriesDescription = "SR", "产科测量报告"
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = [_code("125000", "DCM", "OB-GYN Ultrasound Procedure Report")]
    ds.CompletionFlag, ds.VerificationFlag = "COMPLETE", "UNVERIFIED"
    section = _item("CONTAINER", _code("125002", "DCM", "Fetal Biometry"))
    section.ContentSequence = [_number(*one) for one in _BIOMETRY]
    ds.ContentSequence = [section]
    return _bytes(ds)


def _number(loinc: str, name: str, value: float, unit: str) -> Dataset:
    item = _item("NUM", _code(loinc, "LN", name))
    measured = Dataset()
    measured.NumericValue = f"{value:.1f}"
    measured.MeasurementUnitsCodeSequence = [_code(unit, "UCUM", unit)]
    item.MeasuredValueSequence = [measured]
    if loinc in _AGES:
        weeks, table = _AGES[loinc]
        item.ContentSequence = [_age(weeks, table)]
    return item


def _age(weeks: float, table: tuple[str, str] | None) -> Dataset:
    item = _number("18185-9", "孕周 Gestational Age", weeks, "wk")
    item.RelationshipType = "INFERRED FROM"
    if table is not None:
        named = _item("CODE", _code("121424", "DCM", "Table of Values"))
        named.RelationshipType = "HAS CONCEPT MOD"
        named.ConceptCodeSequence = [_code(table[0], "LN", table[1])]
        item.ContentSequence = [named]
    return item


def _item(kind: str, name: Dataset) -> Dataset:
    found = Dataset()
    found.RelationshipType, found.ValueType = "CONTAINS", kind
    found.ConceptNameCodeSequence = [name]
    return found


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    found = Dataset()
    found.CodeValue, found.CodingSchemeDesignator, found.CodeMeaning = value, scheme, meaning
    return found


def _bytes(ds: Any) -> bytes:
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()
