"""Scoped reads of observations: built from a viewer, and under row-level security besides."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from kernel.ids import PregnancyId
from kernel.viewer import Viewer
from registry.observations.derived import Sample
from registry.observations.models import DeviceRow, MessageRow, ObservationRow, VoidRow
from registry.observations.rules import fact_of
from registry.pregnancies.models import Pregnancy

MAX_ROWS = 5000
"""Readings in one answer; a page asks for a span of time, not for everything."""


class ObservationRepository:
    """Readings of women whom `viewer` may see."""

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

    def _readings(
        self, pregnancy_id: PregnancyId, *, newborn_id: UUID | None, drill: bool
    ) -> Select[tuple[ObservationRow]]:
        void = exists().where(VoidRow.observation_id == ObservationRow.id)
        whose = (
            ObservationRow.subject == "mother"
            if newborn_id is None
            else ObservationRow.newborn_id == newborn_id
        )
        return select(ObservationRow).where(
            ObservationRow.pregnancy_id == pregnancy_id,
            self._hers(pregnancy_id),
            ObservationRow.drill.is_(drill),
            whose,
            ~void,
        )

    async def latest(
        self,
        pregnancy_id: PregnancyId,
        codes: Collection[str] | None = None,
        *,
        newborn_id: UUID | None = None,
        drill: bool = False,
    ) -> Sequence[ObservationRow]:
        """The newest reading of each code that counts."""
        found = self._readings(pregnancy_id, newborn_id=newborn_id, drill=drill)
        if codes is not None:
            found = found.where(ObservationRow.code.in_(codes))
        found = found.distinct(ObservationRow.code).order_by(
            ObservationRow.code,
            ObservationRow.taken_at.desc(),
            ObservationRow.entered_at.desc(),
            ObservationRow.id.desc(),
        )
        return (await self._session.execute(found)).scalars().all()

    async def samples(
        self,
        pregnancy_id: PregnancyId,
        codes: Collection[str],
        since: datetime,
        *,
        newborn_id: UUID | None = None,
        drill: bool = False,
    ) -> list[Sample]:
        """Readings that count since a moment, oldest first, as rules see them."""
        found = (
            self._readings(pregnancy_id, newborn_id=newborn_id, drill=drill)
            .where(ObservationRow.code.in_(codes), ObservationRow.taken_at >= since)
            .order_by(ObservationRow.taken_at, ObservationRow.entered_at, ObservationRow.id)
        )
        rows = (await self._session.execute(found)).scalars()
        return [
            Sample(row.code, fact_of(row.code, row.value_num, row.value_code), row.taken_at)
            for row in rows
        ]

    async def series(
        self,
        pregnancy_id: PregnancyId,
        codes: Collection[str] | None,
        begin: datetime,
        end: datetime,
        *,
        drill: bool = False,
    ) -> list[tuple[ObservationRow, VoidRow | None, str | None]]:
        """Readings of mother and newborns, newest first, void ones too, with the device's serial.

        Of more than `MAX_ROWS` the newest are given.
        """
        found = (
            select(ObservationRow, VoidRow, DeviceRow.serial)
            .outerjoin(VoidRow, VoidRow.observation_id == ObservationRow.id)
            .outerjoin(DeviceRow, DeviceRow.id == ObservationRow.device_id)
            .where(
                ObservationRow.pregnancy_id == pregnancy_id,
                self._hers(pregnancy_id),
                ObservationRow.drill.is_(drill),
                ObservationRow.taken_at >= begin,
                ObservationRow.taken_at <= end,
            )
            .order_by(ObservationRow.taken_at.desc(), ObservationRow.id.desc())
            .limit(MAX_ROWS)
        )
        if codes is not None:
            found = found.where(ObservationRow.code.in_(codes))
        return [(row[0], row[1], row[2]) for row in (await self._session.execute(found)).all()]

    async def one(
        self, pregnancy_id: PregnancyId, observation_id: UUID
    ) -> tuple[ObservationRow, VoidRow | None]:
        """A reading and whether it is void.

        Raises:
            NotFound: unknown or foreign.
        """
        found = (
            select(ObservationRow, VoidRow)
            .outerjoin(VoidRow, VoidRow.observation_id == ObservationRow.id)
            .where(
                ObservationRow.id == observation_id,
                ObservationRow.pregnancy_id == pregnancy_id,
                self._hers(pregnancy_id),
            )
        )
        row = (await self._session.execute(found)).first()
        if row is None:
            raise NotFound()
        return row[0], row[1]

    async def refused(self, pregnancy_id: PregnancyId, limit: int = 100) -> Sequence[MessageRow]:
        """What devices sent about her and was refused, newest first."""
        found = (
            select(MessageRow)
            .where(
                MessageRow.pregnancy_id == pregnancy_id,
                self._hers(pregnancy_id),
                MessageRow.refused.is_not(None),
            )
            .order_by(MessageRow.received_at.desc())
            .limit(limit)
        )
        return (await self._session.execute(found)).scalars().all()

    def add(self, rows: Iterable[ObservationRow]) -> None:
        """Append readings."""
        self._session.add_all(rows)
