"""The report form (妊娠风险评估分级报告单): due, submitted, received; late is said and kept."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId, new_id
from kernel.viewer import Viewer
from referral.casefiles.commands import ReceiveReport, ReturnReport, SubmitReport
from referral.casefiles.models import ReportRow
from referral.casefiles.rules.deadlines import first_look
from referral.casefiles.service.file_desk import FileDesk, at_part
from referral.casefiles.states import ReportAction, ReportState

_WAITING = (ReportState.DUE, ReportState.RETURNED)


def ask_for_report(desk: FileDesk) -> None:
    """Start the clock of a report for the present grade; one not yet written is superseded.

    Where the rules name no deadline for the colour, a report may be written and nothing is late.
    """
    row = desk.rows.file
    for old in desk.rows.reports:
        if old.state in _WAITING:
            desk.move_report(old, ReportAction.SUPERSEDE, system=True)
            old.next_at = None
    limit = desk.rules.report_within(row.colour, purple=row.purple)
    due_at = None if limit is None else desk.at + limit.span
    ladder = desk.rules.escalation["report"]
    report = ReportRow(
        id=new_id(),
        case_id=desk.case_id,
        no=len(desk.rows.reports) + 1,
        state=ReportState.DUE,
        colour=row.colour,
        purple=row.purple,
        due_at=due_at,
        started_at=desk.at,
        rules_version=desk.rules.label,
        step=0,
        next_at=None if due_at is None else first_look(ladder, due_at),
    )
    desk.session.add(report)
    desk.rows.reports.append(report)


async def submit_report(
    session: AsyncSession, clock: Clock, viewer: Viewer, report_id: UUID, order: SubmitReport
) -> CaseId:
    """Send the form to the county MCH institution; the deadline is judged by when it was sent."""
    async with at_part(session, clock, viewer, ReportRow, report_id, order) as desk:
        row = desk.report(report_id)
        side = desk.move_report(row, ReportAction.SUBMIT)
        first = row.submitted_at is None
        row.submitted_at, row.submitted_by = desk.at, viewer.person_id
        if first:
            row.late = row.due_at is not None and desk.at > row.due_at
        row.next_at = None
        said = {"factors": order.factors, "handling": order.handling, "remark": order.remark}
        desk.remember("report", said, row.id)
        facts = {"report_id": row.id, "no": row.no, "late": row.late, "due_at": row.due_at}
        await desk.write("casefile.report_submitted", facts, side=side)
        told = {"late": row.late}
        await desk.tell("casefile.report_submitted", told, county=True)
    return desk.case_id


async def receive_report(
    session: AsyncSession, clock: Clock, viewer: Viewer, report_id: UUID, order: ReceiveReport
) -> CaseId:
    """The county centre says that it has the form."""
    async with at_part(session, clock, viewer, ReportRow, report_id, order) as desk:
        row = desk.report(report_id)
        side = desk.move_report(row, ReportAction.RECEIVE)
        row.received_at, row.received_by = desk.at, viewer.person_id
        if order.note:
            desk.remember("receipt", {"note": order.note}, row.id)
        await desk.write("casefile.report_received", {"report_id": row.id}, side=side)
        await desk.tell("casefile.report_received", {}, people_ids=[desk.rows.file.owner_id])
    return desk.case_id


async def return_report(
    session: AsyncSession, clock: Clock, viewer: Viewer, report_id: UUID, order: ReturnReport
) -> CaseId:
    """Back to the sender with a reason; a deadline that was met stays met."""
    async with at_part(session, clock, viewer, ReportRow, report_id, order) as desk:
        row = desk.report(report_id)
        side = desk.move_report(row, ReportAction.RETURN)
        desk.remember("receipt", {"returned": order.reason}, row.id)
        await desk.write("casefile.report_returned", {"report_id": row.id}, side=side)
        await desk.tell("casefile.report_returned", {}, people_ids=[desk.rows.file.owner_id])
    return desk.case_id
