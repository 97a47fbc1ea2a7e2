"""What the API takes and says about assessment rounds."""

from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec

from kernel.confidence import Confidence
from quality.definitions import Aspect
from quality.rounds.plan import ItemKind, Weight
from quality.rounds.scoring import Band, Proportion, Slope
from quality.schemas import DefinitionOut, IndicatorCase, PersonOut
from referral.clocks.data import Text
from registry.facilities.schemas import FacilityRef

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Note = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Remark = Annotated[str, msgspec.Meta(max_length=4000)]
Basis = Annotated[str, msgspec.Meta(max_length=500)]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]

RoundStateName = Literal["planned", "open", "closed", "cancelled"]
EntryStateName = Literal[
    "planned",
    "self_check_open",
    "self_check_submitted",
    "self_check_missed",
    "assessed_by_city",
    "assessed_by_owner",
    "feedback_given",
    "rectifying",
    "closed",
    "cancelled",
]
LevelName: TypeAlias = Literal["city", "owner"]
VisitStateName: TypeAlias = Literal["planned", "underway", "signed", "cancelled"]
TaskStateName: TypeAlias = Literal["open", "assigned", "reported", "verified"]
Verdict: TypeAlias = Literal["met", "partly", "not_met", "not_checked"]
SideName: TypeAlias = Literal["owner", "city", "county", "centre"]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A body in which nothing unknown stands."""


class ItemIn(Strict, frozen=True, kw_only=True):
    """An item of the plan; without a weight it is looked at and not scored."""

    code: Code
    weight: Weight | None = None
    scoring: Band | Slope | Proportion | None = None
    basis: Basis = ""


class RoundPlan(Strict, frozen=True, kw_only=True):
    """A round over a closed period of a region."""

    region_id: UUID
    period_id: UUID
    title: Title
    self_check_by: date
    assess_by: date
    items: Annotated[list[ItemIn], msgspec.Meta(min_length=1, max_length=100)]


class RoundStep(Strict, frozen=True, kw_only=True):
    """A step; `version` as last seen."""

    version: int


class HandBack(Strict, frozen=True, kw_only=True):
    """A step with its reason."""

    version: int
    note: Note


class SignStep(Strict, frozen=True, kw_only=True):
    """A step that is signed with one's password."""

    version: int
    password: Password


class AnswerItem(Strict, frozen=True, kw_only=True):
    """What a centre says to an item; said again, the newer counts."""

    code: Code
    words: Remark


class PlanVisit(Strict, frozen=True, kw_only=True):
    """An unannounced visit for a day."""

    planned_for: date


class FindOnSite(Strict, frozen=True, kw_only=True):
    """What was found of an on-site item; `percent` (1 to 99) goes with `partly`."""

    code: Code
    verdict: Verdict
    percent: Annotated[int, msgspec.Meta(ge=1, le=99)] | None = None
    words: Remark = ""


class Assess(Strict, frozen=True, kw_only=True):
    """An assessment, signed with one's password; points are computed."""

    version: int
    password: Password
    remark: Remark = ""


class GiveFeedback(Strict, frozen=True, kw_only=True):
    """The result in words, for the centre and the levels between."""

    version: int
    words: Words


class Demand(Strict, frozen=True, kw_only=True):
    """Something to be put right until a day; `code`: the item that it is about."""

    version: int
    what: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    due_on: date
    code: Code | None = None


class AssignTask(Strict, frozen=True, kw_only=True):
    """Who of the house answers for a task."""

    version: int
    owner_id: UUID


class ReportTask(Strict, frozen=True, kw_only=True):
    """What was done."""

    version: int
    words: Words


class RegionRef(msgspec.Struct, frozen=True):
    """A region by name; `code`: of the administrative division (行政区划代码)."""

    id: UUID
    name: str
    level: str
    code: str


class DeadlineOut(msgspec.Struct, frozen=True):
    """A deadline of the rules, and the day it comes to for this round's year."""

    code: Literal["self_check", "assessment"]
    name: Text
    day: date
    source: str
    confidence: Confidence
    to_be_verified: bool


class AspectOut(msgspec.Struct, frozen=True):
    """One of the assessment's aspects."""

    code: Aspect
    name: Text
    source: str
    to_be_verified: bool


class AssessedItem(msgspec.Struct, frozen=True):
    """An item: an indicator with its definition, or what is looked at on the spot.

    `to_be_verified`: of the item itself; `weight_to_be_verified`: nobody says which document
    decided its weight. `computed`: the platform holds data of it.
    """

    code: str
    kind: ItemKind
    aspect: Aspect
    name: Text
    computed: bool
    weight: float | None
    weight_to_be_verified: bool
    scoring: Band | Slope | Proportion | None
    basis: str
    definition: DefinitionOut | None
    look: Text | None
    source: str
    confidence: Confidence
    to_be_verified: bool


class RoundChoices(msgspec.Struct, frozen=True):
    """What a plan over a period may hold, and what the rules say of deadlines and aspects."""

    rules: str
    whole_year: bool
    centres: int
    deadlines: list[DeadlineOut]
    aspects: list[AspectOut]
    items: list[AssessedItem]


