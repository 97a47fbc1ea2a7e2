"""Pure: the text of a file to rows and complaints, by a sheet's columns and checks."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import StringIO
from typing import Literal, TypeAlias

from quality.imports.sheets import Column, Sheet, Value

MOST_ROWS = 20_000
_GESTATION = re.compile(r"(\d{1,2})(?:\s*[+周w]\s*([0-6])?\s*[天d]?)?")
_CODE = re.compile(r"(?:[A-Z]\d{2}|\d{2})(?:\.[0-9A-Z]{1,8})?")
_YES_NO = {"是": True, "否": False, "1": True, "0": False, "y": True, "n": False}

Trouble: TypeAlias = Literal[
    "missing", "not_a_day", "in_the_future", "not_a_number", "out_of_bounds", "unknown_word",
    "twice", "too_long", "not_a_code",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one cell: the row is not taken."""

    row_no: int
    heading: str
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class Doubt:
    """A check that a row fails: it is taken, and somebody should look."""

    row_no: int
    check: str


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A good row: the number of its line after the headings, its key, its day, what it says."""

    row_no: int
    key: str
    day: date
    content: Mapping[str, Value]


@dataclass(slots=True)
class Read:
    """What a file holds. `missing`: headings without which nothing was read."""

    count: int = 0
    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    too_many: bool = False
    rows: list[ReadRow] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)


def read(sheet: Sheet, content: str, today: date) -> Read:
    """Read a file of comma-separated values with headings in its first line.

    Headings may stand in any order. A row with a complaint is left out; the others are good.
    """
    lines = csv.reader(StringIO(content.removeprefix("\ufeff"), newline=""))
    headings = [one.strip() for one in next(lines, [])]
    known = {one.heading for one in sheet.columns}
    found = Read(unknown=[one for one in headings if one and one not in known])
    found.missing = [
        one.heading for one in sheet.columns if one.heading not in headings and not one.optional
    ]
    if found.missing:
        return found
    seen: set[str] = set()
    for row_no, cells in _rows(lines):
        found.count += 1
        if found.count > MOST_ROWS:
            found.too_many = True
            return found
        _take(sheet, found, row_no, dict(zip(headings, cells, strict=False)), today, seen)
    return found


def _rows(lines: Iterator[list[str]]) -> Iterator[tuple[int, Sequence[str]]]:
    for row_no, cells in enumerate(lines, start=1):
        if any(one.strip() for one in cells):
            yield row_no, cells


def _take(
    sheet: Sheet, found: Read, row_no: int, cells: dict[str, str], today: date, seen: set[str]
) -> None:
    values: dict[str, Value | date] = {}
    complaints = []
    for column in sheet.columns:
        cell = cells.get(column.heading, "").strip()
        if not cell and column.optional:
            continue
        value, trouble = _value(column, cell, today)
        if trouble is not None:
            complaints.append(Complaint(row_no, column.heading, trouble))
        elif value is not None:
            values[column.field] = value
    key = str(values.get(sheet.key, ""))
    if key in seen:
        heading = next(one.heading for one in sheet.columns if one.field == sheet.key)
        complaints.append(Complaint(row_no, heading, "twice"))
    if complaints:
        found.complaints.extend(complaints)
        return
    seen.add(key)
    day = values[sheet.day]
    assert isinstance(day, date)  # noqa: S101  (its column is a day, and had no complaint)
    del values[sheet.key]
    kept = {one.field for one in sheet.columns if one.kept}
    content = {
        name: value
        for name, value in values.items()
        if name in kept and not isinstance(value, date)
    }
    found.rows.append(ReadRow(row_no, key, day, content))
    said = {
        name: value.toordinal() if isinstance(value, date) else value
        for name, value in values.items()
    }
    found.doubts.extend(Doubt(row_no, one.code) for one in sheet.check if one.fails(said))


def _value(column: Column, cell: str, today: date) -> tuple[Value | date | None, Trouble | None]:
    if not cell:
        return None, "missing"
    if column.kind == "key":
        return (cell, None) if len(cell) <= 64 else (None, "too_long")
    if column.kind == "day":
        return _day(cell, today)
    if column.kind == "word":
        word = column.words.get(cell)
        return word, None if word else "unknown_word"
    if column.kind == "yes_no":
        said = _YES_NO.get(cell.lower())
        return said, None if said is not None else "unknown_word"
    if column.kind == "codes":
        return _codes(cell)
    number = _gestation(cell) if column.kind == "gestation" else _number(cell, column.kind)
    if number is None:
        return None, "not_a_number"
    inside = (column.low is None or number >= column.low) and (
        column.high is None or number <= column.high
    )
    return number, None if inside else "out_of_bounds"


def _day(cell: str, today: date) -> tuple[date | None, Trouble | None]:
    try:
        day = date.fromisoformat(cell[:10].replace("/", "-").replace(".", "-"))
    except ValueError:
        return None, "not_a_day"
    if day > today:
        return None, "in_the_future"
    return (day, None) if day.year >= 1950 else (None, "out_of_bounds")


def _codes(cell: str) -> tuple[str | None, Trouble | None]:
    """Codes in capitals, one space between them."""
    codes = re.split(r"[\s,;，；、]+", cell.upper().strip(",;，；、"))
    return (" ".join(codes), None) if all(map(_CODE.fullmatch, codes)) else (None, "not_a_code")


def _gestation(cell: str) -> int | None:
    """Days of `39`, `39+2`, `39周2天`, `39w2d`."""
    match = _GESTATION.fullmatch(cell)
    return None if match is None else int(match[1]) * 7 + int(match[2] or 0)


def _number(cell: str, kind: str) -> int | float | None:
    if not re.fullmatch(r"\d{1,7}(\.\d{1,3})?", cell, re.ASCII):
        return None
    value = float(cell)
    if kind == "whole":
        return int(value) if value.is_integer() else None
    return value
