"""What the API takes and says about reviews."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from kernel.confidence import Confidence
from quality.reviews.rules import Reason
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef

Kind = Literal["maternal_death", "newborn_death", "near_miss"]
LevelCode = Literal["facility", "county"]
ReviewStateName = Literal[
    "proposed", "open", "prepared", "panel_set", "held", "concluded", "acting", "closed",
    "dismissed",
]  # fmt: skip
MeasureStateName = Literal["open", "done", "verified", "dropped"]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
_CODES = {"items": {"type": "string", "minLength": 1, "maxLength": 40}}
"""What the API's description says of each `Code`: it does not look into lists by itself."""
Note = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Evidence = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Unknown fields are refused, not ignored."""


class OpenReview(Strict, frozen=True, kw_only=True):
    """Open a review of a case by hand: of a death recorded there, or a near-miss confirmed."""

    case_id: UUID
    kind: Kind
    level: LevelCode


class OpenableOut(msgspec.Struct, frozen=True):
    """Something that may be reviewed and is not; for whoever would convene the review."""

    case_id: UUID
    case_number: str
    kind: Kind
    level: LevelCode
    happened_at: datetime
    due_at: datetime


class MoveReview(Strict, frozen=True, kw_only=True):
    """A step; `version` as last seen."""

    version: int


class DismissReview(Strict, frozen=True, kw_only=True):
    """It is not held, and why."""

    version: int
    dismissal: Code
    why: Note


class Seat(Strict, frozen=True, kw_only=True):
    """Somebody on the panel."""

    person_id: UUID
    chair: bool = False


class SetPanel(Strict, frozen=True, kw_only=True):
    """The whole panel; who was named before and is not here leaves it."""

    version: int
    members: Annotated[list[Seat], msgspec.Meta(min_length=1, max_length=30)]


class HoldReview(Strict, frozen=True, kw_only=True):
    """The panel met."""

    version: int
    at: Moment | None = None


class Vote(Strict, frozen=True, kw_only=True):
    """A member's conclusion; said again, the newest counts."""

    conclusion: Code


class Find(Strict, frozen=True, kw_only=True):
    """One finding in one of the twelve cells."""

    link: Code
    aspect: Code
    words: Note


class ConcludeReview(Strict, frozen=True, kw_only=True):
    """What most members voted for is the conclusion; the rest is written down with it."""

    version: int
    cause: Code
    delays: Annotated[
        list[Code], msgspec.Meta(max_length=3, extra_json_schema={"extra": _CODES})
    ] = []
    summary: Words


class AddMeasure(Strict, frozen=True, kw_only=True):
    """Something to be done, by whom, by when."""

    version: int
    words: Note
    owner_id: UUID
    due_on: date
    finding_id: UUID | None = None


class CloseReview(Strict, frozen=True, kw_only=True):
    """The loop is closed; without any measure, why none is needed."""

    version: int
    why: Note | None = None


class ReportMeasure(Strict, frozen=True, kw_only=True):
    """It is done, and what shows it."""

    version: int
    evidence: Evidence


class MoveMeasure(Strict, frozen=True, kw_only=True):
    """A measure is verified."""

    version: int


class MeasureBack(Strict, frozen=True, kw_only=True):
    """A measure is sent back or given up, and why."""

    version: int
    note: Note


class TermOut(msgspec.Struct, frozen=True):
    """A word of the rules; `to_be_verified` shows as 待核实."""

    code: str
    zh: str
    en: str
    source: str
    confidence: Confidence
    to_be_verified: bool
    kinds: list[str]
    who: str | None


class CellOut(msgspec.Struct, frozen=True):
    """A row or column of the twelve cells."""

    code: str
    zh: str
    en: str


class RuleOut(msgspec.Struct, frozen=True):
    """A rule in words, with where it comes from."""

    topic: Literal["cadence", "grace", "recusal", "quorum", "voting", "grid"]
    kind: str | None
    level: str | None
    zh: str
    en: str
    source: str
    confidence: Confidence
    to_be_verified: bool


