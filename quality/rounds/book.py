"""Pure: a round as an Excel file: centres with points, every item of every centre, what it means.

The official form of the national subsystem is not in hand: the layout is the platform's own and
says so on every sheet.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Font

from quality.rounds.schemas import CheckedItem, EntryDetail, RoundDetail, TotalOut
from quality.rounds.scoring import Total, mean
from quality.rounds.wording import (
    LAYOUT,
    RESULTS,
    VERIFY,
    finding,
    method,
    period,
    state,
    unit,
    value,
)
from quality.same_bytes import bytes_of
from quality.workbook import Cell, put, table
from registry.facilities.rules import CHINA

CENTRES: Final = {
    "centre": "救治中心", "region": "地区", "state": "进度", "points": "得分", "of": "可计分权重",
    "without": "无数据权重", "share": "得分率 %", "tasks": "未完成整改", "signed": "自查签名",
}  # fmt: skip
ITEMS: Final = {
    "centre": "救治中心", "name": "项目", "code": "代码", "verify": VERIFY, "value": "数值",
    "unit": "单位", "met": "分子", "n": "例数（分母）", "weight": "权重", "points": "得分",
    "finding": "现场结论", "said": "自查说明", "files": "佐证件数",
}  # fmt: skip
MEANING: Final = {
    "name": "项目", "code": "代码", "version": "定义版本", "verify": VERIFY, "national": "国家序号",
    "definition": "含义", "source": "依据", "weight": "权重", "method": "计分办法",
    "basis": "权重依据",
}  # fmt: skip
AREAS: Final = {"region": "地区", "centres": "计入均值的中心", "mean": "得分率均值 %"}


def book_of(found: RoundDetail, entries: Sequence[EntryDetail], at: datetime) -> bytes:
    """The file.

    Args:
        at: when it is exported.
    """
    book = Workbook()
    page = book.active
    page.title = "评估结果"
    for number, line in enumerate(_head(found, at), 1):
        put(page, number, 1, line, boxed=False)
    page.cell(1, 1).font = Font(bold=True, size=14)
    _sheet(page, page.max_row + 2, CENTRES, map(_centre, entries))
    rows = (_item(entry, item) for entry in entries for item in entry.items)
    _sheet(book.create_sheet("逐项"), 1, ITEMS, rows)
    _sheet(book.create_sheet("分地区"), 1, AREAS, areas(entries))
    _sheet(book.create_sheet("口径与权重"), 1, MEANING, _meaning(found))
    return bytes_of(book)


def _sheet(page: Any, start: int, heads: dict[str, str], rows: Iterable[list[Cell]]) -> None:
    table(page, start, list(heads), heads, list(rows))


def _head(found: RoundDetail, at: datetime) -> Iterable[str]:
    one = found.round
    yield one.title
    yield f"{one.region.name} · {period(one)}"
    yield f"自查截止 {one.self_check_by} · 评估截止 {one.assess_by} · 规则版本 {one.rules}"
    yield LAYOUT
    yield RESULTS
    yield f"导出于 {at.astimezone(CHINA):%Y-%m-%d %H:%M}"


def _centre(one: EntryDetail) -> list[Cell]:
    entry = one.entry
    told = entry.total
    points: list[Cell] = [None] * 4
    if told is not None:
        share = round(told.points / told.of * 100, 2) if told.of else None
        points = [told.points, told.of, told.without, share]
    signed = None if one.submitted_by is None else one.submitted_by.name
    who = [entry.facility.name, entry.region.name, state(entry.state)]
    return [*who, *points, entry.tasks_open, signed]


def _item(one: EntryDetail, row: CheckedItem) -> list[Cell]:
    item, figures = row.item, row.figures
    counts: list[Cell] = [None, None]
    if figures is not None:
        counts = [None, figures.n] if figures.of is None else [figures.n, figures.of]
    decisive = max(
        (score for score in row.scores if score.level is not None),
        key=lambda score: score.level == "owner",
        default=None,
    )
    return [
        one.entry.facility.name,
        item.name.zh,
        item.code,
        VERIFY if item.to_be_verified else "",
        value(row),
        unit(item),
        *counts,
        item.weight,
        None if decisive is None else decisive.points,
        finding(row),
        None if row.answer is None else row.answer.words,
        len(row.files),
    ]


def _meaning(found: RoundDetail) -> Iterable[list[Cell]]:
    for item in found.items:
        definition = item.definition
        said = item.look if definition is None else definition.definition
        yield [
            item.name.zh,
            item.code,
            None if definition is None else definition.version,
            VERIFY if item.to_be_verified else "",
            None if definition is None else definition.national_no,
            "" if said is None else said.zh,
            item.source,
            item.weight,
            method(item),
            item.basis or (VERIFY if item.weight is not None else ""),
        ]


def areas(entries: Sequence[EntryDetail]) -> Iterable[list[Cell]]:
    """Each centre for itself, then the mean of the centres of a region."""
    by_region: dict[str, list[TotalOut]] = {}
    for one in entries:
        if one.entry.total is not None:
            by_region.setdefault(one.entry.region.name, []).append(one.entry.total)
    for region, totals in by_region.items():
        found = mean(
            Total(Decimal(str(one.points)), Decimal(str(one.of)), Decimal(str(one.without)))
            for one in totals
        )
        yield [region, len(totals), None if found is None else float(found)]
