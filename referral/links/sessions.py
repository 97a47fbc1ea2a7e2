"""A link's token becomes a cookie, and the cookie a viewer of one case."""

import secrets
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain import append
from kernel.clock import Clock
from kernel.database import act_as
from kernel.ids import AccountId, CaseId, FacilityId, PersonId, SessionId, new_id
from kernel.tokens import token_hash
from kernel.viewer import Role, Viewer
from referral.links.errors import LinkOver

_OPEN = text(
    "SELECT id, case_id, purpose, facility_id, opened"
    " FROM link_open(:token, :session, :secret, :at)"
)
_FIND = text("SELECT session_id, link_id, purpose, facility_id FROM link_find(:secret, :at)")


class Opening(NamedTuple):
    """What an opened link gives its holder."""

    secret: str
    purpose: str


async def open_link(session: AsyncSession, clock: Clock, token: str) -> Opening:
    """A new session for the link with this token; its case hears of it.

    Raises:
        LinkOver: no such link, or it has expired or was revoked.
    """
    secret = secrets.token_urlsafe(32)
    values = {
        "token": token_hash(token),
        "session": new_id(),
        "secret": token_hash(secret),
        "at": clock.now(),
    }
    row = (await session.execute(_OPEN, values)).one_or_none()
    if row is None:
        raise LinkOver()
    mine = holder(row.id, row.purpose, row.facility_id, demo=False)
    await act_as(session, mine)
    facts = {"link_id": row.id, "opened": row.opened}
    await append(session, clock, CaseId(row.case_id), "link.opened", viewer=mine, payload=facts)
    return Opening(secret, row.purpose)


async def find(session: AsyncSession, secret: str, at: datetime, *, demo: bool) -> Viewer | None:
    """The holder behind a cookie: party to one case, at home nowhere."""
    row = (await session.execute(_FIND, {"secret": token_hash(secret), "at": at})).one_or_none()
    if row is None:
        return None
    return holder(row.link_id, row.purpose, row.facility_id, session_id=row.session_id, demo=demo)


def holder(
    link_id: UUID, purpose: str, facility_id: UUID, *, session_id: UUID | None = None, demo: bool
) -> Viewer:
    """The viewer of a link. The holder of no crew link holds no role at all."""
    return Viewer(
        account_id=AccountId(link_id),
        person_id=PersonId(link_id),
        session_id=None if session_id is None else SessionId(session_id),
        facility_id=FacilityId(facility_id),
        facility_ids=frozenset(),
        region_ids=frozenset(),
        roles=frozenset({Role.CREW} if purpose == "crew" else ()),
        demo=demo,
    )
