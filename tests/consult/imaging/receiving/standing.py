"""A machine of a house and an examination that it sent, for tests of whole applications."""

from litestar import Litestar
from sqlalchemy import text

from consult.imaging.receiving.arriving import PROCESS, arrive
from consult.imaging.receiving.models import MachineRow
from consult.imaging.taking import Desk
from kernel.ids import FacilityId, new_id
from tests.consult.imaging.scans import scan
from tests.fixtures.database import Clone

_ANYBODY = text("SELECT id FROM person LIMIT 1")
_ARRIVAL = text("SELECT id FROM imaging_arrival WHERE machine_id = :machine")


async def arrived(
    application: Litestar, database: Clone, facility_id: FacilityId, title: str
) -> dict[str, str]:
    """`machine_id` and `arrival_id`; sealed so that the application can open it."""
    state = application.state
    async with database.system.session(PROCESS) as session:
        machine = MachineRow(
            id=new_id(),
            ae_title=title,
            name="超声",
            facility_id=facility_id,
            networks=["192.0.2.0/24"],
            created_at=state.clock.now(),
            created_by=(await session.execute(_ANYBODY)).scalar_one(),
        )
        session.add(machine)
    desk = Desk(database.system, state.clock, state.sealer, state.archive, state.box)
    await arrive(desk, machine.id, scan(patient="SOMEBODY", study="1.7.1"))
    async with database.system.session(PROCESS) as session:
        found = await session.execute(_ARRIVAL, {"machine": machine.id})
    return {"machine_id": str(machine.id), "arrival_id": str(found.scalar_one())}
