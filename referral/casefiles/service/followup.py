"""Follow-up: tasks with a day, the record of having seen her, and the next day set at once."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId, PregnancyId, new_id
from kernel.viewer import Viewer
from referral.casefiles.commands import AddFileNote, AddTask, CancelTask, FollowUp
from referral.casefiles.errors import DueOutOfRange
from referral.casefiles.models import TaskRow
from referral.casefiles.rules.deadlines import first_look, seen_again
from referral.casefiles.service.file_desk import FileDesk, at_file, at_part
from referral.casefiles.states import FileAction, TaskAction, TaskState
from referral.commands.fields import Act
from referral.service.observe import record_vitals

_ENVELOPE = ("version", "event_at", "late_reason", "task_id", "next_at")
DAYS_AHEAD = 400
"""Beyond it a year was mistyped: pregnancy and puerperium are shorter."""


def _must_be_ahead(desk: FileDesk, moment: datetime) -> None:
    if not desk.now < moment <= desk.now + timedelta(days=DAYS_AHEAD):
        raise DueOutOfRange(days=DAYS_AHEAD)


def _open_follow_ups(desk: FileDesk) -> list[TaskRow]:
    """Planned visits that nobody has made, the one due first in front."""
    waiting = (
        task for task in desk.rows.tasks if task.state == TaskState.DUE and task.kind == "follow_up"
    )
    return sorted(waiting, key=lambda task: task.due_at)


def plan_next(desk: FileDesk, base: datetime, *, sooner: bool = False) -> TaskRow | None:
    """Plan the next visit by the colour's interval, unless one is planned already.

    Args:
        desk: the file.
        base: what the interval counts from.
        sooner: a visit that is planned later than the interval asks is brought forward.
    """
    row = desk.rows.file
    limit = desk.rules.seen_every(row.colour, purple=row.purple)
    if limit is None:
        return None
    due_at = seen_again(base, limit.span)
    planned = _open_follow_ups(desk)
    if planned and not (sooner and planned[0].due_at > due_at):
        return None
    for task in planned:
        desk.move_task(task, TaskAction.DROP, system=True)
        task.next_at = None
    return _task(desk, "follow_up", due_at)


def _task(desk: FileDesk, kind: str, due_at: datetime) -> TaskRow:
    ladder = desk.rules.escalation["task"]
    task = TaskRow(
        id=new_id(),
        case_id=desk.case_id,
        kind=kind,
        state=TaskState.DUE,
        due_at=due_at,
        created_at=desk.now,
        created_by=None if desk.viewer.is_process else desk.viewer.person_id,
        rules_version=desk.rules.label,
        step=0,
        next_at=first_look(ladder, due_at),
    )
    desk.session.add(task)
    desk.rows.tasks.append(task)
    return task


async def add_task(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: AddTask
) -> CaseId:
    """Something to be done for her by a moment.

    Raises:
        DueOutOfRange: the moment has passed, or is too far away.
    """
    async with at_file(session, clock, viewer, case_id, order) as desk:
        side = desk.move_file(FileAction.ADD_TASK)
        _must_be_ahead(desk, order.due_at)
        task = _task(desk, "manual", order.due_at)
        desk.remember("task", {"text": order.text}, task.id)
        facts = {"task_id": task.id, "due_at": task.due_at}
        await desk.write("casefile.task_added", facts, side=side)
        await desk.tell("casefile.task_added", facts, people_ids=[desk.rows.file.owner_id])
    return desk.case_id


async def cancel_task(
    session: AsyncSession, clock: Clock, viewer: Viewer, task_id: UUID, order: CancelTask
) -> CaseId:
    """Not needed any more; she is never left without a next visit."""
    async with at_part(session, clock, viewer, TaskRow, task_id, order) as desk:
        task = desk.task(task_id)
        side = desk.move_task(task, TaskAction.CANCEL)
        task.next_at = None
        desk.remember("task", {"cancelled": order.reason}, task.id)
        await desk.write("casefile.task_cancelled", {"task_id": task.id}, side=side)
        plan_next(desk, desk.now)
    return desk.case_id


async def follow_up(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: FollowUp
) -> CaseId:
    """She was seen: the record, the task it does, and the next visit.

    Raises:
        NotFound: the task named is not of this file.
        DueOutOfRange: the next visit lies in the past, or is too far away.
    """
    async with at_file(session, clock, viewer, case_id, order) as desk:
        side = desk.move_file(FileAction.FOLLOW_UP)
        task = _done_by_this(desk, order.task_id)
        if task is not None:
            desk.move_task(task, TaskAction.DO)
            task.done_at, task.done_by, task.next_at = desk.at, viewer.person_id, None
        if order.next_at is not None:
            _must_be_ahead(desk, order.next_at)
        following = _next_visit(desk, order.next_at)
        said = _record(order)
        said["next_at"] = None if following is None else following.due_at.isoformat()
        desk.remember("follow_up", said, None if task is None else task.id)
        await record_vitals(
            session,
            clock,
            viewer,
            order.vitals,
            pregnancy_id=PregnancyId(desk.rows.file.pregnancy_id),
            at=desk.at,
        )
        facts = {
            "task_id": None if task is None else task.id,
            "way": order.way,
            "next_due_at": None if following is None else following.due_at,
        }
        await desk.write("casefile.followed_up", facts, side=side)
        others = {desk.rows.file.owner_id}
        await desk.tell("casefile.followed_up", {"way": order.way}, people_ids=others)
    return desk.case_id


def _record(order: FollowUp) -> dict[str, Any]:
    given = msgspec.to_builtins(order).items()
    return {name: value for name, value in given if name not in _ENVELOPE and value is not None}


def _done_by_this(desk: FileDesk, task_id: UUID | None) -> TaskRow | None:
    if task_id is not None:
        return desk.task(task_id)
    planned = _open_follow_ups(desk)
    return planned[0] if planned else None


def _next_visit(desk: FileDesk, wanted: datetime | None) -> TaskRow | None:
    """The visit after this one: on the day that was agreed with her, else by the interval."""
    if wanted is None:
        planned = _open_follow_ups(desk)
        return planned[0] if planned else plan_next(desk, desk.at)
    for task in _open_follow_ups(desk):
        desk.move_task(task, TaskAction.DROP, system=True)
        task.next_at = None
    return _task(desk, "follow_up", wanted)


async def add_note(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: AddFileNote
) -> CaseId:
    """A line in the file; it makes nobody's open page stale."""
    act = Act(version=0)
    async with at_file(
        session, clock, viewer, case_id, act, check_version=False, bump=False
    ) as desk:
        side = desk.move_file(FileAction.ADD_NOTE)
        desk.remember("note", {"text": order.text})
        await desk.write("casefile.noted", {}, side=side)
    return desk.case_id
