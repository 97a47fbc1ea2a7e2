"""Reads of training, as the viewer: row-level security cuts what is not theirs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.names import Names, names
from consult.training import rights, service, store
from consult.training.attending import tries_left
from consult.training.grading import QuizQuestion
from consult.training.rules import RULES
from consult.training.schemas import (
    AttemptOut,
    AttendeeOut,
    CheckOut,
    ClassDetail,
    ClassOut,
    CourseDetail,
    CourseOut,
    MaterialOut,
    QuizOut,
    QuizQuestionOut,
    TrainingRules,
)
from kernel.clock import Clock
from kernel.viewer import Viewer

Which = Literal["current", "mine", "kept", "closed"]
MOST: Final = 200

# How far the viewer is, beside each course.
_COURSES = """
SELECT c.*, n.next_at, n.live, q.has_quiz, a.attended, t.passed, d.certificate_at
  FROM training_course c
 CROSS JOIN LATERAL (
   SELECT min(k.starts_at) FILTER (WHERE k.state = 'planned') AS next_at,
          coalesce(bool_or(k.state = 'live'), false) AS live
     FROM training_class k WHERE k.course_id = c.id) n
 CROSS JOIN LATERAL (
   SELECT EXISTS (SELECT 1 FROM training_quiz z WHERE z.course_id = c.id) AS has_quiz) q
 CROSS JOIN LATERAL (
   SELECT count(*) FILTER (WHERE b.verified) AS attended, count(*) AS came
     FROM training_attendee b JOIN training_class k ON k.id = b.class_id
    WHERE k.course_id = c.id AND b.person_id = :person_id) a
 CROSS JOIN LATERAL (
   SELECT count(*) > 0 AS tried, coalesce(bool_or(p.passed), false) AS passed
     FROM training_attempt p WHERE p.course_id = c.id AND p.person_id = :person_id) t
 CROSS JOIN LATERAL (
   SELECT max(g.issued_at) AS certificate_at FROM training_certificate g
    WHERE g.course_id = c.id AND g.person_id = :person_id) d
