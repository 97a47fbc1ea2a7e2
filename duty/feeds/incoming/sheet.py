"""Pure: a month's roster out of an Excel sheet, one row a day and one column a place.

日期        星期   产科急救 一线 产科     产科急救 二线 产科
            时段   08:00-20:00            08:00-08:00
2027-02-01  周一   林晓岚                 周宁
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any
from uuid import UUID

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from duty.feeds.incoming.grammar import WHOLE_DAY, NotUnderstood, Span, parts, span
from duty.feeds.incoming.reading import (
    MAX_BYTES,
    MAX_ENTRIES,
    Entry,
    Reading,
    Trouble,
    Unreadable,
    Wanted,
    short,
)
from registry.facilities.rules import CHINA

DATE, PERIOD = "日期", "时段"
MAX_UNPACKED = 20_000_000
MAX_MEMBERS = 200
MAX_ROWS = 400
MAX_COLUMNS = 80
HEADING_WITHIN = 10

_DAY = re.compile(r"^\s*(?:(\d{4})\s*[-/.年]\s*)?(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?\s*$")


def read(content: bytes, wanted: Wanted) -> Reading:
    """Everything that the first sheet with a heading says.

    Raises:
        Unreadable: `too_big`, `not_excel`, `no_heading` or `too_many`.
    """
    rows = _rows(content)
    heading = next(
        (n for n, row in enumerate(rows[:HEADING_WITHIN]) if _text(row[0]) == DATE), None
    )
    if heading is None:
        raise Unreadable("no_heading")
    return _Sheet(rows, heading, wanted).reading()


def _rows(content: bytes) -> list[Sequence[Any]]:
    """The cells of the first sheet, bounded before anything is unpacked."""
    if len(content) > MAX_BYTES:
        raise Unreadable("too_big")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
            if (
                len(members) > MAX_MEMBERS
                or sum(member.file_size for member in members) > MAX_UNPACKED
            ):
                raise Unreadable("too_big")
        book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            found = sheet.iter_rows(max_row=MAX_ROWS, max_col=MAX_COLUMNS, values_only=True)
            return [row for row in found if row]
        finally:
            book.close()
    except Unreadable:
        raise
    except Exception as error:  # the library raises whatever a broken file made it stumble over
        raise Unreadable("not_excel") from error


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


class _Sheet:
    """One sheet being read."""

    def __init__(self, rows: Sequence[Sequence[Any]], heading: int, wanted: Wanted) -> None:
        self._rows = rows
        self._heading = heading
        self._wanted = wanted
        self._troubles: list[Trouble] = []
        self._entries: list[Entry] = []

    def reading(self) -> Reading:
        below = self._heading + 1
        timed = len(self._rows) > below and PERIOD in map(_text, self._rows[below][:2])
        columns = list(self._columns(self._rows[below] if timed else ()))
        seen: set[date] = set()
        for number in range(below + (1 if timed else 0), len(self._rows)):
            row = self._rows[number]
            if not any(_text(cell) for cell in row):
                continue
            day = self._day(row[0], number)
            if day is None:
                continue
            if day in seen:
                self._trouble(0, number, "date_twice", row[0])
                continue
            seen.add(day)
            self._read_row(row, number, day, columns)
        return Reading(self._entries, self._troubles)

    def _columns(self, periods: Sequence[Any]) -> Iterator[tuple[int, UUID, Span]]:
        """Which column is which place, and from when to when."""
        used: set[tuple[UUID, str]] = set()
        heading = self._rows[self._heading]
        for number in range(2, len(heading)):
            name = " ".join(_text(heading[number]).split())
            if not name:
                continue
            slot_id = self._wanted.headings.get(name)
            if slot_id is None:
                self._trouble(number, self._heading, "column_unknown", name)
                continue
            period = _text(periods[number]) if number < len(periods) else ""
            hours = span(period or WHOLE_DAY)
            if hours is None:
                self._trouble(number, self._heading + 1, "period_unreadable", period)
            elif (slot_id, str(hours)) in used:
                self._trouble(number, self._heading, "column_twice", name)
            else:
                used.add((slot_id, str(hours)))
                yield number, slot_id, hours

    def _day(self, value: object, row: int) -> date | None:
        first = self._wanted.start.astimezone(CHINA).date()
        day = _date(value, first)
        if day is None:
            self._trouble(0, row, "date_unreadable", value)
        elif not (first <= day < self._wanted.end.astimezone(CHINA).date()):
            self._trouble(0, row, "date_outside", value)
            return None
        return day

    def _read_row(
        self,
        row: Sequence[Any],
        number: int,
        day: date,
        columns: Sequence[tuple[int, UUID, Span]],
    ) -> None:
        for column, slot_id, hours in columns:
            text = _text(row[column]) if column < len(row) else ""
            try:
                found = parts(text, day, hours)
            except NotUnderstood as error:
                self._trouble(column, number, error.reason, text)
                continue
            for part in found:
                if part.start < self._wanted.start or part.end > self._wanted.end:
                    self._trouble(column, number, "outside_plan", text)
                    continue
                if len(self._entries) >= MAX_ENTRIES:
                    raise Unreadable("too_many")
                where = _cell(column, number)
                self._entries.append(Entry(where, part.name, slot_id, part.start, part.end))

    def _trouble(self, column: int, row: int, reason: str, said: object) -> None:
        if len(self._troubles) < MAX_ENTRIES:
            self._troubles.append(Trouble(_cell(column, row), reason, short(_text(said))))


def _cell(column: int, row: int) -> str:
    """`C5`, as the sheet itself calls it."""
    return f"{get_column_letter(column + 1)}{row + 1}"


def _date(value: object, first: date) -> date | None:
    """A date cell, `2027-02-01` or `2月1日` (in the plan's year, or the next at its turn)."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    match = _DAY.match(_text(value))
    if match is None:
        return None
    for year in (int(match[1]),) if match[1] else (first.year, first.year + 1):
        try:
            day = date(year, int(match[2]), int(match[3]))
        except ValueError:
            continue
        if match[1] or day >= first:
            return day
    return None
