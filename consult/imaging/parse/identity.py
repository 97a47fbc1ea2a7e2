"""Taking out who she is: the Basic Application Level Confidentiality Profile of PS3.15 Annex E.

Stricter than the profile where that is simpler: instead of a list of what goes there is a list of
what stays (`KEPT` and all that describes pixels), and everything else goes, private elements and
all free text included. What stays is stated in docs/imaging.md. Pixels are not looked at: a name
that is burned into the picture stays there, and the answer says so (`BurnedInAnnotation`).
"""

import io
from hashlib import sha256
from typing import BinaryIO

from pydicom import dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import UID

from consult.imaging.parse.codecs import CLIPS
from consult.imaging.parse.refused import Refused

MEANS = "Yunshang: PS3.15 E basic profile, only listed attributes kept"

PICTURE_GROUPS = frozenset({0x0028, 0x7FE0, 0x5200})

KEPT = frozenset(
    {
        "SpecificCharacterSet", "ImageType", "SOPClassUID", "Modality", "ConversionType",
        "PresentationIntentType", "SeriesNumber", "InstanceNumber", "FrameTime", "CineRate",
        "FrameIncrementPointer", "RecommendedDisplayFrameRate", "FrameDelay", "NumberOfStages",
        "SequenceOfUltrasoundRegions", "RegionSpatialFormat", "RegionDataType", "RegionFlags",
        "RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1",
        "RegionLocationMaxY1", "PhysicalUnitsXDirection", "PhysicalUnitsYDirection",
        "PhysicalDeltaX", "PhysicalDeltaY", "ReferencePixelX0", "ReferencePixelY0",
        "PatientSex", "TransducerFrequency", "DepthOfScanField", "PixelData",
        "ImagerPixelSpacing", "SliceThickness", "ImageOrientationPatient", "ImagePositionPatient",
        "ManufacturerModelName",
        # Structured reports: codes and numbers, never their words.
        "ContentSequence", "ConceptNameCodeSequence", "ConceptCodeSequence", "CodeValue",
        "CodingSchemeDesignator", "CodeMeaning", "ValueType", "RelationshipType",
        "MeasuredValueSequence", "NumericValue", "MeasurementUnitsCodeSequence",
        "ContinuityOfContent", "CompletionFlag", "VerificationFlag",
    }
)  # fmt: skip

NEW_UIDS = (
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPInstanceUID",
)
_WORDY_ITEMS = frozenset({"TEXT", "PNAME", "UIDREF", "DATE", "DATETIME", "TIME"})


def removed(file: BinaryIO, salt: bytes) -> bytes:
    """The file without who she is; UIDs are new, and the same for the same salt.

    Raises:
        Refused: it cannot be written again, or is a clip, whose stream may say who she is.
    """
    ds = dcmread(file)
    syntax = getattr(ds.file_meta, "TransferSyntaxUID", None)
    if syntax is None:
        raise Refused("no_syntax")
    if syntax in CLIPS:
        raise Refused("clip_says_who")
    clean = _kept(ds, 0)
    for name in NEW_UIDS:
        setattr(clean, name, new_uid(str(ds.get(name) or ""), salt))
    clean.PatientName = clean.PatientID = ""
    clean.StudyDate = clean.StudyTime = clean.StudyID = clean.AccessionNumber = ""
    clean.PatientBirthDate = clean.ReferringPhysicianName = ""
    clean.PatientIdentityRemoved = "YES"
    clean.DeidentificationMethod = MEANS
    if "BurnedInAnnotation" in ds:
        clean.BurnedInAnnotation = ds.BurnedInAnnotation
    made = FileDataset(None, clean, preamble=b"\0" * 128, file_meta=ds.file_meta)
    for name in list(ds.file_meta.keys()):
        if name not in (0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010):
            del made.file_meta[name]
    made.file_meta.MediaStorageSOPInstanceUID = clean.SOPInstanceUID
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _kept(ds: Dataset, depth: int) -> Dataset:
    if depth > 20:
        raise Refused("nested_too_deep")
    clean = Dataset()
    for element in ds:
        if not _stays(element):
            continue
        if element.VR == "SQ":
            items = [_kept(item, depth + 1) for item in element.value if _item_stays(item)]
            clean.add(DataElement(element.tag, "SQ", items))
        else:
            clean.add(element)
    return clean


def _stays(element: DataElement) -> bool:
    if element.tag.is_private or element.tag.group % 2:
        return False
    if element.VR in ("PN", "UI") and element.keyword != "SOPClassUID":
        return False
    if element.keyword == "SpecificCharacterSet" or element.keyword in KEPT:
        return True
    wordy = element.VR in ("LO", "LT", "SH", "ST", "UT", "UC", "DA", "DT", "TM", "UN", "OB")
    return element.tag.group in PICTURE_GROUPS and not wordy


def _item_stays(item: Dataset) -> bool:
    return str(item.get("ValueType") or "") not in _WORDY_ITEMS


def new_uid(old: str, salt: bytes) -> UID:
    """A UID under 2.25 (PS3.5 B.2) that says nothing of the old one."""
    number = int.from_bytes(sha256(salt + old.encode()).digest()[:16], "big")
    return UID(f"2.25.{number}")
