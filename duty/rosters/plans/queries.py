"""Reads of plans for screens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters.plans import repository as store
from duty.rosters.plans.checks import findings
from duty.rosters.plans.content import Plan, digest
from duty.rosters.plans.schemas import (
    PlanEventOut,
    PlanFinding,
    PlanMade,
    PlanOut,
    PlanSummary,
    RosterPerson,
)
from duty.rosters.plans.states import PLAN, PlanAction, PlanActor, PlanState
from duty.rosters.plans.surroundings import surroundings
from duty.rosters.policies import may_approve, may_edit
from kernel.errors import NotAllowed, NotFound
from kernel.ids import FacilityId, GroupId, PersonId
from kernel.viewer import Viewer
from registry.people import queries as people
from registry.people.schemas import PersonRef


async def plans(
    session: AsyncSession,
    viewer: Viewer,
    facility_id: FacilityId,
    state: PlanState | None,
    group_id: GroupId | None,
) -> list[PlanSummary]:
    """The newest plans of a facility: drafts open to those who work there."""
    found = await store.list_(session, facility_id, state, group_id)
    known = await people.get_many(session, {id_ for plan in found for id_ in _people(plan)})
    return [_summary(plan, viewer, known) for plan in found]


async def plan(session: AsyncSession, viewer: Viewer, plan_id: UUID, now: datetime) -> PlanOut:
    """A plan with what is wrong with it now; nothing is wrong any more once it is published."""
    found = await _get(session, plan_id)
    entries = await store.entries(session, plan_id)
    events = await store.events(session, plan_id)
    known = await people.get_many(
        session, _people(found) | {one.person_id for one in events if one.person_id}
    )
    wrong = []
    if found.state not in PLAN.final:
        wrong = findings(found, entries, await surroundings(session, found, entries, now))
    return PlanOut(
        plan=_summary(found, viewer, known),
        content_hash=digest(found, entries).hex(),
        findings=[
            PlanFinding(
                kind=one.kind,
                slot_id=one.slot_id,
                from_=one.period[0],
                to=one.period[1],
                person_id=one.person_id,
                entry_id=one.entry_id,
                other_id=one.other_id,
            )
            for one in wrong
        ],
        history=[
            PlanEventOut(one.action, _ref(one.person_id, known), one.at, one.reason)
            for one in events
        ],
    )


async def made(session: AsyncSession, plan_id: UUID, written: int = 0) -> PlanMade:
    """Where a plan stands after a command."""
    found = await _get(session, plan_id)
    return PlanMade(found.id, found.version, PlanState(found.state), written)


async def _get(session: AsyncSession, plan_id: UUID) -> Plan:
    found = await store.get(session, plan_id)
    if found is None:
        raise NotFound()
    return found


def actions(plan: Plan, viewer: Viewer) -> list[PlanAction]:
    """What the viewer may do with the plan now, in the order of the table."""
    sides = [
        side
        for side, policy in ((PlanActor.ROSTERING, may_edit), (PlanActor.APPROVER, may_approve))
        if _allowed(policy, viewer, plan.facility_id)
    ]
    state = PlanState(plan.state)
    found = {action for side in sides for action in PLAN.actions(state, side)}
    if plan.submitted_by == viewer.person_id:
        found.discard(PlanAction.APPROVE)
    return [action for action in PLAN.actions(state) if action in found]


def _allowed(policy: object, viewer: Viewer, facility_id: FacilityId) -> bool:
    try:
        policy(viewer, facility_id)  # type: ignore[operator]
    except NotAllowed:
        return False
    return True


def _people(plan: Plan) -> set[PersonId]:
    named = (plan.drafted_by, plan.submitted_by, plan.approved_by)
    return {one for one in named if one is not None}


def _ref(id_: PersonId | None, known: dict[PersonId, PersonRef]) -> RosterPerson | None:
    person = None if id_ is None else known.get(id_)
    return None if person is None else RosterPerson(person.id, person.name, person.title)


def _summary(plan: Plan, viewer: Viewer, known: dict[PersonId, PersonRef]) -> PlanSummary:
    return PlanSummary(
        id=plan.id,
        facility_id=plan.facility_id,
        group_id=plan.group_id,
        kind=plan.kind,
        name=plan.name,
        from_=plan.period[0],
        to=plan.period[1],
        state=PlanState(plan.state),
        version=plan.version,
        drafted_by=_ref(plan.drafted_by, known),
        submitted_by=_ref(plan.submitted_by, known),
        approved_by=_ref(plan.approved_by, known),
        recorded_at=plan.recorded_at,
        returned=plan.returned,
        actions=actions(plan, viewer),
    )
