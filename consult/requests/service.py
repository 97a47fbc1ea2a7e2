"""Commands of the asking house: ask, invite, cancel; and of either side: begin, conclude.

Each takes the row, checks side and version, and moves it by the table. Answers of those who were
invited are in `answering`, times in `planning`, the signed decision in `deciding`.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.requests import inviting, rights, store
from consult.requests.errors import NoAdviceYet, NobodysWoman, TimePassed
from consult.requests.inviting import ASKED
from consult.requests.rules import RULES
from consult.requests.schemas import AskConsult, Conclude, InviteMore, MoveConsult
from consult.requests.states import ConsultAction, ConsultState, InvitationAction, InvitationState
from consult.requests.telling import tell_asker, tell_her_case, tell_invited
from duty.escalation import service as duty
from kernel import chain, parties
from kernel.clock import Clock
from kernel.errors import BadInput
from kernel.ids import CaseId, FacilityId, PregnancyId, new_id
from kernel.parties import PartyRole
from kernel.viewer import Viewer
from registry.facilities import queries as facilities
from registry.pregnancies import service as registry
from registry.pregnancies.repository import PregnancyRepository

BEGUN = "consult.begun"
CONCLUDED = "consult.concluded"
CANCELLED = "consult.cancelled"

_ADVISED = text(
    "SELECT EXISTS (SELECT 1 FROM advice a JOIN consult_invitation i"
    "  ON i.request_id = :id AND i.facility_id = a.facility_id"
    " WHERE a.case_id IN (:id, CAST(:of_case AS uuid)) AND a.state = 'signed'"
    "   AND a.signed_at >= :since)"
)


async def ask(session: AsyncSession, clock: Clock, viewer: Viewer, order: AskConsult) -> UUID:
    """Ask; those on call at the invited houses are rung in this transaction.

    Raises:
        NotFound: the case, or the woman, is not open to the viewer.
        NobodysWoman: the case does not say whose it is.
        InviteeUnknown, InvitedTwice: see `inviting.call`.
        TimePassed: planned for a moment that is over.
        BadInput: neither a case nor a woman.
    """
    pregnancy_id = await _whose(session, viewer, order)
    at, limit = clock.now(), RULES.of(order.urgency)
    if order.planned_at is not None and order.planned_at <= at:
        raise TimePassed()
    case_id, house = CaseId(new_id()), FacilityId(viewer.facility_id)
    await parties.add_facility(
        session, case_id, house, PartyRole.ORIGIN, await facilities.region_of(session, house)
    )
    await registry.link_case(session, viewer, case_id, pregnancy_id)
    values: dict[str, Any] = {
        **{name: getattr(order, name) for name in AskConsult.__struct_fields__ if name != "invite"},
        "id": case_id,
        "pregnancy_id": pregnancy_id,
        "facility_id": house,
        "rules": RULES.version,
        "by": viewer.person_id,
        "at": at,
        "answer_by": at + timedelta(minutes=limit.answer_within_min),
    }
    await store.insert(session, values)
    await store.say(session, case_id, at, "ask", ConsultState.ASKED, viewer)
    facts: dict[str, object] = {
        "urgency": order.urgency,
        "rules": RULES.version,
        "consent": order.consent,
        "facility_ids": [one.facility_id for one in order.invite],
    }
    await chain.append(session, clock, case_id, ASKED, viewer=viewer, payload=facts)
    row = await store.locked(session, case_id)
    await inviting.call(session, clock, viewer, row, order.invite)
    await tell_her_case(session, clock, viewer, row, ASKED, facts)
    return case_id


async def _whose(session: AsyncSession, viewer: Viewer, order: AskConsult) -> PregnancyId:
    repository = PregnancyRepository(session, viewer)
    if order.of_case_id is not None:
        found = await repository.of_cases([CaseId(order.of_case_id)])
        if CaseId(order.of_case_id) not in found:
            raise NobodysWoman()
        return PregnancyId(found[CaseId(order.of_case_id)][0].id)
    if order.pregnancy_id is None:
        raise BadInput(field="pregnancy_id", reason="missing")
    pregnancy, _ = await repository.pregnancy(PregnancyId(order.pregnancy_id))
    return PregnancyId(pregnancy.id)


async def invite(
    session: AsyncSession, clock: Clock, viewer: Viewer, request_id: UUID, order: InviteMore
) -> None:
    """Call others to it, before it begins or while it is under way."""
    row = await store.locked(session, request_id)
    rights.must_ask(viewer, row)
    to = store.must_be_fresh(row, order.version, ConsultAction.INVITE)
    await inviting.call(session, clock, viewer, row, order.invite)
    changed: dict[str, Any] = {}
    if to is ConsultState.ASKED:
        limit = RULES.of(row.urgency)
        changed["next_at"] = clock.now() + timedelta(minutes=limit.answer_within_min)
    await store.move(session, row, to, ConsultAction.INVITE, clock.now(), viewer, changed)


async def begin(
    session: AsyncSession, clock: Clock, viewer: Viewer, request_id: UUID, order: MoveConsult
) -> None:
    """It is under way: in the room, or by telephone where the room cannot be had."""
    row = await store.locked(session, request_id)
    invited = await store.invitations(session, row.id)
    rights.must_attend(viewer, row, invited)
    to = store.must_be_fresh(row, order.version, ConsultAction.BEGIN)
    at = clock.now()
    changed = {"begun_at": at, "next_at": None}
    await store.move(session, row, to, ConsultAction.BEGIN, at, viewer, changed, order.note)
    facts: dict[str, object] = {"facility_id": viewer.facility_id}
    await chain.append(session, clock, CaseId(row.id), BEGUN, viewer=viewer, payload=facts)
    await tell_her_case(session, clock, viewer, row, BEGUN, facts)
    await duty.joined_case(session, clock, viewer, CaseId(row.id))


async def conclude(
    session: AsyncSession, clock: Clock, viewer: Viewer, request_id: UUID, order: Conclude
) -> None:
    """It is over; the asking house now decides.

    Raises:
        NoAdviceYet: "advised", and no invited expert has signed anything since it was asked.
    """
    row = await store.locked(session, request_id)
    rights.must_attend(viewer, row, await store.invitations(session, row.id))
    to = store.must_be_fresh(row, order.version, ConsultAction.CONCLUDE)
    if order.outcome == "advised" and not await _is_advised(session, row):
        raise NoAdviceYet()
    at = clock.now()
    until = at + timedelta(minutes=RULES.of(row.urgency).decide_within_min)
    changed = {
        "concluded_at": at, "outcome": order.outcome, "decide_by": until, "next_at": until,
    }  # fmt: skip
    await store.move(session, row, to, ConsultAction.CONCLUDE, at, viewer, changed, order.note)
    facts: dict[str, object] = {"outcome": order.outcome}
    await chain.append(session, clock, CaseId(row.id), CONCLUDED, viewer=viewer, payload=facts)
    await tell_her_case(session, clock, viewer, row, CONCLUDED, facts)
    await duty.stop(session, clock, CaseId(row.id), None, "consult_concluded")
    await tell_asker(session, clock, row, CONCLUDED)


async def _is_advised(session: AsyncSession, row: Row[Any]) -> bool:
    values = {"id": row.id, "of_case": row.of_case_id, "since": row.asked_at}
    return bool((await session.execute(_ADVISED, values)).scalar_one())


async def cancel(
    session: AsyncSession, clock: Clock, viewer: Viewer, request_id: UUID, order: MoveConsult
) -> None:
    """It is not needed; everybody who was invited is told, and says that they have seen it."""
    row = await store.locked(session, request_id)
    rights.must_ask(viewer, row)
    to = store.must_be_fresh(row, order.version, ConsultAction.CANCEL)
    if order.note is None:
        raise BadInput(field="note", reason="missing")
    at = clock.now()
    for one in await store.invitations(session, row.id):
        if one.state in (InvitationState.INVITED, InvitationState.ACCEPTED):
            # What they had answered stays in the history; the line now waits for "seen".
            await store.answer(session, row, one, InvitationAction.CALL_OFF, at, viewer)
    changed = {"next_at": None}
    await store.move(session, row, to, ConsultAction.CANCEL, at, viewer, changed, order.note)
    await chain.append(session, clock, CaseId(row.id), CANCELLED, viewer=viewer, payload={})
    await tell_her_case(session, clock, viewer, row, CANCELLED, {})
    await duty.stop(session, clock, CaseId(row.id), None, "consult_cancelled")
    await tell_invited(session, clock, row, CANCELLED)
