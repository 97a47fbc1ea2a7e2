"""What feeds there are, and what a program gets that comes with a token."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from duty.feeds import repository, words
from duty.feeds.ics import Duty, calendar
from duty.feeds.schemas import Feed
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import PersonId
from kernel.tokens import token_hash
from kernel.viewer import Viewer
from registry.people import queries as people
from registry.people.schemas import PersonRef

BEHIND = timedelta(days=35)
AHEAD = timedelta(days=400)


async def feeds_of(session: AsyncSession, viewer: Viewer) -> list[Feed]:
    """The viewer's feeds, oldest first."""
    return [Feed(*row) for row in await repository.feeds(session, viewer)]


async def served(session: AsyncSession, clock: Clock, token: str) -> bytes:
    """The calendar behind a token.

    Raises:
        NotFound: unknown, revoked, or its owner has no account any more: the three look the same.
    """
    now = clock.now()
    feed = await repository.find(session, token_hash(token), now)
    if feed is None:
        raise NotFound()
    rows = await repository.duties(session, feed, now - BEHIND, now + AHEAD)
    ids = {PersonId(row.person_id) for row in rows} | {feed.person_id}
    known = await people.get_many(session, ids)
    if feed.group_id is None:
        name = f"{_name(known, feed.person_id)} 值班"
    else:
        name = await repository.group_name(session, feed.group_id)
    return calendar(
        name,
        [
            Duty(
                slot_id=row.slot_id,
                start=row.start,
                end=row.end,
                sequence=row.replaced,
                recorded_at=row.recorded_at,
                title=_title(row, known, own=feed.group_id is None),
                place=row.facility,
            )
            for row in rows
        ],
    )


def _title(row: Row[Any], known: dict[PersonId, PersonRef], *, own: bool) -> str:
    place = words.post(row.tier, row.specialty)
    if own:
        return f"值班 {place} · {row.group_name}"
    return f"{_name(known, PersonId(row.person_id))} · {place}"


def _name(known: dict[PersonId, PersonRef], person_id: PersonId) -> str:
    person = known.get(person_id)
    return "—" if person is None else person.name
