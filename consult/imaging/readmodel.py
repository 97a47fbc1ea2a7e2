"""What scans look like from outside."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from consult.imaging.comparing import Likeness
from consult.imaging.parse import Region
from consult.imaging.references import Reference
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef


class Why(msgspec.Struct, frozen=True):
    """Why a file that is kept cannot be shown."""

    code: str
    zh: str
    en: str


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One number of a structured report as the machine wrote it, and what it rests on.

    `level` tells a value inferred from another (a centile of a length) from the length itself.
    """

    section: str
    fetus: str
    name: str
    value: str
    unit: str
    how: str
    level: int
    reference: Reference


class MeasuredReport(msgspec.Struct, frozen=True, kw_only=True):
    """One structured report: when the examination was, by which machine, and its numbers."""

    study_at: str
    station: str
    sha256: str
    measurements: list[Measured]


class ScanInstance(msgspec.Struct, frozen=True, kw_only=True):
    """One file: a picture, a clip, a report, or something that cannot be shown, and why.

    `bits` 16: frames carry the high byte in red and the low byte in green; the stored value is that
    less `offset`, and times `slope` plus `intercept` it is what the window is about. `frame_ms` is
    the machine's own time between frames. `sha256` is of the bytes that are kept.
    """

    id: UUID
    sop_uid: str
    number: int | None
    transfer_syntax: str
    rows: int
    columns: int
    frames: int
    samples: int
    bits: int
    offset: int
    inverted: bool
    slope: float
    intercept: float
    window_center: float | None
    window_width: float | None
    spacing_mm: tuple[float, float] | None
    spacing_at: str
    regions: list[Region]
    frame_ms: float | None
    lossy: bool
    for_processing: bool
    burned_in: bool | None
    synthetic: bool
    measurements: list[Measured]
    why_not: Why | None
    sha256: str
    size_bytes: int
    at: datetime


class ScanSeries(msgspec.Struct, frozen=True, kw_only=True):
    """Files that were made in one go."""

    series_uid: str
    number: int | None
    modality: str
    description: str
    station: str
    instances: list[ScanInstance]


class ScanHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Who the file says it is of, beside who the case is about, for a person to compare."""

    name: str
    number: str
    birth: str
    sex: str
    her_name: str
    her_birth_date: date | None


class ScanClash(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was not taken in, because its UID is that of `instance_id`."""

    instance_id: UUID
    sha256: str
    at: datetime
    by: PersonRef | None


class ScanStudy(msgspec.Struct, frozen=True, kw_only=True):
    """One examination. `header` is told while it is held, and to nobody afterwards."""

    id: UUID
    case_id: UUID
    study_uid: str
    study_at: str
    description: str
    state: Literal["held", "filed", "withdrawn"]
    identity: Likeness
    deidentified: bool
    header: ScanHeader | None
    at: datetime
    by: PersonRef | None
    facility: FacilityRef | None
    settled_at: datetime | None
    settled_by: PersonRef | None
    reason: str | None
    may_settle: bool
    series: list[ScanSeries]
    clashes: list[ScanClash]


class UnpackedFile(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file of an archive; `name` is shown, never used as a path."""

    name: str
    outcome: Literal["kept", "known", "refused"]
    instance_id: UUID | None
    why: Why | None


class TakenArchive(msgspec.Struct, frozen=True, kw_only=True):
    """An archive that was gone through, file by file."""

    files: list[UnpackedFile]
    studies: list[ScanStudy]


class TakenScan(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is in now, or was in already."""

    outcome: Literal["kept", "known"]
    instance_id: UUID
    study: ScanStudy
