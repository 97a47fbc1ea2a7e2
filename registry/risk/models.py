"""Tables of answers and grades. Both are history: rows are added, never changed."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Computed, ForeignKey, Identity, Text
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, JSONB, Range
from sqlalchemy.orm import Mapped, mapped_column

from kernel.columns import UTCDateTime
from kernel.database import Base


class VariantRow(Base):
    """Which tables a region grades by, from one day to another."""

    __tablename__ = "risk_variant"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    variant: Mapped[str]
    during: Mapped[Range[date]] = mapped_column(DATERANGE)
    slot: Mapped[int] = mapped_column(BigInteger, Computed(""))


class AnswerRow(Base):
    """What somebody said of her; `value` None takes the earlier answer back."""

    __tablename__ = "risk_answer"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    pregnancy_id: Mapped[UUID] = mapped_column(ForeignKey("pregnancy.id"))
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    fact: Mapped[str]
    value: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    method: Mapped[str]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID]


class GradeRow(Base):
    """A proposal, or what became of it: the evaluation it rests on, and who decided what."""

    __tablename__ = "risk_grade"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    pregnancy_id: Mapped[UUID] = mapped_column(ForeignKey("pregnancy.id"))
    facility_id: Mapped[UUID] = mapped_column(ForeignKey("facility.id"))
    kind: Mapped[str]
    status: Mapped[str]
    variant: Mapped[str]
    version: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    fired: Mapped[list[str]] = mapped_column(ARRAY(Text))
    unknown: Mapped[list[str]] = mapped_column(ARRAY(Text))
    not_done: Mapped[list[str]] = mapped_column(ARRAY(Text))
    evaluated_colour: Mapped[str | None]
    evaluated_purple: Mapped[bool | None]
    outcome: Mapped[str]
    colour: Mapped[str | None]
    purple: Mapped[bool | None]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    supersedes: Mapped[UUID | None]
