"""Tables of the organisation tree."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Computed, ForeignKey
from sqlalchemy.dialects.postgresql import DATERANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from kernel.columns import UTCDateTime
from kernel.database import Base


class Region(Base):
    """An administrative area: province, city, county or township."""

    __tablename__ = "region"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    level: Mapped[str]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("region.id"))


class RegionClosure(Base):
    """Every (ancestor, descendant) pair, each region with itself at depth 0."""

    __tablename__ = "region_closure"

    ancestor_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"), primary_key=True)
    descendant_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"), primary_key=True)
    depth: Mapped[int]


class Facility(Base):
    """A hospital, institute, station or commission; the tenant."""

    __tablename__ = "facility"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    code: Mapped[str]
    name: Mapped[str]
    short_name: Mapped[str]
    tier: Mapped[str]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    demo: Mapped[bool] = mapped_column(default=False)
    outside: Mapped[bool] = mapped_column(default=False)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class FacilityRoleRow(Base):
    """A facility's designation from one day to another."""

    __tablename__ = "facility_role"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    role: Mapped[str]
    during: Mapped[Range[date]] = mapped_column(DATERANGE)
    slot: Mapped[int] = mapped_column(BigInteger, Computed(""))


class FacilityContact(Base):
    """An institution's phone (a desk, never a person's own number)."""

    __tablename__ = "facility_contact"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    kind: Mapped[str]
    label: Mapped[str]
    phone: Mapped[str]


class Unit(Base):
    """A ward or department."""

    __tablename__ = "unit"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    kind: Mapped[str]
    name: Mapped[str]


class ResponsibleArea(Base):
    """Which centre answers for a region, from one day to another."""

    __tablename__ = "responsible_area"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    centre_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    kind: Mapped[str]
    during: Mapped[Range[date]] = mapped_column(DATERANGE)
    slot: Mapped[int] = mapped_column(BigInteger, Computed(""))
