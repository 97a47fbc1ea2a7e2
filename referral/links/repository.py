"""Scoped reads of links, entries and positions: a foreign case has none."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from kernel.viewer import Viewer
from referral.links.models import EntryRow, LinkRow, PositionRow

_PURGE = text("DELETE FROM leg_position WHERE recv_at < :before")


class LinkRepository:
    """Links of cases that `viewer` may see."""

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    async def own(self, *purposes: str) -> LinkRow:
        """The link by which the viewer came.

        Raises:
            NotFound: it came by none, or by one for another purpose.
        """
        found = await self._session.get(LinkRow, self._viewer.person_id)
        if found is None or found.purpose not in purposes:
            raise NotFound()
        return found

    async def get(self, link_id: UUID) -> LinkRow:
        """One link.

        Raises:
            NotFound: unknown or foreign.
        """
        wanted = select(LinkRow).where(LinkRow.id == link_id, self._scope(LinkRow))
        found = (await self._session.execute(wanted)).scalar_one_or_none()
        if found is None:
            raise NotFound()
        return found

    def _scope(
        self, table: type[LinkRow] | type[EntryRow] | type[PositionRow]
    ) -> ColumnElement[bool]:
        if self._viewer.is_process:
            return true()
        return func.app_sees_identity(table.case_id)

    async def of_case(self, case_id: UUID) -> Sequence[LinkRow]:
        """The case's links, oldest first."""
        wanted = (
            select(LinkRow)
            .where(LinkRow.case_id == case_id, self._scope(LinkRow))
            .order_by(LinkRow.issued_at, LinkRow.id)
        )
        return (await self._session.execute(wanted)).scalars().all()

    async def lives(self, link: LinkRow, at: datetime) -> bool:
        """Whether the door still opens to it."""
        asked = text("SELECT link_lives(l, :at) FROM case_link l WHERE l.id = :id")
        return bool((await self._session.execute(asked, {"at": at, "id": link.id})).scalar_one())

    async def entries(self, link_id: UUID, device_id: UUID) -> Sequence[EntryRow]:
        """What one phone has sent, in its own order."""
        wanted = (
            select(EntryRow)
            .where(
                EntryRow.link_id == link_id,
                EntryRow.device_id == device_id,
                self._scope(EntryRow),
            )
            .order_by(EntryRow.seq)
            .execution_options(populate_existing=True)
        )
        return (await self._session.execute(wanted)).scalars().all()

    async def refused(self, case_id: UUID, *, leg_id: UUID) -> Sequence[EntryRow]:
        """Refused entries of a journey, oldest first."""
        wanted = (
            select(EntryRow)
            .where(
                EntryRow.case_id == case_id,
                EntryRow.leg_id == leg_id,
                EntryRow.status == "refused",
                self._scope(EntryRow),
            )
            .order_by(EntryRow.received_at, EntryRow.seq)
        )
        return (await self._session.execute(wanted)).scalars().all()

    async def entry(self, link_id: UUID, entry_id: UUID) -> EntryRow:
        """One entry.

        Raises:
            NotFound: unknown or foreign.
        """
        wanted = select(EntryRow).where(
            EntryRow.link_id == link_id, EntryRow.id == entry_id, self._scope(EntryRow)
        )
        found = (await self._session.execute(wanted)).scalar_one_or_none()
        if found is None:
            raise NotFound()
        return found

    async def positions(
        self, leg_id: UUID, *, since: datetime | None = None, limit: int = 200
    ) -> Sequence[PositionRow]:
        """The journey's newest positions, newest first."""
        wanted = select(PositionRow).where(PositionRow.leg_id == leg_id, self._scope(PositionRow))
        if since is not None:
            wanted = wanted.where(PositionRow.at >= since)
        newest = wanted.order_by(PositionRow.at.desc()).limit(limit)
        return (await self._session.execute(newest)).scalars().all()


async def purge_positions(session: AsyncSession, before: datetime) -> int:
    """Delete positions received before then; only the platform may."""
    return (await session.execute(_PURGE, {"before": before})).rowcount  # type: ignore[attr-defined,no-any-return]
