"""Scoped reads of machines and arrivals: a house sees its own."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from consult.imaging.receiving.models import ArrivalRow, ArrivedFileRow, MachineRow
from consult.imaging.receiving.states import ArrivalState
from kernel.errors import NotFound
from kernel.viewer import Viewer
from registry.facilities.keeping import in_sight, keeps

MOST = 100

# Files of one examination queue up, so that it stays one arrival.
_QUEUE = text("SELECT pg_advisory_xact_lock(7283022, hashtext(:study))")


class MachineRepository:
    """Machines that `viewer` may see."""

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    def _visible(self) -> ColumnElement[bool]:
        return in_sight(self._viewer, MachineRow.facility_id)

    async def all(self) -> Sequence[MachineRow]:
        """All of them, by title; revoked ones too."""
        found = select(MachineRow).where(self._visible())
        found = found.order_by(MachineRow.ae_title, MachineRow.created_at)
        return (await self._session.scalars(found)).all()

    async def may_send(self) -> Sequence[MachineRow]:
        """Those that were not revoked."""
        found = select(MachineRow).where(self._visible(), MachineRow.revoked_at.is_(None))
        return (await self._session.scalars(found)).all()

    async def kept(self, machine_id: UUID) -> MachineRow:
        """One that the viewer keeps, locked.

        Raises:
            NotFound: unknown, foreign, or the viewer only looks.
        """
        found = select(MachineRow).where(MachineRow.id == machine_id, self._visible())
        row = await self._session.scalar(found.with_for_update())
        if row is None or not keeps(self._viewer, row.facility_id):
            raise NotFound()
        return row


class ArrivalRepository:
    """Arrivals that `viewer` may see."""

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    def _scope(self, owner: type[ArrivalRow] | type[ArrivedFileRow]) -> ColumnElement[bool]:
        if self._viewer.is_process:
            return true()
        return owner.facility_id.in_(self._viewer.facility_ids)

    async def queue(self, facility_id: UUID, study_uid: str) -> None:
        """Wait until no other file of the examination is being noted; to the transaction's end."""
        await self._session.execute(_QUEUE, {"study": f"{facility_id} {study_uid}"})

    async def standing(
        self, facility_id: UUID, study_uid: str, header_mark: bytes
    ) -> ArrivalRow | None:
        """The examination that waits already, locked."""
        found = select(ArrivalRow).where(
            ArrivalRow.facility_id == facility_id,
            ArrivalRow.study_uid == study_uid,
            ArrivalRow.header_mark == header_mark,
            ArrivalRow.state == ArrivalState.WAITING,
            self._scope(ArrivalRow),
        )
        return (await self._session.scalars(found.with_for_update())).one_or_none()

    async def has(self, facility_id: UUID, sha256: bytes) -> bool:
        """Whether the house has these bytes already and has not discarded them."""
        found = exists().where(
            ArrivedFileRow.facility_id == facility_id,
            ArrivedFileRow.sha256 == sha256,
            ArrivedFileRow.arrival_id == ArrivalRow.id,
            ArrivalRow.state != ArrivalState.DISCARDED,
            self._scope(ArrivedFileRow),
        )
        return bool(await self._session.scalar(select(found)))

    async def waiting(self) -> Sequence[tuple[ArrivalRow, MachineRow]]:
        """What waits, the newest first."""
        found = (
            select(ArrivalRow, MachineRow)
            .join(MachineRow, MachineRow.id == ArrivalRow.machine_id)
            .where(ArrivalRow.state == ArrivalState.WAITING, self._scope(ArrivalRow))
            .order_by(ArrivalRow.at.desc(), ArrivalRow.id)
            .limit(MOST)
        )
        return [(row[0], row[1]) for row in await self._session.execute(found)]

    async def one(self, arrival_id: UUID, *, lock: bool = False) -> ArrivalRow:
        """One of the house's.

        Raises:
            NotFound: unknown, or another house's.
        """
        found = select(ArrivalRow).where(ArrivalRow.id == arrival_id, self._scope(ArrivalRow))
        if lock:
            found = found.with_for_update().execution_options(populate_existing=True)
        row = (await self._session.scalars(found)).one_or_none()
        if row is None:
            raise NotFound()
        return row

    async def files(self, arrival_ids: Sequence[UUID]) -> Sequence[ArrivedFileRow]:
        """Their files, as they came."""
        found = select(ArrivedFileRow).where(
            ArrivedFileRow.arrival_id.in_(arrival_ids), self._scope(ArrivedFileRow)
        )
        found = found.order_by(ArrivedFileRow.at, ArrivedFileRow.id)
        return (await self._session.scalars(found)).all()
