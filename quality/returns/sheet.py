"""Pure: a return as an Excel file, one sheet in the layout of the form."""

from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from quality.returns import wording
from quality.returns.schemas import FormItem, ReturnDetail
from quality.same_bytes import bytes_of

_LINE = Side(style="thin", color="808080")
_BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_HEAD = PatternFill("solid", fgColor="E7EFED")
_WRAP = Alignment(vertical="top", wrap_text=True)
_MIDDLE = Alignment(horizontal="center", vertical="center", wrap_text=True)

PLAIN: Final = (("序号", 6), ("项目", 34), ("情况", 44), ("数据依据", 30), ("填报人", 12))
SCORED: Final = (
    ("序号", 6), ("项目", 34), ("分值", 8), ("自评得分", 10), ("情况", 40), ("数据依据", 30),
    ("填报人", 12),
)  # fmt: skip


def sheet_of(found: ReturnDetail) -> bytes:
    """The file: title, house and period, the lines under their headings, tables, signatures."""
    book = Workbook()
    page = book.active
    page.title = found.form.zh[:30]
    scored = found.form.most_points is not None
    columns = SCORED if scored else PLAIN
    for at, (_, width) in enumerate(columns, 1):
        page.column_dimensions[chr(64 + at)].width = width
    row = _opening(page, found, len(columns))
    row = _cells(page, row, [name for name, _ in columns], head=True)
    number = 0
    for section in found.sections:
        row = _wide(page, row, section.zh, len(columns), bold=True)
        for item in section.items:
            number += 1
            row = _cells(page, row, _line(number, item, scored=scored))
            row = _table(page, row, item)
    if scored:
        total = ["", "合计", found.form.most_points, found.claimed_points]
        row = _cells(page, row, [*total, *[""] * (len(columns) - 4)])
    page.cell(row + 1, 2, "　　　　".join(f"{one}：" for one in found.form.signatures))
    _printing(page)
    return bytes_of(book)


def _opening(page: Any, found: ReturnDetail, width: int) -> int:
    one = found.quality_return
    house = one.facility.short_name if one.facility is not None else ""
    row = _wide(page, 1, wording.title(found), width, bold=True, size=16, box=False)
    lines = (
        f"填报单位：{house}　　填报期：{one.period}（{one.first_day} 至 {one.last_day}）",
        f"状态：{wording.state(found)}",
        f"表样：{found.form.version}。{found.form.source}"
        + (wording.VERIFY if found.form.to_be_verified else ""),
    )
    for line in lines:
        row = _wide(page, row, line, width, box=False)
    return row + 1


def _line(number: int, item: FormItem, *, scored: bool) -> list[object]:
    name = item.zh + (wording.VERIFY if item.to_be_verified else "")
    points: list[object] = []
    if scored:
        points = [item.points, item.stated.points if item.stated is not None else None]
    said, why = wording.content(item), wording.evidence(item)
    return [number, name, *points, said, why, wording.author(item)]


def _table(page: Any, row: int, item: FormItem) -> int:
    """The rows of a table under its line, one column further in."""
    if item.ask != "table":
        return row
    for at, column in enumerate(item.columns, 2):
        _put(page, row, at, column.zh).fill = _HEAD
    row += 1
    for one in (item.stated.rows if item.stated is not None else None) or []:
        for at, column in enumerate(item.columns, 2):
            _put(page, row, at, one.get(column.code, ""))
        row += 1
    return row


def _cells(page: Any, row: int, values: list[Any], *, head: bool = False) -> int:
    for at, value in enumerate(values, 1):
        cell = _put(page, row, at, value)
        if head:
            cell.font, cell.fill, cell.alignment = Font(bold=True), _HEAD, _MIDDLE
    return row + 1


def _wide(
    page: Any, row: int, value: str, width: int, *, bold: bool = False, size: int = 11,
    box: bool = True,
) -> int:  # fmt: skip
    page.merge_cells(start_row=row, start_column=1, end_row=row, end_column=width)
    cell = _put(page, row, 1, value, box=box)
    cell.font = Font(bold=bold, size=size)
    if size > 11:
        cell.alignment = _MIDDLE
        page.row_dimensions[row].height = 30
    return row + 1


def _put(page: Any, row: int, column: int, value: object, *, box: bool = True) -> Any:
    """A cell: text is never a formula, whatever it begins with."""
    cell = page.cell(row, column)
    if isinstance(value, str):
        cell.value = "".join(one for one in value if one.isprintable() or one == "\n")
        cell.data_type = "s"
    else:
        cell.value = value
    cell.alignment = _WRAP
    if box:
        cell.border = _BOX
    return cell


def _printing(page: Any) -> None:
    page.page_setup.paperSize, page.page_setup.orientation = 9, "landscape"
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
