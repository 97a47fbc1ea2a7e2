"""Pure: indicators as an Excel file, with what they mean and what they cover."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from quality import noted
from quality.handed_on import Covered, Line, covered
from quality.noted import Notes
from quality.same_bytes import bytes_of
from quality.schemas import (
    CentreValue,
    CountValue,
    DefinitionOut,
    Indicator,
    Indicators,
    IntervalValue,
    MeanOfCentres,
    ShareValue,
)
from quality.small_numbers import FEWEST, RULE, small
from referral.casefiles.rules.sheet import sheet
from registry.facilities.rules import CHINA

Language: TypeAlias = Literal["zh", "en"]
Cell: TypeAlias = str | int | float | None

HIDDEN = "*"
"""What is not small itself but would give a small count away."""

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
        "mean": "救治中心均值", "centres": "计入均值的中心", "aim": "目标", "baseline": "基线",
        "compared": "与基线相比", "above": "高于上限", "below": "低于下限", "within": "在范围内",
        "worse": "（较差）", "better": "（较好）", "house": "机构", "definition": "含义",
        "population": "统计范围", "exclusions": "不计", "source": "依据", "data": "数据来源",
        "period": "统计期", "cases": "病例", "frozen": "已关账：{who} 于 {at}，此后不变",
        "live": "实时数字，随补录与更正变化", "with": "计入补录的时间", "without": "已排除补录",
        "hidden": "1–4 例以“<5”表示，可由其他数字推出小数的以“*”表示，比例与分位数随之不列出"
        "（规则 {rule}，待核实）", "yes": "待核实",
        "left_out": "不计：演练 {drills}，作废 {voided}，回转 {back}", "printed": "导出于 {at}",
        "standing": "性质", "no": "国家序号",
        "no_data": "平台尚无此项数据", "whole_year": "年报只按整年统计",
        "whole_quarters": "评审只按整季度合计", "not_by_house": "评审不按机构分列",
        "few": "评审不足 5 例", "parts_by_year": "下级地区的评审只按自然年合计",
        "follows": "与其他已显示数字相减可得小数，一并隐藏", "not_kept": "关账时尚不保存评审",
        "missing": "另有 {n} 例无法计算，未计入以下数字",
        "notes": "图注", "note": "编号", "month": "月份", "said": "内容", "unit_of": "单位",
        "writer": "填写人", "written": "填写时间",
        "unsaid": "图注 {n} 条为自由文字，隐藏小数的表不列出",
    },
    "en": {
        "numbers": "Indicators", "houses": "By facility", "meaning": "Meaning and source",
        "title": "Quality indicators", "name": "Indicator", "code": "Code", "version": "Version",
        "verify": "To be verified", "value": "Value", "unit": "Unit", "met": "Numerator",
        "n": "n (denominator)", "p50": "P50 (min)", "p90": "P90 (min)", "open": "Open",
        "inconsistent": "Wrong order", "late": "Late entries", "demo": "Demo data",
        "mean": "Mean of centres", "centres": "Centres in the mean", "aim": "Target",
        "baseline": "Baseline", "compared": "Beside baseline", "above": "above", "below": "below",
        "within": "within", "worse": " (worse)", "better": " (better)", "house": "Facility",
        "definition": "Meaning", "population": "Population", "exclusions": "Left out",
        "source": "Basis", "data": "Data source", "period": "Period", "cases": "Cases",
        "frozen": "Closed by {who}, {at}; the figures stay",
        "live": "Live figures; they move with late entries and corrections",
        "with": "Late entries count", "without": "Late entries left out",
        "hidden": "1 to 4 print as “<5”, what gives them away as “*”, without share or quantiles"
        " (rule {rule}, to be verified)",
        "left_out": "Left out: drills {drills}, voided {voided}, back {back}",
        "yes": "to be verified", "printed": "Exported {at}",
        "standing": "Standing", "no": "National no.",
        "no_data": "The platform holds no such data yet",
        "whole_year": "Annual returns: whole years only",
        "whole_quarters": "Reviews: whole quarters only", "not_by_house": "Reviews: by no facility",
        "few": "Fewer than 5 reviews", "parts_by_year": "Reviews of parts: calendar years only",
        "follows": "Hidden: a small number would follow from it",
        "not_kept": "Closed before reviews were kept",
        "missing": "{n} more cases cannot be computed and are missing from these numbers",
        "notes": "Notes", "note": "No.", "month": "Month", "said": "What happened",
        "unit_of": "Unit", "writer": "Written by", "written": "Written at",
        "unsaid": "{n} notes are free text and left out of a file without small numbers",
    },
}  # fmt: skip
UNITS: dict[Language, dict[str, str]] = {
    "zh": {
        "s": "分", "percent": "%", "per_1000": "‰", "per_100000": "/10万", "sessions": "场",
        "cases": "例", "persons": "人", "ratio": "比值", "yuan": "元", "yes_no": "是/否",
    },
    "en": {
        "s": "min", "percent": "%", "per_1000": "per 1,000", "per_100000": "per 100,000",
        "sessions": "sessions", "cases": "cases", "persons": "people", "ratio": "ratio",
        "yuan": "yuan", "yes_no": "yes/no",
    },
}  # fmt: skip
STANDINGS: dict[Language, dict[str, str]] = {
    "zh": {"national": "国家", "candidate": "候选", "supplement": "省级补充", "platform": "平台"},
    "en": {
        "national": "national", "candidate": "candidate", "supplement": "supplement",
        "platform": "platform",
    },
}  # fmt: skip
"""In the order of the export: the national list, what may be in it, the province's, our own."""

