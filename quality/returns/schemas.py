"""What the API takes and says about returns."""

from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec

from quality.schemas import PersonOut, PlaceOut

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Words = Annotated[str, msgspec.Meta(max_length=4000)]
CellText = Annotated[str, msgspec.Meta(max_length=400)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Points = Annotated[float, msgspec.Meta(ge=0, le=100)]
ReturnStateName = Literal["draft", "submitted", "withdrawn"]
PulledKind: TypeAlias = Literal["count", "share", "interval", "parts", "closed"]
MOST_ROWS = 100


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A body: unknown fields are refused."""


class OpenReturn(Strict, frozen=True, kw_only=True):
    """Begin a form for the viewer's own house; `period` as 2026-11, 2026-Q4, 2026-H2."""

    form: Code
    period: Code


class Cell(Strict, frozen=True, kw_only=True):
    """One cell of a table."""

    column: Code
    value: CellText


class TableRow(Strict, frozen=True, kw_only=True):
    """One row of a table."""

    cells: Annotated[list[Cell], msgspec.Meta(max_length=12)]


class Statement(Strict, frozen=True, kw_only=True):
    """What the viewer states about one item; what is left out is not stated (any more)."""

    item: Code
    text: Words | None = None
    rows: Annotated[list[TableRow], msgspec.Meta(max_length=MOST_ROWS)] | None = None
    points: Points | None = None


class StateAnswers(Strict, frozen=True, kw_only=True):
    """Statements on some items; the others stay. `version` as last seen."""

    version: int
    statements: Annotated[list[Statement], msgspec.Meta(min_length=1, max_length=60)]


class MoveReturn(Strict, frozen=True, kw_only=True):
    """A step; `version` as last seen."""

    version: int


class ReopenReturn(Strict, frozen=True, kw_only=True):
    """Unlock what was handed in, and why."""

    version: int
    reason: Reason


class EvidenceRef(msgspec.Struct, frozen=True):
    """Something that a figure rests on: a page of the platform."""

    path: str
    label: str


class FigurePart(msgspec.Struct, frozen=True):
    """A figure's share under one heading."""

    zh: str
    en: str
    n: int


class Pulled(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of the system, and what it rests on.

    Attributes:
        n: the count, or the numerator of a share, or how many intervals.
        value: of a share, in `unit`.
        p50_s, p90_s: of intervals, in seconds.
        parts: by category.
        refs: the first records behind it; `more` stand behind it besides.
    """

    kind: PulledKind
    n: int = 0
    of: int | None = None
    value: float | None = None
    unit: str | None = None
    p50_s: float | None = None
    p90_s: float | None = None
    parts: list[FigurePart] = []
    refs: list[EvidenceRef] = []
    more: int = 0
    demo: int = 0


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody stated, who and when."""

    text: str | None
    rows: list[dict[str, str]] | None
    points: float | None
    by: PersonOut | None
    at: datetime


class FormColumn(msgspec.Struct, frozen=True):
    """A column of a table."""

    code: str
    zh: str
    en: str


class FormItem(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the form with what stands there."""

    code: str
    zh: str
    en: str
    ask: Literal["text", "date", "table"] | None
    required: bool
    points: float | None
    columns: list[FormColumn]
    source: str
    confidence: str
    to_be_verified: bool
    pulled: Pulled | None
    stated: Stated | None


class FormSection(msgspec.Struct, frozen=True):
    """Lines under one heading."""

    zh: str
    en: str
    items: list[FormItem]


class FormOut(msgspec.Struct, frozen=True, kw_only=True):
    """A form: what it is called, where it comes from."""

    code: str
    version: str
    zh: str
    en: str
    annex: str | None
    cadence: Literal["month", "quarter", "half_year", "year"]
    many: bool
    after_period: bool
    source: str
    to_be_verified: bool
    points_to_be_verified: bool
    most_points: float | None
    signatures: list[str]


class ReturnOut(msgspec.Struct, frozen=True, kw_only=True):
    """A return in a list."""

    id: UUID
    form: str
    facility: PlaceOut | None
    period: str
    first_day: date
    last_day: date
    due_on: date | None
    state: ReturnStateName
    opened_by: PersonOut | None
    opened_at: datetime
    submitted_by: PersonOut | None
    submitted_at: datetime | None
    version: int
    mine: bool
    allowed: list[str]


class IssueOut(msgspec.Struct, frozen=True, kw_only=True):
    """What was handed in once; `reason` if it was unlocked afterwards."""

    n: int
    by: PersonOut | None
    at: datetime
    sha256: str
    reason: str | None


class ReturnDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A return with its form; figures are live in a draft, and as handed in afterwards."""

    quality_return: ReturnOut
    form: FormOut
    sections: list[FormSection]
    claimed_points: float | None
    missing: list[str]
    issues: list[IssueOut]
    live: bool


class ReturnRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    return_id: UUID
