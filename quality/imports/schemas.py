"""What the API takes and says about files of other systems."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from kernel.confidence import Confidence
from quality.imports.sheets import Severity, SheetCode
from quality.schemas import PersonOut, PlaceOut
from referral.clocks.data import Text

MOST_CHARACTERS = 4_000_000
MOST_SHOWN = 500

FileName = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ImportIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file as text, comma-separated, headings in the first line; for which house.

    `dry_run`: say what would be taken, and take nothing.
    """

    sheet: SheetCode
    facility_id: UUID
    file_name: FileName
    content: Annotated[str, msgspec.Meta(max_length=MOST_CHARACTERS)]
    dry_run: bool = True


class ComplaintOut(msgspec.Struct, frozen=True):
    """A cell for which its row is not taken; rows count from 1 after the headings."""

    row: int
    heading: str
    trouble: Literal[
        "missing",
        "not_a_day",
        "in_the_future",
        "not_a_number",
        "out_of_bounds",
        "unknown_word",
        "twice",
        "too_long",
        "not_a_code",
    ]


class DoubtOut(msgspec.Struct, frozen=True):
    """A logic check that a row fails: it is taken, and somebody should compare it."""

    row: int
    check: str
    severity: Severity
    says: Text


class ImportReport(msgspec.Struct, frozen=True):
    """What a file comes to. Lists hold the first 500; the counts are of all.

    Attributes:
        batch_id: null after a dry run, and where nothing was taken.
        fresh, replacing, unchanged: good rows that are new, that take an earlier row's place, and
            that say what is known already (and are not taken again).
    """

    batch_id: UUID | None
    sheet: SheetCode
    rows: int
    fresh: int
    replacing: int
    unchanged: int
    refused: int
    missing_headings: list[str]
    unknown_headings: list[str]
    complaints: list[ComplaintOut]
    doubts: list[DoubtOut]
    doubted: int


class ColumnOut(msgspec.Struct, frozen=True):
    """A column of a file; `words`: what may stand in it; not `kept`: only compared."""

    heading: str
    kind: Literal["key", "day", "gestation", "word", "yes_no", "whole", "number", "codes"]
    optional: bool
    kept: bool
    low: float | None
    high: float | None
    words: list[str]


class LogicCheck(msgspec.Struct, frozen=True):
    """A logic check of a row: what it says when it fails, and after whom."""

    code: str
    severity: Severity
    says: Text
    source: str
    confidence: Confidence
    to_be_verified: bool


class SheetOut(msgspec.Struct, frozen=True):
    """A kind of file. Confidence B: not yet compared with the official interface text."""

    code: SheetCode
    no: int
    name: Text
    confidence: Confidence
    to_be_verified: bool
    columns: list[ColumnOut]
    checks: list[LogicCheck]


class BatchOut(msgspec.Struct, frozen=True):
    """A file that was taken: where its rows are from."""

    id: UUID
    sheet: SheetCode
    facility: PlaceOut | None
    file_name: str
    added_by: PersonOut | None
    added_at: datetime
    rows: int
    taken: int
    warnings: int


class Imports(msgspec.Struct, frozen=True):
    """Kinds of files, and those taken that the viewer may see, the newest 200 first."""

    sheets: list[SheetOut]
    batches: list[BatchOut]
