"""Commands of those who were invited: accept, decline, hand on, know that it is called off."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.requests import inviting, rights, store
from consult.requests.errors import ConsultMoved
from consult.requests.rules import RULES
from consult.requests.schemas import Decline, HandOn, MoveConsult
from consult.requests.states import (
    OPEN,
    ConsultAction,
    ConsultState,
    InvitationAction,
    InvitationState,
)
from consult.requests.telling import tell_asker
from duty.escalation import service as duty
from kernel import chain
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, FacilityId, PageId
from kernel.viewer import Viewer

ACCEPTED = "consult.accepted"
DECLINED = "consult.declined"
HANDED_ON = "consult.handed_on"
NOBODY_LEFT = "consult.nobody_left"


async def _taken(
    session: AsyncSession, viewer: Viewer, request_id: UUID, invitation_id: UUID
) -> tuple[Row[Any], Row[Any]]:
    row = await store.locked(session, request_id)
    for one in await store.invitations(session, row.id):
        if one.id == invitation_id:
            rights.must_be_invited(viewer, one)
            return row, one
    raise NotFound()


async def accept(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    request_id: UUID,
    invitation_id: UUID,
    order: MoveConsult,
) -> None:
    """I come; nobody else of that invitation is rung for it.

    Raises:
        NotFound: unknown or foreign.
        InvitedOnly: the viewer is no expert of the invited house.
        ConsultMoved: answered, cancelled or changed since the viewer looked.
    """
    row, one = await _taken(session, viewer, request_id, invitation_id)
    to = store.must_be_fresh(row, order.version, ConsultAction.ACCEPT)
    at = clock.now()
    await store.answer(session, row, one, InvitationAction.ACCEPT, at, viewer, note=order.note)
    changed = (
        {} if to is ConsultState.UNDERWAY else {"next_at": _begins_late(row, row.planned_at, at)}
    )
    await store.move(session, row, to, ConsultAction.ACCEPT, at, viewer, changed, order.note)
    await _said(session, clock, viewer, row, one, ACCEPTED)
    if one.page_id is not None:
        await duty.acknowledge_for(
            session, clock, viewer, CaseId(row.id), FacilityId(one.facility_id),
            arrived=row.planned_at is not None or row.urgency == "ordinary",
            page_ids=[PageId(one.page_id)],
        )  # fmt: skip


def _begins_late(row: Row[Any], planned_at: Any, at: Any) -> Any:
    """When the engine looks again: before a planned one to remind, else when it is late."""
    if planned_at is not None:
        return max(at, planned_at - timedelta(minutes=RULES.remind_before_min))
    return at + timedelta(minutes=RULES.of(row.urgency).begin_within_min)


async def decline(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    request_id: UUID,
    invitation_id: UUID,
    order: Decline,
) -> None:
    """I cannot, or cannot after all. The asking house hears it at once.

    Raises:
        NotFound, InvitedOnly, ConsultMoved: as for `accept`.
    """
    row, one = await _taken(session, viewer, request_id, invitation_id)
    state = _must_be_open(row, order.version, InvitationAction.DECLINE)
    at = clock.now()
    await store.answer(
        session, row, one, InvitationAction.DECLINE, at, viewer, order.why, order.note
    )
    await store.say(session, row.id, at, "decline", state, viewer, order.note)
    await _settle(session, clock, viewer, row)
    await _said(session, clock, viewer, row, one, DECLINED, {"why": order.why})
    await _stop_ringing(session, clock, row, one, "consult_declined")


async def hand_on(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    request_id: UUID,
    invitation_id: UUID,
    order: HandOn,
) -> None:
    """Not I, but they: who is named is invited in this one's place and rung.

    Raises:
        NotFound, InvitedOnly, ConsultMoved: as for `accept`.
        InviteeUnknown, InvitedTwice: see `inviting.call`.
    """
    row, one = await _taken(session, viewer, request_id, invitation_id)
    state = _must_be_open(row, order.version, InvitationAction.HAND_ON)
    at = clock.now()
    await store.answer(session, row, one, InvitationAction.HAND_ON, at, viewer, note=order.note)
    await store.say(session, row.id, at, "hand_on", state, viewer, order.note)
    await inviting.call(session, clock, viewer, row, [order.to], from_id=one.id)
    await _settle(session, clock, viewer, row)
    facts = {"to_facility_id": order.to.facility_id}
    await _said(session, clock, viewer, row, one, HANDED_ON, facts)
    await _stop_ringing(session, clock, row, one, "consult_handed_on")


async def seen(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    request_id: UUID,
    invitation_id: UUID,
    order: MoveConsult,
) -> None:
    """I know that it is called off."""
    row, one = await _taken(session, viewer, request_id, invitation_id)
    if row.version != order.version:
        raise ConsultMoved(state=row.state, action=str(InvitationAction.SEEN))
    at = clock.now()
    await store.answer(session, row, one, InvitationAction.SEEN, at, viewer, note=order.note)
    await store.say(session, row.id, at, "seen", ConsultState(row.state), viewer, order.note)


def _must_be_open(row: Row[Any], version: int, action: InvitationAction) -> ConsultState:
    state = ConsultState(row.state)
    if state not in OPEN or row.version != version:
        raise ConsultMoved(state=row.state, action=str(action))
    return state


async def _settle(session: AsyncSession, clock: Clock, viewer: Viewer, row: Row[Any]) -> None:
    """After a "no": without a "yes" it is asked again, and without anybody left the asker knows."""
    invited = await store.invitations(session, row.id)
    states = {InvitationState(one.state) for one in invited}
    at, state = clock.now(), ConsultState(row.state)
    if state is ConsultState.AGREED and InvitationState.ACCEPTED not in states:
        limit = RULES.of(row.urgency)
        changed = {"next_at": at + timedelta(minutes=limit.answer_within_min)}
        to = store.must_be_fresh(row, row.version, ConsultAction.REOPEN)
        await store.move(session, row, to, ConsultAction.REOPEN, at, viewer, changed)
    if not states & {InvitationState.INVITED, InvitationState.ACCEPTED}:
        await tell_asker(session, clock, row, NOBODY_LEFT)


async def _stop_ringing(
    session: AsyncSession, clock: Clock, row: Row[Any], invitation: Row[Any], reason: str
) -> None:
    if invitation.page_id is not None:
        pages = [PageId(invitation.page_id)]
        await duty.stop_pages(session, clock, CaseId(row.id), pages, reason)


async def _said(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    row: Row[Any],
    invitation: Row[Any],
    kind: str,
    more: dict[str, Any] | None = None,
) -> None:
    facts: dict[str, object] = {"facility_id": invitation.facility_id, "n": invitation.n}
    case_id = CaseId(row.id)
    await chain.append(session, clock, case_id, kind, viewer=viewer, payload=facts | (more or {}))
    await tell_asker(session, clock, row, kind)
