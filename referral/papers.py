"""Scoped reads of what a sender added: treatments, forms, consents, attachments, references.

A room beside `repository.py`: built from a viewer, closed by row-level security and by the same
scope in the statements.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, literal, select, text, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from kernel.errors import NotFound
from kernel.viewer import Viewer
from referral.models import (
    AttachmentRow,
    ConsentRow,
    NewbornFormRow,
    ReferenceRow,
    SeenRow,
    TreatmentRow,
    WithdrawalRow,
)

What = Literal["treatment", "attachment", "reference"]
Row = TypeVar("Row", TreatmentRow, NewbornFormRow, ConsentRow, AttachmentRow, ReferenceRow)

_TABLES: dict[What, type[TreatmentRow] | type[AttachmentRow] | type[ReferenceRow]] = {
    "treatment": TreatmentRow,
    "attachment": AttachmentRow,
    "reference": ReferenceRow,
}
_RANGE = text("SELECT last_second FROM ctg_range_of_case(:case_id, :recording_id)")


@dataclass(frozen=True, slots=True)
class Target:
    """What is struck through."""

    what: What
    id: UUID


class Papers:
    """What hangs on cases that `viewer` may see with identity."""

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    def _scope(self, case: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
        if self._viewer.is_process:
            return true()
        return func.app_sees_identity(case)

    async def _all(
        self, table: type[Row], case_id: UUID, order: InstrumentedAttribute[datetime]
    ) -> Sequence[Row]:
        found = (
            select(table)
            .where(table.case_id == case_id, self._scope(table.case_id))
            .order_by(order, table.id)
        )
        return (await self._session.execute(found)).scalars().all()

    async def treatments(self, case_id: UUID) -> Sequence[TreatmentRow]:
        """By the time they were given."""
        return await self._all(TreatmentRow, case_id, TreatmentRow.given_at)

    async def newborn_forms(self, case_id: UUID) -> Sequence[NewbornFormRow]:
        """All entries of all children, oldest first."""
        return await self._all(NewbornFormRow, case_id, NewbornFormRow.entered_at)

    async def consents(self, case_id: UUID) -> Sequence[ConsentRow]:
        """Oldest first; the last one counts."""
        return await self._all(ConsentRow, case_id, ConsentRow.entered_at)

    async def attachments(self, case_id: UUID) -> Sequence[AttachmentRow]:
        """Oldest first, withdrawn ones included."""
        return await self._all(AttachmentRow, case_id, AttachmentRow.at)

    async def references(self, case_id: UUID) -> Sequence[ReferenceRow]:
        """Oldest first, withdrawn ones included."""
        return await self._all(ReferenceRow, case_id, ReferenceRow.at)

    async def withdrawals(self, case_id: UUID) -> dict[UUID, WithdrawalRow]:
        """What was struck through, by target."""
        found = select(WithdrawalRow).where(
            WithdrawalRow.case_id == case_id, self._scope(WithdrawalRow.case_id)
        )
        rows = (await self._session.execute(found)).scalars()
        return {row.target_id: row for row in rows}

    async def attachment(self, case_id: UUID, attachment_id: UUID) -> AttachmentRow:
        """One attachment of this case.

        Raises:
            NotFound: unknown, foreign, or another case's.
        """
        found = select(AttachmentRow).where(
            AttachmentRow.id == attachment_id,
            AttachmentRow.case_id == case_id,
            self._scope(AttachmentRow.case_id),
        )
        row = (await self._session.execute(found)).scalar_one_or_none()
        if row is None:
            raise NotFound()
        return row

    async def has(self, case_id: UUID, target: Target) -> bool:
        """Whether the case has this treatment, attachment or reference."""
        table = _TABLES[target.what]
        wanted = exists().where(
            table.id == target.id, table.case_id == case_id, self._scope(table.case_id)
        )
        return bool(await self._session.scalar(select(literal(True)).where(wanted)))

    async def withdrawn(self, target_id: UUID) -> bool:
        """Whether it was struck through."""
        found = select(WithdrawalRow.target_id).where(WithdrawalRow.target_id == target_id)
        return await self._session.scalar(found) is not None

    async def last_second(self, case_id: UUID, recording_id: UUID) -> int | None:
        """The last second of a tracing of this case's pregnancy; None if it is none of hers."""
        values = {"case_id": case_id, "recording_id": recording_id}
        found: int | None = await self._session.scalar(_RANGE, values)
        return found

    async def seen_at(self, case_id: UUID) -> datetime | None:
        """Up to when the viewer has read what changed."""
        found = select(SeenRow.at).where(
            SeenRow.case_id == case_id, SeenRow.person_id == self._viewer.person_id
        )
        return (await self._session.execute(found)).scalar_one_or_none()

    async def mark_seen(self, case_id: UUID, at: datetime) -> None:
        """Remember it; never backwards."""
        made = insert(SeenRow).values(case_id=case_id, person_id=self._viewer.person_id, at=at)
        newest = func.greatest(SeenRow.at, made.excluded.at)
        await self._session.execute(
            made.on_conflict_do_update(index_elements=["case_id", "person_id"], set_={"at": newest})
        )
