"""Pure: indicators as an Excel file, with what they mean and what they cover."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, Literal, TypeAlias

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from quality.schemas import (
    CentreValue,
    CountValue,
    Indicator,
    Indicators,
    IntervalValue,
    MeanOfCentres,
    ShareValue,
)
from quality.small_numbers import FEWEST, hidden, small, small_share
from registry.facilities.rules import CHINA

Language: TypeAlias = Literal["zh", "en"]
Cell: TypeAlias = str | int | float | None

EPOCH = datetime(2000, 1, 1, tzinfo=CHINA)
"""A fixed file date: equal numbers are equal files."""

_LINE = Side(style="thin", color="999999")
_BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_HEAD = PatternFill("solid", fgColor="D5F0EC")
_WRAP = Alignment(vertical="top", wrap_text=True)

WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "numbers": "指标", "houses": "按机构", "meaning": "口径与来源", "title": "质量指标",
        "name": "指标", "code": "代码", "version": "版本", "verify": "待核实", "value": "数值",
        "unit": "单位", "met": "分子", "n": "例数（分母）", "p50": "P50（分）", "p90": "P90（分）",
        "open": "未完成", "inconsistent": "时间颠倒", "late": "含补录", "demo": "含演示数据",
        "mean": "救治中心均值", "centres": "计入均值的中心", "house": "机构", "definition": "含义",
        "population": "统计范围", "exclusions": "不计", "source": "依据", "data": "数据来源",
        "period": "统计期", "cases": "病例", "frozen": "已关账：{who} 于 {at}，此后不变",
        "live": "实时数字，随补录与更正变化", "with": "计入补录的时间", "without": "已排除补录",
        "hidden": "1–4 例以“<5”表示，相应比例与分位数不列出（待核实）", "yes": "待核实",
        "left_out": "不计：演练 {drills}，作废 {voided}，回转 {back}", "printed": "导出于 {at}",
        "none": "平台尚无此项数据", "missing": "另有 {n} 例无法计算，未计入以下数字",
    },
    "en": {
        "numbers": "Indicators", "houses": "By facility", "meaning": "Meaning and source",
        "title": "Quality indicators", "name": "Indicator", "code": "Code", "version": "Version",
        "verify": "To be verified", "value": "Value", "unit": "Unit", "met": "Numerator",
        "n": "n (denominator)", "p50": "P50 (min)", "p90": "P90 (min)", "open": "Open",
        "inconsistent": "Wrong order", "late": "Late entries", "demo": "Demo data",
        "mean": "Mean of centres", "centres": "Centres in the mean", "house": "Facility",
        "definition": "Meaning", "population": "Population", "exclusions": "Left out",
        "source": "Basis", "data": "Data source", "period": "Period", "cases": "Cases",
        "frozen": "Closed by {who}, {at}; the figures stay",
        "live": "Live figures; they move with late entries and corrections",
        "with": "Late entries count", "without": "Late entries left out",
        "hidden": "1 to 4 print as “<5”, without share or quantiles (to be verified)",
        "left_out": "Left out: drills {drills}, voided {voided}, back {back}",
        "yes": "to be verified", "printed": "Exported {at}",
        "none": "The platform holds no such data yet",
        "missing": "{n} more cases cannot be computed and are missing from these numbers",
    },
}  # fmt: skip
UNITS: dict[Language, dict[str, str]] = {
    "zh": {
        "s": "分", "percent": "%", "per_1000": "‰", "per_100000": "/10万", "sessions": "场",
        "cases": "例", "ratio": "比值", "yuan": "元", "yes_no": "是/否",
    },
    "en": {
        "s": "min", "percent": "%", "per_1000": "per 1,000", "per_100000": "per 100,000",
        "sessions": "sessions", "cases": "cases", "ratio": "ratio", "yuan": "yuan",
        "yes_no": "yes/no",
    },
}  # fmt: skip
NUMBERS = (
    "name", "code", "version", "verify", "value", "unit", "met", "n", "p50", "p90", "open",
    "inconsistent", "late", "demo", "mean", "centres",
)  # fmt: skip
HOUSES = ("name", "code", "house", "value", "unit", "met", "n", "p50")
MEANING = (
    "name", "code", "version", "verify", "definition", "population", "exclusions", "source", "data",
)  # fmt: skip
WIDE = {"name": 34, "definition": 50, "population": 30, "exclusions": 30, "source": 50, "data": 34}


def workbook(found: Indicators, *, hide: bool, language: Language, at: datetime) -> bytes:
    """The file: numbers, the same by facility, and what they mean.

    Args:
        hide: print counts of 1 to 4 as "<5", for a table that is handed on.
        at: when it is exported.
    """
    words = WORDS[language]
    book = Workbook()
    page = book.active
    page.title = words["numbers"]
    for number, line in enumerate(_head(found, hide, language, at), 1):
        put(page, number, 1, line, boxed=False)
    page.cell(1, 1).font = Font(bold=True, size=14)
    start = page.max_row + 2
    table(page, start, NUMBERS, words, [_numbers(one, hide, language) for one in found.indicators])
    by_house = [row for one in found.indicators for row in _houses(one, hide, language)]
    table(book.create_sheet(words["houses"]), 1, HOUSES, words, by_house)
    meaning = [_meaning(one, language) for one in found.indicators]
    table(book.create_sheet(words["meaning"]), 1, MEANING, words, meaning)
    book.properties.created = book.properties.modified = EPOCH.replace(tzinfo=None)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _head(found: Indicators, hide: bool, language: Language, at: datetime) -> Iterable[str]:
    words, scope = WORDS[language], found.scope
    last = (scope.end - timedelta(microseconds=1)).astimezone(CHINA).date()
    yield words["title"]
    yield f"{words['period']}: {scope.start.astimezone(CHINA).date()} – {last}"
    if scope.frozen is None:
        yield words["live"]
    else:
        who = scope.frozen.by.name if scope.frozen.by else "–"
        said = words["frozen"].format(who=who, at=_moment(scope.frozen.at))
        yield f"{scope.frozen.region} · {said}"
    left_out = words["left_out"].format(
        drills=scope.drills_left_out,
        voided=scope.voided_left_out,
        back=scope.back_referrals_left_out,
    )
    yield f"{words['cases']}: {scope.cases} · {left_out} · {words[scope.late]}"
    if scope.missing:
        yield words["missing"].format(n=scope.missing)
    if hide:
        yield words["hidden"]
    yield words["printed"].format(at=_moment(at))


def _moment(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def _numbers(one: Indicator, hide: bool, language: Language) -> list[Cell]:
    definition, value = one.definition, one.value
    row = [*_named(one, language), *_said(one, hide, language)]
    if isinstance(value, IntervalValue):
        row += [_count(value.open, hide), _count(value.inconsistent, hide)]
    else:
        row += [None, None]
    if isinstance(value, IntervalValue | CountValue | ShareValue):
        mean = value.mean
        row += [_count(value.late, hide), _count(value.demo, hide)]
        row += [_mean(mean, definition.unit, hide), None if mean is None else mean.centres]
    else:
        row += [None] * 4
    return row


def _mean(mean: MeanOfCentres | None, unit: str, hide: bool) -> Cell:
    # A mean of one centre is that centre's number.
    if mean is None or mean.value is None or (hide and mean.centres < FEWEST):
        return None
    return round(mean.value / 60 if unit == "s" else mean.value, 2)


def _named(one: Indicator, language: Language) -> list[Cell]:
    definition = one.definition
    verify = WORDS[language]["yes"] if definition.to_be_verified else ""
    name = definition.name.en if language == "en" and definition.name.en else definition.name.zh
    return [name, definition.code, definition.version, verify]


def _said(one: Indicator, hide: bool, language: Language) -> list[Cell]:
    """Value, unit, numerator, n, P50, P90."""
    value, unit = one.value, UNITS[language][one.definition.unit]
    if isinstance(value, IntervalValue):
        told = value.distribution
        gone = hide and small(told.n)
        p50, p90 = (None, None) if gone else (_minutes(told.p50_s), _minutes(told.p90_s))
        return [p50, unit, None, _count(told.n, hide), p50, p90]
    if isinstance(value, ShareValue):
        gone = hide and small_share(value.n, value.of)
        share = None if gone or value.value is None else round(value.value, 2)
        met: Cell = f"<{FEWEST}" if gone else value.n
        return [share, unit, met, _count(value.of, hide), None, None]
    if isinstance(value, CountValue):
        return [_count(value.n, hide), unit, None, _count(value.n, hide), None, None]
    return [WORDS[language]["none"], unit, None, None, None, None]


def _houses(one: Indicator, hide: bool, language: Language) -> Iterable[list[Cell]]:
    value = one.value
    if not isinstance(value, IntervalValue | CountValue | ShareValue):
        return
    rows = value.by_centre
    told = [small(row.n) or (row.met is not None and small_share(row.met, row.n)) for row in rows]
    gone = hidden([row.n for row in rows], told) if hide else [False] * len(rows)
    name, code, *_ = _named(one, language)
    for row, hides in zip(rows, gone, strict=True):
        unit = UNITS[language][one.definition.unit]
        yield [name, code, row.centre.short_name, *_house(row, value, hides, unit)]


def _house(
    row: CentreValue, value: IntervalValue | CountValue | ShareValue, hides: bool, unit: str
) -> list[Cell]:
    """Value, unit, numerator, n, P50."""
    if hides:
        return [f"<{FEWEST}" if small(row.n) else "*", unit, None, None, None]
    if isinstance(value, IntervalValue):
        return [_minutes(row.p50_s), unit, None, row.n, _minutes(row.p50_s)]
    if isinstance(value, ShareValue) and row.met is not None:
        whole = value.value or 0
        multiple = whole / (value.n / value.of) if value.n else 100.0
        return [round(row.met / row.n * multiple, 2), unit, row.met, row.n, None]
    return [row.n, unit, None, row.n, None]


def _meaning(one: Indicator, language: Language) -> list[Cell]:
    definition = one.definition
    english = language == "en"
    said = [
        text.en if english and text.en else text.zh
        for text in (definition.definition, definition.population)
    ]
    left_out = definition.exclusions.en if english else definition.exclusions.zh
    rest = ["；".join(left_out), definition.source, definition.data_source]
    return [*_named(one, language), *said, *rest]


def _count(n: int, hide: bool) -> Cell:
    return f"<{FEWEST}" if hide and small(n) else n


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 60, 1)


def table(
    page: Any, start: int, names: Sequence[str], words: dict[str, str], rows: list[list[Cell]]
) -> None:
    """A table from row `start`: its heads stay in view and stand on every printed page."""
    for column, name in enumerate(names, 1):
        put(page, start, column, words[name], font=Font(bold=True), fill=_HEAD)
        page.column_dimensions[get_column_letter(column)].width = WIDE.get(name, 13)
    for number, row in enumerate(rows, start + 1):
        for column, value in enumerate(row, 1):
            put(page, number, column, value)
    page.freeze_panes = page.cell(start + 1, 2)
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToWidth = 1
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = f"{start}:{start}"


def put(
    page: Any,
    row: int,
    column: int,
    value: Cell,
    *,
    font: Font | None = None,
    fill: PatternFill | None = None,
    boxed: bool = True,
) -> None:
    """A cell: text is never a formula, whatever it begins with."""
    cell = page.cell(row, column)
    if isinstance(value, str):
        cell.value = "".join(letter for letter in value if letter.isprintable())
        cell.data_type = "s"
    else:
        cell.value = value
    if boxed:
        cell.border = _BOX
        cell.alignment = _WRAP
    if font is not None:
        cell.font = font
    if fill is not None:
        cell.fill = fill
