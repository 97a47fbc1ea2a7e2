"""Who comes in at once, who waits, and who decides about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.engine import Role as RoomRole
from consult.requests import rights as consult_rights
from consult.requests.states import InvitationState
from consult.rooms.errors import HostsOnly
from duty.escalation import audience
from kernel.ids import FacilityId
from kernel.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands in a room."""

    role: RoomRole
    facility_id: UUID
    at_once: bool
    """Comes in without waiting."""
    host: bool
    """Lets others in, sends them out, ends the room."""


async def place(
    session: AsyncSession,
    viewer: Viewer,
    row: Row[Any],
    invitations: Sequence[Row[Any]],
    at: datetime,
) -> Place:
    """Where `viewer` stands in the room of this consultation.

    Those who work at the house that asks treat her: they come in and decide who else does. An
    expert who said yes, or was asked for by name, comes in; of the same house, whoever is on call
    there comes in too and decides as well. Everybody else waits.
    """
    if consult_rights.asks(viewer, row):
        return Place(RoomRole.REQUESTER, row.facility_id, at_once=True, host=True)
    accepted = [
        one
        for one in invitations
        if one.state == InvitationState.ACCEPTED and consult_rights.is_invited(viewer, one)
    ]
    if not accepted:
        return Place(RoomRole.COLLEAGUE, viewer.facility_id, at_once=False, host=False)
    houses = {FacilityId(one.facility_id) for one in accepted}
    on_call = viewer.person_id in await audience.at_post(session, houses, at)
    said_yes = [one for one in accepted if viewer.person_id in (one.answered_by, one.person_id)]
    house = (said_yes or accepted)[0].facility_id
    role = RoomRole.EXPERT if said_yes or on_call else RoomRole.COLLEAGUE
    return Place(role, house, at_once=bool(said_yes) or on_call, host=on_call)


def must_host(mine: Place) -> None:
    """Let hosts; raises `HostsOnly`."""
    if not mine.host:
        raise HostsOnly()
