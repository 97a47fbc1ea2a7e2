"""Commands of hosts: give a guest a link, and take it back."""

import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.engine import MediaEngine
from consult.rooms import rights, service
from consult.rooms import store as room_store
from consult.rooms.guests import store
from consult.rooms.guests.rules import RULES
from consult.rooms.guests.schemas import InviteGuest
from consult.rooms.states import LIVE, AdmissionAction, AdmissionState
from kernel import chain
from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import CaseId, new_id
from kernel.tokens import token_hash
from kernel.viewer import Viewer

INVITED: Final = "room.guest_invited"
REVOKED: Final = "room.guest_revoked"
NAME: Final = "访客：{name}（{house}）"
"""How a guest is called wherever a name is read: nobody takes them for a colleague."""


@dataclass(frozen=True, slots=True)
class Invited:
    """A guest's id and token; the token exists here and with whoever is given the address."""

    id: UUID
    token: str

    @property
    def path(self) -> str:
        """Where it leads; the fragment stays in the browser."""
        return f"/guest#{self.token}"


async def invite(
    session: AsyncSession, clock: Clock, viewer: Viewer, room_id: UUID, order: InviteGuest
) -> Invited:
    """A link for one named guest; whoever may let in may invite.

    Raises:
        NotFound: unknown or foreign.
        RoomEnded: it is closed.
        HostsOnly: the viewer has not the right to it.
        BadInput: a name or a house that says nothing.
    """
    here = await service.standing(session, clock, viewer, room_id)
    rights.must_host(here.mine)
    made, at, case_id = Invited(new_id(), secrets.token_urlsafe(32)), clock.now(), here.room.case_id
    name, house = _said("name", order.name), _said("house", order.house)
    who = {"id": made.id, "case_id": case_id, "facility": here.mine.facility_id, "at": at}
    person = {"name": NAME.format(name=name, house=house), "title": "", "demo": viewer.demo}
    link = {
        "room_id": room_id,
        "token": token_hash(made.token),
        "by": viewer.person_id,
        "open_by": at + RULES.open_within,
        "ends_at": at + RULES.lasts,
    }
    await store.insert(session, who | person, who | link)
    facts: dict[str, object] = {
        "guest_id": made.id,
        "room_id": room_id,
        "open_by": link["open_by"],
        "rules": RULES.version,
    }
    await chain.append(session, clock, CaseId(case_id), INVITED, viewer=viewer, payload=facts)
    return made


def _said(field: str, typed: str) -> str:
    words = typed.strip()
    if not words:
        raise BadInput(field=field, reason="empty")
    return words


async def revoke(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    engine: MediaEngine | None,
    room_id: UUID,
    guest_id: UUID,
) -> UUID:
    """End a guest's link at once: who waits is refused, who is in is sent out; the consultation.

    Raises:
        NotFound: unknown or foreign.
        RoomEnded: it is closed.
        HostsOnly: the viewer has not the right to it.
    """
    here = await service.standing(session, clock, viewer, room_id)
    rights.must_host(here.mine)
    link = await store.one(session, guest_id)
    if link.room_id != room_id:
        raise NotFound()
    case_id = CaseId(here.room.case_id)
    if link.revoked_at is None:
        await store.revoke(session, guest_id, viewer.person_id, clock.now())
        facts: dict[str, object] = {"guest_id": guest_id, "room_id": room_id}
        await chain.append(session, clock, case_id, REVOKED, viewer=viewer, payload=facts)
    for one in await room_store.admissions(session, room_id):
        if one.person_id == guest_id and one.state in LIVE:
            waits = one.state == AdmissionState.WAITING
            out = AdmissionAction.REFUSE if waits else AdmissionAction.EJECT
            await service.decide(session, clock, viewer, engine, room_id, one.id, out)
    return UUID(str(case_id))
