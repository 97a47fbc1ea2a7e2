"""SMS that come back: "1" or 收到 takes the page, "2" cannot come, the rest goes to the desk.

The number says who it is. A reply that could mean two pages means neither: people decide.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import audience
from duty.notify import inbox
from duty.notify.contacts import service as contacts
from duty.notify.hooks import hearing
from duty.notify.hooks.door import PHONE_FIELD, TEXT_FIELD
from duty.notify.hooks.hearing import Heard
from duty.notify.posting import ADDRESS_FIELD
from kernel.clock import Clock
from kernel.ids import FacilityId, PageId
from kernel.sealing import Sealer

log = structlog.get_logger()

Meaning = Literal["acknowledge", "decline", "other", "unclear", "stranger"]

YES = frozenset({"1", "收到", "接收", "接听", "好", "OK", "YES", "Y"})
NO = frozenset({"2", "拒绝", "手术中", "不能来", "NO"})
STOP = frozenset({"TD", "T", "退订", "STOP"})
"""Turns text messages off for their person; calls and the app are the floor and go on."""

NOTICE = "duty.sms_reply"
ABOUT = timedelta(hours=12)
"""A reply is about a page that rang this number within so long."""

_REPLY = text("SELECT id, phone_sealed, text_sealed, meaning FROM inbound_reply WHERE id = :id")
_PAGES = text(
    """
    SELECT m.page_id, m.person_id, e.facility_id AS home, p.facility_id, p.case_id, p.title,
           max(m.id::text) AS message_id,
           l.state IN ('running', 'exhausted')
             AND bool_and(t.state NOT IN ('acknowledged', 'declined')) AS open
      FROM contact_point n
      JOIN page_message m ON m.contact_point_id = n.id AND m.attempt >= 1
      JOIN page p ON p.id = m.page_id JOIN escalation l ON l.page_id = p.id
      JOIN page_target t
        ON t.page_id = m.page_id AND t.step = m.step AND t.person_id = m.person_id
      JOIN person e ON e.id = m.person_id
     WHERE n.channel = 'sms' AND n.address_index = :index
       AND p.created_at > clock_timestamp() - CAST(:about AS interval)
     GROUP BY m.page_id, m.person_id, e.facility_id, p.facility_id, p.case_id, p.title, l.state,
              p.created_at
     ORDER BY p.created_at DESC
    """
)
_POINTS = text(
    "SELECT id FROM contact_point WHERE channel = 'sms' AND address_index = :index"
    " AND person_id IS NOT NULL AND disabled_at IS NULL"
)
_MEANT = text(
    "UPDATE inbound_reply SET meaning = :meaning, person_id = :person_id, page_id = :page_id,"
    "  facility_id = :facility_id, read_at = clock_timestamp()"
    " WHERE id = :id AND meaning IS NULL"
)


@dataclass(frozen=True, slots=True)
class Understood:
    """What a reply means, and about which page if that is certain."""

    meaning: Meaning
    page: Row[Any] | None


async def hear_reply(session: AsyncSession, clock: Clock, sealer: Sealer, reply_id: UUID) -> None:
    """Act on one reply, once."""
    row = (await session.execute(_REPLY, {"id": reply_id})).one_or_none()
    if row is None or row.meaning is not None:
        return
    phone = sealer.open(row.phone_sealed, PHONE_FIELD)
    index = sealer.blind_index(phone, f"{ADDRESS_FIELD}/sms")
    pages = (await session.execute(_PAGES, {"index": index, "about": ABOUT})).all()
    written = sealer.open(row.text_sealed, TEXT_FIELD)
    found = understand(written, pages)
    page = found.page
    if _bare(written) in STOP:
        for point in (await session.execute(_POINTS, {"index": index})).all():
            await contacts.opt_out(session, point.id, clock.now())
    if found.meaning in ("acknowledge", "decline") and page is not None:
        person = hearing.speaker(page.person_id, page.home)
        heard = Heard(UUID(page.message_id), PageId(page.page_id), "sms", person)
        await hearing.press(session, clock, heard, "1" if found.meaning == "acknowledge" else "2")
    await session.execute(
        _MEANT,
        {
            "id": reply_id,
            "meaning": found.meaning,
            "person_id": None if page is None else page.person_id,
            "page_id": None if page is None else page.page_id,
            "facility_id": None if page is None else page.facility_id,
        },
    )
    log.info("reply.read", reply_id=str(reply_id), meaning=found.meaning)
    if page is not None and found.meaning in ("other", "unclear"):
        await _tell_desk(session, clock, reply_id, page)


def understand(text_: str, pages: Sequence[Row[Any]]) -> Understood:
    """Pure: the meaning of a text, given the pages that rang the number, newest first."""
    if not pages:
        return Understood("stranger", None)
    said = _bare(text_)
    meaning: Meaning = "acknowledge" if said in YES else "decline" if said in NO else "other"
    waiting = [page for page in pages if page.open]
    if meaning != "other" and len(waiting) > 1:
        return Understood("unclear", waiting[0])
    return Understood(meaning, waiting[0] if waiting else pages[0])


def _bare(text_: str) -> str:
    return unicodedata.normalize("NFKC", text_).strip(" 。.!！,，").upper()


async def _tell_desk(session: AsyncSession, clock: Clock, reply_id: UUID, page: Row[Any]) -> None:
    facility_id = FacilityId(page.facility_id)
    people = await audience.at_post(session, [facility_id], clock.now())
    facts = {"page_id": page.page_id, "facility_id": facility_id, "title": page.title}
    await inbox.post(
        session, people, "notice", page.case_id, {"code": NOTICE, "reply_id": reply_id, **facts}
    )
