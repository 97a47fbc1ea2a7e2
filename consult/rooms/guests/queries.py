"""What a guest is shown."""

from sqlalchemy.ext.asyncio import AsyncSession

from consult.names import names
from consult.rooms import queries as rooms
from consult.rooms import store as room_store
from consult.rooms.guests import store
from consult.rooms.guests.schemas import GuestView
from kernel.viewer import Viewer


async def view(session: AsyncSession, viewer: Viewer) -> GuestView:
    """The room as its guest sees it, and who invited them; or `NotFound` for everybody else."""
    link = await store.one(session, viewer.person_id)
    room = await room_store.seen(session, link.room_id)
    known = await names(session, [link.id, link.invited_by], [link.facility_id])
    me, inviter = known.person(link.id), known.person(link.invited_by)
    house = known.house(link.facility_id)
    return GuestView(
        name="" if me is None else me.name,
        inviter="" if inviter is None else inviter.name,
        inviting_house="" if house is None else house.name,
        ends_at=link.ends_at,
        room=await rooms.as_guest(session, viewer, room, link.facility_id),
    )
