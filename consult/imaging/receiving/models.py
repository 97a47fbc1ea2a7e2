"""Tables of imaging machines and of what they sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.columns import UTCDateTime
from kernel.database import Base


class MachineRow(Base):
    """A machine that may send, known by its AE title and where it calls from."""

    __tablename__ = "imaging_machine"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    ae_title: Mapped[str]
    name: Mapped[str]
    facility_id: Mapped[UUID]
    networks: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[UUID]
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_by: Mapped[UUID | None]


class ArrivalRow(Base):
    """One examination that a machine sent; `header_mark` keeps two people apart."""

    __tablename__ = "imaging_arrival"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    machine_id: Mapped[UUID] = mapped_column(ForeignKey("imaging_machine.id"))
    facility_id: Mapped[UUID]
    study_uid: Mapped[str]
    header_mark: Mapped[bytes]
    header_sealed: Mapped[bytes | None]
    modality: Mapped[str]
    study_at: Mapped[str]
    description: Mapped[str]
    state: Mapped[str]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_by: Mapped[UUID | None]
    case_id: Mapped[UUID | None]
    reason: Mapped[str | None]


class ArrivedFileRow(Base):
    """One of its files; append-only. The bytes lie sealed under their hash."""

    __tablename__ = "imaging_arrived_file"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    arrival_id: Mapped[UUID] = mapped_column(ForeignKey("imaging_arrival.id"))
    facility_id: Mapped[UUID]
    sop_uid: Mapped[str]
    sha256: Mapped[bytes]
    size_bytes: Mapped[int]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
