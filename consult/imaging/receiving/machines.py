"""Which machines may send, and from where."""

import ipaddress
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.imaging.errors import NoNetwork
from consult.imaging.receiving.models import MachineRow
from consult.imaging.receiving.repository import MachineRepository
from consult.imaging.receiving.schemas import Machine, NewMachine
from consult.names import names
from kernel.clock import Clock
from kernel.errors import NotAllowed
from kernel.ids import FacilityId, new_id
from kernel.viewer import Role, Viewer
from registry.facilities import queries as facilities
from registry.facilities.keeping import keeps


async def register(session: AsyncSession, clock: Clock, viewer: Viewer, order: NewMachine) -> UUID:
    """Let a machine send.

    Raises:
        NotAllowed: the viewer keeps no machines there.
        NotFound: there is no such house.
        NoNetwork: a network is none.
        Conflict: another machine that may send has this AE title.
    """
    facility_id = viewer.facility_id
    if viewer.has(Role.SYSTEM_ADMIN) and order.facility_id is not None:
        facility_id = FacilityId(order.facility_id)
        await facilities.get(session, facility_id)
    if not keeps(viewer, facility_id):
        raise NotAllowed(reason="facility")
    row = MachineRow(
        id=new_id(),
        ae_title=order.ae_title,
        name=order.name,
        facility_id=facility_id,
        networks=[_network(one) for one in order.networks],
        created_at=clock.now(),
        created_by=viewer.person_id,
    )
    session.add(row)
    await session.flush()  # a title that is taken is refused here
    return row.id


async def revoke(session: AsyncSession, clock: Clock, viewer: Viewer, machine_id: UUID) -> UUID:
    """Let it send no more; revoking twice is once.

    Raises:
        NotFound: unknown, foreign, or the viewer only looks.
    """
    row = await MachineRepository(session, viewer).kept(machine_id)
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by = clock.now(), viewer.person_id
    return row.id


async def machines(session: AsyncSession, viewer: Viewer) -> list[Machine]:
    """Machines open to the viewer, by title."""
    rows = await MachineRepository(session, viewer).all()
    known = await names(session, (), {row.facility_id for row in rows})
    return [
        Machine(
            id=row.id,
            ae_title=row.ae_title,
            name=row.name,
            facility=known.house(row.facility_id),
            networks=row.networks,
            created_at=row.created_at,
            revoked=row.revoked_at is not None,
            may_revoke=row.revoked_at is None and keeps(viewer, row.facility_id),
        )
        for row in rows
    ]


def _network(said: str) -> str:
    try:
        return str(ipaddress.ip_network(said.strip(), strict=False))
    except ValueError as error:
        raise NoNetwork(said=said) from error
