"""Scoped reads of special-population lists: the permission stands in each statement."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from kernel.ids import FacilityId
from kernel.viewer import Viewer
from referral.casefiles.models import SpecialActRow, SpecialEntryRow, SpecialListRow
from referral.casefiles.policies import must_keep_special
from referral.casefiles.states import ListState


class SpecialRepository:
    """Lists that `viewer` keeps, and submitted ones that `viewer` oversees.

    Raises:
        NotFound: at once, for everybody without the permission.
    """

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        must_keep_special(viewer)
        self._session = session
        self._viewer = viewer

    def _readable(self) -> ColumnElement[bool]:
        overseen = func.app_oversees_special(SpecialListRow.facility_id)
        submitted = SpecialListRow.state == ListState.SUBMITTED
        return or_(self._kept(), submitted & overseen)

    def _kept(self) -> ColumnElement[bool]:
        return func.app_keeps_special(SpecialListRow.facility_id)

    async def keeps(self, facility_id: FacilityId) -> bool:
        """Whether the viewer writes the list of this facility."""
        found = await self._session.scalar(select(func.app_keeps_special(facility_id)))
        return found is True

    async def of_month(self, month: date) -> Sequence[SpecialListRow]:
        """The month's lists."""
        found = (
            select(SpecialListRow)
            .where(SpecialListRow.month == month, self._readable())
            .order_by(SpecialListRow.facility_id)
        )
        return (await self._session.execute(found)).scalars().all()

    async def own(self, facility_id: FacilityId, month: date) -> SpecialListRow | None:
        """The facility's list of the month, locked."""
        found = (
            select(SpecialListRow)
            .where(
                SpecialListRow.facility_id == facility_id,
                SpecialListRow.month == month,
                self._kept(),
            )
            .with_for_update()
        )
        return (await self._session.execute(found)).scalar_one_or_none()

    async def locked(self, list_id: UUID) -> SpecialListRow:
        """A list that the viewer keeps, locked.

        Raises:
            NotFound: unknown, foreign, or only overseen.
        """
        found = (
            select(SpecialListRow)
            .where(SpecialListRow.id == list_id, self._kept())
            .with_for_update()
        )
        row = (await self._session.execute(found)).scalar_one_or_none()
        if row is None:
            raise NotFound()
        await self._session.refresh(row)
        return row

    async def versions(self, row_id: UUID) -> Sequence[SpecialEntryRow]:
        """Every version of a line, oldest first.

        Raises:
            NotFound: unknown or foreign.
        """
        found = (
            select(SpecialEntryRow)
            .join(SpecialListRow, SpecialListRow.id == SpecialEntryRow.list_id)
            .where(SpecialEntryRow.row_id == row_id, self._readable())
            .order_by(SpecialEntryRow.no)
        )
        rows = (await self._session.execute(found)).scalars().all()
        if not rows:
            raise NotFound()
        return rows

    async def lines(self, list_ids: Sequence[UUID]) -> dict[UUID, list[SpecialEntryRow]]:
        """The newest version of each line that was not removed, by list."""
        found = (
            select(SpecialEntryRow)
            .join(SpecialListRow, SpecialListRow.id == SpecialEntryRow.list_id)
            .where(SpecialEntryRow.list_id.in_(list_ids), self._readable())
            .distinct(SpecialEntryRow.row_id)
            .order_by(SpecialEntryRow.row_id, SpecialEntryRow.no.desc())
        )
        lines: dict[UUID, list[SpecialEntryRow]] = {id_: [] for id_ in list_ids}
        for row in (await self._session.execute(found)).scalars():
            if not row.removed:
                lines[row.list_id].append(row)
        return lines

    async def acts(self, list_ids: Sequence[UUID]) -> Sequence[SpecialActRow]:
        """Who handed lists in and took them back, oldest first."""
        found = (
            select(SpecialActRow)
            .join(SpecialListRow, SpecialListRow.id == SpecialActRow.list_id)
            .where(SpecialActRow.list_id.in_(list_ids), self._readable())
            .order_by(SpecialActRow.at)
        )
        return (await self._session.execute(found)).scalars().all()
