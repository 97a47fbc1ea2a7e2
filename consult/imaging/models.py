"""Tables of scans. Their bytes lie sealed beside the database, found by their hash."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.columns import UTCDateTime
from kernel.database import Base


class StudyRow(Base):
    """One examination in her record, under the case that it was brought to.

    `header_mark` keeps two people apart whose files carry the same study UID.
    """

    __tablename__ = "imaging_study"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    pregnancy_id: Mapped[UUID]
    study_uid: Mapped[str]
    header_mark: Mapped[bytes]
    header_sealed: Mapped[bytes | None]
    identity: Mapped[str]
    state: Mapped[str]
    deidentified: Mapped[bool]
    study_at: Mapped[str]
    description: Mapped[str]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID]
    facility_id: Mapped[UUID]
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_by: Mapped[UUID | None]
    reason: Mapped[str | None]


class InstanceRow(Base):
    """One file; append-only. `summary` is a `parse.Summary` without who she is."""

    __tablename__ = "imaging_instance"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    study_id: Mapped[UUID] = mapped_column(ForeignKey("imaging_study.id"))
    pregnancy_id: Mapped[UUID]
    sop_uid: Mapped[str]
    sha256: Mapped[bytes]
    size_bytes: Mapped[int]
    summary: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID]
    facility_id: Mapped[UUID]


class ClashRow(Base):
    """A file that was not taken: its UID is another file's; append-only."""

    __tablename__ = "imaging_clash"

    instance_id: Mapped[UUID] = mapped_column(ForeignKey("imaging_instance.id"), primary_key=True)
    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    study_id: Mapped[UUID]
    pregnancy_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID]
    facility_id: Mapped[UUID]
