"""Times of a consultation: proposed by either side, agreed to by the other."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.requests import rights, store
from consult.requests.errors import OwnProposal, TimePassed
from consult.requests.rules import RULES
from consult.requests.schemas import MoveConsult, ProposeTime
from consult.requests.states import ConsultAction
from consult.requests.telling import tell_asker, tell_her_case, tell_invited
from kernel import chain
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId
from kernel.viewer import Viewer

PROPOSED = "consult.time_proposed"
PLANNED = "consult.planned"

_PROPOSE = text(
    "INSERT INTO consult_proposal"
    " (request_id, n, facility_id, person_id, at, starts_at, minutes, note, state)"
    " SELECT :id, coalesce(max(n), 0) + 1, :facility_id, :by, :at, :starts_at, :minutes, :note,"
    "        'open' FROM consult_proposal WHERE request_id = :id"
)
_OPEN = text(
    "SELECT * FROM consult_proposal WHERE request_id = :id AND n = :n AND state = 'open' FOR UPDATE"
)
_SETTLE = text(
    "UPDATE consult_proposal SET state = CASE WHEN n = :n THEN 'agreed' ELSE 'set_aside' END,"
    " settled_by = :by, settled_at = :at WHERE request_id = :id AND state = 'open'"
)


async def propose(
    session: AsyncSession, clock: Clock, viewer: Viewer, request_id: UUID, order: ProposeTime
) -> None:
    """A time that suits; the other side hears of it and agrees, or proposes another.

    Raises:
        NotFound: unknown or foreign.
        InvitedOnly: the viewer is on neither side.
        TimePassed: that moment is over.
        ConsultMoved: begun, cancelled or changed since the viewer looked.
    """
    row = await store.locked(session, request_id)
    rights.must_take_part(viewer, row, await store.invitations(session, row.id))
    to = store.must_be_fresh(row, order.version, ConsultAction.PROPOSE)
    at = clock.now()
    if order.starts_at <= at:
        raise TimePassed()
    values = {
        "id": row.id,
        "facility_id": viewer.facility_id,
        "by": viewer.person_id,
        "at": at,
        "starts_at": order.starts_at,
        "minutes": order.minutes,
        "note": order.note,
    }
    await session.execute(_PROPOSE, values)
    await store.move(session, row, to, ConsultAction.PROPOSE, at, viewer, note=order.note)
    if rights.asks(viewer, row):
        await tell_invited(session, clock, row, PROPOSED)
    else:
        await tell_asker(session, clock, row, PROPOSED)


async def agree(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    request_id: UUID,
    n: int,
    order: MoveConsult,
) -> None:
    """The other side agrees: it is planned, everybody who takes part is told and reminded.

    Raises:
        NotFound: unknown, foreign, or not open any more.
        OwnProposal: one's own side proposed it.
        TimePassed: that moment is over.
        ConsultMoved: begun, cancelled or changed since the viewer looked.
    """
    row = await store.locked(session, request_id)
    rights.must_take_part(viewer, row, await store.invitations(session, row.id))
    to = store.must_be_fresh(row, order.version, ConsultAction.AGREE_TIME)
    proposal = (await session.execute(_OPEN, {"id": row.id, "n": n})).one_or_none()
    if proposal is None:
        raise NotFound()
    if not may_agree(viewer, row, proposal):
        raise OwnProposal()
    at = clock.now()
    if proposal.starts_at <= at:
        raise TimePassed()
    settled = {"id": row.id, "n": n, "by": viewer.person_id, "at": at}
    await session.execute(_SETTLE, settled)
    remind = max(at, proposal.starts_at - timedelta(minutes=RULES.remind_before_min))
    changed = {"planned_at": proposal.starts_at, "minutes": proposal.minutes, "next_at": remind}
    await store.move(session, row, to, ConsultAction.AGREE_TIME, at, viewer, changed, order.note)
    facts: dict[str, object] = {"planned_at": proposal.starts_at, "minutes": proposal.minutes}
    await chain.append(session, clock, CaseId(row.id), PLANNED, viewer=viewer, payload=facts)
    await tell_her_case(session, clock, viewer, row, PLANNED, facts)
    await tell_asker(session, clock, row, PLANNED)
    await tell_invited(session, clock, row, PLANNED)


def may_agree(viewer: Viewer, row: Row[Any], proposal: Row[Any]) -> bool:
    """The asker agrees to what the invited propose, and they to the asker's."""
    asker_proposed = bool(proposal.facility_id == row.facility_id)
    return asker_proposed != rights.asks(viewer, row)