class RoundOut(msgspec.Struct, frozen=True):
    """A round in a list. `states`: how many entries the viewer sees in each state.

    `whole_year`: the period is 1 January to 31 December, as the assessment asks; else a trial.
    """

    id: UUID
    title: str
    region: RegionRef
    state: RoundStateName
    period_id: UUID
    first_day: date
    last_day: date
    whole_year: bool
    self_check_by: date
    assess_by: date
    rules: str
    weight: float
    planned_by: PersonOut | None
    planned_at: datetime
    states: dict[EntryStateName, int]
    overdue: int
    actions: list[str]
    version: int


class TotalOut(msgspec.Struct, frozen=True):
    """Points of what could be scored; `without`: weights without data. Nothing is scaled up."""

    points: float
    of: float
    without: float


class PointsOut(msgspec.Struct, frozen=True):
    """What an item came to; no points: there was no data. `level` null: as it would come to now."""

    level: LevelName | None
    fraction: float | None
    points: float | None


class AssessmentResult(msgspec.Struct, frozen=True):
    """An assessment of one level; `sha256` stands on the entry's chain."""

    level: LevelName
    total: TotalOut
    remark: str
    person: PersonOut | None
    at: datetime
    sha256: str


class EntryLine(msgspec.Struct, frozen=True):
    """A centre in a round. `due`: the deadline of the step that it waits for.

    `facility_code`: as the registry knows the house, for whoever takes the round over.
    """

    id: UUID
    round_id: UUID
    facility: FacilityRef
    facility_code: str
    region: RegionRef
    state: EntryStateName
    due: date | None
    overdue: bool
    submitted_at: datetime | None
    total: TotalOut | None
    tasks_open: int
    side: SideName | None
    actions: list[str]
    version: int


class RoundDetail(msgspec.Struct, frozen=True):
    """A round with its items and the entries that the viewer sees."""

    round: RoundOut
    aspects: list[AspectOut]
    items: list[AssessedItem]
    entries: list[EntryLine]


class Figures(msgspec.Struct, frozen=True):
    """What an indicator came to at a centre in the frozen period.

    `value`: what is scored, in the definition's unit: a share, a count, a median in seconds; null
    where there is nothing to take it of. `n` of `of` for a share; `n` counted else.
    """

    n: int
    of: int | None
    value: float | None
    late: int
    demo: int


class ItemAnswer(msgspec.Struct, frozen=True):
    """What the centre says to an item; the newest."""

    words: str
    person: PersonOut | None
    at: datetime
    times: int


class EvidenceOut(msgspec.Struct, frozen=True):
    """A piece of evidence; its bytes are fetched apart."""

    id: UUID
    code: str | None
    media_type: str
    size_bytes: int
    sha256: str
    person: PersonOut | None
    at: datetime


class SiteFinding(msgspec.Struct, frozen=True):
    """What was found on the spot; the newest."""

    code: str
    verdict: Verdict
    percent: int | None
    words: str
    person: PersonOut | None
    at: datetime


class SiteVisitOut(msgspec.Struct, frozen=True):
    """A visit, with what was found so far."""

    id: UUID
    state: VisitStateName
    planned_for: date
    planned_by: PersonOut | None
    begun_at: datetime | None
    signed_by: PersonOut | None
    signed_at: datetime | None
    sha256: str | None
    note: str | None
    findings: list[SiteFinding]
    files: list[EvidenceOut]
    actions: list[str]
    version: int


class RectificationOut(msgspec.Struct, frozen=True):
    """Something to be put right."""

    id: UUID
    code: str | None
    what: str
    due_on: date
    overdue: bool
    state: TaskStateName
    owner: PersonOut | None
    demanded_by: PersonOut | None
    demanded_at: datetime
    report: str | None
    note: str | None
    files: list[EvidenceOut]
    verified_by: PersonOut | None
    verified_at: datetime | None
    actions: list[str]
    version: int


class FeedbackOut(msgspec.Struct, frozen=True):
    """The result in words."""

    words: str
    person: PersonOut | None
    at: datetime


class CheckedItem(msgspec.Struct, frozen=True):
    """An item as it stands for a centre; `figures` null: no data is held of it.

    `finding`: what the newest signed visit found of it.
    """

    item: AssessedItem
    figures: Figures | None
    answer: ItemAnswer | None
    files: list[EvidenceOut]
    finding: SiteFinding | None
    scores: list[PointsOut]


class EntryDetail(msgspec.Struct, frozen=True):
    """A centre's entry with everything that the viewer sees of it.

    `submitted`: the hash that the self-check was signed with. `note`: why it was handed back.
    `colleagues`: of the viewer's house, who may answer for a task.
    """

    round: RoundOut
    entry: EntryLine
    aspects: list[AspectOut]
    items: list[CheckedItem]
    submitted_by: PersonOut | None
    submitted: str | None
    note: str | None
    results: list[AssessmentResult]
    feedback: FeedbackOut | None
    visits: list[SiteVisitOut]
    may_visit: bool
    tasks: list[RectificationOut]
    colleagues: list[PersonOut]


class VisitDetail(msgspec.Struct, frozen=True):
    """A visit with what is to be looked at."""

    title: str
    entry: EntryLine
    items: list[AssessedItem]
    visit: SiteVisitOut


class ItemCases(msgspec.Struct, frozen=True):
    """Those behind a centre's figure, as far as they are open to the viewer."""

    item: AssessedItem
    period_id: UUID
    figures: Figures
    cases: list[IndicatorCase]


class RoundRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers of a round."""

    round_id: UUID


class EntryRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers of an entry."""

    entry_id: UUID


class VisitRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers of a visit."""

    visit_id: UUID
