"""A certificate is earned once: enough classes attended, the quiz passed. Its chain is its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.training import queries, store
from consult.training.errors import NotEarned
from consult.training.rules import RULES
from kernel import chain, parties
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, new_id
from kernel.parties import PartyRole
from kernel.viewer import Viewer

EARNED: Final = "training.certified"

_MINE = text(
    "SELECT * FROM training_certificate WHERE course_id = :course_id AND person_id = :person_id"
)
_INSERT = text(
    "INSERT INTO training_certificate (id, course_id, person_id, facility_id, issued_at)"
    " VALUES (:id, :course_id, :person_id, :facility_id, :at)"
)
_ATTENDED = text(
    "SELECT k.title, k.opened_at, a.present_s FROM training_attendee a"
    "  JOIN training_class k ON k.id = a.class_id"
    " WHERE k.course_id = :course_id AND a.person_id = :person_id AND a.verified"
    " ORDER BY k.opened_at, k.id"
)


@dataclass(frozen=True, slots=True)
class Earned:
    """What a certificate says besides whose it is.

    Attributes:
        classes: titles and beginnings of the classes attended, with seconds there.
        score: right answers and questions of the first try that passed.
    """

    id: CaseId
    facility_id: UUID
    title: str
    house_id: UUID
    issued_at: datetime
    classes: list[tuple[str, datetime, int]]
    score: tuple[int, int]


async def earn(session: AsyncSession, clock: Clock, viewer: Viewer, course_id: UUID) -> Earned:
    """The viewer's certificate of the course; made if it is earned, given again if there is one.

    Raises:
        NotFound: unknown, or another house's draft.
        NotEarned: classes or quiz are missing.
    """
    course = await queries.standing(session, viewer, course_id)
    if await _certificate(session, viewer, course_id) is None:
        if not queries.earned(course):
            raise NotEarned(classes=course.attended, needed=course.classes_needed)
        await _make(session, clock, viewer, course)
    return await held(session, viewer, course_id)


async def held(session: AsyncSession, viewer: Viewer, course_id: UUID) -> Earned:
    """The viewer's certificate of the course, or `NotFound`."""
    course = await store.course(session, course_id)
    row = await _certificate(session, viewer, course_id)
    if row is None:
        raise NotFound()
    values = {"course_id": course_id, "person_id": viewer.person_id}
    classes = (await session.execute(_ATTENDED, values)).all()
    tries = await store.attempts(session, course_id, viewer.person_id)
    passed = next(one for one in tries if one.passed)
    return Earned(
        CaseId(row.id),
        row.facility_id,
        course.title,
        course.facility_id,
        row.issued_at,
        [(one.title, one.opened_at, one.present_s) for one in classes],
        (passed.correct, passed.questions),
    )


async def _certificate(session: AsyncSession, viewer: Viewer, course_id: UUID) -> Row[Any] | None:
    values = {"course_id": course_id, "person_id": viewer.person_id}
    return (await session.execute(_MINE, values)).one_or_none()


async def _make(session: AsyncSession, clock: Clock, viewer: Viewer, course: Row[Any]) -> None:
    id_ = CaseId(new_id())
    values = {"id": id_, "course_id": course.id, "person_id": viewer.person_id}
    await session.execute(_INSERT, values | {"facility_id": viewer.facility_id, "at": clock.now()})
    await parties.add_person(session, id_, viewer.person_id, PartyRole.ORIGIN)
    facts: dict[str, object] = {
        "course_id": course.id,
        "person_id": viewer.person_id,
        "facility_id": viewer.facility_id,
        "classes": course.attended,
        "rules": RULES.version,
    }
    await chain.append(session, clock, id_, EARNED, viewer=viewer, payload=facts)
