"""Reads of patients and pregnancies. Whatever shows a full name writes the access log."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, PatientId, PregnancyId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from registry.facilities import queries as facilities
from registry.facilities.rules import local_date
from registry.facilities.schemas import FacilityRef
from registry.pregnancies import access
from registry.pregnancies.access import Purpose
from registry.pregnancies.models import AccessEntry, Newborn, Patient
from registry.pregnancies.repository import PregnancyRepository, Record
from registry.pregnancies.rules import (
    NAME_FIELD,
    NUMBER_FIELD,
    PHONE_FIELD,
    age_years,
    gestation_days,
    normal_identifier,
    short_name,
)
from registry.pregnancies.schemas import AccessOut, NewbornOut, PatientFound, PregnancyOut

MAX_FOUND = 20


class CaseSubject(msgspec.Struct, frozen=True):
    """Whose case it is, with as much as a board shows: no full name."""

    pregnancy_id: PregnancyId
    patient_id: PatientId
    name_short: str
    age: int | None
    gestation_days: int | None
    plurality: int


async def open_pregnancy(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    pregnancy_id: PregnancyId,
    *,
    purpose: Purpose = Purpose.OPEN,
    case_id: CaseId | None = None,
) -> PregnancyOut:
    """A pregnancy with full name and newborns; logged. `NotFound` if not open to the viewer."""
    at = clock.now()
    repository = PregnancyRepository(session, viewer)
    record = await repository.pregnancy(pregnancy_id)
    newborns = (await repository.newborns([pregnancy_id])).get(pregnancy_id, [])
    await access.record(session, at, viewer, [PatientId(record[1].id)], purpose, case_id)
    facility = await facilities.get(session, FacilityId(record[1].facility_id))
    return _opened(sealer, record, newborns, facility, at)


def _opened(
    sealer: Sealer,
    record: Record,
    newborns: list[Newborn],
    facility: FacilityRef,
    at: datetime,
) -> PregnancyOut:
    pregnancy, patient = record
    today = local_date(at)
    dated_at = local_date(pregnancy.ended_at) if pregnancy.ended_at else today
    name = sealer.open(patient.name_sealed, NAME_FIELD)
    phone = patient.phone_sealed
    return PregnancyOut(
        id=pregnancy.id,
        patient_id=patient.id,
        name=name,
        name_short=short_name(name),
        age=age_years(patient.birth_date, today),
        birth_date=patient.birth_date,
        birth_date_exact=patient.birth_date_exact,
        phone=None if phone is None else sealer.open(phone, PHONE_FIELD),
        facility=facility,
        lmp=pregnancy.lmp,
        edd=pregnancy.edd,
        dated_by=pregnancy.dated_by,
        gestation_days=gestation_days(pregnancy.edd, dated_at),
        gravida=pregnancy.gravida,
        para=pregnancy.para,
        plurality=pregnancy.plurality,
        outcome=pregnancy.outcome,
        newborns=[NewbornOut.of(row) for row in newborns],
    )


async def subjects(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    case_ids: Collection[CaseId],
) -> dict[CaseId, CaseSubject]:
    """Whose the cases are, for boards; cases whose identity is closed to the viewer are left out.

    Gestation is as of now, or as of the end of the pregnancy.
    """
    today = local_date(clock.now())
    records = await PregnancyRepository(session, viewer).of_cases(case_ids)
    found = {}
    for case_id, (pregnancy, patient) in records.items():
        dated_at = local_date(pregnancy.ended_at) if pregnancy.ended_at else today
        found[case_id] = CaseSubject(
            pregnancy_id=PregnancyId(pregnancy.id),
            patient_id=PatientId(patient.id),
            name_short=short_name(sealer.open(patient.name_sealed, NAME_FIELD)),
            age=age_years(patient.birth_date, today),
            gestation_days=gestation_days(pregnancy.edd, dated_at),
            plurality=pregnancy.plurality,
        )
    return found


async def short_names(
    session: AsyncSession, viewer: Viewer, sealer: Sealer, pregnancy_ids: Collection[PregnancyId]
) -> dict[UUID, str]:
    """What boards call the women, by pregnancy; those closed to the viewer are left out."""
    records = await PregnancyRepository(session, viewer).pregnancies(pregnancy_ids)
    return {
        pregnancy.id: short_name(sealer.open(patient.name_sealed, NAME_FIELD))
        for pregnancy, patient in records.values()
    }


async def search(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, q: str
) -> list[PatientFound]:
    """Patients by exact identity number, or by full name in the viewer's facilities; logged."""
    at = clock.now()
    today = local_date(at)
    found = await PregnancyRepository(session, viewer).find(
        identifiers=[sealer.blind_index(normal_identifier(q), NUMBER_FIELD)],
        name=sealer.blind_index(q, NAME_FIELD),
        limit=MAX_FOUND,
    )
    patients: list[Patient] = [patient for patient, _ in found]
    await access.record(
        session, at, viewer, [PatientId(patient.id) for patient in patients], Purpose.SEARCH
    )
    places = await facilities.get_many(session, [FacilityId(row.facility_id) for row in patients])
    return [
        PatientFound(
            patient_id=patient.id,
            pregnancy_id=None if pregnancy is None else pregnancy.id,
            name=sealer.open(patient.name_sealed, NAME_FIELD),
            age=age_years(patient.birth_date, today),
            gestation_days=None if pregnancy is None else gestation_days(pregnancy.edd, today),
            facility=places[FacilityId(patient.facility_id)],
        )
        for patient, pregnancy in found
    ]


async def access_log(
    session: AsyncSession,
    *,
    patient_id: UUID | None = None,
    person_id: UUID | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[AccessOut]:
    """The access log, newest first; row-level security opens it to auditors only."""
    wanted = select(AccessEntry).order_by(AccessEntry.id.desc()).limit(limit)
    if patient_id is not None:
        wanted = wanted.where(AccessEntry.patient_id == patient_id)
    if person_id is not None:
        wanted = wanted.where(AccessEntry.person_id == person_id)
    if before is not None:
        wanted = wanted.where(AccessEntry.id < before)
    return [
        AccessOut(
            row.id,
            row.at,
            row.account_id,
            row.person_id,
            row.facility_id,
            row.patient_id,
            row.purpose,
            row.case_id,
        )
        for row in (await session.execute(wanted)).scalars()
    ]
