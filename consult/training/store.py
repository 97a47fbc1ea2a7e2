"""Statements on the tables of training; row-level security cuts what is not the viewer's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult import staying
from consult.training.attendance import Check
from consult.training.grading import QuizQuestion
from consult.training.rules import RULES
from consult.training.states import ClassState, CourseState
from kernel.errors import NotFound

_COURSE = text("SELECT * FROM training_course WHERE id = :id")
_COURSE_LOCK = text("SELECT * FROM training_course WHERE id = :id FOR UPDATE")
_MAKE = text(
    "INSERT INTO training_course (id, facility_id, title, summary, state, classes_needed,"
    "  pass_percent, made_by, made_at) VALUES (:id, :facility_id, :title, :summary, 'draft',"
    "  :classes_needed, :pass_percent, :by, :at)"
)
_EDIT = text(
    "UPDATE training_course SET title = :title, summary = :summary, state = :state,"
    " classes_needed = :classes_needed, pass_percent = :pass_percent, version = version + 1"
    " WHERE id = :id"
)
_EDITED: Final = ("title", "summary", "classes_needed", "pass_percent")
_CLASS = text("SELECT * FROM training_class WHERE id = :id")
_CLASS_LOCK = text("SELECT * FROM training_class WHERE id = :id FOR UPDATE")
_PLAN = text(
    "INSERT INTO training_class (id, course_id, title, presenter_id, starts_at, minutes, state)"
    " VALUES (:id, :course_id, :title, :by, :starts_at, :minutes, 'planned')"
)
_MOVE_CLASS = text(
    "UPDATE training_class SET state = :state, opened_at = CAST(:opened_at AS timestamptz),"
    " ended_at = CAST(:ended_at AS timestamptz), note = :note, version = version + 1"
    " WHERE id = :id"
)
_MOVED_CLASS: Final = ("opened_at", "ended_at", "note")
_QUIZ = text("SELECT * FROM training_quiz WHERE course_id = :id ORDER BY n DESC LIMIT 1")
_ASK = text(
    "INSERT INTO training_quiz (course_id, n, questions, person_id, at)"
    " SELECT :id, coalesce(max(n), 0) + 1, CAST(:questions AS jsonb), :by, :at FROM training_quiz"
    "  WHERE course_id = :id"
)
_TRY = text(
    "INSERT INTO training_attempt (course_id, quiz, person_id, facility_id, at, answers, correct,"
    "  questions, percent, passed) VALUES (:course_id, :quiz, :person_id, :facility_id, :at,"
    "  CAST(:answers AS jsonb), :correct, :questions, :percent, :passed)"
)
_TRIES = text(
    "SELECT * FROM training_attempt WHERE course_id = :id AND person_id = :person_id ORDER BY id"
)
_COME = text(
    "INSERT INTO training_attendee (class_id, person_id, facility_id, came_at, next_check_at)"
    " VALUES (:class_id, :person_id, :facility_id, :at, :check_at) ON CONFLICT DO NOTHING"
)
_MINE = text(
    "SELECT * FROM training_attendee WHERE class_id = :class_id AND person_id = :person_id"
    " FOR UPDATE"
)
_ATTENDEES = text("SELECT * FROM training_attendee WHERE class_id = :id ORDER BY came_at")
_CHECK_AT = text(
    "UPDATE training_attendee SET next_check_at = :check_at"
    " WHERE class_id = :class_id AND person_id = :person_id"
)
_RESULT = text(
    "UPDATE training_attendee SET present_s = :present_s, live_s = :live_s, asked = :asked,"
    " answered = :answered, verified = :verified, rules = :rules"
    " WHERE class_id = :class_id AND person_id = :person_id"
)
_STAYS = text("SELECT * FROM training_stay WHERE class_id = :id ORDER BY id")
_STAY = text(
    "INSERT INTO training_stay (class_id, person_id, since, heard_at)"
    " VALUES (:class_id, :person_id, :at, :at)"
)
_HEARD = text("UPDATE training_stay SET heard_at = greatest(heard_at, :at) WHERE id = :id")
_GO = text("UPDATE training_stay SET left_at = greatest(since, :at) WHERE id = :id")
_CHECKS = text("SELECT * FROM training_check WHERE class_id = :id ORDER BY id")
_NEW_CHECK = text(
    "INSERT INTO training_check (class_id, person_id, asked_at, answer_by, choices, wanted)"
    " VALUES (:class_id, :person_id, :at, :answer_by, :choices, :wanted)"
)
_ANSWER = text("UPDATE training_check SET answered_at = :at, choice = :choice WHERE id = :id")


async def course(session: AsyncSession, course_id: UUID, *, lock: bool = False) -> Row[Any]:
    """The course; `NotFound` if unknown, or a draft of another house."""
    found = await session.execute(_COURSE_LOCK if lock else _COURSE, {"id": course_id})
    return _there(found.one_or_none())


async def seated(session: AsyncSession, class_id: UUID, *, lock: bool = False) -> Row[Any]:
    """The class; `NotFound` if unknown, or of another house's draft."""
    found = await session.execute(_CLASS_LOCK if lock else _CLASS, {"id": class_id})
    return _there(found.one_or_none())


