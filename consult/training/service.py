"""Commands of those who teach: make, change, publish, close; plan, open, end, call off; ask."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.training import grading, rights, store
from consult.training.attendance import Attendance, present_s
from consult.training.errors import TeachersOnly
from consult.training.rules import RULES
from consult.training.schemas import EditCourse, Move, MoveWhy, NewClass, NewCourse, NewQuiz
from consult.training.states import ClassAction, ClassState, CourseAction
from kernel.clock import Clock
from kernel.ids import new_id
from kernel.viewer import Viewer


async def make_course(
    session: AsyncSession, clock: Clock, viewer: Viewer, order: NewCourse
) -> UUID:
    """A draft of the viewer's house.

    Raises:
        TeachersOnly: the viewer keeps no courses.
    """
    if not rights.teaches(viewer, viewer.facility_id):
        raise TeachersOnly()
    course_id = new_id()
    values = {
        "id": course_id,
        "facility_id": viewer.facility_id,
        "title": order.title,
        "summary": order.summary,
        "classes_needed": order.classes_needed,
        "pass_percent": order.pass_percent,
        "by": viewer.person_id,
        "at": clock.now(),
    }
    await store.make_course(session, values)
    return course_id


async def edit_course(
    session: AsyncSession, clock: Clock, viewer: Viewer, course_id: UUID, order: EditCourse
) -> None:
    """Change what it says. What was passed or verified stays as it was judged."""
    rights.must_teach(viewer, await store.course(session, course_id))
    row = await store.course(session, course_id, lock=True)
    to = rights.course_step(viewer, row, order.version, CourseAction.EDIT)
    names = ("title", "summary", "classes_needed", "pass_percent")
    changed = {name: getattr(order, name) for name in names}
    await store.write_course(session, row, to, changed)


async def publish_course(
    session: AsyncSession, clock: Clock, viewer: Viewer, course_id: UUID, order: Move
) -> None:
    """Open it to everybody."""
    await _move_course(session, viewer, course_id, order.version, CourseAction.PUBLISH)


async def close_course(
    session: AsyncSession, clock: Clock, viewer: Viewer, course_id: UUID, order: Move
) -> None:
    """No more classes and tries; certificates stay."""
    await _move_course(session, viewer, course_id, order.version, CourseAction.CLOSE)


async def _move_course(
    session: AsyncSession, viewer: Viewer, course_id: UUID, version: int, action: CourseAction
) -> None:
    rights.must_teach(viewer, await store.course(session, course_id))
    row = await store.course(session, course_id, lock=True)
    to = rights.course_step(viewer, row, version, action)
    await store.write_course(session, row, to)


async def ask_quiz(
    session: AsyncSession, clock: Clock, viewer: Viewer, course_id: UUID, order: NewQuiz
) -> None:
    """The next version of the questions; tries of earlier versions stay.

    Raises:
        QuizBroken: a question without a right option.
    """
    rights.must_teach(viewer, await store.course(session, course_id))
    await _open_course(session, viewer, course_id)
    grading.must_be_whole(order.questions)
    await store.ask_quiz(session, course_id, order.questions, viewer.person_id, clock.now())


async def _open_course(session: AsyncSession, viewer: Viewer, course_id: UUID) -> Row[Any]:
    row = await store.course(session, course_id, lock=True)
    rights.course_step(viewer, row, row.version, CourseAction.EDIT)
    return row


async def plan_class(
    session: AsyncSession, clock: Clock, viewer: Viewer, course_id: UUID, order: NewClass
) -> UUID:
    """A class of the course; the class's id."""
    rights.must_teach(viewer, await store.course(session, course_id))
    await _open_course(session, viewer, course_id)
    class_id = new_id()
    values = {
        "id": class_id,
        "course_id": course_id,
        "title": order.title,
        "by": viewer.person_id,
        "starts_at": order.starts_at,
        "minutes": order.minutes,
    }
    await store.plan_class(session, values)
    return class_id


async def open_class(
    session: AsyncSession, clock: Clock, viewer: Viewer, class_id: UUID, order: Move
) -> None:
    """It runs from now on: attendance counts.

    Raises:
        CourseMoved: the course is still a draft, or closed.
    """
    course, row = await _both(session, viewer, class_id)
    rights.course_step(viewer, course, course.version, CourseAction.CLOSE)
    to = rights.class_step(viewer, course, row, order.version, ClassAction.OPEN)
    await store.move_class(session, row, to, {"opened_at": clock.now()})


async def cancel_class(
    session: AsyncSession, clock: Clock, viewer: Viewer, class_id: UUID, order: MoveWhy
) -> None:
    """It does not take place, and why."""
    course, row = await _both(session, viewer, class_id)
    to = rights.class_step(viewer, course, row, order.version, ClassAction.CANCEL)
    await store.move_class(session, row, to, {"note": order.note})


async def end_class(
    session: AsyncSession, clock: Clock, viewer: Viewer, class_id: UUID, order: Move
) -> None:
    """It is over; everybody's attendance is judged."""
    course, row = await _both(session, viewer, class_id)
    rights.class_step(viewer, course, row, order.version, ClassAction.END)
    await close(session, row, clock.now())


async def close(session: AsyncSession, row: Row[Any], at: datetime) -> None:
    """End a class that is locked, as of `at`, and judge everybody's attendance."""
    await store.move_class(session, row, ClassState.OVER, {"ended_at": at})
    stays = await store.stays(session, row.id)
    for one in stays:
        if one.left_at is None:
            await store.go(session, one, store.reached(one, at))
    checks = await store.checks(session, row.id)
    for who in await store.attendees(session, row.id):
        found = tally(row, who, stays, checks, at)
        values = {
            "present_s": found.present_s,
            "live_s": found.live_s,
            "asked": found.asked,
            "answered": found.answered,
            "verified": found.verified(),
            "rules": RULES.version,
        }
        await store.write_result(session, who, values)


def tally(row: Row[Any], who: Row[Any], stays: Any, checks: Any, at: datetime) -> Attendance:
    """What somebody's time in a running class has come to until `at`.

    A check whose time is not over and that nobody answered yet is no missed one.
    """
    mine = [(one.since, store.reached(one, at)) for one in stays if one.person_id == who.person_id]
    asked = [
        one
        for one in checks
        if one.person_id == who.person_id and (one.answered_at is not None or one.answer_by <= at)
    ]
    return Attendance(
        present_s(mine, row.opened_at, at),
        int((at - row.opened_at).total_seconds()),
        len(asked),
        sum(one.choice == one.wanted for one in asked),
    )


async def _both(session: AsyncSession, viewer: Viewer, class_id: UUID) -> tuple[Row[Any], Row[Any]]:
    """The course, and the class, locked; a learner is refused before a lock is asked for."""
    row = await store.seated(session, class_id)
    course = await store.course(session, row.course_id)
    rights.must_teach(viewer, course)
    return course, await store.seated(session, class_id, lock=True)
