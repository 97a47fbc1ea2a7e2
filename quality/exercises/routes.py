"""Drills over HTTP: plan, begin, end, debrief, call off, and the Excel file."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT, roles
from kernel.clock import Clock
from kernel.handing import EXCEL, to_save
from kernel.idempotency import once
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from quality.actions import queries as actions
from quality.exercises import queries, service
from quality.exercises.book import book_of
from quality.exercises.schemas import (
    BeginExercise,
    CancelExercise,
    DebriefExercise,
    ExerciseDetail,
    ExerciseOut,
    ExerciseRef,
    ExerciseScenarios,
    MoveExercise,
    PlanExercise,
)

READING = roles(*CLINICAL_ROLES, Role.COMMISSION)


class ExerciseCall:
    """One request about a drill: who asks, in which transaction, under which key."""

    def __init__(
        self, session: AsyncSession, clock: Clock, viewer: Viewer, idempotency_key: str | None
    ) -> None:
        self.session, self.clock, self.viewer = session, clock, viewer
        self.key = idempotency_key

    async def once(
        self, operation: str, body: object, work: Callable[[], Awaitable[UUID]]
    ) -> ExerciseDetail:
        """Do `work` once under this key and show the drill as it is now."""

        async def answer() -> ExerciseRef:
            return ExerciseRef(await work())

        made = await once(self.session, self.viewer, self.key, operation, body, ExerciseRef, answer)
        return await queries.one(self.session, self.clock, self.viewer, made.exercise_id)

    async def move(
        self, command: Callable[..., Awaitable[None]], exercise_id: UUID, order: Any
    ) -> ExerciseDetail:
        """Carry out one step."""

        async def work() -> UUID:
            await command(self.session, self.clock, self.viewer, exercise_id, order)
            return exercise_id

        return await self.once(f"exercises.{command.__name__} {exercise_id}", order, work)


async def provide_exercise_call(
    session: AsyncSession, clock: Clock, viewer: Viewer, idempotency_key: str | None
) -> ExerciseCall:
    """The request as a dependency."""
    return ExerciseCall(session, clock, viewer, idempotency_key)


@get("/quality/exercises", opt={OPT: READING})
async def list_exercises(session: AsyncSession, viewer: Viewer) -> list[ExerciseOut]:
    """Drills of the viewer's houses and regions, the newest first."""
    return await queries.exercises(session, viewer)


@get("/quality/scenarios", opt={OPT: READING})
async def list_scenarios() -> ExerciseScenarios:
    """What may be drilled, with its source."""
    return queries.scenarios()


@get("/quality/exercises/{exercise_id:uuid}", opt={OPT: READING})
async def get_exercise(
    session: AsyncSession, clock: Clock, viewer: Viewer, exercise_id: UUID
) -> ExerciseDetail:
    """One drill with its timings."""
    return await queries.one(session, clock, viewer, exercise_id)


@get("/quality/exercises/{exercise_id:uuid}/sheet", opt={OPT: READING}, media_type=EXCEL)
async def get_exercise_sheet(
    session: AsyncSession, clock: Clock, viewer: Viewer, exercise_id: UUID
) -> Response[bytes]:
    """The record of a drill as an Excel file: people, timings, clocks, what follows."""
    found = await queries.one(session, clock, viewer, exercise_id)
    follows = await actions.of_record(session, clock, viewer, exercise_id)
    name = f"exercise-{found.exercise.planned_at:%Y-%m-%d}.xlsx"
    book = book_of(found, follows, clock.now())
    return Response(book, media_type=EXCEL, headers=to_save(name))


@post("/quality/exercises", opt={OPT: CLINICAL})
async def plan_exercise(data: PlanExercise, exercise_call: ExerciseCall) -> ExerciseDetail:
    """Plan a drill of the viewer's house."""
    call = exercise_call
    return await call.once(
        "exercises.plan", data, lambda: service.plan(call.session, call.clock, call.viewer, data)
    )


@post("/quality/exercises/{exercise_id:uuid}/begin", opt={OPT: CLINICAL}, status_code=200)
async def begin_exercise(
    exercise_id: UUID, data: BeginExercise, exercise_call: ExerciseCall
) -> ExerciseDetail:
    """It begins; of an emergency, on a transfer that was sent as a drill."""
    return await exercise_call.move(service.begin, exercise_id, data)


@post("/quality/exercises/{exercise_id:uuid}/end", opt={OPT: CLINICAL}, status_code=200)
async def end_exercise(
    exercise_id: UUID, data: MoveExercise, exercise_call: ExerciseCall
) -> ExerciseDetail:
    """It is over."""
    return await exercise_call.move(service.end, exercise_id, data)


@post("/quality/exercises/{exercise_id:uuid}/debrief", opt={OPT: CLINICAL}, status_code=200)
async def debrief_exercise(
    exercise_id: UUID, data: DebriefExercise, exercise_call: ExerciseCall
) -> ExerciseDetail:
    """What was found, and who took part; timings are the system's."""
    return await exercise_call.move(service.debrief, exercise_id, data)


@post("/quality/exercises/{exercise_id:uuid}/cancel", opt={OPT: CLINICAL}, status_code=200)
async def cancel_exercise(
    exercise_id: UUID, data: CancelExercise, exercise_call: ExerciseCall
) -> ExerciseDetail:
    """It does not take place, and why."""
    return await exercise_call.move(service.cancel, exercise_id, data)


ROUTES = [
    list_exercises, list_scenarios, get_exercise, get_exercise_sheet, plan_exercise,
    begin_exercise, end_exercise, debrief_exercise, cancel_exercise,
]  # fmt: skip
