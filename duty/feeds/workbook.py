"""Pure: a roster as an Excel sheet that people fill in and that `incoming.sheet` reads again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from duty.feeds.incoming.grammar import WHOLE_DAY, span
from duty.feeds.incoming.reading import in_words
from duty.feeds.incoming.sheet import DATE, PERIOD
from registry.facilities.rules import CHINA

WEEKDAY = "星期"
_EPOCH = datetime(2000, 1, 1, tzinfo=CHINA)
"""A fixed file date: equal rosters are equal files."""

_LINE = Side(style="thin", color="999999")
_BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_HEAD = PatternFill("solid", fgColor="D5F0EC")
_REST = PatternFill("solid", fgColor="EEEEEE")
_MIDDLE = Alignment(horizontal="center", vertical="center", wrap_text=True)

HELP = (
    "一行一天，一列一个岗位；不要改动“日期”列和岗位名称，空岗留空。",
    "“时段”行写明该列每天的起止时间，如 08:00-20:00；结束不晚于开始时表示次日。",
    "单元格只写姓名，表示整个时段；两人分担时在格内分两行写，每行“姓名 08:00-20:00”。",
    "同一岗位分白班、夜班时，可复制该列并改写“时段”。",
    "导入时先预览，确认后写入草稿计划；须经医务科审批、发布后才生效。",
)


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody on a place for a time."""

    slot_id: UUID
    name: str
    start: datetime
    end: datetime


def sheet(
    title: str,
    headings: Mapping[str, UUID],
    days: Sequence[date],
    held: Sequence[Held],
    *,
    rest: frozenset[date] = frozenset(),
    people: Sequence[tuple[str, str]] = (),
) -> bytes:
    """The file: the roster, a page of explanations and, for filling in, the names.

    Args:
        headings: what the columns are called, in order, and which places they are.
        rest: weekends and holidays, shaded.
        people: names and titles of those who may be put in.
    """
    book = Workbook()
    page = book.active
    page.title = "值班表"
    _put(page, 1, 1, title, font=Font(bold=True, size=14))
    for column, heading in enumerate((DATE, WEEKDAY, *headings), 1):
        _put(page, 2, column, heading, font=Font(bold=True), fill=_HEAD)
        page.column_dimensions[get_column_letter(column)].width = 12 if column < 3 else 18
    for column in range(1, len(headings) + 3):
        said = PERIOD if column == 2 else WHOLE_DAY if column > 2 else ""
        _put(page, 3, column, said, font=Font(color="666666"), fill=_HEAD)
    for number, day in enumerate(days, 4):
        fill = _REST if day in rest else None
        _put(page, number, 1, day.isoformat(), fill=fill)
        _put(page, number, 2, in_words(day), fill=fill)
        for column, slot_id in enumerate(headings.values(), 3):
            _put(page, number, column, _cell(held, slot_id, day), fill=fill)
    page.freeze_panes = "C4"
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToWidth = 1
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    _explain(book, people)
    book.properties.created = book.properties.modified = _EPOCH.replace(tzinfo=None)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _explain(book: Workbook, people: Sequence[tuple[str, str]]) -> None:
    page = book.create_sheet("填写说明")
    page.column_dimensions["A"].width = 100
    for number, line in enumerate(HELP, 1):
        _put(page, number, 1, line, middle=False)
    if not people:
        return
    page = book.create_sheet("人员")
    for number, (name, title) in enumerate((("姓名", "职称"), *people), 1):
        _put(page, number, 1, name)
        _put(page, number, 2, title)
    page.column_dimensions["A"].width = page.column_dimensions["B"].width = 18


def _put(
    page: Any,
    row: int,
    column: int,
    value: str,
    *,
    font: Font | None = None,
    fill: PatternFill | None = None,
    middle: bool = True,
) -> None:
    """A cell of text, never a formula, whatever a name begins with."""
    cell = page.cell(row, column)
    cell.value = "".join(letter for letter in value if letter.isprintable() or letter == "\n")
    cell.data_type = "s"
    cell.border = _BOX
    if middle:
        cell.alignment = _MIDDLE
    if font is not None:
        cell.font = font
    if fill is not None:
        cell.fill = fill


def _cell(held: Sequence[Held], slot_id: UUID, day: date) -> str:
    """Who is there from this day's handover to the next; part of it with its hours."""
    whole = span(WHOLE_DAY)
    assert whole is not None  # noqa: S101 (a constant of the grammar)
    start, end = whole.on(day)
    lines = []
    for one in sorted(held, key=lambda one: one.start):
        if one.slot_id != slot_id or one.end <= start or one.start >= end:
            continue
        begin, until = max(one.start, start), min(one.end, end)
        if (begin, until) == (start, end):
            lines.append(one.name)
        else:
            hours = [moment.astimezone(CHINA) for moment in (begin, until)]
            lines.append(f"{one.name} {hours[0]:%H:%M}-{hours[1]:%H:%M}")
    return "\n".join(lines)


def days_between(start: datetime, end: datetime) -> list[date]:
    """Every duty day that begins inside a half-open period."""
    first, found = start.astimezone(CHINA).date(), []
    while datetime.combine(first, datetime.min.time(), CHINA) + timedelta(hours=8) < end:
        found.append(first)
        first += timedelta(days=1)
    return found
