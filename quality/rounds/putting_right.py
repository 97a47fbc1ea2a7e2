"""Rectification: what is to be put right, who answers for it, what was done, whether it is so."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import CaseId, PersonId, new_id
from kernel.viewer import Viewer
from quality.rounds import evidence, store
from quality.rounds.errors import DayPassed, ItemUnknown, TasksOpen
from quality.rounds.evidence import Where
from quality.rounds.schemas import AssignTask, Demand, HandBack, ReportTask, RoundStep
from quality.rounds.sides import entry_step, say, side_of, step
from quality.rounds.states import TASK, EntryAction, TaskAction, TaskState
from registry.facilities.rules import local_date
from registry.people import queries as people

_LOCK = text("SELECT * FROM assessment_task WHERE id = :id FOR UPDATE")
_OF_ENTRY = text("SELECT * FROM assessment_task WHERE entry_id = :id ORDER BY demanded_at, id")
_ADD = text(
    "INSERT INTO assessment_task (id, entry_id, code, what, due_on, state, demanded_by,"
    "  demanded_at) VALUES (:id, :entry_id, :code, :what, :due_on, 'open', :by, :at)"
)
_MOVED: Final = ("owner_id", "report", "note", "verified_by", "verified_at")
_MOVE = text(
    "UPDATE assessment_task SET state = :state, owner_id = :owner_id, report = :report,"
    " note = :note, verified_by = :verified_by,"
    " verified_at = CAST(:verified_at AS timestamptz), version = version + 1 WHERE id = :id"
)


async def of_entry(session: AsyncSession, entry_id: UUID) -> Sequence[Row[Any]]:
    """An entry's tasks, in the order in which they were demanded."""
    return (await session.execute(_OF_ENTRY, {"id": entry_id})).all()


async def demand(
    session: AsyncSession, clock: Clock, viewer: Viewer, entry_id: UUID, order: Demand
) -> None:
    """Demand that something be put right until a day.

    Raises:
        NotFound: unknown or foreign.
        StepMoved, OtherSide: nothing is the viewer's to demand now.
        DayPassed: the day lies in the past.
        ItemUnknown: the round has no such item.
    """
    row = await store.locked(session, entry_id)
    to = entry_step(row, order.version, EntryAction.DEMAND)
    if order.due_on < local_date(clock.now()):
        raise DayPassed(field="due_on")
    plan = store.plan_of(await store.round_(session, row.round_id))
    if order.code is not None and plan.item(order.code) is None:
        raise ItemUnknown(code=order.code)
    task_id = new_id()
    values = {"id": task_id, "entry_id": row.id, "code": order.code, "what": order.what}
    values |= {"due_on": order.due_on, "by": viewer.person_id, "at": clock.now()}
    await session.execute(_ADD, values)
    await store.move(session, row, to)
    facts: dict[str, object] = {
        "task_id": task_id,
        "code": order.code,
        "due_on": order.due_on,
        "sha256": sha256(order.what.encode()).hexdigest(),
    }
    await say(session, clock, viewer, CaseId(row.id), "assessment.task_demanded", facts)


async def close(
    session: AsyncSession, clock: Clock, viewer: Viewer, entry_id: UUID, order: RoundStep
) -> None:
    """The centre's entry is done with.

    Raises:
        NotFound: unknown or foreign.
        StepMoved, OtherSide: it is not the viewer's to close now.
        TasksOpen: something was not verified.
    """
    row = await store.locked(session, entry_id)
    to = entry_step(row, order.version, EntryAction.CLOSE)
    if row.tasks_open:
        raise TasksOpen(tasks=row.tasks_open)
    await store.move(session, row, to)
    await say(session, clock, viewer, CaseId(row.id), "assessment.closed", {})


async def _at(
    session: AsyncSession, task_id: UUID, version: int | None, action: TaskAction
) -> tuple[Row[Any], Row[Any], TaskState]:
    """The task, locked, its entry, and the state that `action` leads to."""
    row = (await session.execute(_LOCK, {"id": task_id})).one_or_none()
    if row is None:
        raise NotFound()
    entry = await store.entry(session, row.entry_id)
    return row, entry, step(TASK, row, side_of(entry), version, action)


