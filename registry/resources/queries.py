"""What houses have, as everybody who plans with it reads it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import FacilityId, PersonId, RegionId
from kernel.viewer import Role, Viewer
from registry.facilities import queries as facilities
from registry.facilities.schemas import FacilityOut, FacilityRef
from registry.people import queries as people
from registry.people.schemas import PersonRef
from registry.resources.models import DiversionRow, ReportRow, VehicleReportRow, VehicleRow
from registry.resources.repository import ResourceRepository
from registry.resources.rules import CATALOGUE, Closure, standing
from registry.resources.schemas import (
    CapabilityOut,
    CountHistory,
    DeclaredDiversion,
    House,
    Houses,
    ResourceCatalogue,
    ResourceKind,
    ResourceValue,
    Vehicle,
)

RECENT = timedelta(days=7)
"""Diversions that ended are shown this long: administrators see what was declared."""

_COUNTING_ROLES = frozenset(
    {"maternal_centre", "neonatal_centre", "midwifery", "ambulance", "blood_station"}
)
"""Houses that have something to count."""

_READY = "standby"


def catalogue() -> ResourceCatalogue:
    """What is counted."""
    return ResourceCatalogue(
        version=CATALOGUE.version,
        source=CATALOGUE.source,
        confidence=CATALOGUE.confidence,
        status=CATALOGUE.status,
        diversion_max_hours=int(CATALOGUE.diversion_max.total_seconds() // 3600),
        kinds=[
            ResourceKind(
                code=kind.code,
                zh=kind.zh,
                en=kind.en,
                group=kind.group,  # type: ignore[arg-type]
                unit=kind.unit,
                hold=kind.hold,
                subkeys=list(kind.subkeys),
                stale_minutes=int(kind.stale_after.total_seconds() // 60),
            )
            for kind in CATALOGUE.kinds.values()
        ],
        capabilities=[
            CapabilityOut(code=code, zh=zh, en=en)
            for code, (zh, en) in CATALOGUE.capabilities.items()
        ],
    )


def value_of(row: ReportRow, now: datetime, by: Mapping[PersonId, PersonRef]) -> ResourceValue:
    """A count as it may be planned with now."""
    state = standing(row.kind, row.reported_at, now)
    current = state == "current"
    return ResourceValue(
        kind=row.kind,
        subkey=row.subkey,
        standing=state,
        free=row.free if current else None,
        total=row.total if current else None,
        report_id=row.id,
        last_free=row.free,
        last_total=row.total,
        reported_at=row.reported_at,
        by=None if row.person_id is None else by.get(PersonId(row.person_id)),
        cause=row.cause,  # type: ignore[arg-type]
        source=row.source,  # type: ignore[arg-type]
        note=row.note,
    )


async def houses(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    *,
    facility_id: UUID | None = None,
    region_id: UUID | None = None,
) -> Houses:
    """All houses that count anything, with their newest values, diversions and abilities."""
    now = clock.now()
    places = [
        place
        for place in await facilities.facilities(session, now)
        if not _COUNTING_ROLES.isdisjoint(place.roles) or place.id == facility_id
    ]
    if facility_id is not None:
        places = [place for place in places if place.id == facility_id]
    if region_id is not None:
        inside = await facilities.regions_below(session, RegionId(region_id))
        places = [place for place in places if place.region_id in inside]
    repository = ResourceRepository(session, viewer)
    ids = [place.id for place in places]
    reports = await repository.newest(ids)
    closed = await repository.diversions(now, since=now)
    vehicles = await repository.vehicles()
    able = await repository.capabilities(now)
    named = await _people(session, reports, closed, [report for _, report in vehicles])
    refs = {place.id: _ref(place) for place in places}
    values: dict[UUID, list[ResourceValue]] = {}
    for row in reports:
        values.setdefault(row.facility_id, []).append(value_of(row, now, named))
    for id_, fleet in _fleets(vehicles).items():
        derived = _ambulances(fleet, now, named)
        kept = [value for value in values.get(id_, []) if value.kind != "ambulance"]
        values[id_] = [*kept, derived]
    return Houses(
        houses=[
            House(
                facility=refs[place.id],
                region_name=place.region_name,
                roles=place.roles,
                mine=_mine(viewer, place.id),
                capabilities=sorted(able.get(place.id, ())),
                diversions=[
                    _diversion(row, refs[place.id], now, named)
                    for row in closed
                    if row.facility_id == place.id
                ],
                values=values.get(place.id, []),
            )
            for place in places
        ],
        server_time=now,
    )


def _mine(viewer: Viewer, facility_id: UUID) -> bool:
    return FacilityId(facility_id) in viewer.facility_ids or (
        viewer.has(Role.CREW) and viewer.facility_id == facility_id
    )


def _ref(place: FacilityOut) -> FacilityRef:
    return FacilityRef(place.id, place.name, place.short_name, place.tier)


def _fleets(
    vehicles: Iterable[tuple[VehicleRow, VehicleReportRow | None]],
) -> dict[UUID, list[tuple[VehicleRow, VehicleReportRow | None]]]:
    found: dict[UUID, list[tuple[VehicleRow, VehicleReportRow | None]]] = {}
    for vehicle, report in vehicles:
        found.setdefault(vehicle.facility_id, []).append((vehicle, report))
    return found


def _ambulances(
    fleet: list[tuple[VehicleRow, VehicleReportRow | None]],
    now: datetime,
    by: Mapping[PersonId, PersonRef],
) -> ResourceValue:
    """How many stand ready, from the vehicles' own reports; nobody counts them a second time."""
    known = [
        report
        for _, report in fleet
        if report is not None and standing("ambulance", report.reported_at, now) == "current"
    ]
    newest = max((r for _, r in fleet if r is not None), key=lambda r: r.reported_at, default=None)
    ready = sum(report.status == _READY for report in known)
    oldest = min((report.reported_at for report in known), default=None)
    return ResourceValue(
        kind="ambulance",
        subkey="",
        standing="current" if known else ("never" if newest is None else "stale"),
        free=ready if known else None,
        total=len(fleet),
        report_id=None,
        last_free=None,
        last_total=len(fleet),
        reported_at=oldest or (newest.reported_at if newest else None),
        by=by.get(PersonId(newest.person_id)) if newest and newest.person_id else None,
        cause="counted" if newest else None,
        source="human" if newest else None,
        note=None,
    )


