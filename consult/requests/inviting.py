"""Calling people to a consultation: who may be called, and how they are rung."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.requests import store
from consult.requests.errors import InvitedTwice, InviteeUnknown
from consult.requests.rules import RULES
from consult.requests.schemas import Invitee
from consult.requests.states import InvitationState
from duty.escalation import service as duty
from duty.rosters import groups
from kernel import parties
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, FacilityId, GroupId, PersonId
from kernel.parties import PartyRole
from kernel.viewer import Role, Viewer
from registry.facilities import queries as facilities
from registry.people import queries as people

ASKED = "consult.asked"
_LIVE = (InvitationState.INVITED, InvitationState.ACCEPTED)


async def call(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    row: Row[Any],
    wanted: Sequence[Invitee],
    from_id: UUID | None = None,
) -> None:
    """Invite, open the woman's record to their houses, and ring whoever is on call there.

    An ordinary consultation with a named expert waits in that expert's inbox; everything else
    rings. Who is on call is asked of the roster at this moment; an expert who is asked for by name
    rings with them, so that nobody waits for one person alone.

    Raises:
        InviteeUnknown: no such house, group or expert, or one outside the network.
        InvitedTwice: already invited.
    """
    known = {
        (one.facility_id, one.group_id, one.person_id)
        for one in await store.invitations(session, row.id)
        if one.state in _LIVE
    }
    for n, one in enumerate(wanted, start=1):
        await _must_exist(session, clock, one, n)
        who = (one.facility_id, one.group_id, one.person_id)
        if who in known:
            raise InvitedTwice(n=n)
        known.add(who)
        values = {
            "request_id": row.id,
            "facility_id": one.facility_id,
            "group_id": one.group_id,
            "person_id": one.person_id,
            "from_id": from_id,
            "by": viewer.person_id,
            "at": clock.now(),
        }
        id_ = await store.invite(session, values)
        await _let_in(session, row, FacilityId(one.facility_id))
        await _ring(session, clock, viewer, row, one, id_)


async def _must_exist(session: AsyncSession, clock: Clock, one: Invitee, n: int) -> None:
    house = FacilityId(one.facility_id)
    try:
        await facilities.get(session, house)
        group = None if one.group_id is None else GroupId(one.group_id)
        if group is not None and await groups.facility_of(session, group) != house:
            raise InviteeUnknown(n=n)
    except NotFound:
        raise InviteeUnknown(n=n) from None
    if await facilities.is_outside(session, house):
        raise InviteeUnknown(n=n)
    if one.person_id is not None:
        experts = await people.holding(session, clock.now(), house, [Role.EXPERT])
        if all(expert.id != one.person_id for expert in experts):
            raise InviteeUnknown(n=n)


async def _let_in(session: AsyncSession, row: Row[Any], house: FacilityId) -> None:
    """The consultation's case, and the one that it is about: her record is one tap away."""
    for case_id in (row.id, row.of_case_id):
        if case_id is not None:
            await parties.add_facility(session, CaseId(case_id), house, PartyRole.EXPERT)


async def _ring(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    row: Row[Any],
    one: Invitee,
    invitation_id: UUID,
) -> None:
    case_id = CaseId(row.id)
    named = [] if one.person_id is None else [PersonId(one.person_id)]
    if named:
        await duty.notify_people(
            session, clock, case_id=case_id, kind=ASKED, data={"consult_id": row.id},
            person_ids=named,
        )  # fmt: skip
        if row.urgency == "ordinary":
            return
    page_id = await duty.page(
        session, clock, viewer, case_id=case_id, facility_id=FacilityId(one.facility_id),
        event=ASKED, level=RULES.of(row.urgency).level, req_key=f"{ASKED}:{invitation_id}",
        group_id=None if one.group_id is None else GroupId(one.group_id), named=named,
    )  # fmt: skip
    await store.rung(session, invitation_id, page_id)
