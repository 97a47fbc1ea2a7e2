"""Commands on case files and special-population lists. Units are in the names."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from referral.commands.fields import Act, Input, LongText, ShortText, Vitals, VoidCode

FileColour = Literal["green", "yellow", "orange", "pink", "red", "critical"]
FollowUpWay = Literal["face_to_face", "home_visit", "outpatient", "inpatient", "phone", "video"]
FileOutcome = Literal[
    "postpartum_42d", "ended_early", "resolved", "moved_away", "lost", "died", "other"
]
MaternalOutcome = Literal["well", "complications", "still_treated", "died"]
NeonatalOutcome = Literal[
    "alive_well", "alive_treated", "stillbirth", "neonatal_death", "not_applicable"
]
PlanText = Annotated[str, msgspec.Meta(min_length=1, max_length=8000)]
When = Annotated[datetime, msgspec.Meta(tz=True)]
Version = Annotated[int, msgspec.Meta(ge=1)]


class OpenFile(Input, kw_only=True):
    """Open a file by hand: what the grade does not say stands in the reason."""

    pregnancy_id: UUID
    reason: LongText
    colour: FileColour | None = None
    purple: bool = False
    owner_id: UUID | None = None


class DraftPlan(Act, kw_only=True):
    """A new version of the plan in its three parts: 管理方案, 诊疗方案, 应急预案."""

    management: PlanText
    treatment: PlanText
    emergency: PlanText
    upper_id: UUID | None = None


class CommentPlan(Act, kw_only=True):
    """A remark on the version that waits for signatures."""

    text: LongText


class SignPlan(Act, kw_only=True):
    """Agree to version `plan_no`, with one's password once more."""

    plan_no: Annotated[int, msgspec.Meta(ge=1)]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class AddTask(Act, kw_only=True):
    """Something to be done for her by a moment."""

    due_at: When
    text: LongText


class CancelTask(Act, kw_only=True):
    """Not needed any more."""

    reason: ShortText


class FollowUp(Act, kw_only=True):
    """The record of a follow-up (随访记录); it does the task named, else the next one due."""

    task_id: UUID | None = None
    way: FollowUpWay
    place: ShortText
    findings: LongText
    advice: LongText
    vitals: Vitals | None = None
    fetal_movement: Literal["normal", "reduced", "absent", "not_applicable"] | None = None
    oedema: Literal["none", "mild", "marked"] | None = None
    adherence: Literal["good", "partial", "refuses"] | None = None
    next_at: When | None = None


class AddFileNote(Input, kw_only=True):
    """A line in the file."""

    text: LongText


class ProposeHandover(Act, kw_only=True):
    """Ask another facility to be responsible from now on."""

    facility_id: UUID
    reason: LongText


class AcceptHandover(Act, kw_only=True):
    """Take the file; the new owner is named, by default whoever accepts."""

    owner_id: UUID | None = None


class DeclineHandover(Act, kw_only=True):
    """Not taken, and why; the former owner stays responsible."""

    reason: LongText


class WithdrawHandover(Act, kw_only=True):
    """Not offered any more."""

    reason: ShortText


class AssignOwner(Act, kw_only=True):
    """Another colleague of the same facility is responsible."""

    owner_id: UUID
    reason: ShortText


class SubmitReport(Act, kw_only=True):
    """The report form; what the registry knows is filled in and not asked again."""

    factors: LongText
    handling: LongText
    remark: ShortText | None = None


class ReceiveReport(Act, kw_only=True):
    """The county centre has it."""

    note: ShortText | None = None


class ReturnReport(Act, kw_only=True):
    """Back to the sender, and why."""

    reason: LongText


class CloseFile(Act, kw_only=True):
    """How it ended; what else is needed depends on the outcome."""

    outcome: FileOutcome
    reason: LongText
    delivered_at: date | None = None
    delivered_place: ShortText | None = None
    delivery_way: Literal["vaginal", "instrumental", "caesarean"] | None = None
    maternal: MaternalOutcome | None = None
    neonatal: NeonatalOutcome | None = None
    efforts: LongText | None = None
    moved_to: ShortText | None = None


class VoidFile(Act, kw_only=True):
    """The file should not exist; kept, but hidden."""

    code: VoidCode
    reason: ShortText


class SpecialCell(Input, kw_only=True):
    """One column of a line."""

    code: ShortText
    value: Annotated[str, msgspec.Meta(max_length=2000)]


class SpecialChosen(Input, kw_only=True):
    """One category that she belongs to."""

    code: ShortText


Chosen = Annotated[list[SpecialChosen], msgspec.Meta(min_length=1, max_length=9)]
Cells = Annotated[list[SpecialCell], msgspec.Meta(max_length=20)]


class SpecialValues(Input, kw_only=True):
    """One line of the special-population list."""

    categories: Chosen
    cells: Cells


class AddSpecial(Input, kw_only=True):
    """Put a woman on the month's list; known fields are filled in."""

    pregnancy_id: UUID
    month: ShortText
    categories: Chosen
    cells: Cells = msgspec.field(default_factory=list)


class ChangeSpecial(SpecialValues, kw_only=True):
    """A new version of a line; the old one stays readable."""

    version: Version


class RemoveSpecial(Input, kw_only=True):
    """Take a line off the list."""

    version: Version
    reason: ShortText


class SubmitSpecial(Input, kw_only=True):
    """Hand the month's list in."""

    version: Version


class ReopenSpecial(Input, kw_only=True):
    """Take it back to correct it."""

    version: Version
    reason: ShortText
