"""Scoped reads of patient rows: built from a viewer, and under row-level security besides.

There is no way here to fetch a row without the viewer's scope. Processes of the platform (engine,
worker) see everything: their database role decides, not this code.
"""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from kernel.ids import CaseId, FacilityId, PatientId, PregnancyId
from kernel.viewer import Viewer
from registry.pregnancies.models import (
    CasePregnancy,
    Newborn,
    Patient,
    PatientIdentifier,
    Pregnancy,
)

Record = tuple[Pregnancy, Patient]


class PregnancyRepository:
    """Patients, pregnancies and newborns that `viewer` may see."""

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    def _patients(self) -> ColumnElement[bool]:
        if self._viewer.is_process:
            return true()
        own = Patient.facility_id.in_(self._viewer.facility_ids)
        return or_(own, func.app_sees_patient(Patient.id))

    def _records(self) -> Select[tuple[Pregnancy, Patient]]:
        found = select(Pregnancy, Patient).join(Patient, Patient.id == Pregnancy.patient_id)
        if self._viewer.is_process:
            return found
        own = Pregnancy.facility_id.in_(self._viewer.facility_ids)
        return found.where(or_(own, func.app_sees_pregnancy(Pregnancy.id)), self._patients())

    async def pregnancy(self, pregnancy_id: PregnancyId) -> Record:
        """A pregnancy and its patient, or `NotFound`."""
        found = await self.pregnancies([pregnancy_id])
        if pregnancy_id not in found:
            raise NotFound()
        return found[pregnancy_id]

    async def pregnancies(self, ids: Iterable[PregnancyId]) -> dict[PregnancyId, Record]:
        """Those of the named pregnancies that the viewer may see."""
        rows = await self._session.execute(self._records().where(Pregnancy.id.in_(set(ids))))
        return {PregnancyId(row[0].id): (row[0], row[1]) for row in rows.all()}

    async def of_cases(self, case_ids: Collection[CaseId]) -> dict[CaseId, Record]:
        """Whose the named cases are, as far as the viewer may know."""
        linked = select(CasePregnancy.case_id, CasePregnancy.pregnancy_id).where(
            CasePregnancy.case_id.in_(set(case_ids))
        )
        links = (await self._session.execute(linked)).all()
        found = await self.pregnancies(PregnancyId(link.pregnancy_id) for link in links)
        return {
            CaseId(link.case_id): found[PregnancyId(link.pregnancy_id)]
            for link in links
            if link.pregnancy_id in found
        }

    async def newborns(self, ids: Iterable[PregnancyId]) -> dict[PregnancyId, list[Newborn]]:
        """Newborns of visible pregnancies, by birth order."""
        visible = await self.pregnancies(ids)
        wanted = (
            select(Newborn)
            .where(Newborn.pregnancy_id.in_(visible))
            .order_by(Newborn.pregnancy_id, Newborn.birth_order)
        )
        found: dict[PregnancyId, list[Newborn]] = {}
        for row in (await self._session.execute(wanted)).scalars():
            found.setdefault(PregnancyId(row.pregnancy_id), []).append(row)
        return found

    async def find(
        self, *, identifiers: Collection[bytes], name: bytes, limit: int
    ) -> list[tuple[Patient, Pregnancy | None]]:
        """Patients with one of the identifiers, or by full name in the viewer's own facilities.

        Each comes with her newest visible pregnancy.
        """
        by_number = select(PatientIdentifier.patient_id).where(
            PatientIdentifier.blind_index.in_(identifiers)
        )
        by_name = (Patient.name_index == name) & Patient.facility_id.in_(self._viewer.facility_ids)
        wanted = (
            select(Patient)
            .where(or_(Patient.id.in_(by_number), by_name), self._patients())
            .order_by(Patient.created_at.desc())
            .limit(limit)
        )
        patients = (await self._session.execute(wanted)).scalars().all()
        newest = await self._newest(PatientId(patient.id) for patient in patients)
        return [(patient, newest.get(PatientId(patient.id))) for patient in patients]

    async def _newest(self, patients: Iterable[PatientId]) -> dict[PatientId, Pregnancy]:
        wanted = (
            self._records()
            .where(Patient.id.in_(set(patients)))
            .order_by(Pregnancy.created_at, Pregnancy.id)
        )
        rows: Any = (await self._session.execute(wanted)).all()
        return {PatientId(patient.id): pregnancy for pregnancy, patient in rows}

    async def known_here(
        self, facility_id: FacilityId, kind: str, blind_index: bytes
    ) -> Patient | None:
        """The patient whom this facility registered under the identifier."""
        wanted = (
            select(Patient)
            .join(PatientIdentifier, PatientIdentifier.patient_id == Patient.id)
            .where(
                PatientIdentifier.facility_id == facility_id,
                PatientIdentifier.kind == kind,
                PatientIdentifier.blind_index == blind_index,
                self._patients(),
            )
        )
        return (await self._session.execute(wanted)).scalar_one_or_none()

    async def ongoing(self, patient_id: PatientId) -> Pregnancy | None:
        """Her newest pregnancy that has no outcome yet."""
        wanted = (
            self._records()
            .where(Patient.id == patient_id, Pregnancy.outcome.is_(None))
            .order_by(Pregnancy.created_at.desc())
            .limit(1)
        )
        row = (await self._session.execute(wanted)).first()
        return None if row is None else row[0]
