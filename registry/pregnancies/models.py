"""Tables of patients, pregnancies and newborns. All stand under row-level security."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity
from sqlalchemy.orm import Mapped, mapped_column

from kernel.columns import UTCDateTime
from kernel.database import Base


class Patient(Base):
    """A woman as one facility registered her; names and numbers are sealed."""

    __tablename__ = "patient"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    name_sealed: Mapped[bytes]
    name_index: Mapped[bytes]
    phone_sealed: Mapped[bytes | None]
    birth_date: Mapped[date | None]
    birth_date_exact: Mapped[bool] = mapped_column(default=True)
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[UUID]


class PatientIdentifier(Base):
    """An identity number: sealed to read back, blind-indexed to find."""

    __tablename__ = "patient_identifier"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    kind: Mapped[str]
    sealed: Mapped[bytes]
    blind_index: Mapped[bytes]


class Pregnancy(Base):
    """One pregnancy; `edd` dates it, `dated_by` says from what it was computed."""

    __tablename__ = "pregnancy"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    lmp: Mapped[date | None]
    edd: Mapped[date | None]
    dated_by: Mapped[str | None]
    gravida: Mapped[int | None]
    para: Mapped[int | None]
    plurality: Mapped[int] = mapped_column(default=1)
    outcome: Mapped[str | None]
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[UUID]


class Newborn(Base):
    """A child of a pregnancy; twins are two rows."""

    __tablename__ = "newborn"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    pregnancy_id: Mapped[UUID] = mapped_column(ForeignKey("pregnancy.id"))
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    birth_order: Mapped[int]
    born_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sex: Mapped[str]
    weight_g: Mapped[int | None]
    apgar_1: Mapped[int | None]
    apgar_5: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[UUID]


class CasePregnancy(Base):
    """Whose case it is: opens the patient to the parties of the case."""

    __tablename__ = "case_pregnancy"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    pregnancy_id: Mapped[UUID] = mapped_column(ForeignKey("pregnancy.id"), primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))


class AccessEntry(Base):
    """Append-only: who opened which patient, when and why."""

    __tablename__ = "access_log"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    account_id: Mapped[UUID]
    person_id: Mapped[UUID]
    session_id: Mapped[UUID | None]
    facility_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    purpose: Mapped[str]
    case_id: Mapped[UUID | None]
