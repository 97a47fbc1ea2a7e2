"""A guest's token becomes a cookie, once, and the cookie a viewer of one room."""

import secrets
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.rooms.guests import store
from consult.rooms.guests.errors import GuestLinkOver
from kernel.chain import append
from kernel.clock import Clock
from kernel.database import act_as
from kernel.ids import AccountId, CaseId, FacilityId, PersonId
from kernel.tokens import token_hash
from kernel.viewer import Viewer

OPENED: Final = "room.guest_opened"


class Opening(NamedTuple):
    """What an opened link gives its holder."""

    secret: str
    ends_at: datetime


async def open_link(session: AsyncSession, clock: Clock, token: str) -> Opening:
    """The one session of the link with this token; its consultation hears of it.

    Raises:
        GuestLinkOver: no such link, or it was opened, is too old, or was revoked.
    """
    secret = secrets.token_urlsafe(32)
    row = await store.opened(session, token_hash(token), token_hash(secret), clock.now())
    if row is None:
        raise GuestLinkOver()
    mine = holder(row.id, row.facility_id, demo=False)
    await act_as(session, mine)
    facts: dict[str, object] = {"guest_id": row.id, "room_id": row.room_id}
    await append(session, clock, CaseId(row.case_id), OPENED, viewer=mine, payload=facts)
    return Opening(secret, row.ends_at)


async def find(session: AsyncSession, secret: str, at: datetime, *, demo: bool) -> Viewer | None:
    """The guest behind a cookie: at home nowhere, in one room."""
    row = await store.found(session, token_hash(secret), at)
    return None if row is None else holder(row.id, row.facility_id, demo=demo)


def holder(guest_id: UUID, facility_id: UUID, *, demo: bool) -> Viewer:
    """The viewer of a guest's link; no role at all, and no house opens anything."""
    return Viewer(
        account_id=AccountId(guest_id),
        person_id=PersonId(guest_id),
        session_id=None,
        facility_id=FacilityId(facility_id),
        facility_ids=frozenset(),
        region_ids=frozenset(),
        roles=frozenset(),
        demo=demo,
    )
