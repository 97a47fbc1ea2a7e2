"""A file's summary. Runs in the child; every value is cut to size and cleaned of control marks."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset

from consult.imaging.parse import pixels, report
from consult.imaging.parse.limits import UID_PATTERN
from consult.imaging.parse.refused import Refused
from consult.imaging.parse.summary import Region, Summary

T = TypeVar("T")

DIRECTORY = "1.2.840.10008.1.3.10"
SYNTHETIC_MARK = "SYNTHETIC"
"""Manufacturer's model name of what our own generator makes."""

_UNITS = {0: "", 1: "%", 2: "dB", 3: "cm", 4: "s", 5: "Hz", 6: "dB/s", 7: "cm/s", 8: "cm2"} | {
    9: "cm2/s",
    10: "cm3",
    11: "cm3/s",
    12: "deg",
}
_KINDS = {0: "", 1: "2d", 2: "m_mode", 3: "spectral", 4: "wave", 5: "graphics"}


def opened(file: BinaryIO) -> FileDataset:
    """The file without its pixels.

    Raises:
        Refused: it is no DICOM file, has no transfer syntax, or is a directory of others.
    """
    ds = dcmread(file, stop_before_pixels=True)
    if not getattr(ds.file_meta, "TransferSyntaxUID", None):
        raise Refused("no_syntax")
    if str(getattr(ds.file_meta, "MediaStorageSOPClassUID", "")) == DIRECTORY:
        raise Refused("directory")
    return ds


def summarise(file: BinaryIO) -> Summary:
    """All that is to be known of a file; its first frame is decoded to know that it can be.

    Raises:
        Refused: it cannot be kept.
    """
    ds = opened(file)
    syntax = _uid(str(ds.file_meta.TransferSyntaxUID), "TransferSyntaxUID")
    fields = _identity(ds) | _words(ds) | {"transfer_syntax": syntax}
    if "ContentSequence" in ds or fields["modality"] == "SR":
        found = report.measurements(ds)
        return Summary(**fields, measurements=found, why_not=None if found else "no_measurements")
    try:
        return Summary(**fields, **_picture(file, ds, syntax))
    except Refused as no:
        return Summary(**fields, why_not=no.code)
    except MemoryError:
        return Summary(**fields, why_not="too_much_memory")
    except Exception:  # decoders raise whatever they like
        return Summary(**fields, why_not=_undecodable(syntax))


def _undecodable(syntax: str) -> str:
    return "twelve_bit_jpeg" if syntax == "1.2.840.10008.1.2.4.51" else "broken_pixels"


def _picture(file: BinaryIO, ds: FileDataset, syntax: str) -> dict[str, Any]:
    pixels.must_be_decodable(ds, syntax)
    for array in pixels.frames(file, ds, 0, 1):
        pixels.shown(array, ds)
        break
    else:
        raise Refused("no_pixels")
    deep = pixels.is_deep(ds)
    unit = 2.0 ** pixels.shift(ds)
    spacing, spacing_at = _spacing(ds)
    return {
        "rows": int(ds.Rows),
        "columns": int(ds.Columns),
        "frames": pixels.number(file, ds, whole=True),
        "samples": int(ds.get("SamplesPerPixel") or 1),
        "photometric": clean(ds.get("PhotometricInterpretation")),
        "bits": 16 if deep else 8,
        "offset": pixels.offset(ds),
        "inverted": deep and ds.get("PhotometricInterpretation") == "MONOCHROME1",
        "slope": (_maybe(lambda: float(ds.RescaleSlope)) or 1.0) * unit,
        "intercept": _maybe(lambda: float(ds.RescaleIntercept)) or 0.0,
        "window_center": _maybe(lambda: first(ds.WindowCenter)),
        "window_width": _maybe(lambda: first(ds.WindowWidth)),
        "spacing_mm": spacing,
        "spacing_at": spacing_at,
        "regions": _maybe(lambda: [_region(item) for item in ds.SequenceOfUltrasoundRegions][:32])
        or [],
        "frame_ms": _maybe(lambda: float(ds.FrameTime))
        or _maybe(lambda: 1000.0 / float(ds.CineRate)),
        "lossy": str(ds.get("LossyImageCompression") or "") == "01",
    }