NUMBERS = (
    "name", "code", "standing", "no", "version", "verify", "value", "unit", "met", "n", "p50",
    "p90", "open", "inconsistent", "late", "demo", "mean", "centres", "aim", "baseline",
    "compared", "source", "data",
)  # fmt: skip
HOUSES = ("name", "code", "house", "value", "unit", "met", "n", "p50")
MEANING = (
    "name", "code", "version", "verify", "definition", "population", "exclusions", "source", "data",
)  # fmt: skip
WIDE = {
    "name": 34,
    "aim": 34,
    "said": 60,
    "unit_of": 20,
    "writer": 22,
    "written": 17,
    "definition": 50,
    "population": 30,
    "exclusions": 30,
    "source": 50,
    "data": 34,
}


def workbook(
    found: Indicators, notes: Notes, *, hide: bool, language: Language, at: datetime
) -> bytes:
    """The file: numbers, the same by facility, what they mean, and what was noted of the months.

    Args:
        hide: print counts of 1 to 4 as "<5", for a table that is handed on.
        at: when it is exported.
    """
    words = WORDS[language]
    book = Workbook()
    page = book.active
    page.title = words["numbers"]
    for number, said in enumerate(head(found, notes, hide, language, at), 1):
        put(page, number, 1, said, boxed=False)
    page.cell(1, 1).font = Font(bold=True, size=14)
    start = page.max_row + 2
    every = shown(found, hide=hide)
    table(page, start, NUMBERS, words, [_numbers(one, language) for one in every])
    by_house = [row for one in every for row in _houses(one, language)]
    table(book.create_sheet(words["houses"]), 1, HOUSES, words, by_house)
    meaning = [_meaning(one.indicator, language) for one in every]
    table(book.create_sheet(words["meaning"]), 1, MEANING, words, meaning)
    if said_of := notes_of(found, notes, hide, language):
        table(book.create_sheet(words["notes"]), 1, noted.COLUMNS, words, said_of)
    return bytes_of(book)


def comma_separated(found: Indicators, *, hide: bool, language: Language, at: datetime) -> bytes:
    """The same numbers as one table of text: what the file covers, an empty line, the table."""
    words = WORDS[language]
    numbers = [_numbers(one, language) for one in shown(found, hide=hide)]
    rows = [[words[name] for name in NUMBERS], *(list(map(_text, one)) for one in numbers)]
    return sheet([*([said] for said in head(found, {}, hide, language, at)), [], *rows])


