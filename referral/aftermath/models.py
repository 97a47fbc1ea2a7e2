"""Tables of what follows a case. History is never changed; a review's step moves on once."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.columns import UTCDateTime
from kernel.database import Base


class DeathReviewRow(Base):
    """Somebody died: who, when, and under which rules the deadlines were computed."""

    __tablename__ = "death_review"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    who: Mapped[str]
    newborn_id: Mapped[UUID | None] = mapped_column(ForeignKey("newborn.id"))
    died_at: Mapped[datetime] = mapped_column(UTCDateTime)
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    opened_by: Mapped[UUID | None]
    ruleset: Mapped[str]


class ReviewStepRow(Base):
    """One thing that is due after a death, and when it was reported as done."""

    __tablename__ = "death_review_step"

    review_id: Mapped[UUID] = mapped_column(ForeignKey("death_review.id"), primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    rule: Mapped[str]
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    remind_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reminders: Mapped[int] = mapped_column(default=0)
    reported_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reported_by: Mapped[UUID | None]
    reported_for: Mapped[UUID | None]
    reference: Mapped[str | None]


class ProposalRow(Base):
    """Criteria that hold, as they were found; append-only."""

    __tablename__ = "near_miss_proposal"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    ruleset: Mapped[str]
    fingerprint: Mapped[bytes]
    criteria: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    proposed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class VerdictRow(Base):
    """A person's word on a proposal; append-only."""

    __tablename__ = "near_miss_verdict"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("near_miss_proposal.id"), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    verdict: Mapped[str]
    reason: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    person_id: Mapped[UUID]
    facility_id: Mapped[UUID]
