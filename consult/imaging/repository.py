"""Scoped reads of scans: whoever sees the woman sees what was scanned of her."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from consult.imaging.models import ClashRow, InstanceRow, StudyRow
from consult.imaging.states import StudyState
from kernel.errors import NotFound
from kernel.ids import PregnancyId
from kernel.viewer import Viewer

# Two uploads of one examination at once queue up, so that it stays one study.
_QUEUE = text("SELECT pg_advisory_xact_lock(7283021, hashtext(CAST(:pregnancy AS text)))")


class ScanRepository:
    """Scans that `viewer` may see."""

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    def _scope(self, owner: type[StudyRow] | type[InstanceRow]) -> ColumnElement[bool]:
        if self._viewer.is_process:
            return true()
        return func.app_sees_pregnancy(owner.pregnancy_id)

    async def queue(self, pregnancy_id: PregnancyId) -> None:
        """Wait until nobody else brings scans of hers; held to the transaction's end."""
        await self._session.execute(_QUEUE, {"pregnancy": str(pregnancy_id)})

    async def study(self, study_id: UUID, *, lock: bool = False) -> StudyRow:
        """One study, whatever its state.

        Raises:
            NotFound: unknown, or another's woman's.
        """
        found = select(StudyRow).where(StudyRow.id == study_id, self._scope(StudyRow))
        if lock:
            found = found.with_for_update().execution_options(populate_existing=True)
        row = (await self._session.execute(found)).scalar_one_or_none()
        if row is None:
            raise NotFound()
        return row

    async def standing(
        self, pregnancy_id: PregnancyId, study_uid: str, header_mark: bytes
    ) -> StudyRow | None:
        """The study that a file belongs to, if it is there already."""
        found = select(StudyRow).where(
            StudyRow.pregnancy_id == pregnancy_id,
            StudyRow.study_uid == study_uid,
            StudyRow.header_mark == header_mark,
            StudyRow.state != StudyState.WITHDRAWN,
            self._scope(StudyRow),
        )
        return (await self._session.execute(found)).scalar_one_or_none()

    async def of(self, pregnancy_id: PregnancyId) -> Sequence[StudyRow]:
        """All of hers, the newest first."""
        found = (
            select(StudyRow)
            .where(StudyRow.pregnancy_id == pregnancy_id, self._scope(StudyRow))
            .order_by(StudyRow.at.desc(), StudyRow.id)
        )
        return (await self._session.execute(found)).scalars().all()

    async def instances(self, study_ids: Sequence[UUID]) -> Sequence[InstanceRow]:
        """Files of these studies, as they came."""
        found = (
            select(InstanceRow)
            .where(InstanceRow.study_id.in_(study_ids), self._scope(InstanceRow))
            .order_by(InstanceRow.at, InstanceRow.id)
        )
        return (await self._session.execute(found)).scalars().all()

    async def clashes(self, study_ids: Sequence[UUID]) -> Sequence[ClashRow]:
        """Files that were refused because their UID was taken, oldest first."""
        found = select(ClashRow).where(ClashRow.study_id.in_(study_ids)).order_by(ClashRow.at)
        return (await self._session.execute(found)).scalars().all()

    async def same_uid(self, pregnancy_id: PregnancyId, sop_uid: str) -> InstanceRow | None:
        """The file of hers that has this UID and was not taken out."""
        found = (
            select(InstanceRow)
            .join(StudyRow, StudyRow.id == InstanceRow.study_id)
            .where(
                InstanceRow.pregnancy_id == pregnancy_id,
                InstanceRow.sop_uid == sop_uid,
                StudyRow.state != StudyState.WITHDRAWN,
                self._scope(InstanceRow),
            )
            .limit(1)
        )
        return (await self._session.execute(found)).scalar_one_or_none()

    async def instance(self, instance_id: UUID) -> tuple[InstanceRow, StudyRow]:
        """One file and its study.

        Raises:
            NotFound: unknown, or another's woman's.
        """
        found = (
            select(InstanceRow, StudyRow)
            .join(StudyRow, StudyRow.id == InstanceRow.study_id)
            .where(InstanceRow.id == instance_id, self._scope(InstanceRow))
        )
        row = (await self._session.execute(found)).one_or_none()
        if row is None:
            raise NotFound()
        return row[0], row[1]
