"""How a file ends: closed with an outcome and its reason, or voided because it never should be."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import CaseId
from kernel.viewer import Viewer
from referral.casefiles.commands import CloseFile, VoidFile
from referral.casefiles.errors import OutcomeIncomplete
from referral.casefiles.readmodel import FileVoided
from referral.casefiles.service.file_desk import FileDesk, at_file
from referral.casefiles.states import (
    FileAction,
    FileState,
    HandoverAction,
    HandoverState,
    ReportAction,
    ReportState,
    TaskAction,
    TaskState,
)
from registry.facilities.rules import local_date

_ENTER = text("SELECT admin_enters_case(:case_id)")
_LEAVE = text("SELECT admin_leaves_case(:case_id)")

NEEDS: dict[str, tuple[str, ...]] = {
    "postpartum_42d": ("delivered_at", "delivered_place", "delivery_way", "maternal", "neonatal"),
    "ended_early": ("maternal",),
    "moved_away": ("moved_to",),
    "lost": ("efforts",),
    "died": ("maternal", "neonatal"),
    "resolved": (),
    "other": (),
}
"""What an outcome cannot go without, besides its reason."""

_ENVELOPE = ("version", "event_at", "late_reason")


async def close_file(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: CloseFile
) -> CaseId:
    """Close with an outcome; what was still waited for ends with it and stays readable.

    Raises:
        OutcomeIncomplete: the outcome needs more to be said.
        BadInput: she was delivered in the future.
    """
    given: dict[str, Any] = msgspec.to_builtins(order)
    async with at_file(session, clock, viewer, case_id, order) as desk:
        file = desk.rows.file
        side = desk.move_file(FileAction.CLOSE)
        missing = [name for name in NEEDS[order.outcome] if given[name] is None]
        if missing:
            raise OutcomeIncomplete(missing="/".join(missing))
        if order.delivered_at is not None and order.delivered_at > local_date(desk.now):
            raise BadInput(field="delivered_at", reason="晚于今天 / is in the future")
        file.outcome, file.ended_at = order.outcome, desk.at
        said = {
            name: value
            for name, value in given.items()
            if name not in _ENVELOPE and value is not None
        }
        desk.remember("ending", said)
        left = _drop_what_waits(desk)
        facts = {
            "outcome": order.outcome,
            "maternal": order.maternal,
            "neonatal": order.neonatal,
            **left,
        }
        await desk.write("casefile.closed", facts, side=side)
        await duty.stop(session, clock, desk.case_id, None, "closed")
        told = {"outcome": order.outcome}
        await desk.tell("casefile.closed", told, people_ids=[file.owner_id], county=True)
    return desk.case_id


def _drop_what_waits(desk: FileDesk) -> dict[str, object]:
    """End tasks, reports and hand-overs that nobody will answer now; how many there were."""
    tasks = [row for row in desk.rows.tasks if row.state == TaskState.DUE]
    for task in tasks:
        desk.move_task(task, TaskAction.DROP, system=True)
        task.next_at = None
    unwritten = (ReportState.DUE, ReportState.RETURNED)
    reports = [row for row in desk.rows.reports if row.state in unwritten]
    for report in reports:
        desk.move_report(report, ReportAction.SUPERSEDE, system=True)
        report.next_at = None
    for handover in desk.rows.handovers:
        if handover.state == HandoverState.PROPOSED:
            desk.move_handover(handover, HandoverAction.LAPSE, system=True)
            handover.answered_at, handover.next_at = desk.now, None
    return {"tasks_dropped": len(tasks), "reports_unwritten": len(reports)}


async def void_file(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: VoidFile
) -> FileVoided:
    """The file should not exist: kept, hidden from lists.

    An administrator is no party to files and sees none; the database lets one in for this
    transaction only.
    """
    if not (await session.execute(_ENTER, {"case_id": case_id})).scalar_one():
        raise NotFound()
    async with at_file(session, clock, viewer, case_id, order) as desk:
        file = desk.rows.file
        side = desk.move_file(FileAction.VOID)
        file.ended_at = file.ended_at or desk.at
        left = _drop_what_waits(desk)
        facts = {"code": order.code, "reason": order.reason, **left}
        await desk.write("casefile.voided", facts, side=side)
        await duty.stop(session, clock, desk.case_id, None, "voided")
    answer = FileVoided(
        id=file.id, number=file.number, state=FileState(file.state), version=file.version
    )
    await session.execute(_LEAVE, {"case_id": case_id})
    return answer
