"""Commands on measures: added with owner and day, reported with evidence, verified by another."""

from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import parties
from kernel.clock import Clock
from kernel.ids import CaseId, PersonId, new_id
from kernel.parties import PartyRole
from kernel.viewer import Viewer
from quality.owed import OwedState
from quality.reviews import rights, store, telling
from quality.reviews.errors import DayPassed, OwnVerification, PersonUnknown, TermUnknown
from quality.reviews.rules import RULES
from quality.reviews.schemas import AddMeasure, MeasureBack, MoveMeasure, ReportMeasure
from quality.reviews.states import MeasureAction, ReviewAction, Side
from registry.facilities.rules import CHINA, local_date
from registry.people import queries as people


async def add(
    session: AsyncSession, clock: Clock, viewer: Viewer, review_id: UUID, order: AddMeasure
) -> None:
    """Something to be done, by whom, by when; they are told.

    Raises:
        DayPassed: the day is over.
        PersonUnknown: nobody of that name works in the network.
        TermUnknown: the finding is another review's.
    """
    row = await store.locked(session, review_id)
    stands = rights.sides(viewer, row, await store.members(session, row.id))
    to = rights.step(row, stands, ReviewAction.ADD_MEASURE, order.version)
    at = clock.now()
    if order.due_on < local_date(at):
        raise DayPassed()
    owner = PersonId(order.owner_id)
    if owner not in await people.get_many(session, {owner}):
        raise PersonUnknown()
    findings = {one.id for one in await store.findings(session, row.id)}
    if order.finding_id is not None and order.finding_id not in findings:
        raise TermUnknown(field="finding_id")
    measure_id = new_id()
    await store.add_measure(
        session,
        {
            "id": row.id,
            "measure_id": measure_id,
            "finding_id": order.finding_id,
            "words": order.words,
            "owner_id": owner,
            "due_on": order.due_on,
            "by": viewer.person_id,
            "at": at,
            "remind_at": RULES.reminders.first(at, end_of(order.due_on)),
        },
    )
    await parties.add_person(session, CaseId(row.id), owner, PartyRole.EXPERT)
    await store.move(session, row, to)
    facts: dict[str, object] = {
        "measure_id": measure_id,
        "owner": owner,
        "due_on": order.due_on.isoformat(),
        "sha256": sha256(order.words.encode()).hexdigest(),
    }
    await telling.say(session, clock, viewer, row.id, telling.MEASURE, facts)
    due = order.due_on.isoformat()
    await telling.tell(session, clock, row.id, telling.MEASURE, {owner}, due_on=due)


async def report(
    session: AsyncSession, clock: Clock, viewer: Viewer, measure_id: UUID, order: ReportMeasure
) -> None:
    """Whoever owes it says that it is done, and what shows it."""
    row, to = await _step(session, viewer, measure_id, MeasureAction.REPORT, order.version)
    changed = {"evidence": order.evidence, "done_at": clock.now(), "remind_at": None, "note": None}
    await store.move_measure(session, row, to, changed)
    facts: dict[str, object] = {"sha256": sha256(order.evidence.encode()).hexdigest()}
    await _say(session, clock, viewer, row, to, facts)
    await _tell(session, clock, row, "case_review.measure_done", {row.added_by})


async def verify(
    session: AsyncSession, clock: Clock, viewer: Viewer, measure_id: UUID, order: MoveMeasure
) -> None:
    """Another looked at what shows it, and it holds.

    Raises:
        OwnVerification: it is the viewer's own measure.
    """
    row, to = await _step(session, viewer, measure_id, MeasureAction.VERIFY, order.version)
    if row.owner_id == viewer.person_id:
        raise OwnVerification()
    changed = {"ended_at": clock.now(), "ended_by": viewer.person_id}
    await store.move_measure(session, row, to, changed)
    await _say(session, clock, viewer, row, to, {})


async def send_back(
    session: AsyncSession, clock: Clock, viewer: Viewer, measure_id: UUID, order: MeasureBack
) -> None:
    """What shows it does not: it is owed again, and why."""
    row, to = await _step(session, viewer, measure_id, MeasureAction.SEND_BACK, order.version)
    at = clock.now()
    changed = {
        "evidence": None,
        "done_at": None,
        "note": order.note,
        "remind_at": RULES.reminders.first(at, end_of(row.due_on)),
    }
    await store.move_measure(session, row, to, changed)
    facts: dict[str, object] = {"sha256": sha256(order.note.encode()).hexdigest()}
    await _say(session, clock, viewer, row, to, facts)
    await _tell(session, clock, row, "case_review.measure_back", {row.owner_id})


async def drop(
    session: AsyncSession, clock: Clock, viewer: Viewer, measure_id: UUID, order: MeasureBack
) -> None:
    """It is given up, and why."""
    row, to = await _step(session, viewer, measure_id, MeasureAction.DROP, order.version)
    changed = {
        "note": order.note,
        "ended_at": clock.now(),
        "ended_by": viewer.person_id,
        "remind_at": None,
    }
    await store.move_measure(session, row, to, changed)
    facts: dict[str, object] = {"sha256": sha256(order.note.encode()).hexdigest()}
    await _say(session, clock, viewer, row, to, facts)
    await _tell(session, clock, row, "case_review.measure_dropped", {row.owner_id})


def end_of(day: date) -> datetime:
    """The last moment of a day in Beijing."""
    return datetime.combine(day + timedelta(days=1), time(), CHINA)


async def stands(session: AsyncSession, viewer: Viewer, row: Row[Any]) -> frozenset[Side]:
    """Where the viewer stands to the review of a measure; nowhere, if it is closed to them."""
    members = await store.members(session, row.review_id)
    review = await store.perhaps(session, row.review_id)
    return frozenset() if review is None else rights.sides(viewer, review, members)


async def _step(
    session: AsyncSession, viewer: Viewer, measure_id: UUID, action: MeasureAction, version: int
) -> tuple[Row[Any], OwedState]:
    row = await store.measure(session, measure_id)
    mine = rights.measure_sides(viewer, row, await stands(session, viewer, row))
    return row, rights.measure_step(row, mine, action, version)


async def _say(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    row: Row[Any],
    to: OwedState,
    facts: dict[str, object],
) -> None:
    said = {"measure_id": row.id, "state": str(to), **facts}
    await telling.say(session, clock, viewer, row.review_id, telling.MEASURE_MOVED, said)


async def _tell(
    session: AsyncSession, clock: Clock, row: Row[Any], kind: str, who: set[UUID]
) -> None:
    await telling.tell(
        session, clock, row.review_id, kind, who, due_on=row.due_on.isoformat()
    )  # fmt: skip
