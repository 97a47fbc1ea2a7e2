"""Cases with chosen times, written through the chain as the platform does."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain import append
from kernel.clock import SimulatedClock
from kernel.ids import CaseId, FacilityId, RegionId, new_id
from kernel.parties import PartyRole, add_facility
from kernel.viewer import Viewer
from quality.definitions import Definition, shipped
from quality.handbook import versions
from quality.handbook.versions import Version
from quality.repository import Scope
from tests.fixtures.database import Clone
from tests.registry.world import World, build

MORNING = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
SYSTEM = Viewer.system("test")
_days = itertools.count()

Step = tuple[str, float] | tuple[str, float, Mapping[str, object]]
"""Event kind, minutes after the request, payload."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case begins."""

    facility: FacilityId
    region: RegionId


async def region(database: Clone) -> World:
    """The small region with the definitions of this release."""
    world = await build(database.system)
    async with database.system.session(SYSTEM) as session:
        await versions.install_shipped(session)
    return world


def as_version(definition: Definition) -> Version:
    """A definition as if it had been installed."""
    return Version(new_id(), "shipped", definition, None, MORNING, None)


def shipped_versions() -> list[Version]:
    """This release's definitions as if they had been installed."""
    return [as_version(one) for one in shipped()]


def county_of(world: World) -> Place:
    """The county hospital of the small region."""
    return Place(world.county_hospital, world.county)


def far_county_of(world: World) -> Place:
    """A hospital in the other city."""
    return Place(world.stranger, world.far_county)


def day_of_its_own(world: World, within: str, house: FacilityId) -> Scope:
    """A day in China that no other example has, nor its evening before or the morning after.

    Args:
        world: the small region.
        within: what is asked about: all, the region of the city, the facility `house`.
        house: a facility.
    """
    day = datetime(2026, 1, 1, 16, tzinfo=UTC) + timedelta(days=3 * next(_days))
    return Scope(
        day,
        day + timedelta(hours=24),
        world.city if within == "region" else None,
        house if within == "facility" else None,
    )


async def write_case(
    session: AsyncSession,
    place: Place,
    *steps: Step,
    at: datetime = MORNING,
    request: Mapping[str, object] | None = None,
) -> CaseId:
    """A requested case whose further events happen at the given minutes."""
    case_id, clock = CaseId(new_id()), SimulatedClock(at)
    await add_facility(session, case_id, place.facility, PartyRole.ORIGIN, place.region)
    opening = {"origin_facility": place.facility, "acuity": "critical", **(request or {})}
    await append(session, clock, case_id, "referral.requested", viewer=SYSTEM, payload=opening)
    await write_steps(session, case_id, *steps, at=at)
    return case_id


async def write_steps(
    session: AsyncSession, case_id: CaseId, *steps: Step, at: datetime = MORNING
) -> None:
    """Further events of a case."""
    for kind, minutes, *rest in steps:
        clock = SimulatedClock(at + timedelta(minutes=minutes))
        payload = rest[0] if rest else {}
        await append(session, clock, case_id, kind, viewer=SYSTEM, payload=payload)
