"""Message rows: one per page step, person, channel and try."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify.states import MESSAGE, MessageAction, MessageState, sources
from kernel import outbox
from kernel.ids import CaseId, FacilityId, PageId, PersonId, new_id

WAKE_CHANNEL = "yunshang_message"
"""NOTIFY channel of the senders: a message became due."""

IN_APP = "in_app"

# A person's own endpoint, else the one that their page's facility registered for everybody.
_ENDPOINTS = text(
    """
    SELECT DISTINCT ON (n.person_id, e.channel) n.person_id, e.channel, e.id
      FROM unnest(CAST(:people AS uuid[])) AS n (person_id)
      JOIN notify_endpoint e ON e.disabled_at IS NULL
       AND (e.person_id = n.person_id OR e.facility_id = :facility_id)
     ORDER BY n.person_id, e.channel, e.person_id IS NULL
    """
)
_QUEUE = text(
    """
    INSERT INTO page_message
      (id, page_id, step, person_id, channel, try, case_id, endpoint_id, state, available_at)
    SELECT n.id, :page_id, :step, n.person_id, n.channel, 1, :case_id, n.endpoint_id, :state,
           clock_timestamp()
      FROM unnest(CAST(:ids AS uuid[]), CAST(:people AS uuid[]), CAST(:channels AS text[]),
                  CAST(:endpoints AS uuid[])) AS n (id, person_id, channel, endpoint_id)
    ON CONFLICT (page_id, step, person_id, channel, try) DO NOTHING
    """
)
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
)


async def queue(
    session: AsyncSession,
    *,
    page_id: PageId,
    step: int,
    case_id: CaseId,
    facility_id: FacilityId,
    people: Collection[PersonId],
) -> None:
    """Write one message per person and channel, and wake the senders of those that leave the house.

    The in-app message needs no sender: its inbox item is in this transaction.
    """
    rows: list[tuple[UUID, PersonId, str, UUID | None]] = [
        (new_id(), person_id, IN_APP, None) for person_id in people
    ]
    found = await session.execute(_ENDPOINTS, {"people": list(people), "facility_id": facility_id})
    rows += [(new_id(), PersonId(row.person_id), row.channel, row.id) for row in found]
    await session.execute(
        _QUEUE,
        {
            "page_id": page_id,
            "step": step,
            "case_id": case_id,
            "state": str(MESSAGE.initial),
            "ids": [row[0] for row in rows],
            "people": [row[1] for row in rows],
            "channels": [row[2] for row in rows],
            "endpoints": [row[3] for row in rows],
        },
    )
    if any(channel != IN_APP for _, _, channel, _ in rows):
        await outbox.notify(session, WAKE_CHANNEL)


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


async def drop(session: AsyncSession, page_id: PageId, at: datetime) -> None:
    """The page has ended: what has not gone out need not, and says so.

    In-app messages that no device took are `unreachable`; the others are `dropped`.
    """
    await session.execute(
        _DROP,
        {
            "page_id": page_id,
            "at": at,
            "unreachable": str(MessageState.UNREACHABLE),
            "dropped": str(MessageState.DROPPED),
            # One that is being sent right now is left to its sender, who knows what became of it.
            "sources": [str(MessageState.QUEUED), str(MessageState.IN_DOUBT)],
        },
    )
