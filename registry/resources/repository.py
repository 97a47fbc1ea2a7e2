"""Reads of what houses have: the newest row of each value.

What a house has is open to everybody who treats, coordinates or watches; row-level security and
these statements ask the same question.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from kernel.errors import NotFound
from kernel.viewer import Viewer
from registry.facilities.rules import local_date
from registry.resources.models import (
    CapabilityRow,
    DiversionRow,
    ReportRow,
    VehicleReportRow,
    VehicleRow,
)


class ResourceRepository:
    """What `viewer` may read about houses."""

    def __init__(self, session: AsyncSession, viewer: Viewer) -> None:
        self._session = session
        self._viewer = viewer

    def _scope(self) -> ColumnElement[bool]:
        return true() if self._viewer.is_process else func.app_reads_resources()

    async def newest(
        self, facility_ids: Collection[UUID] | None = None, kind: str | None = None
    ) -> Sequence[ReportRow]:
        """The current row of every value, by house, kind and subkey."""
        key = (ReportRow.facility_id, ReportRow.kind, ReportRow.subkey)
        found = (
            select(ReportRow)
            .where(self._scope())
            .distinct(*key)
            .order_by(*key, ReportRow.reported_at.desc(), ReportRow.seq.desc())
        )
        if facility_ids is not None:
            found = found.where(ReportRow.facility_id.in_(facility_ids))
        if kind is not None:
            found = found.where(ReportRow.kind == kind)
        return (await self._session.execute(found)).scalars().all()

    async def history(
        self, facility_id: UUID, kind: str, subkey: str, limit: int
    ) -> Sequence[ReportRow]:
        """Counts of one value, newest first."""
        found = (
            select(ReportRow)
            .where(
                self._scope(),
                ReportRow.facility_id == facility_id,
                ReportRow.kind == kind,
                ReportRow.subkey == subkey,
            )
            .order_by(ReportRow.reported_at.desc(), ReportRow.seq.desc())
            .limit(limit)
        )
        return (await self._session.execute(found)).scalars().all()

    async def capabilities(self, at: datetime) -> dict[UUID, frozenset[str]]:
        """What each house can do on the day of `at`; a house that never said is left out."""
        found = select(CapabilityRow).where(
            self._scope(), CapabilityRow.during.contains(local_date(at))
        )
        known: dict[UUID, set[str]] = {}
        for row in (await self._session.execute(found)).scalars():
            known.setdefault(row.facility_id, set()).add(row.code)
        return {facility_id: frozenset(codes) for facility_id, codes in known.items()}

    async def capability_now(
        self, facility_id: UUID, code: str, at: datetime
    ) -> CapabilityRow | None:
        """The entry in force, if there is one."""
        found = select(CapabilityRow).where(
            self._scope(),
            CapabilityRow.facility_id == facility_id,
            CapabilityRow.code == code,
            CapabilityRow.during.contains(local_date(at)),
        )
        return (await self._session.execute(found)).scalar_one_or_none()

    async def diversions(self, at: datetime, *, since: datetime) -> Sequence[DiversionRow]:
        """Diversions in force at `at`, and those that ended after `since`; newest first."""
        over = func.coalesce(DiversionRow.ended_at, DiversionRow.until_at)
        found = (
            select(DiversionRow)
            .where(self._scope(), over > since, DiversionRow.declared_at <= at)
            .order_by(DiversionRow.declared_at.desc(), DiversionRow.id)
        )
        return (await self._session.execute(found)).scalars().all()

    async def diversion(self, diversion_id: UUID) -> DiversionRow:
        """One diversion.

        Raises:
            NotFound: unknown.
        """
        found = select(DiversionRow).where(self._scope(), DiversionRow.id == diversion_id)
        row = (await self._session.execute(found)).scalar_one_or_none()
        if row is None:
            raise NotFound()
        return row

    async def vehicle(self, vehicle_id: UUID) -> VehicleRow:
        """One vehicle.

        Raises:
            NotFound: unknown.
        """
        found = select(VehicleRow).where(self._scope(), VehicleRow.id == vehicle_id)
        row = (await self._session.execute(found)).scalar_one_or_none()
        if row is None:
            raise NotFound()
        return row

    async def vehicles(
        self, facility_id: UUID | None = None
    ) -> list[tuple[VehicleRow, VehicleReportRow | None]]:
        """Vehicles with their newest report."""
        newest = (
            select(VehicleReportRow)
            .distinct(VehicleReportRow.vehicle_id)
            .order_by(
                VehicleReportRow.vehicle_id,
                VehicleReportRow.reported_at.desc(),
                VehicleReportRow.seq.desc(),
            )
            .subquery()
        )
        report = aliased(VehicleReportRow, newest)
        found = (
            select(VehicleRow, report)
            .outerjoin(report, and_(report.vehicle_id == VehicleRow.id))
            .where(self._scope())
            .order_by(VehicleRow.facility_id, VehicleRow.call_sign)
        )
        if facility_id is not None:
            found = found.where(VehicleRow.facility_id == facility_id)
        return [(row[0], row[1]) for row in (await self._session.execute(found)).all()]
