"""Reads of scans: what was scanned of her, and one study."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from consult.imaging.comparing import Header
from consult.imaging.errors import REASONS
from consult.imaging.models import ClashRow, InstanceRow, StudyRow
from consult.imaging.parse import Measurement, Summary
from consult.imaging.readmodel import (
    Measured,
    MeasuredReport,
    ScanClash,
    ScanHeader,
    ScanInstance,
    ScanSeries,
    ScanStudy,
    Why,
)
from consult.imaging.references import reference_of
from consult.imaging.repository import ScanRepository
from consult.imaging.states import StudyState
from consult.imaging.taking import HEADER_FIELD, woman_of
from consult.names import Names, names
from kernel.clock import Clock
from kernel.ids import CaseId, PatientId, PregnancyId
from kernel.messages import Catalogue
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from registry.pregnancies import access
from registry.pregnancies.access import Purpose
from registry.pregnancies.repository import PregnancyRepository, Record
from registry.pregnancies.rules import NAME_FIELD

_TEXTS = Catalogue.load([Path(__file__).parent])
_SHOWN = frozenset(each.encode_name for each in msgspec.structs.fields(ScanInstance)) & frozenset(
    each.encode_name for each in msgspec.structs.fields(Summary)
) - {"why_not", "measurements"}


async def scans_of_case(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, case_id: UUID
) -> list[ScanStudy]:
    """Everything that was scanned of the case's woman, the newest first.

    Raises:
        NotFound: the case is not open to the viewer.
    """
    hers = await woman_of(session, viewer, case_id)
    rows = await ScanRepository(session, viewer).of(PregnancyId(hers[0].id))
    return await _told(session, viewer, sealer, hers, rows, clock.now())


async def scan_study(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, study_id: UUID
) -> ScanStudy:
    """One study, logged with the patient.

    Raises:
        NotFound: unknown or foreign.
    """
    row = await ScanRepository(session, viewer).study(study_id)
    pregnancy_id = PregnancyId(row.pregnancy_id)
    hers = await PregnancyRepository(session, viewer).pregnancy(pregnancy_id)
    await log_opening(session, clock.now(), viewer, hers, row)
    return (await _told(session, viewer, sealer, hers, [row], None))[0]


async def newest_reports(
    session: AsyncSession, viewer: Viewer, pregnancy_id: PregnancyId
) -> list[MeasuredReport]:
    """What machines measured at the newest examination that is filed and has a report.

    Whoever asks has logged who looks at her.
    """
    repository = ScanRepository(session, viewer)
    for study in await repository.of(pregnancy_id):
        if study.state != StudyState.FILED:
            continue
        read = [(row, summary_of(row)) for row in await repository.instances([study.id])]
        found = [
            MeasuredReport(
                study_at=summary.study_at,
                station=summary.station,
                sha256=row.sha256.hex(),
                measurements=[_measured(summary, one) for one in summary.measurements],
            )
            for row, summary in read
            if summary.measurements
        ]
        if found:
            return found
    return []


async def study_of(session: AsyncSession, viewer: Viewer, instance_id: UUID) -> UUID:
    """The study that a file is in."""
    return (await ScanRepository(session, viewer).instance(instance_id))[1].id


async def log_opening(
    session: AsyncSession, at: datetime, viewer: Viewer, hers: Record, row: StudyRow
) -> None:
    """Who looked at pictures of hers."""
    patients = [PatientId(hers[1].id)]
    await access.record(session, at, viewer, patients, Purpose.CASE, CaseId(row.case_id))


async def _told(
    session: AsyncSession,
    viewer: Viewer,
    sealer: Sealer,
    hers: Record,
    rows: Sequence[StudyRow],
    at: datetime | None,
) -> list[ScanStudy]:
    """`at`: when names are told that the caller has not logged; None where it has."""
    repository, ids = ScanRepository(session, viewer), [row.id for row in rows]
    instances = await repository.instances(ids)
    clashes = await repository.clashes(ids)
    held = [row for row in rows if row.state == StudyState.HELD]
    if held and at is not None:
        await log_opening(session, at, viewer, hers, held[0])
    everybody = [
        *(row.person_id for row in rows),
        *(row.settled_by for row in rows),
        *(clash.person_id for clash in clashes),
    ]
    known = await names(session, everybody, {row.facility_id for row in rows})
    open_ = select(StudyRow.id).where(
        StudyRow.id.in_(ids), func.app_sees_identity(StudyRow.case_id)
    )
    settles = set((await session.execute(open_)).scalars())
    return [
        _study(
            row,
            known,
            header=_header(sealer, hers, row),
            may_settle=row.id in settles and row.state != StudyState.WITHDRAWN,
            instances=[one for one in instances if one.study_id == row.id],
            clashes=[one for one in clashes if one.study_id == row.id],
        )
        for row in rows
    ]


def _study(
    row: StudyRow,
    known: Names,
    *,
    header: ScanHeader | None,
    may_settle: bool,
    instances: list[InstanceRow],
    clashes: list[ClashRow],
) -> ScanStudy:
    return ScanStudy(
        id=row.id,
        case_id=row.case_id,
        study_uid=row.study_uid,
        study_at=row.study_at,
        description=row.description,
        state=row.state,  # type: ignore[arg-type]
        identity=row.identity,  # type: ignore[arg-type]
        deidentified=row.deidentified,
        header=header,
        at=row.at,
        by=known.person(row.person_id),
        facility=known.house(row.facility_id),
        settled_at=row.settled_at,
        settled_by=known.person(row.settled_by),
        reason=row.reason,
        may_settle=may_settle,
        series=[] if row.state == StudyState.WITHDRAWN else _series(instances),
        clashes=[
            ScanClash(
                instance_id=one.instance_id,
                sha256=one.sha256.hex(),
                at=one.at,
                by=known.person(one.person_id),
            )
            for one in clashes
        ],
    )


def _header(sealer: Sealer, hers: Record, row: StudyRow) -> ScanHeader | None:
    if row.state != StudyState.HELD or row.header_sealed is None:
        return None
    said = msgspec.json.decode(sealer.open_bytes(row.header_sealed, HEADER_FIELD), type=Header)
    patient = hers[1]
    return ScanHeader(
        name=said.name,
        number=said.number,
        birth=said.birth,
        sex=said.sex,
        her_name=sealer.open(patient.name_sealed, NAME_FIELD),
        her_birth_date=patient.birth_date if patient.birth_date_exact else None,
    )


def _series(rows: Iterable[InstanceRow]) -> list[ScanSeries]:
    """By the machine's numbers where it gives any, else as they came."""
    groups: dict[str, list[tuple[InstanceRow, Summary]]] = {}
    for row in rows:
        summary = summary_of(row)
        groups.setdefault(summary.series_uid, []).append((row, summary))
    found = [_one_series(uid, group) for uid, group in groups.items()]
    return sorted(found, key=lambda one: (one.number is None, one.number or 0))


