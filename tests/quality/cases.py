"""Cases with chosen times, written through the chain as the platform does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain import append
from kernel.clock import SimulatedClock
from kernel.ids import CaseId, FacilityId, RegionId, new_id
from kernel.parties import PartyRole, add_facility
from kernel.viewer import Viewer
from tests.registry.world import World

MORNING = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
SYSTEM = Viewer.system("test")

Step = tuple[str, float] | tuple[str, float, Mapping[str, object]]
"""Event kind, minutes after the request, payload."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case begins."""

    facility: FacilityId
    region: RegionId


def county_of(world: World) -> Place:
    """The county hospital of the small region."""
    return Place(world.county_hospital, world.county)


def far_county_of(world: World) -> Place:
    """A hospital in the other city."""
    return Place(world.stranger, world.far_county)


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
