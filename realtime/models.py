"""Tables of the CTG path that requests touch; journal and chunks belong to the gateway."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Identity, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.columns import UTCDateTime
from kernel.database import Base


class Device(Base):
    """A monitor, or an agent that carries the streams of several."""

    __tablename__ = "ctg_device"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    serial: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    kind: Mapped[str]
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    unit: Mapped[str] = mapped_column(default="")
    token_hash: Mapped[bytes | None]
    token_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    old_token_hash: Mapped[bytes | None]
    old_token_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class DeviceEvent(Base):
    """Append-only: who registered, changed, rotated or revoked a device, and why."""

    __tablename__ = "ctg_device_event"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    device_id: Mapped[UUID] = mapped_column(ForeignKey("ctg_device.id"))
    action: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(default="")
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Recording(Base):
    """One tracing, bound to a pregnancy or not yet."""

    __tablename__ = "ctg_recording"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    no: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    device_id: Mapped[UUID] = mapped_column(ForeignKey("ctg_device.id"))
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    bed: Mapped[str]
    channels: Mapped[list[str]] = mapped_column(ARRAY(Text))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_seq: Mapped[int | None] = mapped_column(BigInteger)
    invalid_samples: Mapped[int] = mapped_column(BigInteger)
    clock_offset_ns: Mapped[int | None] = mapped_column(BigInteger)
    clock_rtt_ns: Mapped[int | None] = mapped_column(BigInteger)
    pregnancy_id: Mapped[UUID | None] = mapped_column(ForeignKey("pregnancy.id"))
    case_id: Mapped[UUID | None]
    bound_by: Mapped[UUID | None]
    bound_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    labels: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    version: Mapped[int] = mapped_column(default=1)


class Binding(Base):
    """Append-only: who said whose tracing it is, by what means, when and why.

    Without a pregnancy: somebody took the binding back.
    """

    __tablename__ = "ctg_binding"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("ctg_recording.id"))
    version: Mapped[int]
    pregnancy_id: Mapped[UUID | None] = mapped_column(ForeignKey("pregnancy.id"))
    case_id: Mapped[UUID | None]
    means: Mapped[str] = mapped_column(default="list")
    reason: Mapped[str] = mapped_column(default="")
    labels: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    bound_by: Mapped[UUID]
    bound_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Wristband(Base):
    """Append-only: a house's wristband is hers; kept is a keyed hash of its code."""

    __tablename__ = "ctg_wristband"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    code_index: Mapped[bytes]
    pregnancy_id: Mapped[UUID] = mapped_column(ForeignKey("pregnancy.id"))
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Pulse(Base):
    """The gateway's last sign of life of a recording."""

    __tablename__ = "ctg_pulse"

    recording_id: Mapped[UUID] = mapped_column(ForeignKey("ctg_recording.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    heard_at: Mapped[datetime] = mapped_column(UTCDateTime)
    lag_ms: Mapped[int] = mapped_column(BigInteger)
    flags: Mapped[int]
    marks: Mapped[int]
    connected: Mapped[bool]


class Gap(Base):
    """Seconds that the sender has declared lost."""

    __tablename__ = "ctg_gap"

    recording_id: Mapped[UUID] = mapped_column(ForeignKey("ctg_recording.id"), primary_key=True)
    first_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    last_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    declared_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Conflict(Base):
    """A second that the sender said again, and otherwise; `kept` is what it said first."""

    __tablename__ = "ctg_conflict"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    recording_id: Mapped[UUID] = mapped_column(ForeignKey("ctg_recording.id"))
    seq: Mapped[int] = mapped_column(BigInteger)
    kept: Mapped[bytes]
    refused: Mapped[bytes]
    refused_at: Mapped[datetime] = mapped_column(UTCDateTime)
