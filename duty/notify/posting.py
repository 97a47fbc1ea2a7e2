"""SQL of delivery: claims with leases, results by attempt number."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation.states import ReachAction, ReachState, sources
from duty.notify.channels.channel import Outgoing
from duty.notify.outgoing import TOPIC
from duty.notify.states import MESSAGE, MessageAction, MessageState
from kernel import outbox
from kernel.ids import PageId, new_id
from kernel.sealing import Sealer

URL_FIELD = "notify_endpoint.url"
SECRET_FIELD = "notify_endpoint.secret"  # noqa: S105  (the name of a sealed field)

_CLAIM = text(
    """
    UPDATE page_message m
       SET state = :sending, attempt = attempt + 1,
           lease_until = clock_timestamp() + CAST(:lease AS interval)
     WHERE m.id = (SELECT c.id FROM page_message c
                    WHERE c.id = :id AND c.channel <> 'in_app'
                      AND ((c.state = ANY(:waiting) AND c.available_at <= clock_timestamp())
                           OR (c.state = :sending AND c.lease_until < clock_timestamp()))
                    FOR UPDATE SKIP LOCKED)
    RETURNING m.id, m.page_id, m.step, m.person_id, m.channel, m.try AS try_no, m.attempt,
              m.endpoint_id
    """
)
_CONTENT = text(
    """
    SELECT p.event, p.level, p.title, p.created_at, l.state IN ('running', 'exhausted') AS live,
           e.url_sealed, e.secret_sealed, e.disabled_at,
           coalesce((SELECT c.phone FROM facility_contact c
                      WHERE c.facility_id = p.from_facility_id AND c.kind = 'duty'
                      ORDER BY c.label LIMIT 1), '') AS callback
      FROM page p JOIN escalation l ON l.page_id = p.id
      LEFT JOIN notify_endpoint e ON e.id = :endpoint_id
     WHERE p.id = :page_id
    """
)
_SETTLE = text(
    """
    UPDATE page_message
       SET state = :to, lease_until = NULL, error = :error,
           available_at = clock_timestamp() + CAST(:pause AS interval),
           settled_at = CASE WHEN :settled THEN clock_timestamp() END
     WHERE id = :id AND attempt = :attempt AND state = :sending
    RETURNING state
    """
)
# Target before message, as in every command on pages.
_REACHED = text(
    "UPDATE page_target SET state = :to, sent_at = coalesce(sent_at, clock_timestamp()),"
    "  route = coalesce(route, :channel)"
    " WHERE page_id = :page_id AND step = :step AND person_id = :person_id"
    "  AND state = ANY(:sources)"
)
_TRY_AGAIN = text(
    """
    INSERT INTO page_message
      (id, page_id, step, person_id, channel, try, case_id, endpoint_id, state, available_at)
    SELECT :new_id, page_id, step, person_id, channel, try + 1, case_id, endpoint_id, :queued,
           clock_timestamp() + CAST(:pause AS interval)
      FROM page_message WHERE id = :id
    ON CONFLICT (page_id, step, person_id, channel, try) DO NOTHING
    RETURNING available_at
    """
)
_OVERDUE = text(
    """
    SELECT id FROM page_message
     WHERE channel <> 'in_app' AND state IN ('queued', 'sending', 'in_doubt')
       AND CASE state WHEN 'sending' THEN lease_until < clock_timestamp()
                      ELSE available_at < clock_timestamp() - CAST(:pending AS interval) END
     ORDER BY available_at LIMIT 200
    """
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in our hands until its lease ends.

    `wanted` is False once the page has ended; `outgoing` is None when its endpoint is gone.
    """

    id: UUID
    page_id: PageId
    step: int
    person_id: UUID
    channel: str
    try_: int
    attempt: int
    wanted: bool
    outgoing: Outgoing | None


async def claim(
    session: AsyncSession, sealer: Sealer, message_id: UUID, lease: timedelta
) -> Claimed | None:
    """Take the message if it is due (or its sender's lease is over) and nobody holds it."""
    row = (
        await session.execute(
            _CLAIM,
            {
                "id": message_id,
                "lease": lease,
                "sending": str(MessageState.SENDING),
                "waiting": [str(MessageState.QUEUED), str(MessageState.IN_DOUBT)],
            },
        )
    ).one_or_none()
    if row is None:
        return None
    content = (
        await session.execute(_CONTENT, {"page_id": row.page_id, "endpoint_id": row.endpoint_id})
    ).one()
    outgoing = None
    if content.url_sealed is not None and content.disabled_at is None:
        outgoing = Outgoing(
            id=row.id,
            page_id=PageId(row.page_id),
            attempt=row.attempt,
            address=sealer.open(content.url_sealed, URL_FIELD),
            secret=sealer.open(content.secret_sealed, SECRET_FIELD),
            event=content.event,
            level=content.level,
            title=content.title,
            callback=content.callback,
            paged_at=content.created_at,
        )
    return Claimed(
        row.id,
        PageId(row.page_id),
        row.step,
        row.person_id,
        row.channel,
        row.try_no,
        row.attempt,
        bool(content.live),
        outgoing,
    )


async def settle(
    session: AsyncSession,
    claimed: Claimed,
    action: MessageAction,
    *,
    error: str | None = None,
    pause_s: float = 0,
) -> MessageState | None:
    """Write what became of it; None if somebody else took the message over meanwhile."""
    to = MESSAGE.edge(MessageState.SENDING, action).to
    moved = await session.execute(
        _SETTLE,
        {
            "id": claimed.id,
            "attempt": claimed.attempt,
            "sending": str(MessageState.SENDING),
            "to": str(to),
            "error": error,
            "pause": timedelta(seconds=pause_s),
            "settled": to != MessageState.IN_DOUBT,
        },
    )
    return to if moved.one_or_none() is not None else None


async def accepted(session: AsyncSession, claimed: Claimed) -> MessageState | None:
    """The channel took it over: the person counts as sent to."""
    await session.execute(
        _REACHED,
        {
            "page_id": claimed.page_id,
            "step": claimed.step,
            "person_id": claimed.person_id,
            "channel": claimed.channel,
            "to": str(ReachState.SENT),
            "sources": sources(ReachAction.SEND),
        },
    )
    return await settle(session, claimed, MessageAction.ACCEPT)


async def try_again(session: AsyncSession, claimed: Claimed, pause_s: float) -> None:
    """Queue the next try of a message that certainly did not go out."""
    id_ = new_id()
    due = (
        await session.execute(
            _TRY_AGAIN,
            {
                "new_id": id_,
                "id": claimed.id,
                "queued": str(MESSAGE.initial),
                "pause": timedelta(seconds=pause_s),
            },
        )
    ).scalar_one_or_none()
    if due is not None:
        payload = {"message_id": str(id_)}
        await outbox.enqueue(session, TOPIC, payload, key=str(id_), available_at=due)


async def overdue(session: AsyncSession, pending_for: timedelta) -> list[UUID]:
    """Messages that should have gone out `pending_for` ago, and those of dead senders."""
    rows = await session.execute(_OVERDUE, {"pending": pending_for})
    return [row.id for row in rows]
