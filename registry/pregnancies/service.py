"""Commands on patients, pregnancies and newborns."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import BadInput
from kernel.ids import CaseId, FacilityId, PatientId, PregnancyId, new_id
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from registry.facilities.rules import local_date
from registry.pregnancies import access
from registry.pregnancies.access import Purpose
from registry.pregnancies.errors import IdNumberInvalid, NewbornExists, NoFacility
from registry.pregnancies.models import (
    CasePregnancy,
    Newborn,
    Patient,
    PatientIdentifier,
    Pregnancy,
)
from registry.pregnancies.repository import PregnancyRepository
from registry.pregnancies.rules import (
    NAME_FIELD,
    NUMBER_FIELD,
    PHONE_FIELD,
    birth_date_for_age,
    birth_date_of_id_card,
    edd_from_gestation,
    edd_from_lmp,
    identifier_kind,
    normal_identifier,
)
from registry.pregnancies.schemas import (
    NewbornOut,
    NewNewborn,
    NewPatient,
    NewPregnancy,
    PatientCreated,
)


def registering_facility(viewer: Viewer) -> FacilityId:
    """Where the viewer registers patients: the own facility, else the only clinical one.

    Raises:
        NoFacility: the viewer has no clinical role there.
    """
    if viewer.facility_id in viewer.facility_ids:
        return viewer.facility_id
    if len(viewer.facility_ids) == 1:
        return next(iter(viewer.facility_ids))
    raise NoFacility()


async def create_patient_with_pregnancy(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    new: NewPatient,
    *,
    facility_id: FacilityId | None = None,
    demo: bool = False,
) -> PatientCreated:
    """Register a woman and her pregnancy; one whom the facility knows by number is not doubled.

    Args:
        session: the caller's transaction.
        clock: the present.
        viewer: who registers; a process must name `facility_id`.
        sealer: seals name, phone and number.
        new: what is known of her.
        facility_id: the registering facility (default: the viewer's).
        demo: marks synthetic rows.

    Raises:
        NoFacility: the viewer has no clinical role at a facility.
        IdNumberInvalid: the citizen number's check digit or date is wrong.
        BadInput: the dates contradict each other.
    """
    at = clock.now()
    today = local_date(at)
    facility = facility_id or registering_facility(viewer)
    birth, dated = _birth(new, today), dating(new.pregnancy, today)
    repository = PregnancyRepository(session, viewer)
    patient = await _known(repository, sealer, facility, new)
    existing = patient is not None
    if patient is None:
        patient = _new_patient(sealer, new, birth)
        patient.facility_id, patient.demo = facility, demo
        patient.created_at, patient.created_by = at, viewer.account_id
        session.add(patient)
        await session.flush()  # policies of the following rows look for the patient
        await _identify(session, sealer, patient, new)
    elif patient.phone_sealed is None:
        patient.phone_sealed = _sealed_phone(sealer, new)
    pregnancy = await repository.ongoing(PatientId(patient.id)) if existing else None
    if pregnancy is None:
        pregnancy = _new_pregnancy(patient, new.pregnancy)
        pregnancy.facility_id = facility
        pregnancy.created_at, pregnancy.created_by = at, viewer.account_id
        session.add(pregnancy)
    if pregnancy.edd is None:
        pregnancy.lmp, pregnancy.edd, pregnancy.dated_by = dated
    await session.flush()  # callers link cases to the pregnancy
    await access.record(session, at, viewer, [PatientId(patient.id)], Purpose.REGISTER)
    return PatientCreated(patient.id, pregnancy.id, existing)


def _new_patient(sealer: Sealer, new: NewPatient, birth: tuple[date | None, bool]) -> Patient:
    return Patient(
        id=new_id(),
        name_sealed=sealer.seal(new.name.strip(), NAME_FIELD),
        name_index=sealer.blind_index(new.name, NAME_FIELD),
        phone_sealed=_sealed_phone(sealer, new),
        birth_date=birth[0],
        birth_date_exact=birth[1],
    )


def _sealed_phone(sealer: Sealer, new: NewPatient) -> bytes | None:
    return None if new.phone is None else sealer.seal(new.phone, PHONE_FIELD)


def _new_pregnancy(patient: Patient, new: NewPregnancy) -> Pregnancy:
    return Pregnancy(
        id=new_id(),
        patient_id=patient.id,
        gravida=new.gravida,
        para=new.para,
        plurality=new.plurality,
    )


async def _known(
    repository: PregnancyRepository, sealer: Sealer, facility: FacilityId, new: NewPatient
) -> Patient | None:
    if new.id_number is None:
        return None
    number = normal_identifier(new.id_number)
    kind = identifier_kind(number)
    return await repository.known_here(facility, kind, sealer.blind_index(number, NUMBER_FIELD))


async def _identify(
    session: AsyncSession, sealer: Sealer, patient: Patient, new: NewPatient
) -> None:
    if new.id_number is None:
        return
    number = normal_identifier(new.id_number)
    session.add(
        PatientIdentifier(
            id=new_id(),
            patient_id=patient.id,
            facility_id=patient.facility_id,
            kind=identifier_kind(number),
            sealed=sealer.seal(number, NUMBER_FIELD),
            blind_index=sealer.blind_index(number, NUMBER_FIELD),
        )
    )
    await session.flush()  # two registrations racing meet here, not at commit


def checked_number(number: str, today: date) -> date:
    """The birth date that a citizen number says.

    Raises:
        IdNumberInvalid: its check digit or date is wrong.
    """
    told = birth_date_of_id_card(number)
    if told is None or told > today:
        raise IdNumberInvalid()
    return told


def _birth(new: NewPatient, today: date) -> tuple[date | None, bool]:
    """Birth date and whether it is exact: the citizen number says it, else the form, else age."""
    number = normal_identifier(new.id_number or "")
    if new.id_number is not None and identifier_kind(number) == "id_card":
        return checked_number(number, today), True
    if new.birth_date is not None:
        if new.birth_date > today:
            raise BadInput(field="birth_date", reason="晚于今天 / is in the future")
        return new.birth_date, True
    if new.age is not None:
        return birth_date_for_age(new.age, today), False
    return None, False


def dating(new: NewPregnancy, today: date) -> tuple[date | None, date | None, str | None]:
    """(lmp, edd, dated_by). A given edd outweighs the lmp, a measured gestation outweighs both.

    Raises:
        BadInput: the dates imply an impossible gestation.
    """
    edd, by = None, None
    if new.lmp is not None:
        edd, by = edd_from_lmp(new.lmp), "lmp"
    if new.edd is not None:
        edd, by = new.edd, "edd"
    if new.gestation_days_at is not None:
        measured = new.gestation_days_at
        edd, by = edd_from_gestation(measured.days, measured.at), "gestation"
    if edd is not None and not -60 <= (edd - today).days <= 300:
        raise BadInput(
            field="pregnancy", reason="与今天相差过大，孕周不可能 / implies an impossible gestation"
        )
    return new.lmp, edd, by


async def add_newborn(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    pregnancy_id: PregnancyId,
    new: NewNewborn,
    *,
    facility_id: FacilityId | None = None,
) -> NewbornOut:
    """Record a birth; an unexpected second child raises the plurality instead of being refused.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
        NewbornExists: this birth order is recorded already.
        BadInput: born in the future, or without a zone.
    """
    at = clock.now()
    if new.born_at.tzinfo is None:
        raise BadInput(field="born_at", reason="缺少时区 / has no time zone")
    if new.born_at > at:
        raise BadInput(field="born_at", reason="晚于现在 / is in the future")
    facility = facility_id or registering_facility(viewer)
    pregnancy, _ = await PregnancyRepository(session, viewer).pregnancy(pregnancy_id)
    taken = select(Newborn.id).where(
        Newborn.pregnancy_id == pregnancy_id, Newborn.birth_order == new.birth_order
    )
    if await session.scalar(taken) is not None:
        raise NewbornExists(birth_order=new.birth_order)
    newborn = Newborn(
        id=new_id(),
        pregnancy_id=pregnancy_id,
        facility_id=facility,
        birth_order=new.birth_order,
        born_at=new.born_at,
        sex=new.sex,
        weight_g=new.weight_g,
        apgar_1=new.apgar_1,
        apgar_5=new.apgar_5,
        created_at=at,
        created_by=viewer.account_id,
    )
    session.add(newborn)
    pregnancy.plurality = max(pregnancy.plurality, new.birth_order)
    await session.flush()  # a race for the birth order is refused here
    return NewbornOut.of(newborn)


async def end_pregnancy(
    session: AsyncSession, viewer: Viewer, pregnancy_id: PregnancyId, outcome: str, at: datetime
) -> None:
    """Record how and when a pregnancy ended: live_birth, stillbirth, abortion, ectopic, other."""
    pregnancy, _ = await PregnancyRepository(session, viewer).pregnancy(pregnancy_id)
    pregnancy.outcome = outcome
    pregnancy.ended_at = at
    await session.flush()


async def link_case(
    session: AsyncSession, viewer: Viewer, case_id: CaseId, pregnancy_id: PregnancyId
) -> None:
    """Say whose case it is: opens the patient to the case's parties, present and future.

    The case's first party (`kernel.parties.add_facility(..., ORIGIN)`) must be recorded before:
    linking needs sight of the case as well as of the patient.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
    """
    pregnancy, _ = await PregnancyRepository(session, viewer).pregnancy(pregnancy_id)
    link = insert(CasePregnancy).values(
        case_id=case_id, pregnancy_id=pregnancy_id, patient_id=pregnancy.patient_id
    )
    await session.execute(link.on_conflict_do_nothing())