def notes_of(found: Indicators, notes: Notes, hide: bool, language: Language) -> list[list[Cell]]:
    """The rows of notes; none where small numbers are hidden: words cannot be weighed."""
    if hide:
        return []
    return noted.rows(in_order(found.indicators), notes, english=language == "en")


@dataclass(frozen=True, slots=True)
class Shown:
    """An indicator of the file, and what of it is hidden.

    Attributes:
        hide: whether small counts are hidden at all.
        n, met: whether the counted, and the numerator, are hidden of the whole.
        houses: whether each house's row is.
    """

    indicator: Indicator
    hide: bool = False
    n: bool = False
    met: bool = False
    houses: Sequence[bool] = ()

    @property
    def share(self) -> bool:
        """Whether the share is hidden."""
        return self.n or self.met


def shown(found: Indicators, *, hide: bool) -> list[Shown]:
    """The indicators in the order of the file; what is hidden follows from all of them."""
    every = in_order(found.indicators)
    if not hide:
        return [Shown(one) for one in every]
    cover = covered([_line(one) for one in every], found.scope.cases)
    return [_shown(one, cover, number) for number, one in enumerate(every)]


def _line(one: Indicator) -> Line:
    value, measure = one.value, one.definition.measure
    if not isinstance(value, IntervalValue | CountValue | ShareValue):
        return Line(measure, None, {})
    houses = {row.centre.id: (row.n, row.met) for row in value.by_centre}
    if isinstance(value, IntervalValue):
        return Line(measure, (value.distribution.n, None), houses)
    if isinstance(value, ShareValue):
        return Line(measure, (value.of, value.n), houses)
    return Line(measure, (value.n, None), houses)


def _shown(one: Indicator, cover: Covered, number: int) -> Shown:
    value = one.value
    if not isinstance(value, IntervalValue | CountValue | ShareValue):
        return Shown(one, hide=True)
    n, met = cover.whole(number)
    gone = [any(cover.house(number, row.centre.id)) for row in value.by_centre]
    return Shown(one, hide=True, n=n, met=met, houses=gone)


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell)


def in_order(indicators: Iterable[Indicator]) -> list[Indicator]:
    """By standing, the national list by its numbers; otherwise as the handbook has them."""
    standings = list(STANDINGS["zh"])

    def place(one: Indicator) -> tuple[int, bool, int]:
        definition = one.definition
        no = definition.national_no
        return standings.index(definition.standing), no is None, no or 0

    return sorted(indicators, key=place)


def head(
    found: Indicators, notes: Notes, hide: bool, language: Language, at: datetime
) -> Iterable[str]:
    """What the file covers, line by line; the first is its title."""
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
        drills=count(scope.drills_left_out, hide),
        voided=count(scope.voided_left_out, hide),
        back=count(scope.back_referrals_left_out, hide),
    )
    yield f"{words['cases']}: {count(scope.cases, hide)} · {left_out} · {words[scope.late]}"
    if scope.missing:
        yield words["missing"].format(n=count(scope.missing, hide))
    if hide:
        yield words["hidden"].format(rule=RULE.version)
        if unsaid := sum(map(len, notes.values())):
            yield words["unsaid"].format(n=unsaid)
    yield words["printed"].format(at=_moment(at))


