"""What a file waits for and since when: what the list sorts by, worst first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from referral.casefiles.rules.facts import FileFacts
from referral.casefiles.states import OPEN, FileSide, FileState, ReportState

FileWaitingCode = Literal[
    "report",
    "receipt",
    "plan",
    "owner_signature",
    "upper_signature",
    "handover",
    "follow_up",
    "nothing",
]


@dataclass(frozen=True, slots=True)
class FileWaiting:
    """A step that nobody has taken yet; `due_at` is None where no limit stands."""

    code: FileWaitingCode
    since: datetime
    due_at: datetime | None = None


def waiting(file: FileFacts) -> list[FileWaiting]:
    """Every step that `file` waits for, the one due first in front."""
    if file.state not in OPEN:
        return []
    steps = [*_reports(file), *_plan(file)]
    if (handover := file.proposed) is not None:
        steps.append(FileWaiting("handover", handover.proposed_at))
    steps += [FileWaiting("follow_up", file.opened_at, task.due_at) for task in file.open_tasks]
    return sorted(steps, key=lambda step: (step.due_at is None, step.due_at or step.since))


def _reports(file: FileFacts) -> list[FileWaiting]:
    found = []
    for report in file.reports:
        if report.state in (ReportState.DUE, ReportState.RETURNED):
            found.append(FileWaiting("report", file.opened_at, report.due_at))
        elif report.state is ReportState.SUBMITTED:
            found.append(FileWaiting("receipt", file.opened_at))
    return found


def _plan(file: FileFacts) -> list[FileWaiting]:
    if file.state is FileState.OPENED:
        return [FileWaiting("plan", file.opened_at)]
    if file.state is FileState.AGREED:
        return []
    since = file.drafted_at or file.opened_at
    found = []
    if FileSide.OWNER not in file.signed:
        found.append(FileWaiting("owner_signature", since))
    if FileSide.UPPER not in file.signed:
        found.append(FileWaiting("upper_signature", since))
    return found


def overdue(file: FileFacts, now: datetime) -> datetime | None:
    """The oldest limit that has passed; None if none has."""
    passed = [step.due_at for step in waiting(file) if step.due_at and step.due_at <= now]
    return min(passed, default=None)
