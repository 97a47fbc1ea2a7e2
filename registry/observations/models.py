"""Tables of observations. All stand under row-level security; readings are never changed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.columns import UTCDateTime
from kernel.database import Base


class DeviceRow(Base):
    """An instrument that sends readings; it knows nobody, a pairing says whom it measures."""

    __tablename__ = "observation_device"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    serial: Mapped[str]
    kind: Mapped[str]
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    token_hash: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[UUID]
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class PairingRow(Base):
    """On whom a device measures, from when to when."""

    __tablename__ = "observation_pairing"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    device_id: Mapped[UUID] = mapped_column(ForeignKey("observation_device.id"))
    pregnancy_id: Mapped[UUID] = mapped_column(ForeignKey("pregnancy.id"))
    newborn_id: Mapped[UUID | None] = mapped_column(ForeignKey("newborn.id"))
    from_at: Mapped[datetime] = mapped_column(UTCDateTime)
    to_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    paired_by: Mapped[UUID]


class MessageRow(Base):
    """What a device sent, accepted or refused. Append-only."""

    __tablename__ = "observation_message"

    device_id: Mapped[UUID] = mapped_column(ForeignKey("observation_device.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    device_at: Mapped[datetime] = mapped_column(UTCDateTime)
    clock_offset_ms: Mapped[int] = mapped_column(BigInteger)
    pregnancy_id: Mapped[UUID | None] = mapped_column(ForeignKey("pregnancy.id"))
    newborn_id: Mapped[UUID | None] = mapped_column(ForeignKey("newborn.id"))
    refused: Mapped[str | None]
    refused_fields: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)


class ObservationRow(Base):
    """One reading in its canonical unit, and as it was sent. Append-only."""

    __tablename__ = "observation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    pregnancy_id: Mapped[UUID] = mapped_column(ForeignKey("pregnancy.id"))
    case_id: Mapped[UUID | None]
    subject: Mapped[str]
    newborn_id: Mapped[UUID | None] = mapped_column(ForeignKey("newborn.id"))
    code: Mapped[str]
    value_num: Mapped[float | None]
    value_code: Mapped[str | None]
    raw_value: Mapped[str]
    raw_unit: Mapped[str | None]
    taken_at: Mapped[datetime] = mapped_column(UTCDateTime)
    entered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    source: Mapped[str]
    person_id: Mapped[UUID | None]
    facility_id: Mapped[UUID | None] = mapped_column(ForeignKey("facility.id"))
    device_id: Mapped[UUID | None]
    device_sequence: Mapped[int | None] = mapped_column(BigInteger)
    drill: Mapped[bool]


class VoidRow(Base):
    """A reading that was entered in error: it stays readable and counts nowhere. Append-only."""

    __tablename__ = "observation_void"

    observation_id: Mapped[UUID] = mapped_column(ForeignKey("observation.id"), primary_key=True)
    reason: Mapped[str]
    note: Mapped[str | None]
    person_id: Mapped[UUID]
    facility_id: Mapped[UUID]
    voided_at: Mapped[datetime] = mapped_column(UTCDateTime)
