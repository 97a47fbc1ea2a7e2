"""Commands to the parts of a file: reports, tasks, hand-overs."""

from uuid import UUID

from litestar import post
from litestar.handlers import BaseRouteHandler

from kernel.access import CLINICAL, OPT
from referral.casefiles.commands import (
    AcceptHandover,
    CancelTask,
    DeclineHandover,
    ReceiveReport,
    ReturnReport,
    SubmitReport,
    WithdrawHandover,
)
from referral.casefiles.readmodel import CaseFile
from referral.casefiles.routes.asked_file import ASKED, AskedFile
from referral.casefiles.service import followup, handover, report

_REPORT = "/case-file-reports/{report_id:uuid}/actions"
_HANDOVER = "/case-file-handovers/{handover_id:uuid}/actions"


@post(f"{_REPORT}/submit", opt={OPT: CLINICAL}, dependencies=ASKED)
async def submit_report(report_id: UUID, data: SubmitReport, asked: AskedFile) -> CaseFile:
    """Send the report form to the county MCH institution."""
    return await asked.do(report.submit_report, report_id, data)


@post(f"{_REPORT}/receive", opt={OPT: CLINICAL}, dependencies=ASKED)
async def receive_report(report_id: UUID, data: ReceiveReport, asked: AskedFile) -> CaseFile:
    """The county centre has it."""
    return await asked.do(report.receive_report, report_id, data)


@post(f"{_REPORT}/return", opt={OPT: CLINICAL}, dependencies=ASKED)
async def return_report(report_id: UUID, data: ReturnReport, asked: AskedFile) -> CaseFile:
    """Back to the sender with a reason."""
    return await asked.do(report.return_report, report_id, data)


@post("/case-file-tasks/{task_id:uuid}/actions/cancel", opt={OPT: CLINICAL}, dependencies=ASKED)
async def cancel_task(task_id: UUID, data: CancelTask, asked: AskedFile) -> CaseFile:
    """A task is not needed any more."""
    return await asked.do(followup.cancel_task, task_id, data)


@post(f"{_HANDOVER}/accept", opt={OPT: CLINICAL}, dependencies=ASKED)
async def accept_handover(handover_id: UUID, data: AcceptHandover, asked: AskedFile) -> CaseFile:
    """Take the file by name."""
    return await asked.do(handover.accept_handover, handover_id, data)


@post(f"{_HANDOVER}/decline", opt={OPT: CLINICAL}, dependencies=ASKED)
async def decline_handover(handover_id: UUID, data: DeclineHandover, asked: AskedFile) -> CaseFile:
    """Not taken; the former owner stays responsible."""
    return await asked.do(handover.decline_handover, handover_id, data)


@post(f"{_HANDOVER}/withdraw", opt={OPT: CLINICAL}, dependencies=ASKED)
async def withdraw_handover(
    handover_id: UUID, data: WithdrawHandover, asked: AskedFile
) -> CaseFile:
    """Not offered any more."""
    return await asked.do(handover.withdraw_handover, handover_id, data)


HANDLERS: list[BaseRouteHandler] = [
    submit_report,
    receive_report,
    return_report,
    cancel_task,
    accept_handover,
    decline_handover,
    withdraw_handover,
]
