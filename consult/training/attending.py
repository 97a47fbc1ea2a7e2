"""Commands of those who learn: be there, answer a check, go; try the quiz."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random, SystemRandom
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.training import attendance, grading, store
from consult.training.errors import CourseMoved, NoCheck, NoQuiz, NotLive, QuizMoved, TriedOften
from consult.training.grading import QuizQuestion
from consult.training.rules import RULES
from consult.training.schemas import AnswerCheck, TryQuiz
from consult.training.states import ClassState, CourseState
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.viewer import Viewer
from registry.facilities.rules import CHINA

CHANCE: Final = SystemRandom()
"""Nobody can foresee when they are asked."""


async def be_there(
    session: AsyncSession, clock: Clock, viewer: Viewer, class_id: UUID, chance: Random = CHANCE
) -> None:
    """A heartbeat: the viewer is there. When it is time, a check is asked.

    Raises:
        NotFound: unknown, or of another house's draft.
        NotLive: the class does not run.
    """
    row, at = await live(session, class_id), clock.now()
    first = attendance.first_check(at, chance)
    await store.come(session, row.id, viewer.person_id, viewer.facility_id, at, first)
    who = await store.own(session, row.id, viewer.person_id)
    if who is None:
        raise NotFound()
    await stay(session, await store.stays(session, row.id), row.id, viewer.person_id, at)
    if at < who.next_check_at or await _waiting(session, row, viewer, at) is not None:
        return
    await store.new_check(session, who, attendance.check(at, chance), at)
    await store.check_at(session, who, attendance.next_check(at, chance))


async def live(session: AsyncSession, class_id: UUID) -> Row[Any]:
    """The class, which runs; raises `NotFound` or `NotLive`."""
    row = await store.seated(session, class_id)
    if row.state != ClassState.LIVE:
        raise NotLive(state=row.state)
    return row


async def stay(
    session: AsyncSession, stays: Sequence[Row[Any]], class_id: UUID, person_id: UUID, at: datetime
) -> None:
    """Somebody, whose attendance is locked, is there: their stay goes on, or another one begins."""
    mine = _open(stays, person_id)
    if mine and store.is_here(mine[-1], at):
        await store.heard(session, mine[-1], at)
        return
    for one in mine:
        await store.go(session, one, one.heard_at)
    await store.stay(session, class_id, person_id, at)


def _open(stays: Sequence[Row[Any]], person_id: UUID) -> list[Row[Any]]:
    return [one for one in stays if one.person_id == person_id and one.left_at is None]


async def _waiting(
    session: AsyncSession, row: Row[Any], viewer: Viewer, at: datetime
) -> Row[Any] | None:
    """The check that waits for the viewer's answer."""
    for one in await store.checks(session, row.id):
        if (one.person_id, one.answered_at) == (viewer.person_id, None) and at < one.answer_by:
            return one
    return None


async def answer_check(
    session: AsyncSession, clock: Clock, viewer: Viewer, class_id: UUID, order: AnswerCheck
) -> None:
    """The number that the viewer pressed; a wrong one counts as no answer.

    Raises:
        NotFound, NotLive: see `be_there`.
        NoCheck: none waits.
    """
    row, at = await live(session, class_id), clock.now()
    check = await _waiting(session, row, viewer, at)
    if check is None:
        raise NoCheck()
    await store.answer(session, check, at, order.choice)


async def leave(session: AsyncSession, clock: Clock, viewer: Viewer, class_id: UUID) -> None:
    """The viewer goes, and may come again."""
    row, at = await store.seated(session, class_id), clock.now()
    for one in _open(await store.stays(session, row.id), viewer.person_id):
        await store.go(session, one, store.reached(one, at))


async def try_quiz(
    session: AsyncSession, clock: Clock, viewer: Viewer, course_id: UUID, order: TryQuiz
) -> None:
    """Answer the questions; judged at once, kept for ever.

    Raises:
        NotFound: unknown, or another house's draft.
        CourseMoved: it is no course that is taught now.
        NoQuiz: it has none.
        QuizMoved: the questions have changed since they were read.
        TriedOften: no more tries today.
    """
    course, at = await store.course(session, course_id), clock.now()
    if course.state != CourseState.PUBLISHED:
        raise CourseMoved(state=course.state, action="try")
    quiz = await store.quiz(session, course_id)
    if quiz is None:
        raise NoQuiz()
    if quiz.n != order.quiz:
        raise QuizMoved(current=quiz.n, given=order.quiz)
    before = await store.attempts(session, course_id, viewer.person_id)
    if tries_left(before, at) == 0:
        raise TriedOften(tries=RULES.tries_per_day)
    questions = msgspec.convert(quiz.questions, list[QuizQuestion])
    marked = [one.marked for one in order.answers]
    right = grading.correct(questions, marked)
    values = {
        "course_id": course_id,
        "quiz": quiz.n,
        "person_id": viewer.person_id,
        "facility_id": viewer.facility_id,
        "at": at,
        "answers": marked,
        "correct": right,
        "questions": len(questions),
        "percent": course.pass_percent,
        "passed": grading.passes(right, len(questions), course.pass_percent),
    }
    await store.write_attempt(session, values)


def tries_left(attempts: Any, at: datetime) -> int:
    """How often somebody with these tries may try once more today (China's day)."""
    local = at.astimezone(CHINA)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    today: int = sum(midnight <= one.at < midnight + timedelta(days=1) for one in attempts)
    return max(0, RULES.tries_per_day - today)
