"""What a case file looks like from outside; other packages read these, never the tables."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from referral.casefiles.commands import FileColour, FileOutcome
from referral.casefiles.rules.waiting import FileWaitingCode
from referral.casefiles.states import FileState, HandoverState, ReportState, TaskState
from referral.readmodel.board import PatientRef
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef
from registry.pregnancies.schemas import PregnancyOut

MyFileSide = Literal["owner", "upper", "county", "heir", "admin", "observer"]


class FileActionOut(msgspec.Struct, kw_only=True):
    """Something this viewer may do now; `path` is where to post it."""

    machine: Literal["file", "report", "task", "handover"]
    target_id: UUID
    action: str
    path: str
    version: int
    primary: bool
    danger: bool


class FileStep(msgspec.Struct, kw_only=True):
    """A step that the file waits for."""

    code: FileWaitingCode
    since: datetime
    due_at: datetime | None
    overdue: bool


class FileListRow(msgspec.Struct, kw_only=True):
    """One file on the list."""

    id: UUID
    number: str
    state: FileState
    colour: FileColour | None
    purple: bool
    patient: PatientRef
    facility: FacilityRef
    owner: PersonRef | None
    upper: FacilityRef | None
    county: FacilityRef | None
    opened_at: datetime
    next: FileStep | None
    overdue_since: datetime | None
    lowered: bool
    handover_to: FacilityRef | None
    my_side: MyFileSide
    mine: bool
    to_act: bool
    outcome: FileOutcome | None
    ended_at: datetime | None
    version: int
    demo: bool


class FileCounts(msgspec.Struct, kw_only=True):
    """The numbers above the list."""

    to_act: int
    overdue: int
    open: int
    mine: int


class FileList(msgspec.Struct, kw_only=True):
    """Overdue ones first, the longest overdue on top; then by what is due next."""

    counts: FileCounts
    rows: list[FileListRow]
    server_time: datetime


class FileEntry(msgspec.Struct, kw_only=True):
    """What somebody wrote; `data` is the form as it was filled in."""

    id: UUID
    kind: str
    ref_id: UUID | None
    at: datetime
    entered_at: datetime
    by: PersonRef | None
    facility: FacilityRef | None
    data: dict[str, Any]


class FileReport(msgspec.Struct, kw_only=True):
    """One report form with its clock."""

    id: UUID
    no: int
    state: ReportState
    colour: FileColour | None
    purple: bool
    started_at: datetime
    due_at: datetime | None
    submitted_at: datetime | None
    submitted_by: PersonRef | None
    received_at: datetime | None
    received_by: PersonRef | None
    late: bool | None
    overdue: bool
    rules_version: str


class FileTask(msgspec.Struct, kw_only=True):
    """One task; `text` is what a manual one says."""

    id: UUID
    kind: Literal["follow_up", "manual"]
    state: TaskState
    text: str | None
    due_at: datetime
    created_at: datetime
    done_at: datetime | None
    done_by: PersonRef | None
    overdue: bool
    told_county: bool


class FileHandover(msgspec.Struct, kw_only=True):
    """One proposed hand-over."""

    id: UUID
    state: HandoverState
    from_facility: FacilityRef | None
    to_facility: FacilityRef | None
    from_person: PersonRef | None
    to_person: PersonRef | None
    proposed_at: datetime
    proposed_by: PersonRef | None
    answered_at: datetime | None
    answered_by: PersonRef | None


class PlanSignature(msgspec.Struct, kw_only=True):
    """One side's signature."""

    side: Literal["owner", "upper"]
    person: PersonRef | None
    facility: FacilityRef | None
    signed_at: datetime
    digest: str


class FilePlan(msgspec.Struct, kw_only=True):
    """One version of the plan."""

    no: int
    management: str
    treatment: str
    emergency: str
    drafted_at: datetime
    author: PersonRef | None
    facility: FacilityRef | None
    digest: str
    agreed: bool
    signatures: list[PlanSignature]


class RuleOut(msgspec.Struct, kw_only=True):
    """One number of the rules with where it comes from."""

    name: str
    value: str
    source: str
    confidence: str
    to_be_verified: bool


class FileRules(msgspec.Struct, kw_only=True):
    """The rules in force for a file's region today."""

    label: str
    source: str
    to_be_verified: bool
    rules: list[RuleOut]


class CaseFile(FileListRow, kw_only=True):
    """One file with everything that hangs on it."""

    pregnancy_id: UUID
    reason: Literal["grade", "manual"]
    graded_at: datetime
    grade_id: UUID | None
    rules_version: str
    woman: PregnancyOut | None
    waiting: list[FileStep]
    plan_outdated: bool
    reports: list[FileReport]
    tasks: list[FileTask]
    handovers: list[FileHandover]
    plans: list[FilePlan]
    entries: list[FileEntry]
    colleagues: list[PersonRef]
    rules: FileRules
    allowed: list[FileActionOut]


class FileVoided(msgspec.Struct, kw_only=True):
    """What an administrator is told: nothing about whose file it was."""

    id: UUID
    number: str
    state: FileState
    version: int


class PregnancyFile(msgspec.Struct, kw_only=True):
    """The open file of a pregnancy, where there is one that the viewer may see."""

    case_id: UUID | None
    number: str | None
