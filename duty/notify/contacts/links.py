"""Answer links: the holder of a message says "I have it" without logging in.

Looking changes nothing, so that previews of chats and mail scanners answer no page; only the button
does. A link is bound to one message and thereby to one person, and ends after a while.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as pages
from duty.escalation.states import LIVE
from duty.notify.contacts.checks import DATA
from duty.notify.contacts.schemas import AnswerLink
from duty.notify.contacts.secrets import token_of
from duty.notify.errors import AnswerLinkOver
from kernel.clock import Clock
from kernel.database import act_as
from kernel.ids import AccountId, FacilityId, PageId, PersonId
from kernel.sealing import Sealer
from kernel.tokens import token_hash
from kernel.viewer import NOBODY, Viewer

LINKED = frozenset({"sms", "wecom_app", "dingtalk_app", "email"})
"""Channels whose text is read by one person and can carry a link."""

_MINT = text(
    "INSERT INTO answer_link (token_hash, page_message_id, contact_message_id, expires_at)"
    " SELECT n.hash, CASE WHEN :pages THEN n.id END, CASE WHEN NOT :pages THEN n.id END,"
    "        clock_timestamp() + CAST(:lives AS interval)"
    "   FROM unnest(CAST(:hashes AS bytea[]), CAST(:ids AS uuid[])) AS n (hash, id)"
    " ON CONFLICT (token_hash) DO NOTHING"
)
_FIND = text("SELECT * FROM answer_link_find(:hash, :at)")
_HEARD = text("SELECT answer_link_heard(:hash, :at)")
_LIVE = frozenset(str(state) for state in LIVE)

State = Literal["open", "mine", "over"]


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the links of one installation; `public_url` is where people reach it."""

    sealer: Sealer
    public_url: str

    async def mint(
        self, session: AsyncSession, messages: Collection[UUID], *, pages: bool = True
    ) -> dict[UUID, str]:
        """The addresses to write into these messages; a repeat gives the same ones."""
        if not messages or not self.public_url:
            return {}
        tokens = {id_: token_of(self.sealer, id_) for id_ in messages}
        await session.execute(
            _MINT,
            {
                "pages": pages,
                "ids": list(tokens),
                "hashes": [token_hash(token) for token in tokens.values()],
                "lives": timedelta(seconds=DATA.link.lives_s),
            },
        )
        base = self.public_url.rstrip("/")
        return {id_: f"{base}/a/{token}" for id_, token in tokens.items()}


async def look(session: AsyncSession, clock: Clock, token: str) -> AnswerLink:
    """What the link is about. Changes nothing.

    Raises:
        AnswerLinkOver: unknown or expired.
    """
    return _shown(await _find(session, clock.now(), token))


async def answer(session: AsyncSession, clock: Clock, token: str) -> AnswerLink:
    """The link's holder has it: the page is acknowledged, or the test has arrived.

    Raises:
        AnswerLinkOver: unknown or expired.
        PageOver: the page was cancelled before.
    """
    at = clock.now()
    row = await _find(session, at, token)
    if row.page_id is None:
        await session.execute(_HEARD, {"hash": token_hash(token), "at": at})
    else:
        viewer = _holder(row)
        await act_as(session, viewer)
        await pages.acknowledge(session, clock, viewer, PageId(row.page_id), route="link")
    return _shown(await _find(session, at, token))


async def _find(session: AsyncSession, at: datetime, token: str) -> Row[Any]:
    row = (await session.execute(_FIND, {"hash": token_hash(token), "at": at})).one_or_none()
    if row is None:
        raise AnswerLinkOver()
    return row


def _holder(row: Row[Any]) -> Viewer:
    """The person whom the message was for: party to that case, at home nowhere, without a role."""
    return Viewer(
        account_id=AccountId(row.account_id or NOBODY),
        person_id=PersonId(row.person_id),
        session_id=None,
        facility_id=FacilityId(row.facility_id),
        facility_ids=frozenset(),
        region_ids=frozenset(),
        roles=frozenset(),
    )


def _shown(row: Row[Any]) -> AnswerLink:
    return AnswerLink(
        purpose="page" if row.page_id is not None else "test",
        level=row.level,
        title=row.title,
        sent_at=row.paged_at,
        state=_state(row),
    )


def _state(row: Row[Any]) -> State:
    if row.page_id is None:
        return "mine" if row.mine == "delivered" else "open"
    if row.mine == "acknowledged":
        return "mine"
    # An acknowledged page may still be waiting for people of other specialties: the page decides.
    return "open" if row.page_state in _LIVE and row.mine != "declined" else "over"
