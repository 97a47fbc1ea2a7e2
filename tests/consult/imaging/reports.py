"""A small obstetric report (TID 5000) for tests: what machines write beside their pictures."""

import io
from typing import Any

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ComprehensiveSRStorage, ExplicitVRLittleEndian, generate_uid

Code = tuple[str, str, str]
"""Value, scheme, meaning."""

EQUATION: Code = ("121420", "DCM", "Equation")
TABLE: Code = ("121424", "DCM", "Table of Values")
TABLE_CITATION: Code = ("121422", "DCM", "Table of Values Citation")
AUTHORITY: Code = ("121406", "DCM", "Reference Authority")
DERIVATION: Code = ("121401", "DCM", "Derivation")


def coded(code: Code) -> Dataset:
    """One item of a code sequence."""
    found = Dataset()
    found.CodeValue, found.CodingSchemeDesignator, found.CodeMeaning = code
    return found


def _item(relation: str, kind: str, name: Code, *inside: Dataset) -> Dataset:
    found = Dataset()
    found.RelationshipType, found.ValueType = relation, kind
    found.ConceptNameCodeSequence = [coded(name)]
    if inside:
        found.ContentSequence = list(inside)
    return found


def said(name: Code, value: Code | str) -> Dataset:
    """A modifier: by a code, or in words."""
    if isinstance(value, str):
        found = _item("HAS CONCEPT MOD", "TEXT", name)
        found.TextValue = value
    else:
        found = _item("HAS CONCEPT MOD", "CODE", name)
        found.ConceptCodeSequence = [coded(value)]
    return found


def number(name: Code, value: str, unit: str, *inside: Dataset, of: str = "CONTAINS") -> Dataset:
    """A NUM item."""
    found = _item(of, "NUM", name, *inside)
    measured = Dataset()
    measured.NumericValue = value
    measured.MeasurementUnitsCodeSequence = [coded((unit, "UCUM", unit))]
    found.MeasuredValueSequence = [measured]
    return found


def report(*numbers: Dataset, patient: str = "") -> bytes:
    """A report with one section, Fetal Biometry, of one fetus."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ComprehensiveSRStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds: Any = FileDataset(None, Dataset(), preamble=b"\0" * 128, file_meta=meta)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = ComprehensiveSRStorage, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3.9", "1.2.3.9.1"
    ds.Modality, ds.PatientName, ds.StudyDate, ds.StudyTime = "SR", patient, "20261126", "101500"
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = [coded(("125000", "DCM", "OB-GYN Ultrasound Procedure Report"))]
    fetus = said(("11951-1", "LN", "Fetus ID"), "A")
    fetus.RelationshipType = "HAS OBS CONTEXT"
    section = _item("CONTAINS", "CONTAINER", ("125002", "DCM", "Fetal Biometry"), fetus, *numbers)
    section.ContinuityOfContent = "SEPARATE"
    ds.ContentSequence = [section]
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


def biometry() -> list[Dataset]:
    """An age by a table of DICOM's, a centile in the machine's words, others by nothing."""
    bpd = ("11820-8", "LN", "Biparietal Diameter")
    age, centile = ("18185-9", "LN", "Gestational Age"), ("125012", "DCM", "Growth Percentile rank")
    by_code = said(TABLE, ("33166-0", "LN", "Hadlock FL"))
    in_words = said(TABLE_CITATION, "某市妇幼 2019 参考值")
    return [
        number(bpd, "82.4", "mm",
               said(DERIVATION, ("R-00317", "SRT", "Mean")),
               number(age, "231", "d", by_code, of="INFERRED FROM"),
               number(centile, "44", "%", in_words, of="HAS PROPERTIES")),
        number(("11963-6", "LN", "Femur Length"), "61.0", "mm",
               number(centile, "12", "%", of="HAS PROPERTIES")),
        number(("11727-5", "LN", "Estimated Weight"), "1900", "g",
               said(EQUATION, ("X-1", "99VENDOR", "EFW-NEW"))),
        number(("11888-5", "LN", "Composite GA"), "33", "wk"),
    ]  # fmt: skip