"""
_WHERE: Final = {
    "current": "c.state = 'published'",
    "mine": "a.came > 0 OR t.tried",
    "kept": "c.facility_id = :house",
    "closed": "c.state = 'closed'",
}
_LISTS: Final = {
    which: text(
        f"{_COURSES} WHERE {where}"
        " ORDER BY n.live DESC, n.next_at NULLS LAST, c.made_at DESC LIMIT :most"
    )
    for which, where in _WHERE.items()
}
_ONE = text(f"{_COURSES} WHERE c.id = :id")
_MATERIALS = text(
    "SELECT * FROM training_material WHERE course_id = :id AND removed_at IS NULL ORDER BY at, id"
)
_CLASSES = text(
    "SELECT k.*, m.verified, (SELECT count(*) FROM training_attendee a WHERE a.class_id = k.id)"
    "   AS attendees FROM training_class k"
    "  LEFT JOIN training_attendee m ON m.class_id = k.id AND m.person_id = :person_id"
    " WHERE k.course_id = :course_id AND (CAST(:id AS uuid) IS NULL OR k.id = :id)"
    " ORDER BY k.starts_at, k.id"
)


def rules() -> TrainingRules:
    """When attendance is verified."""
    return TrainingRules(
        RULES.version,
        RULES.source,
        RULES.confidence,
        RULES.present_percent,
        RULES.answered_percent,
        RULES.answer_within_s,
        RULES.tries_per_day,
    )


async def courses(session: AsyncSession, viewer: Viewer, which: Which) -> list[CourseOut]:
    """Courses open to the viewer: what runs first, then what comes next."""
    values: dict[str, Any] = {"person_id": viewer.person_id, "most": MOST}
    if which == "kept":
        values["house"] = viewer.facility_id
    rows = (await session.execute(_LISTS[which], values)).all()
    known = await names(session, [], [one.facility_id for one in rows])
    return [_course(viewer, one, known) for one in rows]


async def one(session: AsyncSession, clock: Clock, viewer: Viewer, course_id: UUID) -> CourseDetail:
    """One course with everything that belongs to it, or `NotFound`."""
    row = await standing(session, viewer, course_id)
    id_ = {"id": course_id}
    materials = (await session.execute(_MATERIALS, id_)).all()
    classes = await _classes(session, viewer, course_id)
    people = [one.person_id for one in materials] + [one.presenter_id for one in classes]
    known = await names(session, people, [row.facility_id])
    tries = await store.attempts(session, course_id, viewer.person_id)
    quiz = await store.quiz(session, course_id)
    teaches = rights.teaches(viewer, row.facility_id)
    return CourseDetail(
        _course(viewer, row, known),
        [_material(one, known) for one in materials],
        [_class(viewer, row.facility_id, one, known) for one in classes],
        None if quiz is None else _quiz(quiz, tries_left(tries, clock.now()), teaches=teaches),
        [AttemptOut(one.at, one.quiz, one.correct, one.questions, one.passed) for one in tries],
        earned(row) and row.certificate_at is None,
        rules(),
    )


def earned(row: Row[Any]) -> bool:
    """Enough classes attended, and the quiz passed; a course without one certifies nobody."""
    return bool(row.attended >= row.classes_needed and row.passed)


async def one_class(
    session: AsyncSession, clock: Clock, viewer: Viewer, class_id: UUID
) -> ClassDetail:
    """One class as the viewer stands in it, or `NotFound`."""
    seated, at = await store.seated(session, class_id), clock.now()
    row = await standing(session, viewer, seated.course_id)
    (shown,) = await _classes(session, viewer, seated.course_id, class_id)
    people = await store.attendees(session, class_id)
    stays = await store.stays(session, class_id)
    checks = await store.checks(session, class_id)
    known = await names(
        session,
        [shown.presenter_id, *(one.person_id for one in people)],
        [row.facility_id, *(one.facility_id for one in people)],
    )
    until = seated.ended_at or at
    everybody = [_attendee(seated, one, stays, checks, known, until) for one in people]
    mine = next(
        (out for one, out in zip(people, everybody, strict=True)
         if one.person_id == viewer.person_id),
        None,
    )  # fmt: skip
    live_s = 0 if seated.opened_at is None else int((until - seated.opened_at).total_seconds())
    return ClassDetail(
        seated=_class(viewer, row.facility_id, shown, known),
        course=_course(viewer, row, known),
        here=mine is not None and mine.here,
        present_s=0 if mine is None else mine.present_s,
        live_s=live_s,
        asked=0 if mine is None else mine.asked,
        answered=0 if mine is None else mine.answered,
        check=_check(viewer, checks, at) if seated.state == "live" else None,
        presents=shown.presenter_id == viewer.person_id,
        people=everybody if rights.teaches(viewer, row.facility_id) else [],
        rules=rules(),
    )


async def standing(session: AsyncSession, viewer: Viewer, course_id: UUID) -> Row[Any]:
    """The course with how far the viewer is in it, or `NotFound`."""
    await store.course(session, course_id)
    values = {"id": course_id, "person_id": viewer.person_id}
    return (await session.execute(_ONE, values)).one()


async def _classes(
    session: AsyncSession, viewer: Viewer, course_id: UUID, class_id: UUID | None = None
) -> Sequence[Row[Any]]:
    values = {"course_id": course_id, "person_id": viewer.person_id, "id": class_id}
    return (await session.execute(_CLASSES, values)).all()


def _attendee(
    seated: Row[Any], who: Row[Any], stays: Any, checks: Any, known: Names, until: datetime
) -> AttendeeOut:
    found = service.tally(seated, who, stays, checks, until)
    here = seated.state == "live" and any(
        one.person_id == who.person_id and store.is_here(one, until) for one in stays
    )
    return AttendeeOut(
        known.person(who.person_id),
        known.house(who.facility_id),
        here,
        found.present_s if who.present_s is None else who.present_s,
        found.asked if who.asked is None else who.asked,
        found.answered if who.answered is None else who.answered,
        who.verified,
    )


def _check(viewer: Viewer, checks: Sequence[Row[Any]], at: datetime) -> CheckOut | None:
    for one in checks:
        if (one.person_id, one.answered_at) == (viewer.person_id, None) and at < one.answer_by:
            return CheckOut(list(one.choices), one.wanted, one.answer_by)
    return None


def _material(one: Row[Any], known: Names) -> MaterialOut:
    return MaterialOut(
        one.id,
        one.name,
        one.media_type,
        one.size_bytes,
        bytes(one.sha256).hex(),
        one.at,
        known.person(one.person_id),
    )


def _quiz(row: Row[Any], left: int, *, teaches: bool) -> QuizOut:
    questions = msgspec.convert(row.questions, list[QuizQuestion])
    return QuizOut(
        row.n,
        [
            QuizQuestionOut(
                one.text,
                [option.text for option in one.options],
                len(one.right) > 1,
                one.right if teaches else None,
            )
            for one in questions
        ],
        left,
    )


def _course(viewer: Viewer, row: Row[Any], known: Names) -> CourseOut:
    return CourseOut(
        id=row.id,
        title=row.title,
        summary=row.summary,
        state=row.state,
        facility=known.house(row.facility_id),
        classes_needed=row.classes_needed,
        pass_percent=row.pass_percent,
        next_at=row.next_at,
        live=row.live,
        has_quiz=row.has_quiz,
        attended=row.attended,
        passed=row.passed,
        certificate_at=row.certificate_at,
        teaches=rights.teaches(viewer, row.facility_id),
        version=row.version,
        allowed=rights.course_allowed(viewer, row),
    )


def _class(viewer: Viewer, facility_id: UUID, row: Row[Any], known: Names) -> ClassOut:
    return ClassOut(
        id=row.id,
        course_id=row.course_id,
        title=row.title,
        presenter=known.person(row.presenter_id),
        starts_at=row.starts_at,
        minutes=row.minutes,
        state=row.state,
        opened_at=row.opened_at,
        ended_at=row.ended_at,
        note=row.note,
        attendees=row.attendees,
        verified=row.verified,
        version=row.version,
        allowed=rights.class_allowed(viewer, facility_id, row),
    )