def _moment(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def line(some: Shown, language: Language) -> dict[str, Cell]:
    """What the file says of one indicator, by the names of its columns."""
    return dict(zip(NUMBERS, _numbers(some, language), strict=True))


def _numbers(some: Shown, language: Language) -> list[Cell]:
    one, hide = some.indicator, some.hide
    definition, value = one.definition, one.value
    name, code, *rest = _named(one, language)
    listed = [STANDINGS[language][definition.standing], definition.national_no]
    row = [name, code, *listed, *rest, *_said(some, language)]
    if isinstance(value, IntervalValue):
        row += _not_in_it(value, hide)
    else:
        row += [None, None]
    if isinstance(value, IntervalValue | CountValue | ShareValue):
        # Of few centres, or beside houses that are told, the mean gives the hidden ones away.
        given = None if any(some.houses) else value.mean
        row += [count(value.late, hide), count(value.demo, hide)]
        row += [_mean(given, definition.unit, hide), None if given is None else given.centres]
    else:
        row += [None] * 4
    row += [_aim(definition, language), baseline(definition), _compared(some, language)]
    return [*row, definition.source, definition.data_source]


def _aim(definition: DefinitionOut, language: Language) -> Cell:
    if definition.target is None:
        return None
    said = definition.target.text
    return said.en if language == "en" and said.en else said.zh


def baseline(definition: DefinitionOut) -> Cell:
    """The province's interval, in the unit of the file; open where nothing stands."""
    said = definition.baseline
    if said is None:
        return None
    by = 60 if definition.unit == "s" else 1
    low, high = ("" if end is None else f"{end / by:g}" for end in (said.low, said.high))
    return f"{low} – {high}"


def _compared(some: Shown, language: Language) -> Cell:
    """Where the value lies; of a hidden one it would tell something."""
    said, words = some.indicator.compared, WORDS[language]
    if said is None or some.share:
        return None
    worse = {True: words["worse"], False: words["better"], None: ""}[said.worse]
    return f"{words[said.beside]}{worse}"


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


def _said(some: Shown, language: Language) -> list[Cell]:
    """Value, unit, numerator, n, P50, P90."""
    one, hide = some.indicator, some.hide
    value, unit = one.value, UNITS[language][one.definition.unit]
    if not isinstance(value, IntervalValue | CountValue | ShareValue):
        return [WORDS[language][value.why], unit, None, None, None, None]
    if isinstance(value, IntervalValue):
        told = value.distribution
        p50, p90 = (None, None) if some.n else (_minutes(told.p50_s), _minutes(told.p90_s))
        return [p50, unit, None, _whole(told.n, some), p50, p90]
    if isinstance(value, ShareValue):
        share = None if some.share or value.value is None else round(value.value, 2)
        met = count(value.n, hide, some.met)
        return [share, unit, met, _whole(value.of, some), None, None]
    n = _whole(value.n, some)
    return [n, unit, None, n, None, None]


def _whole(n: int, some: Shown) -> Cell:
    """How many count in all; of four houses "<5" would say that each has one."""
    if some.n and small(n) and len(some.houses) == FEWEST - 1:
        return HIDDEN
    return count(n, some.hide, some.n)


def _houses(some: Shown, language: Language) -> Iterable[list[Cell]]:
    one = some.indicator
    value = one.value
    if not isinstance(value, IntervalValue | CountValue | ShareValue):
        return
    name, code, *_ = _named(one, language)
    gone = some.houses or [False] * len(value.by_centre)
    for row, hides in zip(value.by_centre, gone, strict=True):
        unit = UNITS[language][one.definition.unit]
        yield [name, code, row.centre.short_name, *_house(row, value, hides, unit)]


def _not_in_it(value: IntervalValue, hide: bool) -> list[Cell]:
    """Open ones, and those in the wrong order: with the counted ones they are all that began."""
    parts = [value.open, value.inconsistent]
    gone = hide and any(map(small, parts))
    return [count(n, hide, gone) for n in parts]


def _house(
    row: CentreValue, value: IntervalValue | CountValue | ShareValue, hides: bool, unit: str
) -> list[Cell]:
    """Value, unit, numerator, n, P50."""
    if hides:
        return [count(row.n, True, True), unit, None, None, None]
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


def count(n: int, hide: bool, gone: bool = False) -> Cell:
    """A count; `gone`: it would give another away."""
    return f"<{FEWEST}" if hide and small(n) else HIDDEN if gone else n


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