def _one_series(uid: str, group: list[tuple[InstanceRow, Summary]]) -> ScanSeries:
    first = group[0][1]
    ordered = sorted(
        group, key=lambda one: (one[1].instance_number is None, one[1].instance_number or 0)
    )
    return ScanSeries(
        series_uid=uid,
        number=first.series_number,
        modality=first.modality,
        description=first.series_description,
        station=first.station,
        instances=[_instance(row, summary) for row, summary in ordered],
    )


def _instance(row: InstanceRow, summary: Summary) -> ScanInstance:
    return ScanInstance(
        **{name: getattr(summary, name) for name in _SHOWN},
        id=row.id,
        number=summary.instance_number,
        measurements=[_measured(summary, one) for one in summary.measurements],
        why_not=_why(summary),
        sha256=row.sha256.hex(),
        size_bytes=row.size_bytes,
        at=row.at,
    )


def _measured(summary: Summary, one: Measurement) -> Measured:
    return Measured(
        section=one.section,
        fetus=one.fetus,
        name=one.name,
        value=one.value,
        unit=one.unit,
        how=one.how if one.table is not None else "",
        level=one.level,
        reference=reference_of(one, deidentified=summary.deidentified),
    )


def summary_of(row: InstanceRow) -> Summary:
    """What is known of the file; who it says it is of was never stored here."""
    return msgspec.convert(row.summary, Summary)


def must_be_shown(summary: Summary) -> None:
    """Refuse with the reason why a file that is kept is not shown."""
    if summary.why_not is not None:
        raise REASONS[summary.why_not](detail=_size(summary))


def _why(summary: Summary) -> Why | None:
    return None if summary.why_not is None else reason(summary.why_not, {"detail": _size(summary)})


def _size(summary: Summary) -> str:
    return f"{summary.columns}×{summary.rows}" if summary.rows else summary.transfer_syntax


def reason(code: str, fields: Mapping[str, Any]) -> Why:
    """A code of `imaging.*` in words."""
    zh, en = _TEXTS.say(f"imaging.{code}", fields)
    return Why(code, f"{zh.title}。{zh.detail}", f"{en.title}. {en.detail}")
