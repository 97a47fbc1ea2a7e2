"""Pure: a round as an Excel file: centres, items, results, what is put right, what it means.

The official form of the national subsystem is not in hand: the layout is the platform's own and
says so. Codes of divisions and houses, numbers of the national list and the hashes that stand on
the chains let whoever takes it over match rows and prove them.
"""

from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from openpyxl import Workbook
from openpyxl.styles import Font

from quality.handed_on import Line, covered
from quality.rounds.schemas import CheckedItem, EntryDetail, PointsOut, RoundDetail, TotalOut
from quality.rounds.scoring import Total, mean
from quality.rounds.wording import (
    LAYOUT,
    LEVEL_NAMES,
    RESULTS,
    TASK_STATES,
    VERIFY,
    finding,
    method,
    period,
    state,
    unit,
    value,
)
from quality.same_bytes import bytes_of
from quality.small_numbers import RULE
from quality.workbook import HIDDEN, WORDS, Cell, count, put, table
from registry.facilities.rules import CHINA

CENTRES: Final = {
    "centre": "救治中心", "code": "机构代码", "region": "地区", "region_code": "行政区划代码",
    "state": "进度", "points": "得分", "of": "可计分权重",
    "without": "无数据权重", "share": "得分率 %", "tasks": "未完成整改",
    "signed": "自查签名", "submitted": "自查存证 SHA-256",
}  # fmt: skip
ITEMS: Final = {
    "centre": "救治中心", "name": "项目", "code": "代码", "national": "国家序号",
    "verify": VERIFY, "value": "数值",
    "unit": "单位", "met": "分子", "n": "例数（分母）", "weight": "权重", "points": "得分",
    "finding": "现场结论", "said": "自查说明", "files": "佐证件数",
}  # fmt: skip
MEANING: Final = {
    "name": "项目", "code": "代码", "version": "定义版本", "verify": VERIFY, "national": "国家序号",
    "definition": "含义", "source": "依据", "weight": "权重", "method": "计分办法",
    "basis": "权重依据",
}  # fmt: skip
RESULT: Final = {
    "centre": "救治中心", "level": "层级", "points": "得分", "of": "可计分权重",
    "without": "无数据权重", "remark": "评语", "by": "评估人", "at": "签名时间",
    "sha256": "存证 SHA-256",
}  # fmt: skip
FEEDBACK: Final = {"centre": "救治中心", "words": "反馈意见", "by": "反馈人", "at": "反馈时间"}
TASKS: Final = {
    "centre": "救治中心", "item": "项目", "what": "整改要求", "due": "期限", "state": "进度",
    "owner": "责任人", "report": "整改情况", "files": "佐证件数", "by": "核实人", "at": "核实时间",
}  # fmt: skip
Hidden: TypeAlias = Literal["counts", "points"]
TOTAL: Final = ""
AREAS: Final = {"region": "地区", "centres": "计入均值的中心", "mean": "得分率均值 %"}


def book_of(
    found: RoundDetail, entries: Sequence[EntryDetail], at: datetime, *, hide: bool = False
) -> bytes:
    """The file.

    Args:
        at: when it is exported.
        hide: print counts of 1 to 4 as "<5", for a file that is handed on.
    """
    gone = hidden_of(entries) if hide else {}
    book = Workbook()
    page = book.active
    page.title = "评估结果"
    for number, line in enumerate(_head(found, at, hide=hide), 1):
        put(page, number, 1, line, boxed=False)
    page.cell(1, 1).font = Font(bold=True, size=14)
    summed = {one.entry.id for one in entries if (one.entry.id, TOTAL) not in gone}
    _sheet(page, page.max_row + 2, CENTRES, (_centre(one, summed) for one in entries))
    rows = (
        _item(entry, item, gone.get((entry.entry.id, item.item.code), frozenset()))
        for entry in entries
        for item in entry.items
    )
    _sheet(book.create_sheet("逐项"), 1, ITEMS, rows)
    _sheet(book.create_sheet("评估签名"), 1, RESULT, _results(entries, summed))
    _sheet(book.create_sheet("反馈"), 1, FEEDBACK, _feedback(entries))
    _sheet(book.create_sheet("整改"), 1, TASKS, _tasks(entries))
    means = areas([one for one in entries if one.entry.id in summed])
    _sheet(book.create_sheet("分地区"), 1, AREAS, means)
    _sheet(book.create_sheet("口径与权重"), 1, MEANING, _meaning(found))
    return bytes_of(book)


def _sheet(page: Any, start: int, heads: dict[str, str], rows: Iterable[list[Cell]]) -> None:
    table(page, start, list(heads), heads, list(rows))


def _head(found: RoundDetail, at: datetime, *, hide: bool) -> Iterable[str]:
    one = found.round
    yield one.title
    yield f"{one.region.name}（{one.region.code}）· {period(one)}"
    yield f"自查截止 {one.self_check_by} · 评估截止 {one.assess_by} · 规则版本 {one.rules}"
    yield LAYOUT
    yield RESULTS
    if hide:
        yield WORDS["zh"]["hidden"].format(rule=RULE.version) + "；同理隐去数值与得分"
    yield f"导出于 {_moment(at)}"


