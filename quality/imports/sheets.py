"""What a file of another system must hold: its columns and its logic checks, as data."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from kernel.confidence import Confidence
from referral.clocks.data import Text

FILE = Path(__file__).parent / "sheets.toml"

SheetCode: TypeAlias = Literal["front_pages", "birth_cards", "annual_returns", "practice_cards"]
Kind: TypeAlias = Literal["key", "day", "gestation", "word", "yes_no", "whole", "number"]
"""gestation: weeks, or weeks+days, kept as days; word: one of `words`."""

Value: TypeAlias = str | int | float | bool


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column: its heading in the file, the name and kind of what it gives, and its bounds."""

    field: str
    heading: str
    kind: Kind
    optional: bool = False
    low: float | None = None
    high: float | None = None
    words: dict[str, str] = {}


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"equals": "is"}):
    """What one value of a row is; a value that is not given fulfils nothing."""

    field: str
    equals: bool | str | None = None
    at_least: float | None = None
    at_most: float | None = None
    at_most_of: str | None = None
    """The field that it must not exceed; where that one is not given there is nothing to exceed."""

    def holds(self, row: Mapping[str, object]) -> bool:
        """Whether it holds of a row."""
        value = row.get(self.field)
        if self.equals is not None:
            return value == self.equals
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        most = [self.at_most, row.get(self.at_most_of) if self.at_most_of else None]
        return (self.at_least is None or value >= self.at_least) and all(
            value <= one for one in most if isinstance(one, int | float)
        )


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where all of `when` holds, all of `must` should; else the row is taken with a warning."""

    code: str
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
