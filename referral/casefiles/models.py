"""Tables of a case file. Only `service.file_desk` moves states; history is on the file's chain."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.columns import UTCDateTime
from kernel.database import Base


class FileRow(Base):
    """The file. Holds no identity and no clinical text."""

    __tablename__ = "case_file"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    state: Mapped[str]
    version: Mapped[int]
    patient_id: Mapped[UUID]
    pregnancy_id: Mapped[UUID]
    grade_id: Mapped[UUID | None]
    colour: Mapped[str | None]
    purple: Mapped[bool]
    reason: Mapped[str]
    facility_id: Mapped[UUID]
    region_id: Mapped[UUID]
    owner_id: Mapped[UUID]
    upper_id: Mapped[UUID | None]
    county_id: Mapped[UUID | None]
    opened_by: Mapped[UUID | None]
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    graded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    lowered: Mapped[bool] = mapped_column(default=False)
    plan_no: Mapped[int | None]
    outcome: Mapped[str | None]
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    rules_version: Mapped[str]
    demo: Mapped[bool]
    simulated: Mapped[bool]


class ReportRow(Base):
    """One report form and its deadline; what it says is an entry."""

    __tablename__ = "case_file_report"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    no: Mapped[int]
    state: Mapped[str]
    colour: Mapped[str | None]
    purple: Mapped[bool]
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    submitted_by: Mapped[UUID | None]
    received_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    received_by: Mapped[UUID | None]
    late: Mapped[bool | None]
    rules_version: Mapped[str]
    step: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class TaskRow(Base):
    """One thing to be done for her by a day; what was found is an entry."""

    __tablename__ = "case_file_task"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    kind: Mapped[str]
    state: Mapped[str]
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[UUID | None]
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    done_by: Mapped[UUID | None]
    rules_version: Mapped[str]
    step: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class FileHandoverRow(Base):
    """One proposed hand-over; at most one waits at a time (unique index)."""

    __tablename__ = "case_file_handover"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    state: Mapped[str]
    from_id: Mapped[UUID]
    to_id: Mapped[UUID]
    from_person_id: Mapped[UUID]
    to_person_id: Mapped[UUID | None]
    proposed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    proposed_by: Mapped[UUID]
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_by: Mapped[UUID | None]
    step: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class PlanRow(Base):
    """One version of the plan; append-only."""

    __tablename__ = "case_file_plan"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    management: Mapped[str]
    treatment: Mapped[str]
    emergency: Mapped[str]
    drafted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID]
    facility_id: Mapped[UUID]
    digest: Mapped[bytes]


class PlanSignatureRow(Base):
    """One side's signature under one version; append-only."""

    __tablename__ = "case_file_signature"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    plan_no: Mapped[int] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    signed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    digest: Mapped[bytes]


class EntryRow(Base):
    """What people wrote; append-only."""

    __tablename__ = "case_file_entry"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    kind: Mapped[str]
    ref_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    entered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID | None]
    facility_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)


class SpecialListRow(Base):
    """One facility's special-population list of one month."""

    __tablename__ = "special_list"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID]
    month: Mapped[date]
    state: Mapped[str]
    version: Mapped[int]
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    submitted_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[UUID]


class SpecialEntryRow(Base):
    """One version of one line of the list, sealed; append-only."""

    __tablename__ = "special_row"

    list_id: Mapped[UUID] = mapped_column(ForeignKey("special_list.id"))
    row_id: Mapped[UUID] = mapped_column(primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    sealed: Mapped[bytes]
    removed: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID]


class SpecialActRow(Base):
    """A list handed in or taken back; append-only."""

    __tablename__ = "special_act"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    list_id: Mapped[UUID] = mapped_column(ForeignKey("special_list.id"))
    action: Mapped[str]
    reason_sealed: Mapped[bytes | None]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID]
