"""What is known of one file: small, typed, checked again by whoever receives it."""

from typing import Annotated

import msgspec

from consult.imaging.parse.limits import UID_PATTERN

Uid = Annotated[str, msgspec.Meta(pattern=f"^{UID_PATTERN}$")]
Words = Annotated[str, msgspec.Meta(max_length=200)]
Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,40}$")]


class Region(msgspec.Struct, frozen=True):
    """A calibrated rectangle of an ultrasound picture (PS3.3 C.8.5.5), in pixels.

    `unit_x`, `unit_y`: cm, s, cm_per_s and the like, or none; `delta_*` is that many per pixel.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    unit_x: Words
    unit_y: Words
    delta_x: float
    delta_y: float
    kind: Words


class Measurement(msgspec.Struct, frozen=True):
    """One number of a structured report as the machine wrote it.

    `level` tells a value inferred from another (a centile of a length) from the length itself.
    `table` is the reference that the machine names for it in its own words, empty where it names
    none, and None in what was read before this was asked; `table_scheme` and `table_code` are the
    code it gives to it.
    """

    section: Words
    fetus: Words
    code: Words
    scheme: Words
    name: Words
    value: Words
    unit: Words
    how: Words
    level: Annotated[int, msgspec.Meta(ge=0, le=20)]
    table: Words | None = None
    table_scheme: Words = ""
    table_code: Words = ""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One instance. `why_not` is a code: the file is kept, but this cannot be shown."""

    study_uid: Uid
    series_uid: Uid
    sop_uid: Uid
    sop_class: Uid
    transfer_syntax: Uid
    modality: Annotated[str, msgspec.Meta(max_length=16)]
    study_at: Words = ""
    study_description: Words = ""
    series_description: Words = ""
    series_number: int | None = None
    instance_number: int | None = None
    patient_name: Words = ""
    patient_id: Words = ""
    patient_birth: Words = ""
    patient_sex: Words = ""
    station: Words = ""
    rows: int = 0
    columns: int = 0
    frames: int = 0
    samples: int = 0
    photometric: Words = ""
    bits: int = 0
    """16: the picture carries high byte in red, low byte in green; see `pixels`."""
    offset: int = 0
    """Subtracted from a 16-bit value gives the stored one."""
    inverted: bool = False
    """16 bits only: the highest value is black."""
    slope: float = 1.0
    intercept: float = 0.0
    window_center: float | None = None
    window_width: float | None = None
    spacing_mm: tuple[float, float] | None = None
    """Between rows, between columns."""
    spacing_at: Words = ""
    """pixel: in the body; imager: at the detector, larger than life."""
    regions: list[Region] = []
    frame_ms: float | None = None
    lossy: bool = False
    for_processing: bool = False
    burned_in: bool | None = None
    deidentified: bool = False
    synthetic: bool = False
    measurements: list[Measurement] = []
    why_not: Code | None = None


class Packed(msgspec.Struct, frozen=True):
    """A file of an archive: its number there, and what it is called."""

    n: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
    name: Words


class No(msgspec.Struct, frozen=True):
    """A child's refusal."""

    code: Code
    detail: Annotated[str, msgspec.Meta(max_length=300)] = ""


class Ended(msgspec.Struct, frozen=True):
    """How a child ended: by itself with `exit`, or by `killed` (a signal's number)."""

    exit: int = 0
    killed: int = 0
    late: bool = False