def first(value: Any) -> float:
    """A number, or the first of several."""
    return float(value if isinstance(value, int | float | str) else value[0])


def _identity(ds: Dataset) -> dict[str, Any]:
    return {
        "study_uid": _uid(ds.get("StudyInstanceUID"), "StudyInstanceUID"),
        "series_uid": _uid(ds.get("SeriesInstanceUID"), "SeriesInstanceUID"),
        "sop_uid": _uid(ds.get("SOPInstanceUID"), "SOPInstanceUID"),
        "sop_class": _uid(ds.get("SOPClassUID"), "SOPClassUID"),
    }


def _words(ds: Dataset) -> dict[str, Any]:
    date, time = clean(_get(ds, "StudyDate")), clean(_get(ds, "StudyTime"))
    return {
        "modality": clean(_get(ds, "Modality"))[:16],
        "study_at": f"{date}{time}"[:14] if re.fullmatch(r"\d{8}", date) else "",
        "study_description": clean(_get(ds, "StudyDescription")),
        "series_description": clean(_get(ds, "SeriesDescription")),
        "series_number": _maybe(lambda: int(ds.SeriesNumber)),
        "instance_number": _maybe(lambda: int(ds.InstanceNumber)),
        "patient_name": clean(_get(ds, "PatientName")),
        "patient_id": clean(_get(ds, "PatientID")),
        "patient_birth": clean(_get(ds, "PatientBirthDate")),
        "patient_sex": clean(_get(ds, "PatientSex")),
        "station": clean(
            f"{_get(ds, 'Manufacturer') or ''} {_get(ds, 'ManufacturerModelName') or ''}"
        ),
        "for_processing": str(_get(ds, "PresentationIntentType") or "") == "FOR PROCESSING",
        "burned_in": {"YES": True, "NO": False}.get(str(_get(ds, "BurnedInAnnotation") or "")),
        "deidentified": str(_get(ds, "PatientIdentityRemoved") or "") == "YES",
        "synthetic": SYNTHETIC_MARK in str(_get(ds, "ManufacturerModelName") or ""),
    }


def _get(ds: Dataset, name: str) -> Any:
    """A value, or None where it is absent or cannot be read."""
    return _maybe(lambda: ds.get(name))


def _maybe(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except Exception:  # one bad element is no reason to lose the picture
        return None


def _spacing(ds: Dataset) -> tuple[tuple[float, float] | None, str]:
    for name, where in (("PixelSpacing", "pixel"), ("ImagerPixelSpacing", "imager")):
        found = _maybe(lambda name=name: getattr(ds, name))  # type: ignore[misc]
        pair = _maybe(lambda found=found: (float(found[0]), float(found[1])))  # type: ignore[misc]
        if pair is not None and all(0 < side < 1000 for side in pair):
            return pair, where
    return None, ""


def _region(item: Dataset) -> Region:
    return Region(
        x0=int(item.RegionLocationMinX0),
        y0=int(item.RegionLocationMinY0),
        x1=int(item.RegionLocationMaxX1),
        y1=int(item.RegionLocationMaxY1),
        unit_x=_UNITS.get(int(item.PhysicalUnitsXDirection), ""),
        unit_y=_UNITS.get(int(item.PhysicalUnitsYDirection), ""),
        delta_x=float(item.PhysicalDeltaX),
        delta_y=float(item.PhysicalDeltaY),
        kind=_KINDS.get(int(item.get("RegionSpatialFormat") or 0), ""),
    )


def _uid(value: Any, name: str) -> str:
    text = str(value or "").strip("\0 ")
    if not text:
        raise Refused("uid_missing", name)
    if not re.fullmatch(UID_PATTERN, text):
        raise Refused("uid_invalid", name)
    return text


def clean(value: Any) -> str:
    """Words of a foreign file: no control or direction marks, at most 200 of them."""
    text = "" if value is None else str(value)
    kept = (mark for mark in text[:400] if unicodedata.category(mark)[0] != "C")
    return "".join(kept).strip()[:200]
