"""Scoped reads of a table whose rows are cases: built from a viewer; a foreign case does not exist.

Row-level security closes the tables to strangers anyway; the same scope stands in these statements,
so that neither alone has to be right.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from kernel.errors import NotFound
from kernel.viewer import Viewer

Row = TypeVar("Row", bound=Any)
Whole = TypeVar("Whole")
Part = TypeVar("Part", bound=Any)


class GuardedRepository(ABC, Generic[Row, Whole]):
    """Cases of one kind that `viewer` may see, each with its parts.

    A subclass names its table in `row` and puts the parts together in `with_parts`.
    """

    row: type[Row]

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    @abstractmethod
    async def with_parts(self, rows: Sequence[Row]) -> list[Whole]:
        """The cases with everything that hangs on them: a handful of statements in all."""

    def scope(self) -> ColumnElement[bool]:
        """The statement's own guard, beside row-level security."""
        if self._viewer.is_process:
            return true()
        return func.app_sees_case(self.row.id)

    def visible(self) -> Select[tuple[Row]]:
        """All visible cases; voided ones are hidden from everybody."""
        return select(self.row).where(self.scope(), self.row.state != "voided")

    async def locked(self, case_id: UUID) -> Whole:
        """One case, locked for a command: commands on a case stand in a queue.

        Raises:
            NotFound: unknown or foreign.
        """
        # Another command may have moved the row while this one waited for the lock.
        newest = self._one(case_id).with_for_update().execution_options(populate_existing=True)
        return await self._whole(newest)

    async def locked_or_skipped(self, case_id: UUID) -> Whole | None:
        """One case for the engine; None if somebody else is at work on it."""
        found = self._one(case_id).with_for_update(skip_locked=True)
        row = (await self._session.execute(found)).scalar_one_or_none()
        return None if row is None else (await self.with_parts([row]))[0]

    async def get(self, case_id: UUID) -> Whole:
        """One case to look at.

        Raises:
            NotFound: unknown or foreign.
        """
        return await self._whole(self._one(case_id))

    async def case_of(self, part: Any, id_: UUID) -> UUID:
        """The case to which a row of the table `part` belongs.

        Raises:
            NotFound: unknown or foreign.
        """
        found = await self._session.scalar(
            select(part.case_id)
            .join(self.row, self.row.id == part.case_id)
            .where(part.id == id_, self.scope())
        )
        if found is None:
            raise NotFound()
        return UUID(str(found))

    def _one(self, case_id: UUID) -> Select[tuple[Row]]:
        return self.visible().where(self.row.id == case_id)

    async def _whole(self, found: Select[tuple[Row]]) -> Whole:
        row = (await self._session.execute(found)).scalar_one_or_none()
        if row is None:
            raise NotFound()
        return (await self.with_parts([row]))[0]

    async def _parts(
        self,
        table: type[Part],
        ids: Sequence[UUID],
        order: InstrumentedAttribute[datetime] | InstrumentedAttribute[int],
    ) -> Sequence[Part]:
        """Rows of a table of parts, in order, as they are in the database now."""
        if not ids:
            return ()
        statement = (
            select(table)
            .where(table.case_id.in_(ids))
            .order_by(order, *table.__table__.primary_key)
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(statement)).scalars().all()
