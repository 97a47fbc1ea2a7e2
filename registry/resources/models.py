"""Tables of what houses have. Counts are appended; the newest is the current one."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Computed, ForeignKey, Identity, Text
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from kernel.columns import UTCDateTime
from kernel.database import Base


class ReportRow(Base):
    """One count by one person (or feed) at one moment; never changed."""

    __tablename__ = "resource_report"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    kind: Mapped[str]
    subkey: Mapped[str]
    total: Mapped[int | None]
    free: Mapped[int]
    note: Mapped[str | None]
    cause: Mapped[str]
    source: Mapped[str]
    person_id: Mapped[UUID | None]
    reported_at: Mapped[datetime] = mapped_column(UTCDateTime)


class CapabilityRow(Base):
    """Something a house can do, from one day to another."""

    __tablename__ = "capability"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    code: Mapped[str]
    during: Mapped[Range[date]] = mapped_column(DATERANGE)
    person_id: Mapped[UUID | None]
    noted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    slot: Mapped[int] = mapped_column(BigInteger, Computed(""))


class DiversionRow(Base):
    """A house declared closed to some, with a reason and an end."""

    __tablename__ = "diversion"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    scope: Mapped[str]
    condition: Mapped[str | None]
    reason: Mapped[str]
    declared_at: Mapped[datetime] = mapped_column(UTCDateTime)
    declared_by: Mapped[UUID]
    until_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by: Mapped[UUID | None]


class VehicleRow(Base):
    """An ambulance (or helicopter) of a station or hospital."""

    __tablename__ = "vehicle"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    call_sign: Mapped[str]
    kind: Mapped[str]
    equipment: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    added_by: Mapped[UUID | None]


class VehicleReportRow(Base):
    """Where a vehicle stands and who is aboard (professions, no names); never changed."""

    __tablename__ = "vehicle_report"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicle.id"))
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    status: Mapped[str]
    crew: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    note: Mapped[str | None]
    person_id: Mapped[UUID | None]
    reported_at: Mapped[datetime] = mapped_column(UTCDateTime)
