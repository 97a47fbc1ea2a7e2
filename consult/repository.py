"""Scoped reads of advice: a foreign case's advice does not exist; a draft is its author's, or of
the case's experts where it is shared."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, text, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from consult.models import AdviceRow, OrderRow, OutcomeRow, RevisionRow, SignatureRow
from consult.states import AdviceState
from kernel.errors import NotFound
from kernel.viewer import Role, Viewer

_SEES = text("SELECT app_sees_identity(:case_id)")
_ORIGIN = text(
    "SELECT facility_id FROM case_party WHERE case_id = :case_id AND role = 'origin'"
    " AND facility_id IS NOT NULL ORDER BY id LIMIT 1"
)

_TREATS = text(
    "SELECT EXISTS (SELECT 1 FROM case_party WHERE case_id = :case_id"
    " AND role IN ('origin', 'receiver', 'crew')"
    " AND facility_id = ANY(CAST(:houses AS uuid[])))"
)


class AdviceRepository:
    """Advice that `viewer` may see."""

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    def _scope(self) -> ColumnElement[bool]:
        if self._viewer.is_process:
            return true()
        return and_(
            func.app_sees_identity(AdviceRow.case_id),
            or_(
                AdviceRow.state == AdviceState.SIGNED,
                AdviceRow.author_id == self._viewer.person_id,
                and_(AdviceRow.shared, literal(self._viewer.has(Role.EXPERT))),
            ),
        )

    async def must_see(self, case_id: UUID) -> None:
        """Refuse strangers before anything is said.

        Raises:
            NotFound: unknown, foreign, or identity closed to the viewer.
        """
        if self._viewer.is_process:
            return
        if not (await self._session.execute(_SEES, {"case_id": case_id})).scalar_one():
            raise NotFound()

    async def get(self, advice_id: UUID) -> AdviceRow:
        """One piece of advice.

        Raises:
            NotFound: unknown, foreign or somebody else's draft.
        """
        found = select(AdviceRow).where(AdviceRow.id == advice_id, self._scope())
        row = (await self._session.execute(found)).scalar_one_or_none()
        if row is None:
            raise NotFound()
        return row

    async def locked(self, advice_id: UUID) -> AdviceRow:
        """Advice that the viewer may see, locked: two hands at once queue up."""
        found = (
            select(AdviceRow)
            .where(AdviceRow.id == advice_id, self._scope())
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        row = (await self._session.execute(found)).scalar_one_or_none()
        if row is None:
            raise NotFound()
        return row

    async def locked_order(self, advice_id: UUID, n: int) -> OrderRow:
        """One order, locked: two bedsides reporting at once queue up.

        Raises:
            NotFound: unknown or foreign.
        """
        found = select(OrderRow).where(OrderRow.advice_id == advice_id, OrderRow.n == n)
        fresh = found.with_for_update().execution_options(populate_existing=True)
        row = (await self._session.execute(fresh)).scalar_one_or_none()
        if row is None:
            raise NotFound()
        return row

    async def of_case(self, case_id: UUID) -> Sequence[AdviceRow]:
        """All advice of a case, oldest first."""
        found = (
            select(AdviceRow)
            .where(AdviceRow.case_id == case_id, self._scope())
            .order_by(AdviceRow.created_at, AdviceRow.id)
        )
        return (await self._session.execute(found)).scalars().all()

    async def contents(self, rows: Sequence[AdviceRow]) -> dict[UUID, RevisionRow]:
        """The newest revision of each: what the draft says, or what was signed."""
        newest = tuple_(RevisionRow.advice_id, RevisionRow.n).in_(
            [(row.id, row.revision) for row in rows]
        )
        found = (await self._session.execute(select(RevisionRow).where(newest))).scalars()
        return {row.advice_id: row for row in found}

    async def revisions(self, advice_id: UUID) -> Sequence[RevisionRow]:
        """Everything that the draft ever said, oldest first."""
        found = (
            select(RevisionRow).where(RevisionRow.advice_id == advice_id).order_by(RevisionRow.n)
        )
        return (await self._session.execute(found)).scalars().all()

    async def signatures(self, advice_ids: Sequence[UUID]) -> Sequence[SignatureRow]:
        """Stands of other experts, oldest first."""
        found = (
            select(SignatureRow)
            .where(SignatureRow.advice_id.in_(advice_ids))
            .order_by(SignatureRow.signed_at, SignatureRow.id)
        )
        return (await self._session.execute(found)).scalars().all()

    async def orders(self, advice_ids: Sequence[UUID]) -> Sequence[OrderRow]:
        """Orders of the advice, in their order."""
        found = select(OrderRow).where(OrderRow.advice_id.in_(advice_ids)).order_by(OrderRow.n)
        return (await self._session.execute(found)).scalars().all()

    async def outcomes(self, advice_ids: Sequence[UUID]) -> Sequence[OutcomeRow]:
        """What was said about the orders, oldest first."""
        found = (
            select(OutcomeRow).where(OutcomeRow.advice_id.in_(advice_ids)).order_by(OutcomeRow.at)
        )
        return (await self._session.execute(found)).scalars().all()

    async def is_at_bedside(self, case_id: UUID) -> bool:
        """Whether the viewer works where she was, is or is being brought; advisers do not."""
        if self._viewer.is_process:
            return True
        values = {"case_id": case_id, "houses": list(self._viewer.facility_ids)}
        return bool((await self._session.execute(_TREATS, values)).scalar_one())

    async def origin(self, case_id: UUID) -> UUID | None:
        """The institution whose case it is."""
        return (await self._session.execute(_ORIGIN, {"case_id": case_id})).scalar_one_or_none()