class ReviewRules(msgspec.Struct, frozen=True):
    """Everything that a page of reviews names."""

    version: str
    kinds: list[CellOut]
    levels: list[CellOut]
    links: list[CellOut]
    aspects: list[CellOut]
    conclusions: list[TermOut]
    delays: list[TermOut]
    causes: list[TermOut]
    dismissals: list[TermOut]
    rules: list[RuleOut]
    quorum: int


class ReviewOut(msgspec.Struct, frozen=True):
    """A review in a list; nothing of the woman but the number of her case.

    `case_number`, `happened_at` and `due_at` are for whoever convenes. A panel has no dates: a
    number holds the month of the request, and what is due stands a fixed time after a death.
    """

    id: UUID
    case_number: str | None
    kind: Kind
    level: LevelCode
    facility: FacilityRef | None
    happened_at: datetime | None
    state: ReviewStateName
    due_at: datetime | None
    overdue: bool
    held_at: datetime | None
    conclusion: str | None
    measures: int
    measures_open: int
    demo: bool
    version: int
    convenes: bool
    allowed: list[str]


class MemberOut(msgspec.Struct, frozen=True):
    """Somebody on the panel; `recused` says why they neither read nor vote."""

    person: PersonRef | None
    facility: FacilityRef | None
    chair: bool
    recused: Reason | None
    voted: bool
    removed: bool


class ReviewFindingOut(msgspec.Struct, frozen=True):
    """A finding in its cell."""

    id: UUID
    link: str
    aspect: str
    words: str
    by: PersonRef | None
    at: datetime


class MeasureOut(msgspec.Struct, frozen=True):
    """A measure: owed, done with evidence, verified."""

    id: UUID
    review_id: UUID
    finding_id: UUID | None
    words: str
    owner: PersonRef | None
    due_on: date
    overdue: bool
    state: MeasureStateName
    evidence: str | None
    done_at: datetime | None
    note: str | None
    ended_at: datetime | None
    ended_by: PersonRef | None
    version: int
    allowed: list[str]


class TallyOut(msgspec.Struct, frozen=True):
    """How many voted for a conclusion."""

    conclusion: str
    votes: int


class ViewingOut(msgspec.Struct, frozen=True):
    """Who read what, when."""

    person: PersonRef | None
    what: Literal["review", "pack", "pdf"]
    at: datetime


class ReviewDetail(msgspec.Struct, frozen=True):
    """A review with everything that belongs to it."""

    review: ReviewOut
    rules: str
    opened_at: datetime | None
    opened_by: PersonRef | None
    members: list[MemberOut]
    packs: int
    tally: list[TallyOut]
    my_vote: str | None
    findings: list[ReviewFindingOut]
    cause: str | None
    delays: list[str]
    summary: str | None
    concluded_at: datetime | None
    concluded_by: PersonRef | None
    measures: list[MeasureOut]
    dismissal: str | None
    why: str | None
    ended_at: datetime | None
    viewings: list[ViewingOut]


class Candidate(msgspec.Struct, frozen=True):
    """Somebody who might sit on the panel, and what keeps them out."""

    person: PersonRef
    facility: FacilityRef | None
    conflict: Reason | None


class ReviewRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    review_id: UUID


class MeasureRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers of a measure."""

    measure_id: UUID


class CountOut(msgspec.Struct, frozen=True):
    """How many reviews (or findings, or measures); null where it is hidden.

    `hidden`: few: 1 to 4 could name a woman; follows: with the others it would give such a number
    away.

    `code`: a level, conclusion, cause, delay, `link.aspect`, or a measure's state.
    """

    kind: Kind
    dimension: Literal["total", "conclusion", "cause", "delay", "cell", "measure"]
    code: str
    n: int | None
    hidden: Literal["few", "follows"] | None = None


class ReviewStatistics(msgspec.Struct, frozen=True):
    """Concluded reviews of the viewer's house and regions, by the day they were concluded.

    `years_only`: there are others that she does not convene; they are counted by calendar year.
    """

    first_day: date
    last_day: date
    counts: list[CountOut]
    hidden_below: int
    years_only: bool = False
