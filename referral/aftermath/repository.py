"""Scoped reads of what follows a case: those who treat or coordinate; identity decides."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from kernel.errors import NotFound
from kernel.viewer import Viewer
from referral.aftermath.models import DeathReviewRow, ProposalRow, ReviewStepRow, VerdictRow
from referral.models import ReferralRow

_REMINDED = text(
    "SELECT case_id, count(*) FROM case_event"
    " WHERE kind = 'referral.outcome_overdue' AND case_id = ANY(:cases)"
    " AND (:process OR app_sees_case(case_id)) GROUP BY case_id"
)


class AftermathRepository:
    """Reviews and proposals that `viewer` may see."""

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    def _scope(self, case_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
        if self._viewer.is_process:
            return true()
        return func.app_sees_identity(case_id)

    async def reviews(self, case_id: UUID | None = None) -> Sequence[DeathReviewRow]:
        """Reviews of one case or of all, the newest death first; voided cases left out."""
        found = (
            select(DeathReviewRow)
            .join(ReferralRow, ReferralRow.id == DeathReviewRow.case_id)
            .where(self._scope(DeathReviewRow.case_id), ReferralRow.state != "voided")
            .order_by(DeathReviewRow.died_at.desc(), DeathReviewRow.id)
            .limit(500)
        )
        if case_id is not None:
            found = found.where(DeathReviewRow.case_id == case_id)
        return (await self._session.execute(found)).scalars().all()

    async def review(self, review_id: UUID) -> DeathReviewRow:
        """One review, or `NotFound`."""
        found = select(DeathReviewRow).where(
            DeathReviewRow.id == review_id, self._scope(DeathReviewRow.case_id)
        )
        row = (await self._session.execute(found)).scalar_one_or_none()
        if row is None:
            raise NotFound()
        return row

    async def steps(self, review_ids: Sequence[UUID]) -> Sequence[ReviewStepRow]:
        """What is due after these deaths, the first to run out first."""
        found = (
            select(ReviewStepRow)
            .where(ReviewStepRow.review_id.in_(review_ids), self._scope(ReviewStepRow.case_id))
            .order_by(ReviewStepRow.due_at, ReviewStepRow.step)
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(found)).scalars().all()

    async def proposals(self, case_id: UUID | None = None) -> Sequence[ProposalRow]:
        """Near-miss proposals of one case or of all, newest first; voided cases left out."""
        found = (
            select(ProposalRow)
            .join(ReferralRow, ReferralRow.id == ProposalRow.case_id)
            .where(self._scope(ProposalRow.case_id), ReferralRow.state != "voided")
            .order_by(ProposalRow.proposed_at.desc(), ProposalRow.id.desc())
            .limit(500)
        )
        if case_id is not None:
            found = found.where(ProposalRow.case_id == case_id)
        return (await self._session.execute(found)).scalars().all()

    async def proposal(self, proposal_id: UUID) -> ProposalRow:
        """One proposal, or `NotFound`."""
        found = select(ProposalRow).where(
            ProposalRow.id == proposal_id, self._scope(ProposalRow.case_id)
        )
        row = (await self._session.execute(found)).scalar_one_or_none()
        if row is None:
            raise NotFound()
        return row

    async def verdicts(self, proposal_ids: Sequence[UUID]) -> dict[UUID, VerdictRow]:
        """What people said about these proposals."""
        found = select(VerdictRow).where(
            VerdictRow.proposal_id.in_(proposal_ids), self._scope(VerdictRow.case_id)
        )
        rows = (await self._session.execute(found)).scalars()
        return {row.proposal_id: row for row in rows}

    async def reminders(self, case_ids: Sequence[UUID]) -> dict[UUID, int]:
        """How often somebody was reminded of outcome and feedback."""
        values = {"cases": list(case_ids), "process": self._viewer.is_process}
        return {row[0]: row[1] for row in await self._session.execute(_REMINDED, values)}
