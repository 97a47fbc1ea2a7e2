"""Commands: set an action, say that it is done, check it, give it back, drop it."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import chain
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, PersonId, new_id
from kernel.viewer import CLINICAL_ROLES, Viewer
from quality.actions import store
from quality.actions.errors import (
    ActionDuePassed,
    ActionMoved,
    ActionOwnHouse,
    CheckedByAnother,
    OwnerUnknown,
)
from quality.actions.schemas import ActionChecked, ActionDone, ActionNote, SetAction
from quality.actions.states import ACTION, ActionStep
from quality.owed import OwedState
from registry.facilities.rules import local_date
from registry.people import queries as people

SET: Final = "action.set"
SAID: Final = {
    ActionStep.DONE: "action.done",
    ActionStep.VERIFY: "action.verified",
    ActionStep.RETURN: "action.returned",
    ActionStep.DROP: "action.dropped",
}


async def set_action(
    session: AsyncSession, clock: Clock, viewer: Viewer, record_id: UUID, order: SetAction
) -> None:
    """Somebody of the house is to do something by a day; on the chain of the record.

    Raises:
        NotFound, ActionOwnHouse: the record is not the viewer's.
        OwnerUnknown, ActionDuePassed: the order makes no sense.
    """
    record = await store.record(session, record_id)
    if not keeps(viewer, record):
        raise ActionOwnHouse()
    known = await people.get_many(session, [PersonId(order.owner_id)])
    owner = known.get(PersonId(order.owner_id))
    if owner is None or owner.facility_id != record.facility_id:
        raise OwnerUnknown()
    if order.due_on < local_date(clock.now()):
        raise ActionDuePassed()
    id_ = new_id()
    values = {
        "id": id_,
        "record_id": record.id,
        "facility_id": record.facility_id,
        "what": order.what,
        "owner_id": order.owner_id,
        "due_on": order.due_on,
        "by": viewer.person_id,
        "at": clock.now(),
    }
    await store.insert(session, values)
    facts = {"action_id": id_, "owner": order.owner_id, "due_on": order.due_on.isoformat()}
    await chain.append(session, clock, CaseId(record.id), SET, viewer=viewer, payload=facts)


async def done(
    session: AsyncSession, clock: Clock, viewer: Viewer, action_id: UUID, order: ActionDone
) -> UUID:
    """It is done, and by what one sees that. Answers with the record's id, as all steps do."""
    said = {"evidence": order.evidence, "done_by": viewer.person_id, "done_at": clock.now()}
    return await _step(session, clock, viewer, action_id, order.version, ActionStep.DONE, said)


async def verify(
    session: AsyncSession, clock: Clock, viewer: Viewer, action_id: UUID, order: ActionChecked
) -> UUID:
    """Somebody else has seen that it is done.

    Raises:
        CheckedByAnother: the viewer did it.
    """
    if (await store.seen(session, action_id)).done_by == viewer.person_id:
        raise CheckedByAnother()
    said = {"checked_by": viewer.person_id, "checked_at": clock.now()}
    return await _step(session, clock, viewer, action_id, order.version, ActionStep.VERIFY, said)


async def give_back(
    session: AsyncSession, clock: Clock, viewer: Viewer, action_id: UUID, order: ActionNote
) -> UUID:
    """It is not done yet, and why."""
    said = {"note": order.note}
    return await _step(session, clock, viewer, action_id, order.version, ActionStep.RETURN, said)


async def drop(
    session: AsyncSession, clock: Clock, viewer: Viewer, action_id: UUID, order: ActionNote
) -> UUID:
    """It is not wanted any more, and why."""
    said = {"note": order.note}
    return await _step(session, clock, viewer, action_id, order.version, ActionStep.DROP, said)


async def _step(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    action_id: UUID,
    version: int,
    step: ActionStep,
    said: dict[str, Any],
) -> UUID:
    if not keeps(viewer, await store.seen(session, action_id)):
        raise ActionOwnHouse()
    row = await store.locked(session, action_id)
    state = OwedState(row.state)
    if step not in ACTION.actions(state) or row.version != version:
        raise ActionMoved(state=row.state, action=str(step))
    await store.move(session, row, str(ACTION.edge(state, step).to), said)
    facts = {"action_id": row.id}
    await chain.append(
        session, clock, CaseId(row.record_id), SAID[step], viewer=viewer, payload=facts
    )
    record_id: UUID = row.record_id
    return record_id


def keeps(viewer: Viewer, row: Row[Any]) -> bool:
    """Whether the viewer works in the house whose record it is."""
    return FacilityId(row.facility_id) in viewer.facility_ids and viewer.has(*CLINICAL_ROLES)
