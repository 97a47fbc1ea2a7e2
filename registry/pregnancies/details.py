"""Who she is beyond name and age: what the transfer form asks, sealed, every saving kept.

Residence, relatives and numbers lie in one sealed entry per saving; the newest of each field
counts. What dates the pregnancy stands on its row as well, where everybody computes with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, ForeignKey, Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Clock
from kernel.columns import UTCDateTime
from kernel.database import Base
from kernel.errors import BadInput, NotAllowed
from kernel.ids import CaseId, PatientId, PregnancyId, new_id
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from registry.facilities.rules import local_date
from registry.pregnancies import access
from registry.pregnancies.access import Purpose
from registry.pregnancies.errors import IdNumberTaken
from registry.pregnancies.models import Patient, PatientIdentifier, Pregnancy
from registry.pregnancies.repository import PregnancyRepository
from registry.pregnancies.rules import (
    NUMBER_FIELD,
    PHONE_FIELD,
    identifier_kind,
    normal_identifier,
)
from registry.pregnancies.schemas import NewPregnancy, Phone
from registry.pregnancies.service import checked_number, dating

DETAIL_FIELD = "patient.detail"
"""Under this name an entry is sealed."""

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class PatientDetails(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """What becomes known of her; each field replaces what stood before."""

    id_number: Annotated[str, msgspec.Meta(min_length=4, max_length=30)] | None = None
    handbook_no: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] | None = None
    phone: Phone | None = None
    ethnicity: Name | None = None
    education: (
        Literal["none", "primary", "junior", "senior", "college", "university", "postgraduate"]
        | None
    ) = None
    registered_residence: Line | None = None
    actual_residence: Line | None = None
    relative_name: Name | None = None
    relative_relation: Literal["spouse", "parent", "child", "sibling", "other"] | None = None
    relative_phone: Phone | None = None
    lmp: date | None = None
    edd: date | None = None
    gravida: Annotated[int, msgspec.Meta(ge=1, le=30)] | None = None
    para: Annotated[int, msgspec.Meta(ge=0, le=30)] | None = None


class PatientDetail(Base):
    """One sealed entry."""

    __tablename__ = "patient_detail"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    pregnancy_id: Mapped[UUID] = mapped_column(ForeignKey("pregnancy.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID]
    facility_id: Mapped[UUID]
    fields: Mapped[list[str]] = mapped_column(ARRAY(Text))
    sealed: Mapped[bytes]


@dataclass(frozen=True, slots=True)
class DetailEntry:
    """One saving, opened."""

    at: datetime
    person_id: UUID
    values: dict[str, Any]


async def save_details(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    pregnancy_id: PregnancyId,
    given: PatientDetails,
    *,
    case_id: CaseId | None = None,
) -> list[str]:
    """Keep what is given; its field names, sorted.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
        IdNumberInvalid, IdNumberTaken: the number is wrong, or somebody else's here.
        NotAllowed: only where she was registered can her identity number be added.
        BadInput: the dates imply an impossible gestation, or nothing is given.
    """
    at = clock.now()
    pregnancy, patient = await PregnancyRepository(session, viewer).pregnancy(pregnancy_id)
    values = {
        name: value for name, value in msgspec.to_builtins(given).items() if value is not None
    }
    if not values:
        raise BadInput(field="body", reason="没有内容 / nothing is given")
    _date(pregnancy, given, local_date(at))
    if given.id_number is not None:
        values["id_number"] = await _identify(session, viewer, sealer, patient, given.id_number, at)
    if given.phone is not None and patient.facility_id in viewer.facility_ids:
        patient.phone_sealed = sealer.seal(given.phone, PHONE_FIELD)
    session.add(
        PatientDetail(
            id=new_id(),
            patient_id=patient.id,
            pregnancy_id=pregnancy.id,
            at=at,
            person_id=viewer.person_id,
            facility_id=viewer.facility_id,
            fields=sorted(values),
            sealed=sealer.seal(msgspec.json.encode(values).decode(), DETAIL_FIELD),
        )
    )
    await access.record(session, at, viewer, [PatientId(patient.id)], Purpose.REGISTER, case_id)
    await session.flush()  # constraints refuse here, while the command can still be named
    return sorted(values)


def _date(pregnancy: Pregnancy, given: PatientDetails, today: date) -> None:
    if given.lmp is not None or given.edd is not None:
        told = NewPregnancy(lmp=given.lmp or pregnancy.lmp, edd=given.edd)
        pregnancy.lmp, pregnancy.edd, pregnancy.dated_by = dating(told, today)
    pregnancy.gravida = given.gravida or pregnancy.gravida
    pregnancy.para = pregnancy.para if given.para is None else given.para


async def _identify(
    session: AsyncSession,
    viewer: Viewer,
    sealer: Sealer,
    patient: Patient,
    number: str,
    at: datetime,
) -> str:
    if patient.facility_id not in viewer.facility_ids:
        raise NotAllowed(reason="registering_facility")
    normal = normal_identifier(number)
    kind = identifier_kind(normal)
    if kind == "id_card":
        patient.birth_date = checked_number(normal, local_date(at))
        patient.birth_date_exact = True
    index = sealer.blind_index(normal, NUMBER_FIELD)
    repository = PregnancyRepository(session, viewer)
    known = await repository.known_here(patient.facility_id, kind, index)  # type: ignore[arg-type]
    if known is not None:
        if known.id != patient.id:
            raise IdNumberTaken()
        return normal
    session.add(
        PatientIdentifier(
            id=new_id(),
            patient_id=patient.id,
            facility_id=patient.facility_id,
            kind=kind,
            sealed=sealer.seal(normal, NUMBER_FIELD),
            blind_index=index,
        )
    )
    return normal


async def detail_history(
    session: AsyncSession, viewer: Viewer, sealer: Sealer, pregnancy_id: PregnancyId
) -> list[DetailEntry]:
    """Every saving, oldest first; empty where the pregnancy is closed to the viewer."""
    visible = await PregnancyRepository(session, viewer).pregnancies([pregnancy_id])
    if pregnancy_id not in visible:
        return []
    found = (
        select(PatientDetail)
        .where(PatientDetail.pregnancy_id == pregnancy_id)
        .order_by(PatientDetail.at, PatientDetail.id)
    )
    rows: Sequence[PatientDetail] = (await session.execute(found)).scalars().all()
    return [
        DetailEntry(
            at=row.at,
            person_id=row.person_id,
            values=msgspec.json.decode(sealer.open(row.sealed, DETAIL_FIELD)),
        )
        for row in rows
    ]


async def known_number(
    session: AsyncSession, viewer: Viewer, sealer: Sealer, patient_id: UUID
) -> str | None:
    """Her identity number with its middle covered, where the viewer may see the patient."""
    found = (
        select(PatientIdentifier)
        .join(Patient, Patient.id == PatientIdentifier.patient_id)
        .where(Patient.id == patient_id)
        .limit(1)
    )
    row = (await session.execute(found)).scalar_one_or_none()
    return None if row is None else covered(sealer.open(row.sealed, NUMBER_FIELD))


def covered(number: str) -> str:
    """`110…0027`: enough to compare with the paper in hand, not enough to copy."""
    if len(number) <= 8:
        return "*" * (len(number) - 2) + number[-2:]
    return number[:3] + "*" * (len(number) - 7) + number[-4:]
