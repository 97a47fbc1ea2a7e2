"""Beds, blood, teams and vehicles of the demo region: counted anew at every start, by the desks.

Told through the same commands that people use, each at the moment somebody counted: some values
are too old by then and stand as unknown, one house has declared that it is closed.
"""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import SimulatedClock
from kernel.database import Database, act_as
from kernel.viewer import Viewer
from registry.resources import service
from registry.resources.rules import CATALOGUE
from registry.resources.schemas import (
    CountEntry,
    CountReport,
    DeclareDiversion,
    NewVehicle,
    SetCapability,
    VehicleReport,
)
from server.demo.cast import Cast
from server.demo.region import PLACES, Facility

log = structlog.get_logger()

COUNTS: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent / "counts.toml").read_text("utf-8"),
)
STATION = "YJ120"
_KNOWN = text("SELECT id FROM vehicle WHERE facility_id = :station AND call_sign = :sign")
_CLOSED = text(
    "SELECT EXISTS (SELECT 1 FROM diversion"
    " WHERE facility_id = :house AND ended_at IS NULL AND until_at > :now)"
)


async def count_everything(database: Database, now: datetime) -> int:
    """Every house says what it has; how many houses did."""
    async with database.session(Viewer.system("demo")) as session:
        cast = await Cast.load(session)
    if not cast.viewers:
        return 0
    houses = [house for house in PLACES.facilities if house.staff in COUNTS["counts"]]
    for house in houses:
        desk = cast.at(house.code, COUNTS["posts"][house.staff])
        async with database.session(desk) as session:
            await _count(session, cast, house, desk, now)
    for said in COUNTS["diversions"]:
        desk = cast.at(said["house"], "desk")
        async with database.session(desk) as session:
            await _divert(session, cast, desk, said, now)
    desk = cast.at(STATION, "desk")
    async with database.session(desk) as session:
        await _drive(session, cast, desk, now)
    log.info("demo.counted", houses=len(houses))
    return len(houses)


def entries_of(house: Facility) -> list[CountEntry]:
    """What one house counts."""
    places = {**COUNTS["counts"][house.staff], **COUNTS["houses"].get(house.code, {})}
    found = [
        CountEntry(kind=kind, free=free, total=total) for kind, (free, total) in places.items()
    ]
    for product, units in COUNTS["blood"].get(house.staff, {}).items():
        groups = CATALOGUE.kinds[product].subkeys or ("",)
        found += [
            CountEntry(kind=product, subkey=group, free=free)
            for group, free in zip(groups, units, strict=True)
        ]
    return found


async def _count(
    session: AsyncSession, cast: Cast, house: Facility, desk: Viewer, now: datetime
) -> None:
    ages = COUNTS["age_minutes"]
    clock = SimulatedClock(now - timedelta(minutes=ages.get(house.code, ages["default"])))
    await act_as(session, desk)
    facility_id = cast.facilities[house.code]
    if entries := entries_of(house):
        await service.report(
            session, clock, desk, CountReport(facility_id=facility_id, entries=entries)
        )
    able = [*COUNTS["able"].get(house.staff, []), *COUNTS["able_more"].get(house.code, [])]
    for code in able:
        order = SetCapability(facility_id=facility_id, code=code, has=True)
        await service.set_capability(session, clock, desk, order)


async def _divert(
    session: AsyncSession, cast: Cast, desk: Viewer, said: dict[str, Any], now: datetime
) -> None:
    facility_id = cast.facilities[said["house"]]
    asked = {"house": facility_id, "now": now}
    if (await session.execute(_CLOSED, asked)).scalar_one():
        return
    order = DeclareDiversion(
        facility_id=facility_id,
        scope=said["scope"],
        reason=said["reason"],
        until=now + timedelta(hours=said["hours"]),
    )
    await service.declare(session, SimulatedClock(now - timedelta(minutes=40)), desk, order)


async def _drive(session: AsyncSession, cast: Cast, desk: Viewer, now: datetime) -> None:
    station = cast.facilities[STATION]
    clock = SimulatedClock(now - timedelta(minutes=6))
    for said in COUNTS["vehicles"]:
        asked = {"station": station, "sign": said["call_sign"]}
        vehicle_id = (await session.execute(_KNOWN, asked)).scalar_one_or_none()
        if vehicle_id is None:
            order = NewVehicle(
                facility_id=station,
                call_sign=said["call_sign"],
                kind=said.get("kind", "ambulance"),
                equipment=said["equipment"],
            )
            vehicle_id = await service.add_vehicle(session, clock, desk, order)
            await session.flush()
        told = VehicleReport(status=said["status"], crew=said.get("crew", []))
        await service.report_vehicle(session, clock, desk, vehicle_id, told)
