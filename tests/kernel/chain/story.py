"""Cases for tests of the chain: who acts, and a few events."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain import append
from kernel.chain.append import ChainedEvent, DeviceTime
from kernel.clock import Clock, SystemClock
from kernel.ids import AccountId, CaseId, FacilityId, PersonId, new_id
from kernel.parties import PartyRole, add_facility
from kernel.viewer import Role, Viewer

SYSTEM = Viewer.system("test")
CLOCK = SystemClock()


def doctor(facility: FacilityId | None = None) -> Viewer:
    """A clinician of one facility."""
    place = facility or FacilityId(new_id())
    return Viewer(
        account_id=AccountId(new_id()),
        person_id=PersonId(new_id()),
        session_id=None,
        facility_id=place,
        facility_ids=frozenset({place}),
        region_ids=frozenset(),
        roles=frozenset({Role.REFERRING_CLINICIAN}),
    )


async def open_case(
    session: AsyncSession, viewer: Viewer, clock: Clock = CLOCK, *, drill: bool = False
) -> CaseId:
    """A new case of the viewer's facility with its first event."""
    case_id = CaseId(new_id())
    await add_facility(session, case_id, viewer.facility_id, PartyRole.ORIGIN)
    await append(
        session,
        clock,
        case_id,
        "referral.requested",
        viewer=viewer,
        payload={"acuity": "critical", "condition": "pph", "drill": drill},
    )
    return case_id


async def add_events(
    session: AsyncSession, case_id: CaseId, viewer: Viewer, count: int
) -> list[ChainedEvent]:
    """`count` further events that use every column."""
    device = DeviceTime(datetime(2026, 11, 22, 6, 0, tzinfo=UTC), clock_offset_ms=-1500, rtt_ms=40)
    return [
        await append(
            session,
            CLOCK,
            case_id,
            "leg.arrived",
            viewer=viewer,
            payload={"number": number, "leg_id": UUID(int=number), "note": "到达产房"},
            auto=number % 2 == 0,
            occurred_at=CLOCK.now() - timedelta(minutes=3) if number % 3 == 0 else None,
            source="device" if number % 2 == 0 else "human",
            device=device if number % 2 == 0 else None,
        )
        for number in range(count)
    ]
