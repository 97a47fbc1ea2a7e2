"""Message rows: one per page step, person, contact point, planned ring and try."""

from collections.abc import Collection
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify.contacts.reaching import GROUP_CHATS, IN_APP, Point, Ring, Wish, plan
from duty.notify.states import MESSAGE, MessageAction, MessageState, sources
from kernel.ids import CaseId, FacilityId, PageId, PersonId, new_id
from registry.facilities.rules import CHINA

WAKE_CHANNEL = "yunshang_message"
"""NOTIFY channel of the senders: a message became due."""

_POINTS = text(
    """
    SELECT r.*, clock_timestamp() AS now
      FROM ring_points(CAST(:people AS uuid[]), :facility_id) r
    """
)
_QUEUE = text(
    """
    WITH added AS (
      INSERT INTO page_message
        (id, page_id, step, person_id, channel, contact_point_id, ring, try, case_id, state,
         available_at)
      SELECT n.id, :page_id, :step, n.person_id, n.channel, n.point_id, n.ring, 1, :case_id,
             :state, t.now + make_interval(secs => n.after_s)
        FROM (SELECT clock_timestamp() AS now) t,
             unnest(CAST(:ids AS uuid[]), CAST(:people AS uuid[]), CAST(:channels AS text[]),
                    CAST(:points AS uuid[]), CAST(:rings AS int[]), CAST(:after_s AS int[]))
               AS n (id, person_id, channel, point_id, ring, after_s)
      ON CONFLICT ON CONSTRAINT page_message_once DO NOTHING)
    SELECT pg_notify(:wake, '') WHERE :leaves
    """
)
"""The rows, and NOTIFY if any of them leaves the house, in one round trip."""
_MOVE_IN_APP = text(
    "UPDATE page_message SET state = :to, settled_at = :at"
    " WHERE page_id = :page_id AND person_id = :person_id AND channel = 'in_app'"
    "  AND state = ANY(:sources)"
)
_DROP = text(
    "UPDATE page_message"
    " SET state = CASE WHEN channel = 'in_app' THEN :unreachable ELSE :dropped END,"
    "     lease_until = NULL, settled_at = :at"
    " WHERE page_id = :page_id AND state = ANY(:sources)"
    "  AND (CAST(:people AS uuid[]) IS NULL OR person_id = ANY(CAST(:people AS uuid[])))"
)


async def queue(
    session: AsyncSession,
    *,
    page_id: PageId,
    step: int,
    case_id: CaseId,
    facility_id: FacilityId,
    level: str,
    people: Collection[PersonId],
) -> None:
    """Write what rings each person, now and later, and wake the senders.

    The in-app message needs no sender: its inbox item is in this transaction.
    """
    rings: list[tuple[PersonId, Ring | None]] = [(person_id, None) for person_id in people]
    rings += await _rings(session, level, facility_id, people)
    await session.execute(
        _QUEUE,
        {
            "page_id": page_id,
            "step": step,
            "case_id": case_id,
            "state": str(MESSAGE.initial),
            "ids": [new_id() for _ in rings],
            "people": [person_id for person_id, _ in rings],
            "channels": [ring.channel if ring else IN_APP for _, ring in rings],
            "points": [ring.point_id if ring else None for _, ring in rings],
            "rings": [ring.ring if ring else 1 for _, ring in rings],
            "after_s": [ring.after_s if ring else 0 for _, ring in rings],
            "wake": WAKE_CHANNEL,
            "leaves": len(rings) > len(people),
        },
    )


async def _rings(
    session: AsyncSession, level: str, facility_id: FacilityId, people: Collection[PersonId]
) -> list[tuple[PersonId, Ring | None]]:
    """What rings outside the browser: everybody's verified points by everybody's wishes; a group
    chat is told once of each step, whoever is rung."""
    found = (
        await session.execute(
            _POINTS,
            {"people": list(people), "facility_id": facility_id},
        )
    ).all()
    rings: list[tuple[PersonId, Ring | None]] = []
    said: set[UUID] = set()
    for person_id, group in groupby(found, key=lambda row: row.person_id):
        rows = [row for row in group if row.point_id not in said]
        said |= {row.point_id for row in rows if row.channel in GROUP_CHATS}
        if not rows:
            continue
        points = [Point(row.point_id, row.channel, row.rank) for row in rows]
        wishes = {
            row.channel: Wish(row.delay_s, row.off, row.quiet_from, row.quiet_to) for row in rows
        }
        local = rows[0].now.astimezone(CHINA)
        rings += [(PersonId(person_id), ring) for ring in plan(points, wishes, level, local)]
    return rings


async def move_in_app(
    session: AsyncSession,
    page_id: PageId,
    person_id: PersonId,
    action: MessageAction,
    at: datetime,
) -> None:
    """Record what the person's own browser says about the in-app message."""
    edges = [edge.to for _, act, edge in MESSAGE if act == action]
    await session.execute(
        _MOVE_IN_APP,
        {
            "page_id": page_id,
            "person_id": person_id,
            "to": str(edges[0]),
            "sources": sources(action),
            "at": at,
        },
    )


async def drop(
    session: AsyncSession,
    page_id: PageId,
    at: datetime,
    *,
    people: Collection[PersonId] | None = None,
) -> None:
    """The page has ended (for these people, or for all): what has not gone out need not.

    In-app messages that no device took are `unreachable`; the others are `dropped`.
    """
    await session.execute(
        _DROP,
        {
            "page_id": page_id,
            "people": None if people is None else list(people),
            "at": at,
            "unreachable": str(MessageState.UNREACHABLE),
            "dropped": str(MessageState.DROPPED),
            # One that is being sent right now is left to its sender, who knows what became of it.
            "sources": [str(MessageState.QUEUED), str(MessageState.IN_DOUBT)],
        },
    )
