"""SQL of sending many at once: one statement claims what is due, one settles what went out."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation.states import ReachAction, ReachState, sources
from duty.notify import posting
from duty.notify.posting import Claimed
from duty.notify.states import MESSAGE, MessageAction, MessageState
from kernel.sealing import Sealer

# `taken` comes back in the order of urgency; a channel without room takes nothing, so one that
# hangs holds up only itself.
_CLAIM_DUE = text(
    f"""
    WITH due AS (
      SELECT d.id
        FROM unnest(CAST(:channels AS text[]), CAST(:rooms AS int[])) AS w (channel, room)
       CROSS JOIN LATERAL (
         SELECT c.id FROM page_message c
          WHERE c.channel = w.channel AND c.channel <> 'in_app'
            AND c.state IN ('queued', 'sending', 'in_doubt')
            AND CASE c.state WHEN 'sending' THEN c.lease_until < clock_timestamp()
                             ELSE c.available_at <= clock_timestamp() END
          ORDER BY c.available_at LIMIT w.room FOR UPDATE SKIP LOCKED) d
    ), taken AS (
      UPDATE page_message m
         SET state = :sending, attempt = m.attempt + 1,
             lease_until = clock_timestamp() + CAST(:lease AS interval)
        FROM due WHERE m.id = due.id
      RETURNING m.id, m.page_id, m.step, m.person_id, m.channel, m.try AS try_no, m.attempt,
                m.contact_point_id, m.available_at
    )
    SELECT m.*, {posting.CONTENT}
      FROM taken m {posting.CONTENT_JOINS}
     ORDER BY m.available_at, m.id
    """  # noqa: S608
)
# Only rows that nobody else is writing, person and message both: a batch waits for nobody, so it
# cannot deadlock with anybody. Who was not free is settled alone, in the order of every command.
_FREE = text(
    """
    SELECT m.id
      FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS int[])) AS n (id, attempt)
      JOIN page_message m ON m.id = n.id AND m.attempt = n.attempt AND m.state = :sending
      JOIN page_target t USING (page_id, step, person_id)
       FOR UPDATE OF t, m SKIP LOCKED
    """
)
_REACHED = text(
    """
    UPDATE page_target t
       SET state = :to, sent_at = coalesce(t.sent_at, clock_timestamp()),
           route = coalesce(t.route, n.channel)
      FROM unnest(CAST(:pages AS uuid[]), CAST(:steps AS int[]), CAST(:people AS uuid[]),
                  CAST(:channels AS text[])) AS n (page_id, step, person_id, channel)
     WHERE t.page_id = n.page_id AND t.step = n.step AND t.person_id = n.person_id
       AND t.state = ANY(:sources)
    """
)
_ACCEPTED = text(
    """
    UPDATE page_message m
       SET state = :to, lease_until = NULL, error = NULL, settled_at = clock_timestamp(),
           provider_ref = coalesce(n.provider_ref, m.provider_ref)
      FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS int[]), CAST(:refs AS text[]))
        AS n (id, attempt, provider_ref)
     WHERE m.id = n.id AND m.attempt = n.attempt AND m.state = :sending
    RETURNING m.id
    """
)
_WAITING = text(
    """
    SELECT id FROM page_message
     WHERE channel = ANY(CAST(:channels AS text[])) AND channel <> 'in_app'
       AND state IN ('queued', 'in_doubt')
       AND available_at < clock_timestamp() - CAST(:since AS interval)
     ORDER BY available_at LIMIT :limit
    """
)
_STRANDED = text(
    """
    UPDATE page_message
       SET state = :to, error = 'no_such_channel', settled_at = clock_timestamp()
     WHERE channel <> 'in_app' AND channel <> ALL(CAST(:channels AS text[]))
       AND state = ANY(:waiting) AND available_at < clock_timestamp() - CAST(:after AS interval)
    RETURNING id
    """
)


async def claim_due(
    session: AsyncSession, sealer: Sealer, rooms: Mapping[str, int], lease: timedelta
) -> list[Claimed]:
    """Take what is due (or whose sender's lease is over), at most `rooms[channel]` of each."""
    rows = await session.execute(
        _CLAIM_DUE,
        {
            "channels": list(rooms),
            "rooms": list(rooms.values()),
            "lease": lease,
            "sending": str(MessageState.SENDING),
        },
    )
    return [posting.opened(row, sealer) for row in rows]


async def waiting(
    session: AsyncSession, channels: Collection[str], since: timedelta, limit: int
) -> list[UUID]:
    """Messages of these channels that have been due for `since` and that nobody has taken."""
    values = {"channels": list(channels), "since": since, "limit": limit}
    return [row.id for row in await session.execute(_WAITING, values)]


async def accept_all(
    session: AsyncSession, taken: Sequence[tuple[Claimed, str | None]]
) -> set[UUID]:
    """The channels took these over, each under the provider's own name if it gave one; returns
    those whose people were busy and must be asked again.

    A message that somebody else took over meanwhile stays with that one.
    """
    sent = [one for one, _ in taken]
    refs = {one.id: ref for one, ref in taken}
    free = set(
        await session.scalars(
            _FREE,
            {
                "ids": [one.id for one in sent],
                "attempts": [one.attempt for one in sent],
                "sending": str(MessageState.SENDING),
            },
        )
    )
    ours = [one for one in sent if one.id in free]
    if ours:
        await session.execute(
            _REACHED,
            {
                "pages": [one.page_id for one in ours],
                "steps": [one.step for one in ours],
                "people": [one.person_id for one in ours],
                "channels": [one.channel for one in ours],
                "to": str(ReachState.SENT),
                "sources": sources(ReachAction.SEND),
            },
        )
        await session.execute(
            _ACCEPTED,
            {
                "ids": [one.id for one in ours],
                "attempts": [one.attempt for one in ours],
                "refs": [refs[one.id] for one in ours],
                "sending": str(MessageState.SENDING),
                "to": str(MESSAGE.edge(MessageState.SENDING, MessageAction.ACCEPT).to),
            },
        )
    return {one.id for one in sent} - {one.id for one in ours}


async def give_up_stranded(
    session: AsyncSession, channels: Collection[str], after: timedelta
) -> int:
    """End what waits for a channel that is not among `channels`; returns how many."""
    rows = await session.execute(
        _STRANDED,
        {
            "channels": list(channels),
            "after": after,
            "to": str(MessageState.UNREACHABLE),
            "waiting": [str(MessageState.QUEUED), str(MessageState.IN_DOUBT)],
        },
    )
    return len(rows.all())
