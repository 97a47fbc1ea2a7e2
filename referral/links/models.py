"""Tables of links and of what came in by them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Interval
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.columns import UTCDateTime
from kernel.database import Base


class LinkRow(Base):
    """A link; its id is also that of its holder among the people. The token is not kept."""

    __tablename__ = "case_link"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    purpose: Mapped[str]
    leg_id: Mapped[UUID | None] = mapped_column(ForeignKey("leg.id"))
    offer_id: Mapped[UUID | None] = mapped_column(ForeignKey("offer.id"))
    facility_id: Mapped[UUID]
    token_hash: Mapped[bytes]
    issued_by: Mapped[UUID]
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    grace: Mapped[timedelta] = mapped_column(Interval)
    opened_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    opened: Mapped[int] = mapped_column(default=0)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_by: Mapped[UUID | None]


class EntryRow(Base):
    """One thing that a crew's phone sent, and what became of it."""

    __tablename__ = "crew_entry"

    link_id: Mapped[UUID] = mapped_column(ForeignKey("case_link.id"), primary_key=True)
    device_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    leg_id: Mapped[UUID] = mapped_column(ForeignKey("leg.id"))
    kind: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    device_at: Mapped[datetime] = mapped_column(UTCDateTime)
    happened_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    offset_ms: Mapped[int]
    rtt_ms: Mapped[int | None]
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    status: Mapped[str]
    code: Mapped[str | None]
    fields: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reviewed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reviewed_by: Mapped[UUID | None]


class PositionRow(Base):
    """Where the vehicle was; kept for as long as the setting says, then deleted."""

    __tablename__ = "leg_position"

    leg_id: Mapped[UUID] = mapped_column(ForeignKey("leg.id"), primary_key=True)
    link_id: Mapped[UUID] = mapped_column(ForeignKey("case_link.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    recv_at: Mapped[datetime] = mapped_column(UTCDateTime)
    latitude: Mapped[float]
    longitude: Mapped[float]
    accuracy_m: Mapped[float | None]