async def _move(
    session: AsyncSession, row: Row[Any], to: TaskState, changed: Mapping[str, Any]
) -> None:
    values = {name: getattr(row, name) for name in _MOVED} | dict(changed)
    await session.execute(_MOVE, values | {"id": row.id, "state": str(to)})


async def assign(
    session: AsyncSession, clock: Clock, viewer: Viewer, task_id: UUID, order: AssignTask
) -> UUID:
    """Say who of the house answers for it.

    Raises:
        NotFound: unknown or foreign.
        StepMoved, OtherSide: it is not the viewer's to assign now.
        BadInput: nobody of the house.
    """
    row, entry, to = await _at(session, task_id, order.version, TaskAction.ASSIGN)
    who = PersonId(order.owner_id)
    known = (await people.get_many(session, [who])).get(who)
    if known is None or known.facility_id != entry.facility_id:
        reason = "须为本机构人员 / somebody of this house"
        raise BadInput(field="owner_id", reason=reason)
    await _move(session, row, to, {"owner_id": who})
    facts: dict[str, object] = {"task_id": row.id, "owner_id": who}
    await say(session, clock, viewer, CaseId(entry.id), "assessment.task_assigned", facts)
    return _id(entry)


async def report(
    session: AsyncSession, clock: Clock, viewer: Viewer, task_id: UUID, order: ReportTask
) -> UUID:
    """Say what was done.

    Raises:
        NotFound: unknown or foreign.
        StepMoved, OtherSide: it is not the viewer's to report now.
    """
    row, entry, to = await _at(session, task_id, order.version, TaskAction.REPORT)
    await _move(session, row, to, {"report": order.words, "note": None})
    facts: dict[str, object] = {
        "task_id": row.id,
        "sha256": sha256(order.words.encode()).hexdigest(),
    }
    await say(session, clock, viewer, CaseId(entry.id), "assessment.task_reported", facts)
    return _id(entry)


async def verify(
    session: AsyncSession, clock: Clock, viewer: Viewer, task_id: UUID, order: RoundStep
) -> UUID:
    """It is as reported.

    Raises:
        NotFound: unknown or foreign.
        StepMoved, OtherSide: it is not the viewer's to verify now.
    """
    row, entry, to = await _at(session, task_id, order.version, TaskAction.VERIFY)
    changed = {"verified_by": viewer.person_id, "verified_at": clock.now(), "note": None}
    await _move(session, row, to, changed)
    facts: dict[str, object] = {"task_id": row.id}
    await say(session, clock, viewer, CaseId(entry.id), "assessment.task_verified", facts)
    return _id(entry)


async def hand_back(
    session: AsyncSession, clock: Clock, viewer: Viewer, task_id: UUID, order: HandBack
) -> UUID:
    """It is not as reported, and why.

    Raises:
        NotFound: unknown or foreign.
        StepMoved, OtherSide: it is not the viewer's to hand back now.
    """
    row, entry, to = await _at(session, task_id, order.version, TaskAction.RETURN)
    await _move(session, row, to, {"note": order.note})
    facts: dict[str, object] = {
        "task_id": row.id,
        "sha256": sha256(order.note.encode()).hexdigest(),
    }
    await say(session, clock, viewer, CaseId(entry.id), "assessment.task_handed_back", facts)
    return _id(entry)


async def prove(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    blobs: BlobStore,
    task_id: UUID,
    content: bytes,
) -> UUID:
    """Keep a picture or PDF of what was done, before it is reported.

    Raises:
        NotFound: unknown or foreign, before anything is kept.
        StepMoved, OtherSide: it is not the viewer's to prove now.
        FileTooLarge, FileRefused: it cannot be kept.
    """
    row, entry, _ = await _at(session, task_id, None, TaskAction.REPORT)
    where = Where(row.code, task_id=row.id)
    await evidence.keep(session, clock, viewer, blobs, entry.id, where, content, CaseId(entry.id))
    return _id(entry)


def _id(entry: Row[Any]) -> UUID:
    found: UUID = entry.id
    return found
