"""Statements on the tables of consultations; row-level security cuts what is not the viewer's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.requests.errors import ConsultMoved
from consult.requests.states import (
    CONSULT,
    INVITATION,
    ConsultAction,
    ConsultState,
    InvitationAction,
    InvitationState,
)
from kernel.errors import NotFound
from kernel.ids import PageId, new_id
from kernel.viewer import Viewer

_LOCK = text("SELECT * FROM consult_request WHERE id = :id FOR UPDATE")
_ONE = text("SELECT * FROM consult_request WHERE id = :id")
_ASK = text(
    "INSERT INTO consult_request (id, of_case_id, pregnancy_id, facility_id, urgency, purpose,"
    "  summary, consent, rules, state, asked_by, asked_at, answer_by, planned_at, minutes, next_at)"
    " VALUES (:id, :of_case_id, :pregnancy_id, :facility_id, :urgency, :purpose, :summary,"
    "  :consent, :rules, 'asked', :by, :at, :answer_by, CAST(:planned_at AS timestamptz), :minutes,"
    "  :answer_by)"
)
_MOVE = text(
    "UPDATE consult_request SET state = :state, planned_at = CAST(:planned_at AS timestamptz),"
    " minutes = :minutes, begun_at = CAST(:begun_at AS timestamptz),"
    " concluded_at = CAST(:concluded_at AS timestamptz), outcome = :outcome,"
    " decide_by = CAST(:decide_by AS timestamptz), next_at = CAST(:next_at AS timestamptz),"
    " escalated_at = CAST(:escalated_at AS timestamptz), version = version + :news WHERE id = :id"
)
_MOVED: Final = (
    "planned_at", "minutes", "begun_at", "concluded_at", "outcome", "decide_by", "next_at",
    "escalated_at",
)  # fmt: skip
_INVITE = text(
    "INSERT INTO consult_invitation"
    " (id, request_id, n, facility_id, group_id, person_id, from_id, state, invited_by, invited_at)"
    " SELECT :id, :request_id, coalesce(max(n), 0) + 1, :facility_id, :group_id, :person_id,"
    "        :from_id, 'invited', :by, :at"
    "   FROM consult_invitation WHERE request_id = :request_id"
)
_INVITED = text("SELECT * FROM consult_invitation WHERE request_id = :id ORDER BY n")
_RUNG = text("UPDATE consult_invitation SET page_id = :page_id WHERE id = :id")
_ANSWER = text(
    "UPDATE consult_invitation SET state = :state, answered_by = :by, answered_at = :at,"
    " why = :why, note = :note WHERE id = :id"
)
_EVENT = text(
    "INSERT INTO consult_event (request_id, at, action, state, person_id, note)"
    " VALUES (:id, :at, :action, :state, :by, :note)"
)


async def locked(session: AsyncSession, request_id: UUID) -> Row[Any]:
    """The consultation, locked; `NotFound` if unknown or foreign."""
    row = (await session.execute(_LOCK, {"id": request_id})).one_or_none()
    if row is None:
        raise NotFound()
    return row


async def seen(session: AsyncSession, request_id: UUID) -> Row[Any]:
    """The consultation; `NotFound` if unknown or foreign."""
    row = (await session.execute(_ONE, {"id": request_id})).one_or_none()
    if row is None:
        raise NotFound()
    return row


async def insert(session: AsyncSession, values: dict[str, Any]) -> None:
    """A new consultation."""
    await session.execute(_ASK, values)


async def invitations(session: AsyncSession, request_id: UUID) -> Sequence[Row[Any]]:
    """Everybody who was invited, in their order."""
    return (await session.execute(_INVITED, {"id": request_id})).all()


async def invite(session: AsyncSession, values: dict[str, Any]) -> UUID:
    """One more invitation."""
    id_ = new_id()
    await session.execute(_INVITE, values | {"id": id_})
    return id_


async def rung(session: AsyncSession, invitation_id: UUID, page_id: PageId) -> None:
    """Which page rings for this invitation."""
    await session.execute(_RUNG, {"id": invitation_id, "page_id": page_id})


def must_be_fresh(row: Row[Any], version: int, action: ConsultAction) -> ConsultState:
    """The state that `action` leads to.

    Raises:
        ConsultMoved: the table has no such edge, or the viewer looked at an older version.
    """
    state = ConsultState(row.state)
    if action not in CONSULT.actions(state) or row.version != version:
        raise ConsultMoved(state=row.state, action=str(action))
    return CONSULT.edge(state, action).to


async def move(
    session: AsyncSession,
    row: Row[Any],
    to: ConsultState,
    action: ConsultAction,
    at: datetime,
    viewer: Viewer,
    changed: dict[str, Any] | None = None,
    note: str | None = None,
) -> None:
    """Write the new state with what changed, and that it happened.

    One more "yes" that changes no state makes no new version: it must not stand in the way of
    somebody who concludes meanwhile.
    """
    values = {name: getattr(row, name) for name in _MOVED} | (changed or {})
    news = int(action is not ConsultAction.ACCEPT or row.state != str(to))
    await session.execute(_MOVE, values | {"id": row.id, "state": str(to), "news": news})
    await say(session, row.id, at, str(action), to, viewer, note)


async def answer(
    session: AsyncSession,
    row: Row[Any],
    invitation: Row[Any],
    action: InvitationAction,
    at: datetime,
    viewer: Viewer,
    why: str | None = None,
    note: str | None = None,
) -> None:
    """Write what an invited side says.

    Raises:
        ConsultMoved: it has answered otherwise meanwhile.
    """
    state = InvitationState(invitation.state)
    if action not in INVITATION.actions(state):
        raise ConsultMoved(state=invitation.state, action=str(action))
    values = {
        "id": invitation.id,
        "state": str(INVITATION.edge(state, action).to),
        "by": viewer.person_id,
        "at": at,
        "why": why,
        "note": note,
    }
    await session.execute(_ANSWER, values)


async def say(
    session: AsyncSession,
    request_id: UUID,
    at: datetime,
    action: str,
    state: ConsultState,
    viewer: Viewer,
    note: str | None = None,
) -> None:
    """One line of the consultation's history."""
    by = None if viewer.is_process else viewer.person_id
    said = {"id": request_id, "at": at, "action": action, "state": str(state), "note": note}
    await session.execute(_EVENT, said | {"by": by})