def _centre(one: EntryDetail, summed: Container[UUID]) -> list[Cell]:
    entry = one.entry
    told = entry.total
    points: list[Cell] = [None] * 4
    if told is not None:
        share = round(told.points / told.of * 100, 2) if told.of else None
        points = [told.points, told.of, told.without, share]
        if entry.id not in summed:
            points = [HIDDEN, told.of, told.without, HIDDEN]
    signed = None if one.submitted_by is None else one.submitted_by.name
    who = [entry.facility.name, entry.facility_code, entry.region.name, entry.region.code]
    return [*who, state(entry.state), *points, entry.tasks_open, signed, one.submitted]


def _results(entries: Sequence[EntryDetail], summed: Container[UUID]) -> Iterable[list[Cell]]:
    for one in entries:
        for result in one.results:
            told = result.total
            sum_ = told.points if one.entry.id in summed else HIDDEN
            points = [sum_, told.of, told.without]
            who = None if result.person is None else result.person.name
            yield [
                one.entry.facility.name, LEVEL_NAMES[result.level], *points, result.remark, who,
                _moment(result.at), result.sha256,
            ]  # fmt: skip


def _feedback(entries: Sequence[EntryDetail]) -> Iterable[list[Cell]]:
    for one in entries:
        if one.feedback is not None:
            who = None if one.feedback.person is None else one.feedback.person.name
            said = [one.feedback.words, who, _moment(one.feedback.at)]
            yield [one.entry.facility.name, *said]


def _tasks(entries: Sequence[EntryDetail]) -> Iterable[list[Cell]]:
    for one in entries:
        names = {row.item.code: row.item.name.zh for row in one.items}
        for task in one.tasks:
            yield [
                one.entry.facility.name,
                None if task.code is None else names.get(task.code, task.code),
                task.what,
                str(task.due_on),
                TASK_STATES[task.state],
                None if task.owner is None else task.owner.name,
                task.report,
                len(task.files),
                None if task.verified_by is None else task.verified_by.name,
                None if task.verified_at is None else _moment(task.verified_at),
            ]


def _moment(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"


def hidden_of(entries: Sequence[EntryDetail]) -> dict[tuple[UUID, str], frozenset[Hidden]]:
    """What of each centre's items is hidden: counts and value, points, both or nothing.

    Points say what the value was. Where one item's are hidden, those of another are too, as the
    sum of all points is told; where there is no other, the sum is hidden (`TOTAL`).
    """
    found: dict[tuple[UUID, str], frozenset[Hidden]] = {}
    for entry in entries:
        counted = [row for row in entry.items if row.figures is not None and row.item.definition]
        cover = covered([_line(entry, row) for row in counted])
        small_ones = {
            row.item.code
            for number, row in enumerate(counted)
            if any(cover.house(number, entry.entry.facility.id))
        }
        scored = [row for row in entry.items if points_of(row) is not None]
        unsaid = {row.item.code for row in scored} & small_ones
        others = [row for row in scored if row.item.code not in unsaid]
        others.sort(key=lambda row: (row.item.weight or 0, row.item.code))
        if unsaid and len(unsaid) < RULE.complement.least_hidden:
            unsaid |= {row.item.code for row in others[: RULE.complement.least_hidden - 1]}
        if unsaid and len(unsaid) < RULE.complement.least_hidden:
            found[entry.entry.id, TOTAL] = frozenset({"points"})
        for code in small_ones | unsaid:
            counts: set[Hidden] = {"counts"} if code in small_ones else set()
            points: set[Hidden] = {"points"} if code in unsaid else set()
            found[entry.entry.id, code] = frozenset(counts | points)
    return found


def _line(entry: EntryDetail, row: CheckedItem) -> Line:
    assert row.figures is not None  # noqa: S101
    assert row.item.definition is not None  # noqa: S101
    n, of = row.figures.n, row.figures.of
    counts = (n, None) if of is None else (of, n)
    return Line(row.item.definition.measure, None, {entry.entry.facility.id: counts})


def points_of(row: CheckedItem) -> PointsOut | None:
    """What decides: the owner's points, else the city's."""
    return max(
        (score for score in row.scores if score.level is not None),
        key=lambda score: score.level == "owner",
        default=None,
    )


def _item(one: EntryDetail, row: CheckedItem, gone: frozenset[Hidden]) -> list[Cell]:
    item, figures = row.item, row.figures
    counts: list[Cell] = [None, None]
    if figures is not None:
        counts = [None, figures.n] if figures.of is None else [figures.n, figures.of]
    told = value(row)
    if "counts" in gone:
        counts = [None if n is None else count(int(n), True, True) for n in counts]
        told = None
    decisive = points_of(row)
    points = None if decisive is None else decisive.points
    return [
        one.entry.facility.name,
        item.name.zh,
        item.code,
        None if item.definition is None else item.definition.national_no,
        VERIFY if item.to_be_verified else "",
        told,
        unit(item),
        *counts,
        item.weight,
        HIDDEN if "points" in gone else points,
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
