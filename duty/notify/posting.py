"""SQL of delivery: claims with leases, results by attempt number."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation.states import ReachAction, ReachState, sources
from duty.notify.channels.channel import Outgoing, Purpose
from duty.notify.states import MESSAGE, MessageAction, MessageState
from kernel.ids import PageId, new_id
from kernel.sealing import Sealer

ADDRESS_FIELD = "contact_point.address"
SECRET_FIELD = "contact_point.secret"  # noqa: S105  (the name of a sealed field)

CONTENT = """p.event, p.level, p.title, p.drill, p.created_at,
           l.state IN ('running', 'exhausted') AND t.stood_down_at IS NULL
             AND t.state NOT IN ('acknowledged', 'declined') AS wanted,
           n.address_sealed, n.secret_sealed, n.disabled_at,
           coalesce((SELECT c.phone FROM facility_contact c
                      WHERE c.facility_id = p.from_facility_id AND c.kind = 'duty'
                      ORDER BY c.label LIMIT 1), '') AS callback"""
"""What a message says and where it goes, of a claimed row `m` with its `CONTENT_JOINS`."""

CONTENT_JOINS = """JOIN page p ON p.id = m.page_id JOIN escalation l ON l.page_id = p.id
      JOIN page_target t ON t.page_id = m.page_id AND t.step = m.step AND t.person_id = m.person_id
      LEFT JOIN contact_point n ON n.id = m.contact_point_id"""
_CLAIM = text(
    f"""
    WITH m AS (
      UPDATE page_message m
         SET state = :sending, attempt = attempt + 1,
             lease_until = clock_timestamp() + CAST(:lease AS interval)
       WHERE m.id = (SELECT c.id FROM page_message c
                      WHERE c.id = :id AND c.channel <> 'in_app'
                        AND ((c.state = ANY(:waiting) AND c.available_at <= clock_timestamp())
                             OR (c.state = :sending AND c.lease_until < clock_timestamp()))
                      FOR UPDATE SKIP LOCKED)
      RETURNING m.id, m.page_id, m.step, m.person_id, m.channel, m.try AS try_no, m.attempt,
                m.contact_point_id
    )
    SELECT m.*, {CONTENT} FROM m {CONTENT_JOINS}
    """  # noqa: S608
)
_SETTLE = text(
    """
    UPDATE page_message
       SET state = :to, lease_until = NULL, error = :error,
           provider_ref = coalesce(:provider_ref, provider_ref),
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
      (id, page_id, step, person_id, channel, contact_point_id, ring, try, case_id, state,
       available_at)
    SELECT :new_id, page_id, step, person_id, channel, contact_point_id, ring, try + 1, case_id,
           :queued, clock_timestamp() + CAST(:pause AS interval)
      FROM page_message WHERE id = :id
    ON CONFLICT ON CONSTRAINT page_message_once DO NOTHING
    """
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in our hands until its lease ends.

    `wanted` is False once the page has ended or this person has answered; `outgoing` is None when
    its contact point is gone.
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
    return None if row is None else opened(row, sealer)


def opened(row: Row[Any], sealer: Sealer) -> Claimed:
    """A claimed row with its `CONTENT`, its address and secret readable."""
    outgoing = None
    if row.address_sealed is not None and row.disabled_at is None:
        outgoing = Outgoing(
            id=row.id,
            page_id=PageId(row.page_id),
            attempt=row.attempt,
            address=sealer.open(row.address_sealed, ADDRESS_FIELD),
            secret=sealer.open(row.secret_sealed, SECRET_FIELD) if row.secret_sealed else "",
            event=row.event,
            level=row.level,
            title=row.title,
            callback=row.callback,
            paged_at=row.created_at,
            purpose=Purpose.DRILL if row.drill else Purpose.PAGE,
        )
    return Claimed(
        row.id,
        PageId(row.page_id),
        row.step,
        row.person_id,
        row.channel,
        row.try_no,
        row.attempt,
        bool(row.wanted),
        outgoing,
    )


async def settle(
    session: AsyncSession,
    claimed: Claimed,
    action: MessageAction,
    *,
    error: str | None = None,
    pause_s: float = 0,
    provider_ref: str | None = None,
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
            "provider_ref": provider_ref,
            "pause": timedelta(seconds=pause_s),
            "settled": to != MessageState.IN_DOUBT,
        },
    )
    return to if moved.one_or_none() is not None else None


async def accepted(
    session: AsyncSession, claimed: Claimed, provider_ref: str | None
) -> MessageState | None:
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
    return await settle(session, claimed, MessageAction.ACCEPT, provider_ref=provider_ref)


async def try_again(session: AsyncSession, claimed: Claimed, pause_s: float) -> None:
    """Queue the next try of a message that certainly did not go out."""
    await session.execute(
        _TRY_AGAIN,
        {
            "new_id": new_id(),
            "id": claimed.id,
            "queued": str(MESSAGE.initial),
            "pause": timedelta(seconds=pause_s),
        },
    )
