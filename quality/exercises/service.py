"""Commands: plan a drill, begin, end, talk it through, call it off."""

from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import chain, parties
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, new_id
from kernel.parties import PartyRole
from kernel.viewer import CLINICAL_ROLES, Viewer
from quality.exercises import store
from quality.exercises.errors import (
    CaseTaken,
    ExerciseMoved,
    ExerciseOwnHouse,
    NotADrill,
    ScenarioUnknown,
)
from quality.exercises.scenarios import KNOWN
from quality.exercises.schemas import (
    BeginExercise,
    CancelExercise,
    DebriefExercise,
    MoveExercise,
    PlanExercise,
)
from quality.exercises.states import EXERCISE, ExerciseAction, ExerciseState
from quality.exercises.timings import timings_of
from registry.facilities import queries as facilities

PLANNED: Final = "exercise.planned"
BEGUN: Final = "exercise.begun"
ENDED: Final = "exercise.ended"
DEBRIEFED: Final = "exercise.debriefed"
CANCELLED: Final = "exercise.cancelled"


async def plan(session: AsyncSession, clock: Clock, viewer: Viewer, order: PlanExercise) -> UUID:
    """Plan a drill of the viewer's house.

    Raises:
        ScenarioUnknown: not on the list.
        ExerciseOwnHouse: the viewer works in no house of the network.
    """
    if order.scenario not in KNOWN:
        raise ScenarioUnknown()
    house = viewer.facility_id
    if house not in viewer.facility_ids:
        raise ExerciseOwnHouse()
    id_, region = new_id(), await facilities.region_of(session, house)
    await parties.add_facility(session, CaseId(id_), house, PartyRole.ORIGIN, region)
    values = {
        "id": id_,
        "kind": order.kind,
        "scenario": order.scenario,
        "title": order.title,
        "facility_id": house,
        "region_id": region,
        "by": viewer.person_id,
        "at": clock.now(),
        "planned_at": order.planned_at,
    }
    await store.insert(session, values)
    facts: dict[str, object] = {
        "kind": order.kind,
        "scenario": order.scenario,
        "planned_at": order.planned_at,
    }
    await chain.append(session, clock, CaseId(id_), PLANNED, viewer=viewer, payload=facts)
    return id_


async def begin(
    session: AsyncSession, clock: Clock, viewer: Viewer, exercise_id: UUID, order: BeginExercise
) -> None:
    """It begins; of an emergency, on a transfer that was sent as a drill.

    Raises:
        NotADrill: the case is real, not the viewer's, missing, or not wanted for a skill.
        CaseTaken: another drill ran on it.
    """
    row = await _held(session, viewer, exercise_id)
    to = _step(row, order.version, ExerciseAction.BEGIN)
    if (row.kind == "emergency") != (order.case_id is not None):
        raise NotADrill()
    if order.case_id is not None:
        if not await store.is_drill(session, order.case_id):
            raise NotADrill()
        if await store.taken(session, order.case_id):
            raise CaseTaken()
    await store.move(session, row, to, {"begun_at": clock.now(), "of_case_id": order.case_id})
    await _say(session, clock, viewer, row, BEGUN, {"of_case": order.case_id})


async def end(
    session: AsyncSession, clock: Clock, viewer: Viewer, exercise_id: UUID, order: MoveExercise
) -> None:
    """It is over; what follows is the debriefing."""
    row = await _held(session, viewer, exercise_id)
    to = _step(row, order.version, ExerciseAction.END)
    await store.move(session, row, to, {"ended_at": clock.now()})
    await _say(session, clock, viewer, row, ENDED, {})


async def debrief(
    session: AsyncSession, clock: Clock, viewer: Viewer, exercise_id: UUID, order: DebriefExercise
) -> None:
    """What was found, and who took part; the timings of the events are kept with it."""
    row = await _held(session, viewer, exercise_id)
    to = _step(row, order.version, ExerciseAction.DEBRIEF)
    timings = None
    if row.of_case_id is not None:
        found = await timings_of(session, clock, viewer, row.of_case_id)
        timings = msgspec.json.encode(found).decode()
    people = msgspec.json.encode(order.people).decode()
    changed = {
        "debrief": order.text,
        "debriefed_by": viewer.person_id,
        "debriefed_at": clock.now(),
        "people": people,
        "timings": timings,
    }
    await store.move(session, row, to, changed)
    said = "\n".join((order.text, people, timings or ""))
    facts: dict[str, object] = {
        "people": len(order.people),
        "sha256": sha256(said.encode()).hexdigest(),
    }
    await _say(session, clock, viewer, row, DEBRIEFED, facts)


async def cancel(
    session: AsyncSession, clock: Clock, viewer: Viewer, exercise_id: UUID, order: CancelExercise
) -> None:
    """It does not take place, and why."""
    row = await _held(session, viewer, exercise_id)
    to = _step(row, order.version, ExerciseAction.CANCEL)
    await store.move(session, row, to, {"note": order.note})
    await _say(session, clock, viewer, row, CANCELLED, {})


def keeps(viewer: Viewer, row: Row[Any]) -> bool:
    """Whether the viewer works in the house whose drill it is."""
    return FacilityId(row.facility_id) in viewer.facility_ids and viewer.has(*CLINICAL_ROLES)


async def _held(session: AsyncSession, viewer: Viewer, exercise_id: UUID) -> Row[Any]:
    if not keeps(viewer, await store.seen(session, exercise_id)):
        raise ExerciseOwnHouse()
    return await store.locked(session, exercise_id)


def _step(row: Row[Any], version: int, action: ExerciseAction) -> ExerciseState:
    state = ExerciseState(row.state)
    if action not in EXERCISE.actions(state) or row.version != version:
        raise ExerciseMoved(state=row.state, action=str(action))
    return EXERCISE.edge(state, action).to


async def _say(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    row: Row[Any],
    kind: str,
    facts: dict[str, object],
) -> None:
    await chain.append(session, clock, CaseId(row.id), kind, viewer=viewer, payload=facts)
