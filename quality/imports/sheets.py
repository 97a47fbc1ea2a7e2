"""What a file of another system must hold: its columns and its logic checks, as data."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from kernel.confidence import Confidence
from referral.clocks.data import Text

FILE = Path(__file__).parent / "sheets.toml"

SheetCode: TypeAlias = Literal[
    "front_pages",
    "birth_cards",
    "annual_returns",
    "practice_cards",
    "house_licences",
    "child_returns",
    "institution_returns",
]
Kind: TypeAlias = Literal[
    "key", "day", "gestation", "word", "yes_no", "whole", "number", "codes"
]  # fmt: skip
"""gestation: weeks, or weeks+days, kept as days; word: one of `words`; codes: of ICD."""

Severity: TypeAlias = Literal["contradiction", "unusual"]
"""contradiction: two cells cannot both be right; unusual: it may be so, and is worth a look."""

Value: TypeAlias = str | int | float | bool


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column: its heading in the file, the name and kind of what it gives, and its bounds.

    `kept`: false where no number needs it; checks compare it, and then it is gone.
    """

    field: str
    heading: str
    kind: Kind
    optional: bool = False
    kept: bool = True
    low: float | None = None
    high: float | None = None
    words: dict[str, str] = {}


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"equals": "is"}):
    """What one value of a row is; a value that is not given fulfils nothing."""

    field: str
    equals: bool | str | None = None
    one_of: list[str] = []
    given: bool = False
    """Anything at all."""
    has: list[str] = []
    lacks: list[str] = []
    """Codes, by how they begin: at least one of these is there; none of these is."""
    at_least: float | None = None
    at_most: float | None = None
    at_most_of: str | None = None
    """The field that it must not exceed; where that one is not given there is nothing to exceed."""
    times: float = 1
    """So many times that field."""

    def holds(self, row: Mapping[str, object]) -> bool:
        """Whether it holds of a row; days are their ordinals."""
        value = row.get(self.field)
        if self.given:
            return value is not None
        if self.equals is not None:
            return value == self.equals
        if self.one_of:
            return value in self.one_of
        if self.has or self.lacks:
            return isinstance(value, str) and self._codes(value.split())
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        most = row.get(self.at_most_of) if self.at_most_of else None
        return (
            (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
            and (not isinstance(most, int | float) or value <= most * self.times)
        )

    def _codes(self, codes: Sequence[str]) -> bool:
        there = any(one.startswith(tuple(self.has)) for one in codes)
        wrong = any(one.startswith(tuple(self.lacks)) for one in codes)
        return (there or not self.has) and not wrong


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where all of `when` holds, all of `must` should; else the row is taken with a warning."""

    code: str
    severity: Severity
    confidence: Confidence
    source: str
    when: list[Condition]
    must: list[Condition]
    says: Text

    def fails(self, row: Mapping[str, object]) -> bool:
        """Whether the row is worth a second look."""
        return all(one.holds(row) for one in self.when) and not all(
            one.holds(row) for one in self.must
        )


class Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of file. `key` names a row for ever; `day` says in which period it counts."""

    code: SheetCode
    no: int
    confidence: Confidence
    name: Text
    key: str
    day: str
    columns: list[Column]
    check: list[Check] = []

    def __post_init__(self) -> None:
        kinds = {one.field: one.kind for one in self.columns}
        if kinds.get(self.key) != "key" or kinds.get(self.day) != "day":
            raise ValueError(f"{self.code}: key and day are columns of that kind")
        for check in self.check:
            for one in (*check.when, *check.must):
                named = {one.field, one.at_most_of or one.field}
                if not named <= set(kinds):
                    raise ValueError(f"{check.code}: no column {named - set(kinds)}")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sheet: list[Sheet]


@lru_cache
def sheets() -> Mapping[str, Sheet]:
    """All kinds of files, by code."""
    found = msgspec.convert(tomllib.loads(FILE.read_text("utf-8")), _File).sheet
    return {one.code: one for one in found}
