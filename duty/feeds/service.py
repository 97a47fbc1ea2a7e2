"""Giving out calendar feeds and taking them back."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.feeds import repository
from duty.feeds.errors import NotYourGroup, TooManyFeeds
from duty.feeds.schemas import NewFeed
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import GroupId, new_id
from kernel.tokens import token_hash
from kernel.viewer import Viewer

LIVE_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Issued:
    """A feed and its token, which exists here and with its owner only."""

    id: UUID
    token: str


async def issue(session: AsyncSession, clock: Clock, viewer: Viewer, wanted: NewFeed) -> Issued:
    """A calendar of the viewer's own duties or of a group at one of their facilities.

    Raises:
        NotFound: no such group.
        NotYourGroup: the group is another house's.
        TooManyFeeds: ten live ones are enough.
    """
    live = [row for row in await repository.feeds(session, viewer) if row.revoked_at is None]
    if len(live) >= LIVE_AT_ONCE:
        raise TooManyFeeds(limit=LIVE_AT_ONCE)
    if wanted.group_id is not None:
        house = await repository.house_of(session, GroupId(wanted.group_id))
        if house is None:
            raise NotFound()
        if house not in viewer.facility_ids:
            raise NotYourGroup()
    issued = Issued(new_id(), secrets.token_urlsafe(32))
    values = {
        "id": issued.id,
        "person_id": viewer.person_id,
        "kind": "person" if wanted.group_id is None else "group",
        "group_id": wanted.group_id,
        "label": wanted.label.strip(),
        "token_hash": token_hash(issued.token),
        "at": clock.now(),
    }
    await repository.insert(session, values)
    return issued


async def revoke(session: AsyncSession, clock: Clock, viewer: Viewer, feed_id: UUID) -> None:
    """End a feed at once; a feed that has ended stays ended.

    Raises:
        NotFound: unknown, or somebody else's.
    """
    if all(row.id != feed_id for row in await repository.feeds(session, viewer)):
        raise NotFound()
    await repository.revoke(session, viewer, feed_id, clock.now())
