"""What the API says about patients, pregnancies and newborns."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from registry.facilities.schemas import FacilityRef
from registry.pregnancies.models import Newborn

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Phone = Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9][0-9 -]{4,18}$")]
Sex = Literal["female", "male", "undetermined", "unknown"]
Apgar = Annotated[int, msgspec.Meta(ge=0, le=10)]


class Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Input: an unknown field is a mistake of the caller, never ignored."""


class GestationAt(Strict, frozen=True):
    """Gestation of `days` on the day `at` (e.g. from an early scan)."""

    days: Annotated[int, msgspec.Meta(ge=0, le=320)]
    at: date


class NewPregnancy(Strict, frozen=True):
    """Dated by at most one of lmp, edd, gestation; undated when nobody knows."""

    lmp: date | None = None
    edd: date | None = None
    gestation_days_at: GestationAt | None = None
    gravida: Annotated[int, msgspec.Meta(ge=1, le=30)] | None = None
    para: Annotated[int, msgspec.Meta(ge=0, le=30)] | None = None
    plurality: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1


class NewPatient(Strict, frozen=True):
    """The least that an emergency needs; everything else can follow."""

    name: Name
    id_number: Annotated[str, msgspec.Meta(min_length=4, max_length=30)] | None = None
    birth_date: date | None = None
    age: Annotated[int, msgspec.Meta(ge=8, le=70)] | None = None
    phone: Phone | None = None
    pregnancy: NewPregnancy = msgspec.field(default_factory=NewPregnancy)


class NewNewborn(Strict, frozen=True):
    """A birth; `weight_g` in grams."""

    birth_order: Annotated[int, msgspec.Meta(ge=1, le=9)]
    born_at: Annotated[datetime, msgspec.Meta(tz=True)]
    sex: Sex
    weight_g: Annotated[int, msgspec.Meta(ge=200, le=9000)] | None = None
    apgar_1: Apgar | None = None
    apgar_5: Apgar | None = None


class PatientCreated(msgspec.Struct, frozen=True):
    """Where to go on; `existing` when the facility already knew her."""

    patient_id: UUID
    pregnancy_id: UUID
    existing: bool = False


class PatientFound(msgspec.Struct, frozen=True):
    """A line of a search."""

    patient_id: UUID
    pregnancy_id: UUID | None
    name: str
    age: int | None
    gestation_days: int | None
    facility: FacilityRef


class NewbornOut(msgspec.Struct, frozen=True):
    """A recorded newborn; `weight_g` in grams."""

    id: UUID
    birth_order: int
    born_at: datetime
    sex: str
    weight_g: int | None
    apgar_1: int | None
    apgar_5: int | None

    @classmethod
    def of(cls, row: Newborn) -> "NewbornOut":
        """A row as the API shows it."""
        return cls(
            row.id, row.birth_order, row.born_at, row.sex, row.weight_g, row.apgar_1, row.apgar_5
        )


class PregnancyOut(msgspec.Struct, frozen=True):
    """A pregnancy with whose it is, opened for somebody who may see it."""

    id: UUID
    patient_id: UUID
    name: str
    name_short: str
    age: int | None
    birth_date: date | None
    birth_date_exact: bool
    phone: str | None
    facility: FacilityRef
    lmp: date | None
    edd: date | None
    dated_by: str | None
    gestation_days: int | None
    gravida: int | None
    para: int | None
    plurality: int
    outcome: str | None
    newborns: list[NewbornOut]


class AccessOut(msgspec.Struct, frozen=True):
    """A line of the access log: ids only, the patient stays unnamed."""

    id: int
    at: datetime
    account_id: UUID
    person_id: UUID
    facility_id: UUID
    patient_id: UUID
    purpose: str
    case_id: UUID | None
