"""Reads of drills, as the viewer: row-level security cuts what is not theirs."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.confidence import unverified
from kernel.errors import NotFound
from kernel.viewer import Viewer
from quality.exercises import store
from quality.exercises.scenarios import SCENARIOS
from quality.exercises.schemas import (
    DrillCase,
    ExerciseDetail,
    ExerciseOut,
    ExerciseScenarios,
    Participant,
    ScenarioOut,
    Timings,
)
from quality.exercises.service import keeps
from quality.exercises.states import EXERCISE, ExerciseState, Side
from quality.exercises.timings import timings_of
from quality.names import Names, read_names


def scenarios() -> ExerciseScenarios:
    """What may be drilled."""
    return ExerciseScenarios(
        SCENARIOS.version,
        SCENARIOS.source,
        [
            ScenarioOut(one.code, one.zh, one.en, unverified(one.confidence))
            for one in SCENARIOS.scenarios
        ],
    )


async def exercises(session: AsyncSession, viewer: Viewer) -> list[ExerciseOut]:
    """Drills open to the viewer, the newest first."""
    rows = await store.listed(session)
    names = await read_names(
        session,
        person_ids=[one.planned_by for one in rows],
        facility_ids=[one.facility_id for one in rows],
    )
    return [_out(viewer, one, names) for one in rows]


async def one(
    session: AsyncSession, clock: Clock, viewer: Viewer, exercise_id: UUID
) -> ExerciseDetail:
    """One drill, or `NotFound`; its timings as they run, then as they were debriefed."""
    row = await store.seen(session, exercise_id)
    names = await read_names(
        session,
        person_ids=[row.planned_by, row.debriefed_by],
        facility_ids=[row.facility_id],
    )
    candidates = []
    if row.state == ExerciseState.PLANNED and row.kind == "emergency" and keeps(viewer, row):
        candidates = [
            DrillCase(found.id, found.number, found.at)
            for found in await store.candidates(session, row.facility_id)
        ]
    return ExerciseDetail(
        exercise=_out(viewer, row, names),
        people=msgspec.convert(row.people, list[Participant]),
        debrief=row.debrief,
        debriefed_by=names.person(row.debriefed_by),
        debriefed_at=row.debriefed_at,
        note=row.note,
        timings=await _timings(session, clock, viewer, row),
        candidates=candidates,
    )


async def _timings(
    session: AsyncSession, clock: Clock, viewer: Viewer, row: Row[Any]
) -> Timings | None:
    if row.timings is not None:
        return msgspec.convert(row.timings, Timings)
    if row.of_case_id is None:
        return None
    try:
        return await timings_of(session, clock, viewer, row.of_case_id)
    except NotFound:  # the region reads the drill, and not every case of it
        return None


def _out(viewer: Viewer, row: Row[Any], names: Names) -> ExerciseOut:
    mine = keeps(viewer, row)
    allowed = EXERCISE.actions(ExerciseState(row.state), Side.HOUSE) if mine else []
    return ExerciseOut(
        id=row.id,
        kind=row.kind,
        scenario=row.scenario,
        title=row.title,
        facility=names.place(row.facility_id),
        state=row.state,
        planned_by=names.person(row.planned_by),
        planned_at=row.planned_at,
        case_id=row.of_case_id,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        version=row.version,
        mine=mine,
        allowed=[str(one) for one in allowed],
    )