async def history(
    session: AsyncSession,
    viewer: Viewer,
    facility_id: UUID,
    kind: str,
    subkey: str = "",
    limit: int = 30,
) -> list[CountHistory]:
    """Who said what when, newest first."""
    rows = await ResourceRepository(session, viewer).history(facility_id, kind, subkey, limit)
    named = await _people(session, rows, [], [])
    return [
        CountHistory(
            free=row.free,
            total=row.total,
            reported_at=row.reported_at,
            by=None if row.person_id is None else named.get(PersonId(row.person_id)),
            cause=row.cause,  # type: ignore[arg-type]
            source=row.source,  # type: ignore[arg-type]
            note=row.note,
        )
        for row in rows
    ]


async def diversions(
    session: AsyncSession, clock: Clock, viewer: Viewer
) -> list[DeclaredDiversion]:
    """Diversions in force first, then those of the last days: visible to administrators, too."""
    now = clock.now()
    rows = await ResourceRepository(session, viewer).diversions(now, since=now - RECENT)
    refs = await facilities.get_many(session, [FacilityId(row.facility_id) for row in rows])
    named = await _people(session, [], rows, [])
    found = [_diversion(row, refs[FacilityId(row.facility_id)], now, named) for row in rows]
    return sorted(found, key=lambda one: not one.live)


async def closures(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[Closure]:
    """Diversions in force, for the rules."""
    now = clock.now()
    rows = await ResourceRepository(session, viewer).diversions(now, since=now)
    return [
        Closure(
            row.facility_id,
            row.scope,  # type: ignore[arg-type]
            row.condition,
            row.until_at,
            row.ended_at,
            row.reason,
        )
        for row in rows
    ]


async def vehicles(
    session: AsyncSession, clock: Clock, viewer: Viewer, facility_id: UUID | None = None
) -> list[Vehicle]:
    """Vehicles with where they stand."""
    now = clock.now()
    rows = await ResourceRepository(session, viewer).vehicles(facility_id)
    refs = await facilities.get_many(session, [FacilityId(v.facility_id) for v, _ in rows])
    named = await _people(session, [], [], [report for _, report in rows])
    return [
        _vehicle(vehicle, report, refs[FacilityId(vehicle.facility_id)], now, named)
        for vehicle, report in rows
    ]


def _vehicle(
    row: VehicleRow,
    report: VehicleReportRow | None,
    place: FacilityRef,
    now: datetime,
    by: Mapping[PersonId, PersonRef],
) -> Vehicle:
    state = standing("ambulance", report.reported_at if report else None, now)
    said: dict[str, Any] = {"status": None, "crew": [], "note": None}
    if report is not None and state == "current":
        said = {"status": report.status, "crew": report.crew, "note": report.note}
    return Vehicle(
        id=row.id,
        facility=place,
        call_sign=row.call_sign,
        kind=row.kind,  # type: ignore[arg-type]
        equipment=row.equipment,  # type: ignore[arg-type]
        standing=state,
        reported_at=report.reported_at if report else None,
        by=by.get(PersonId(report.person_id)) if report and report.person_id else None,
        **said,
    )


def _diversion(
    row: DiversionRow, place: FacilityRef, now: datetime, by: Mapping[PersonId, PersonRef]
) -> DeclaredDiversion:
    return DeclaredDiversion(
        id=row.id,
        facility=place,
        scope=row.scope,  # type: ignore[arg-type]
        condition=row.condition,
        reason=row.reason,
        declared_at=row.declared_at,
        declared_by=by.get(PersonId(row.declared_by)),
        until=row.until_at,
        ended_at=row.ended_at,
        ended_by=by.get(PersonId(row.ended_by)) if row.ended_by else None,
        live=row.ended_at is None and now < row.until_at,
    )


async def _people(
    session: AsyncSession,
    reports: Iterable[ReportRow],
    closed: Iterable[DiversionRow],
    drives: Iterable[VehicleReportRow | None],
) -> dict[PersonId, PersonRef]:
    ids: set[UUID | None] = {row.person_id for row in reports}
    ids |= {row.declared_by for row in closed} | {row.ended_by for row in closed}
    ids |= {row.person_id for row in drives if row is not None}
    return await people.get_many(session, [PersonId(id_) for id_ in ids if id_ is not None])


async def newest_values(
    session: AsyncSession, clock: Clock, viewer: Viewer, facility_ids: Collection[UUID]
) -> dict[UUID, dict[str, ResourceValue]]:
    """Newest values without names, by house and kind, blood apart: for whoever ranks houses."""
    now = clock.now()
    found: dict[UUID, dict[str, ResourceValue]] = {}
    for row in await ResourceRepository(session, viewer).newest(facility_ids):
        if row.subkey == "":
            found.setdefault(row.facility_id, {})[row.kind] = value_of(row, now, {})
    return found


async def capabilities(
    session: AsyncSession, clock: Clock, viewer: Viewer
) -> dict[UUID, frozenset[str]]:
    """What houses can do today; one that never said is left out."""
    return await ResourceRepository(session, viewer).capabilities(clock.now())
