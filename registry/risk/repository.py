"""Scoped reads and additions of answers and grades: built from a viewer, under RLS besides."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from kernel.ids import FacilityId, PregnancyId
from kernel.viewer import Viewer
from registry.facilities.rules import local_date
from registry.pregnancies.models import Pregnancy
from registry.risk.models import AnswerRow, GradeRow
from registry.risk.rulesets import NATIONAL, Kind
from registry.risk.states import GradeState

_DECIDED = (GradeState.CONFIRMED, GradeState.OVERRIDDEN)

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('risk:' || :pregnancy, 0))")
"""Two people grading one woman take turns; gone with the transaction."""

_VARIANT = text(
    "SELECT v.variant FROM facility f"
    " JOIN region_closure c ON c.descendant_id = f.region_id"
    " JOIN risk_variant v ON v.region_id = c.ancestor_id AND v.during @> CAST(:day AS date)"
    " WHERE f.id = :facility ORDER BY c.depth LIMIT 1"
)


class RiskRepository:
    """Answers and grades of pregnancies that `viewer` may see."""

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    def _hers(self, pregnancy_id: PregnancyId) -> ColumnElement[bool]:
        """The statement's own guard, beside row-level security."""
        if self._viewer.is_process:
            return true()
        own = exists().where(
            Pregnancy.id == pregnancy_id, Pregnancy.facility_id.in_(self._viewer.facility_ids)
        )
        return or_(own, func.app_sees_pregnancy(pregnancy_id))

    async def lock(self, pregnancy_id: PregnancyId) -> None:
        """Wait until nobody else grades this woman."""
        await self._session.execute(_LOCK, {"pregnancy": str(pregnancy_id)})

    async def answers(self, pregnancy_id: PregnancyId) -> Sequence[AnswerRow]:
        """The newest answer to each question; those taken back have no value."""
        found = (
            select(AnswerRow)
            .where(AnswerRow.pregnancy_id == pregnancy_id, self._hers(pregnancy_id))
            .distinct(AnswerRow.fact)
            .order_by(AnswerRow.fact, AnswerRow.id.desc())
        )
        return (await self._session.execute(found)).scalars().all()

    async def history(self, pregnancy_id: PregnancyId) -> Sequence[GradeRow]:
        """Every proposal and decision, oldest first."""
        found = (
            select(GradeRow)
            .where(GradeRow.pregnancy_id == pregnancy_id, self._hers(pregnancy_id))
            .order_by(GradeRow.at, GradeRow.id)
        )
        return (await self._session.execute(found)).scalars().all()

    async def proposal(self, pregnancy_id: PregnancyId, kind: Kind) -> GradeRow | None:
        """The proposal that waits for a person."""
        later = aliased(GradeRow)
        found = (
            select(GradeRow)
            .where(
                GradeRow.pregnancy_id == pregnancy_id,
                GradeRow.kind == kind,
                GradeRow.status == GradeState.PROPOSED,
                ~exists().where(later.supersedes == GradeRow.id),
                self._hers(pregnancy_id),
            )
            .order_by(GradeRow.at.desc(), GradeRow.id.desc())
            .limit(1)
        )
        return (await self._session.execute(found)).scalar_one_or_none()

    async def decided(self, pregnancy_id: PregnancyId, kind: Kind) -> GradeRow | None:
        """The newest grade that a person confirmed or set."""
        found = (
            select(GradeRow)
            .where(
                GradeRow.pregnancy_id == pregnancy_id,
                GradeRow.kind == kind,
                GradeRow.status.in_(_DECIDED),
                self._hers(pregnancy_id),
            )
            .order_by(GradeRow.at.desc(), GradeRow.id.desc())
            .limit(1)
        )
        return (await self._session.execute(found)).scalar_one_or_none()

    async def grade(self, grade_id: UUID, pregnancy_id: PregnancyId) -> GradeRow | None:
        """One row of her history."""
        found = select(GradeRow).where(
            GradeRow.id == grade_id,
            GradeRow.pregnancy_id == pregnancy_id,
            self._hers(pregnancy_id),
        )
        return (await self._session.execute(found)).scalar_one_or_none()

    async def variant(self, facility_id: FacilityId, at: datetime) -> str:
        """The variant of the nearest region, climbing from the facility's, that has chosen one."""
        found = await self._session.scalar(
            _VARIANT, {"facility": facility_id, "day": local_date(at)}
        )
        return NATIONAL if found is None else str(found)

    def add(self, *rows: AnswerRow | GradeRow) -> None:
        """Append; nothing here is ever changed."""
        self._session.add_all(rows)
