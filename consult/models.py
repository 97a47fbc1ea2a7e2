"""Tables of advice."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.columns import UTCDateTime
from kernel.database import Base


class AdviceRow(Base):
    """What an expert wrote; never changed once signed."""

    __tablename__ = "advice"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    author_id: Mapped[UUID]
    facility_id: Mapped[UUID]
    addendum_to: Mapped[UUID | None] = mapped_column(ForeignKey("advice.id"))
    state: Mapped[str]
    revision: Mapped[int]
    shared: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    signed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    digest: Mapped[bytes | None]


class RevisionRow(Base):
    """What the draft said after somebody's n-th change; append-only. The last one is signed."""

    __tablename__ = "advice_revision"

    advice_id: Mapped[UUID] = mapped_column(ForeignKey("advice.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    person_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)


class SignatureRow(Base):
    """Another expert's stand on signed advice; append-only."""

    __tablename__ = "advice_signature"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    advice_id: Mapped[UUID] = mapped_column(ForeignKey("advice.id"))
    case_id: Mapped[UUID]
    person_id: Mapped[UUID]
    facility_id: Mapped[UUID]
    stand: Mapped[str]
    words: Mapped[str]
    signed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    digest: Mapped[bytes]


class OrderRow(Base):
    """One thing to do."""

    __tablename__ = "advice_order"

    advice_id: Mapped[UUID] = mapped_column(ForeignKey("advice.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    text: Mapped[str]
    state: Mapped[str]
    code: Mapped[str | None]
    reason: Mapped[str | None]


class OutcomeRow(Base):
    """What the bedside said about an order; append-only."""

    __tablename__ = "order_outcome"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    advice_id: Mapped[UUID]
    n: Mapped[int]
    case_id: Mapped[UUID]
    state: Mapped[str]
    code: Mapped[str | None]
    reason: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID]
    facility_id: Mapped[UUID]
