"""What the engine makes of a provider's word: a state, an answer to a page, or a line on the desk.

Everything is done as the person whom the message was for, through the same commands as in the app.
Words come late, twice and in any order: each step is one that a repeat does not repeat.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as pages
from duty.escalation.errors import NotATarget, PageOver
from duty.notify.contacts import sending as contacts
from duty.notify.hooks.door import PHONE_FIELD
from duty.notify.hooks.words import bare
from duty.notify.posting import ADDRESS_FIELD
from duty.notify.states import MessageAction, MessageState, sources
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import AccountId, FacilityId, PageId, PersonId
from kernel.sealing import Sealer
from kernel.viewer import NOBODY, Viewer

log = structlog.get_logger()

UNKNOWN_FOR = timedelta(seconds=30)
"""A report may overtake our own note of what was sent; for so long it is looked for again."""

_RECEIPT = text(
    "SELECT provider, kind, ref, message_id, code, key, phone_sealed,"
    "  received_at > clock_timestamp() - CAST(:patience AS interval) AS young"
    " FROM message_receipt WHERE id = :id"
)
_MESSAGE = text(
    """
    SELECT m.id, m.page_id, m.person_id, m.channel, m.attempt, e.facility_id AS home,
           n.address_sealed
      FROM page_message m JOIN person e ON e.id = m.person_id
      LEFT JOIN contact_point n ON n.id = m.contact_point_id
     WHERE m.id = CAST(:message_id AS uuid) OR m.provider_ref = :ref
     ORDER BY m.id = CAST(:message_id AS uuid) DESC NULLS LAST LIMIT 1
    """
)
_MOVE = text(
    "UPDATE page_message SET state = :to, lease_until = NULL, settled_at = :at,"
    "  error = coalesce(:error, error)"
    " WHERE id = :id AND state = ANY(:sources)"
)


class NotYetKnown(Exception):
    """A report about a message that we may only just be writing down: ask again soon."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Who is speaking about which message."""

    message_id: UUID
    page_id: PageId
    channel: str
    speaker: Viewer


async def hear_receipt(
    session: AsyncSession, clock: Clock, sealer: Sealer, receipt_id: UUID
) -> None:
    """Act on one report.

    Raises:
        NotYetKnown: no such message, and the report is young.
    """
    row = (
        await session.execute(_RECEIPT, {"id": receipt_id, "patience": UNKNOWN_FOR})
    ).one_or_none()
    if row is None:
        return
    ref = f"{row.provider}:{row.ref}"
    found = (
        await session.execute(_MESSAGE, {"message_id": row.message_id, "ref": ref})
    ).one_or_none()
    if found is None:
        if row.kind != "undelivered" and await contacts.delivered(session, ref):
            return
        if row.young:
            raise NotYetKnown()
        log.info("receipt.unknown", receipt_id=str(receipt_id), provider=row.provider)
        return
    if not found.attempt:
        # Every call is written down before it is made: nobody can have got this one.
        log.warning("receipt.never_sent", receipt_id=str(receipt_id), message_id=str(found.id))
        return
    if not _same_number(sealer, row, found):
        log.warning("receipt.other_number", receipt_id=str(receipt_id), message_id=str(found.id))
        return
    heard = Heard(
        found.id, PageId(found.page_id), found.channel, speaker(found.person_id, found.home)
    )
    if row.kind == "undelivered":
        await _move(session, heard, MessageAction.GIVE_UP, clock.now(), row.code)
        return
    if row.kind == "key":
        await press(session, clock, heard, row.key)
    else:
        await _arrived(session, clock, heard)
    await _move(session, heard, MessageAction.CONFIRM, clock.now())


def _same_number(sealer: Sealer, receipt: Row[Any], message: Row[Any]) -> bool:
    """A report that names a number names the one that was called."""
    said = "" if receipt.phone_sealed is None else sealer.open(receipt.phone_sealed, PHONE_FIELD)
    if not said or message.address_sealed is None:
        return True
    return bare(sealer.open(message.address_sealed, ADDRESS_FIELD)) == said


async def press(session: AsyncSession, clock: Clock, heard: Heard, key: str) -> None:
    """1 接听, 2 拒绝(手术中), 3 转下一位, as the person who was called."""
    try:
        if key == "1":
            await pages.acknowledge(
                session, clock, heard.speaker, heard.page_id, route=heard.channel
            )
        elif key == "2":
            await pages.decline(
                session,
                clock,
                heard.speaker,
                heard.page_id,
                reason="in_surgery",
                route=heard.channel,
            )
        elif key == "3":
            await pages.pass_on(session, clock, heard.speaker, heard.page_id, route=heard.channel)
    except (PageOver, NotATarget, NotFound) as error:
        log.info("receipt.too_late", page_id=str(heard.page_id), code=error.code)


async def _arrived(session: AsyncSession, clock: Clock, heard: Heard) -> None:
    try:
        await pages.receipt(
            session, clock, heard.speaker, heard.page_id, "delivered", route=heard.channel
        )
    except (NotATarget, NotFound) as error:
        log.info("receipt.too_late", page_id=str(heard.page_id), code=error.code)


async def _move(
    session: AsyncSession,
    heard: Heard,
    action: MessageAction,
    at: datetime,
    error: str | None = None,
) -> None:
    to = MessageState.DELIVERED if action == MessageAction.CONFIRM else MessageState.UNREACHABLE
    waiting = {str(MessageState.QUEUED)}
    await session.execute(
        _MOVE,
        {
            "id": heard.message_id,
            "to": str(to),
            "at": at,
            "error": error,
            "sources": [state for state in sources(action) if state not in waiting],
        },
    )


def speaker(person_id: UUID, home: UUID) -> Viewer:
    """The person whom a message was for: party to that case, without a role."""
    return Viewer(
        account_id=AccountId(NOBODY),
        person_id=PersonId(person_id),
        session_id=None,
        facility_id=FacilityId(home),
        facility_ids=frozenset(),
        region_ids=frozenset(),
        roles=frozenset(),
    )
