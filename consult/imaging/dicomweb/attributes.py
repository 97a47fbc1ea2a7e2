"""What a search answers: DICOM JSON (PS3.18 F) of studies, series and instances. Pure.

Who the patient is stands there as empty: the attributes are required, and the asker named the case.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from consult.imaging.parse import Summary

Attributes: TypeAlias = dict[str, dict[str, Any]]


def study(root: str, files: Sequence[Summary]) -> Attributes:
    """One study, of its files."""
    first = files[0]
    modalities = sorted({one.modality for one in files})
    return {
        "00080005": _of("CS", "ISO_IR 192"),
        "00080020": _of("DA", first.study_at[:8]),
        "00080030": _of("TM", first.study_at[8:]),
        "00080050": _of("SH"),
        "00080056": _of("CS", "ONLINE"),
        "00080061": _of("CS", *modalities),
        "00080090": _of("PN"),
        "00081030": _of("LO", first.study_description),
        "00081190": _of("UR", f"{root}/studies/{first.study_uid}"),
        "00100010": _of("PN"),
        "00100020": _of("LO"),
        "00100030": _of("DA"),
        "00100040": _of("CS"),
        "0020000D": _of("UI", first.study_uid),
        "00200010": _of("SH"),
        "00201206": _of("IS", len({one.series_uid for one in files})),
        "00201208": _of("IS", len(files)),
    }


def series(root: str, files: Sequence[Summary]) -> Attributes:
    """One series, of its files."""
    first = files[0]
    place = f"{root}/studies/{first.study_uid}/series/{first.series_uid}"
    return {
        "00080005": _of("CS", "ISO_IR 192"),
        "00080060": _of("CS", first.modality),
        "0008103E": _of("LO", first.series_description),
        "00081190": _of("UR", place),
        "0020000D": _of("UI", first.study_uid),
        "0020000E": _of("UI", first.series_uid),
        "00200011": _of("IS", first.series_number),
        "00201209": _of("IS", len(files)),
    }


def instance(root: str, file: Summary) -> Attributes:
    """One file."""
    found = {
        "00080005": _of("CS", "ISO_IR 192"),
        "00080016": _of("UI", file.sop_class),
        "00080018": _of("UI", file.sop_uid),
        "00080056": _of("CS", "ONLINE"),
        "00080060": _of("CS", file.modality),
        "00081190": _of("UR", place_of(root, file)),
        "0020000D": _of("UI", file.study_uid),
        "0020000E": _of("UI", file.series_uid),
        "00200013": _of("IS", file.instance_number),
        "00083002": _of("UI", file.transfer_syntax),
    }
    if file.rows:
        found["00280010"] = _of("US", file.rows)
        found["00280011"] = _of("US", file.columns)
        found["00280008"] = _of("IS", file.frames)
    return found


def place_of(root: str, file: Summary) -> str:
    """Where one file is retrieved."""
    return f"{root}/studies/{file.study_uid}/series/{file.series_uid}/instances/{file.sop_uid}"


def stored(root: str, kept: Sequence[Summary], refused: Sequence[int]) -> Attributes:
    """The answer to a store (PS3.18 table 10.5.3-1): what is in, and a reason for each other."""
    good = [
        {
            "00081150": _of("UI", one.sop_class),
            "00081155": _of("UI", one.sop_uid),
            "00081190": _of("UR", place_of(root, one)),
        }
        for one in kept
    ]
    found: Attributes = {}
    if good:
        found["00081199"] = {"vr": "SQ", "Value": good}
    if refused:
        bad = [{"00081197": _of("US", reason)} for reason in refused]
        found["00081198"] = {"vr": "SQ", "Value": bad}
    return found


def _of(vr: str, *values: str | int | None) -> dict[str, Any]:
    given = [one for one in values if one not in ("", None)]
    return {"vr": vr, "Value": given} if given else {"vr": vr}