def _there(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise NotFound()
    return row


async def make_course(session: AsyncSession, values: dict[str, Any]) -> None:
    """A new draft."""
    await session.execute(_MAKE, values)


async def write_course(
    session: AsyncSession, row: Row[Any], to: CourseState, changed: dict[str, Any] | None = None
) -> None:
    """Write the new state with what changed."""
    values = {name: getattr(row, name) for name in _EDITED} | (changed or {})
    await session.execute(_EDIT, values | {"id": row.id, "state": str(to)})


async def plan_class(session: AsyncSession, values: dict[str, Any]) -> None:
    """A new class."""
    await session.execute(_PLAN, values)


async def move_class(
    session: AsyncSession, row: Row[Any], to: ClassState, changed: dict[str, Any]
) -> None:
    """Write the new state with what changed."""
    values = {name: getattr(row, name) for name in _MOVED_CLASS} | changed
    await session.execute(_MOVE_CLASS, values | {"id": row.id, "state": str(to)})


async def quiz(session: AsyncSession, course_id: UUID) -> Row[Any] | None:
    """The newest version of the questions."""
    return (await session.execute(_QUIZ, {"id": course_id})).one_or_none()


async def ask_quiz(
    session: AsyncSession,
    course_id: UUID,
    questions: Sequence[QuizQuestion],
    by: UUID,
    at: datetime,
) -> None:
    """The next version of the questions."""
    said = msgspec.json.encode(questions).decode()
    await session.execute(_ASK, {"id": course_id, "questions": said, "by": by, "at": at})


async def write_attempt(session: AsyncSession, values: dict[str, Any]) -> None:
    """One more try."""
    said = msgspec.json.encode(values["answers"]).decode()
    await session.execute(_TRY, values | {"answers": said})


async def attempts(session: AsyncSession, course_id: UUID, person_id: UUID) -> Sequence[Row[Any]]:
    """Somebody's tries, in order."""
    return (await session.execute(_TRIES, {"id": course_id, "person_id": person_id})).all()


async def come(
    session: AsyncSession, class_id: UUID, person_id: UUID, facility_id: UUID, at: datetime,
    check_at: datetime,
) -> None:  # fmt: skip
    """Somebody comes for the first time; asked again it changes nothing."""
    values = {"class_id": class_id, "person_id": person_id, "facility_id": facility_id}
    await session.execute(_COME, values | {"at": at, "check_at": check_at})


async def own(session: AsyncSession, class_id: UUID, person_id: UUID) -> Row[Any] | None:
    """Somebody's attendance, locked."""
    values = {"class_id": class_id, "person_id": person_id}
    return (await session.execute(_MINE, values)).one_or_none()


async def attendees(session: AsyncSession, class_id: UUID) -> Sequence[Row[Any]]:
    """Everybody who came whom the viewer may see."""
    return (await session.execute(_ATTENDEES, {"id": class_id})).all()


async def check_at(session: AsyncSession, who: Row[Any], at: datetime) -> None:
    """When somebody is asked next."""
    values = {"class_id": who.class_id, "person_id": who.person_id, "check_at": at}
    await session.execute(_CHECK_AT, values)


async def write_result(session: AsyncSession, who: Row[Any], values: dict[str, Any]) -> None:
    """What somebody's time came to."""
    await session.execute(_RESULT, values | {"class_id": who.class_id, "person_id": who.person_id})


async def stays(session: AsyncSession, class_id: UUID) -> Sequence[Row[Any]]:
    """Who was there when, as far as the viewer may see."""
    return (await session.execute(_STAYS, {"id": class_id})).all()


def is_here(stay: Row[Any], at: datetime) -> bool:
    """Still there: not gone, and heard of lately."""
    return staying.is_here(stay, at, RULES.silent_s)


def reached(stay: Row[Any], at: datetime) -> datetime:
    """Until when somebody was there, as far as is known at `at`."""
    return staying.reached(stay, at, RULES.silent_s)


async def stay(session: AsyncSession, class_id: UUID, person_id: UUID, at: datetime) -> None:
    """Somebody is there from now on."""
    await session.execute(_STAY, {"class_id": class_id, "person_id": person_id, "at": at})


async def heard(session: AsyncSession, one: Row[Any], at: datetime) -> None:
    """Still there."""
    await session.execute(_HEARD, {"id": one.id, "at": at})


async def go(session: AsyncSession, one: Row[Any], at: datetime) -> None:
    """Gone."""
    await session.execute(_GO, {"id": one.id, "at": at})


async def checks(session: AsyncSession, class_id: UUID) -> Sequence[Row[Any]]:
    """Checks of everybody whom the viewer may see."""
    return (await session.execute(_CHECKS, {"id": class_id})).all()


async def new_check(session: AsyncSession, who: Row[Any], check: Check, at: datetime) -> None:
    """Somebody is asked."""
    values = {"class_id": who.class_id, "person_id": who.person_id, "at": at}
    values |= {"answer_by": check.answer_by, "choices": check.choices, "wanted": check.wanted}
    await session.execute(_NEW_CHECK, values)


async def answer(session: AsyncSession, check: Row[Any], at: datetime, choice: int) -> None:
    """Somebody answers."""
    await session.execute(_ANSWER, {"id": check.id, "at": at, "choice": choice})
