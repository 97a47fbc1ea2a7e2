"""The Excel file: every number with its n, what it means, nothing that runs, nobody given away."""

import csv
import itertools
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from openpyxl import load_workbook
from pypdf import PdfReader

from quality.annotations.schemas import ChartNote, NotePlace
from quality.definitions import Baseline, shipped
from quality.distributions import Distribution
from quality.handbook.showing import definition_out
from quality.printed import paper_of
from quality.schemas import (
    CentreValue,
    Compared,
    CountValue,
    ElsewhereValue,
    FrozenMark,
    Indicator,
    Indicators,
    IntervalValue,
    MeanOfCentres,
    PersonOut,
    PlaceOut,
    ScopeOut,
    ShareValue,
    Value,
)
from quality.untold import Untold
from quality.workbook import comma_separated, in_order, workbook
from server.paper.handing import FONTS
from tests.papers import said_in
from tests.quality.cases import as_version

AT = datetime(2026, 11, 27, 1, tzinfo=UTC)
START, END = datetime(2026, 9, 30, 16, tzinfo=UTC), datetime(2026, 10, 31, 16, tzinfo=UTC)
BY_CODE = {one.code: one for one in shipped()}
SHARE = "ob_caesarean_rate"
VALUE = CountValue(12, [], None, [], 0, 0)


def house(no: int, name: str = "") -> PlaceOut:
    return PlaceOut(UUID(int=no), name or f"医院{no}")


def found(frozen: bool = False, missing: int = 0) -> Indicators:
    """An interval of 7, a share of 3 in 20, a count of 12."""
    mark = FrozenMark(UUID(int=9), "云江市", PersonOut(UUID(int=8), "许明", "处长"), AT)
    scope = ScopeOut(START, END, None, None, "with", 19, 1, 0, 2, missing, mark if frozen else None)
    spread = Distribution(7, 300.0, 600.0, 60.0, 660.0, [], None)
    values: dict[str, Any] = {
        "request_to_accept": IntervalValue(
            spread, 2, 0, [CentreValue(house(1), 7, None, 300.0)], None, 1, 0
        ),
        "ob_caesarean_rate": ShareValue(
            3,
            20,
            15.0,
            [CentreValue(house(1), 12, 1, None), CentreValue(house(2), 8, 2, None)],
            MeanOfCentres(2, 0, 16.67),
            [],
            0,
            0,
        ),
        "remote_consults": CountValue(
            12,
            [
                CentreValue(house(3, "=HYPERLINK(1)"), 9, None, None),
                CentreValue(house(4), 3, None, None),
            ],
            MeanOfCentres(6, 0, 2.0),
            [],
            0,
            0,
        ),
    }
    return Indicators(
        scope, [Indicator(definition_out(as_version(BY_CODE[k])), v) for k, v in values.items()]
    )


def table(book: Any, name: str) -> list[dict[str, object]]:
    """Rows under the headings, by heading."""
    rows = [[cell.value for cell in row] for row in book[name].iter_rows()]
    start = next(n for n, row in enumerate(rows) if row[1] == "代码")
    return [dict(zip(map(str, rows[start]), row, strict=True)) for row in rows[start + 1 :]]


def opened(
    value: Value | None = None, *, hide: bool = False, frozen: bool = False, missing: int = 0
) -> Any:
    """The file; of one indicator alone where `value` says what it comes to."""
    told = found(frozen, missing)
    if value is not None:
        code = "ob_caesarean_rate" if isinstance(value, ShareValue) else "remote_consults"
        alone = Indicator(definition_out(as_version(BY_CODE[code])), value)
        told = Indicators(told.scope, [alone])
    book = workbook(told, {}, hide=hide, language="zh", at=AT)
    return load_workbook(BytesIO(book))


def test_numbers_stand_beside_what_they_rest_on() -> None:
    share, count, interval = table(opened(), "指标")
    assert (interval["P50（分）"], interval["P90（分）"], interval["例数（分母）"]) == (5, 10, 7)
    assert (share["数值"], share["分子"], share["例数（分母）"]) == (15, 3, 20)
    assert (share["救治中心均值"], share["计入均值的中心"]) == (16.67, 2)
    assert (count["数值"], count["未完成"]) == (12, None)
    assert interval["待核实"] == "待核实"


def test_a_baseline_stands_beside_its_number_unless_that_is_hidden() -> None:
    """3 of 20 lie under the province's 20 to 40 %; of a hidden numerator that says something."""
    baseline = Baseline(20, 40, "S", "省方案")
    definition = replace(definition_out(as_version(BY_CODE[SHARE])), baseline=baseline)
    value = ShareValue(3, 20, 15.0, [], None, [], 0, 0)
    told = Indicators(found().scope, [Indicator(definition, value, Compared("below", True))])
    for hide, said in ((False, "低于下限（较差）"), (True, None)):
        book = load_workbook(BytesIO(workbook(told, {}, hide=hide, language="zh", at=AT)))
        (row,) = table(book, "指标")
        assert (row["基线"], row["与基线相比"]) == ("20 – 40", said)
    (interval,) = [row for row in table(opened(), "指标") if row["单位"] == "分"]
    assert (interval["目标"], interval["基线"]) == ("10 分钟（本地建议值）", None)


def words(pdf: bytes) -> str:
    pages = PdfReader(BytesIO(pdf)).pages
    return said_in(pages)


def test_the_paper_says_what_the_file_says() -> None:
    told = found(frozen=True, missing=2)
    printed = paper_of(told, {}, FONTS, hide=False, language="zh", at=AT)
    said = words(printed)
    for part in ("质量指标", "15%", "3/20", "5/10", "16.67(n=2)", "10分钟（本地建议值）", "待核实",
                 "另有2例无法计算", "口径与来源", "854号"):  # fmt: skip
        assert part in said, part
    assert printed == paper_of(told, {}, FONTS, hide=False, language="zh", at=AT)
    box = PdfReader(BytesIO(printed)).pages[0].mediabox
    assert box.width > box.height
    hidden = words(paper_of(told, {}, FONTS, hide=True, language="zh", at=AT))
    assert "<5/20" in hidden
    assert "15%" not in hidden
    english = words(paper_of(told, {}, FONTS, hide=False, language="en", at=AT))
    assert "Caesareanrate" in english
    assert "Meaningandsource" in english


def note(month: str, said: str, person: PersonOut | None = None) -> ChartNote:
    place = NotePlace(kind="facility", id=UUID(int=1), name="县妇保")
    return ChartNote(
        id=UUID(int=2),
        month=month,
        text=said,
        place=place,
        written_by=person,
        written_at=AT,
        may_withdraw=False,
    )


NOTES = {
    "remote_consults": [note("2026-10", "=HYPERLINK(1)")],
    SHARE: [
        note("2026-09", "新病房启用", PersonOut(UUID(int=8), "许明", "医务科主任")),
        note("2026-10", "血站改为 24 小时"),
    ],
}


def test_notes_stand_under_the_numbers_of_their_chart() -> None:
    told = found()
    book = load_workbook(BytesIO(workbook(told, NOTES, hide=False, language="zh", at=AT)))
    assert book.sheetnames[-1] == "图注"
    rows = [tuple(cell.value for cell in row) for row in book["图注"].iter_rows()]
    assert rows == [
        ("指标", "编号", "月份", "内容", "单位", "填写人", "填写时间"),
        ("剖宫产率", 1, "2026-09", "新病房启用", "县妇保", "许明 医务科主任", "2026-11-27 09:00"),
        ("剖宫产率", 2, "2026-10", "血站改为 24 小时", "县妇保", "–", "2026-11-27 09:00"),
        ("远程会诊例数", 1, "2026-10", "=HYPERLINK(1)", "县妇保", "–", "2026-11-27 09:00"),
    ]
    assert all(cell.data_type != "f" for row in book["图注"].iter_rows() for cell in row)
    said = words(paper_of(told, NOTES, FONTS, hide=False, language="zh", at=AT))
    for part in ("图注", "2026-09", "新病房启用", "许明医务科主任", "血站改为24小时"):
        assert part in said, part
    english = words(paper_of(told, NOTES, FONTS, hide=False, language="en", at=AT))
    assert "Writtenby" in english
    assert "图注" not in english


def test_without_notes_nothing_is_said_of_them() -> None:
    book = load_workbook(BytesIO(workbook(found(), {}, hide=False, language="zh", at=AT)))
    assert "图注" not in book.sheetnames
    assert "图注" not in words(paper_of(found(), {}, FONTS, hide=False, language="zh", at=AT))


def test_what_is_handed_on_without_small_numbers_has_no_free_words() -> None:
    told = found()
    book = load_workbook(BytesIO(workbook(told, NOTES, hide=True, language="zh", at=AT)))
    assert "图注" not in book.sheetnames
    head = [row[0].value for row in book["指标"].iter_rows(max_row=8)]
    assert "图注 3 条为自由文字，隐藏小数的表不列出" in head
    said = words(paper_of(told, NOTES, FONTS, hide=True, language="zh", at=AT))
    assert "图注3条为自由文字" in said
    assert "新病房启用" not in said


def test_what_says_no_number_says_why() -> None:
    said = set()
    for why in get_args(Untold):
        book = opened(ElsewhereValue(why))
        (row,) = table(book, "指标")
        assert (row["分子"], row["例数（分母）"], row["救治中心均值"]) == (None, None, None)
        assert table(book, "按机构") == []
        said.add(row["数值"])
    assert len(said) == len(get_args(Untold))
    assert "评审不按机构分列" in said


def test_what_is_handed_on_hides_small_counts_and_what_gives_them_away() -> None:
    book = opened(hide=True)
    share, count, interval = table(book, "指标")
    assert (interval["未完成"], interval["含补录"], interval["例数（分母）"]) == ("<5", "<5", 7)
    assert (share["数值"], share["分子"], share["例数（分母）"]) == (None, "<5", 20)
    assert share["救治中心均值"] is None
    assert count["救治中心均值"] is None, "six centres' mean, less five that are told, is the sixth"
    assert interval["时间颠倒"] == "*", "with open ones it is what is left of all cases"
    houses = table(book, "按机构")
    said = {(row["代码"], row["机构"]): row["数值"] for row in houses}
    assert said["remote_consults", "医院4"] == "<5"
    assert said["remote_consults", "=HYPERLINK(1)"] == "*"
    assert {said["ob_caesarean_rate", name] for name in ("医院1", "医院2")} == {"*"}


def test_what_is_not_small_is_not_said_to_be() -> None:
    """18 of 20: the two others would follow."""
    value = ShareValue(18, 20, 90.0, [], None, [], 0, 0)
    (row,) = table(opened(value, hide=True), "指标")
    assert (row["数值"], row["分子"], row["例数（分母）"]) == (None, "*", 20)


def test_five_houses_of_one_woman_each_do_not_follow_from_their_sum() -> None:
    houses = [CentreValue(house(no), 1, None, None) for no in range(5)]
    (row,) = table(opened(CountValue(5, houses, None, [], 0, 0), hide=True), "指标")
    assert (row["数值"], row["例数（分母）"]) == ("*", "*")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(0, 5))
def test_no_small_house_follows_from_anything_in_the_file(ns: list[int], centres: int) -> None:
    """Whoever has only the file tries every number that the cells leave open."""
    houses = [CentreValue(house(no), n, None, None) for no, n in enumerate(ns)]
    own = ns[:centres]
    mean = MeanOfCentres(len(own), 0, sum(own) / len(own)) if own else None
    book = opened(CountValue(sum(ns), houses, mean, [], 0, 0), hide=True)
    (whole,) = table(book, "指标")
    told = [row["数值"] for row in table(book, "按机构")]
    open_ = {"<5": range(1, 5), "*": range(5, 20)}
    guesses = [
        guess
        for guess in itertools.product(*(open_.get(str(one), (one,)) for one in told))
        if whole["数值"] == "*" or sum(guess) in open_.get(str(whole["数值"]), (whole["数值"],))
    ]
    if whole["救治中心均值"] is not None:
        said = pytest.approx(whole["救治中心均值"], abs=0.01)
        guesses = [one for one in guesses if sum(one[:centres]) / len(one[:centres]) == said]
    for at, n in enumerate(ns):
        if n < 5:
            assert len({guess[at] for guess in guesses}) > 1, (told, whole)


def test_small_counts_above_the_table_are_hidden_too() -> None:
    lines = [row[0].value for row in opened(hide=True, missing=3)["指标"].iter_rows(max_row=6)]
    assert "病例: 19 · 不计：演练 <5，作废 0，回转 <5 · 计入补录的时间" in lines
    assert "另有 <5 例无法计算，未计入以下数字" in lines


def test_the_national_list_comes_first_by_its_numbers() -> None:
    codes = ["request_to_accept", "remote_consults", "annual_deliveries", "ob_caesarean_rate"]
    codes += ["responsible_area_guidance"]
    shown = [Indicator(definition_out(as_version(BY_CODE[code])), VALUE) for code in codes]
    assert [(one.definition.code, one.definition.national_no) for one in in_order(shown)] == [
        ("responsible_area_guidance", 15),
        ("annual_deliveries", 18),
        ("ob_caesarean_rate", None),
        ("remote_consults", None),
        ("request_to_accept", None),
    ]


@pytest.mark.parametrize("hide", [False, True])
def test_as_text_it_is_the_same_table(hide: bool) -> None:
    text = comma_separated(found(), hide=hide, language="zh", at=AT).decode("utf-8-sig")
    rows = list(csv.reader(StringIO(text)))
    start = rows.index([]) + 1
    assert ["统计期: 2026-10-01 – 2026-10-31"] in rows[:start]
    said = [dict(zip(rows[start], row, strict=True)) for row in rows[start + 1 :]]
    for text_row, row in zip(said, table(opened(hide=hide), "指标"), strict=True):
        assert text_row == {name: "" if v is None else str(v) for name, v in row.items()}
        assert text_row["依据"]
        assert text_row["版本"]
    assert {row["代码"]: row["待核实"] for row in said} == {
        "ob_caesarean_rate": "",
        "remote_consults": "待核实",
        "request_to_accept": "待核实",
    }


def test_by_facility_the_share_is_in_its_unit() -> None:
    rows = {
        row["机构"]: row["数值"] for row in table(opened(), "按机构") if row["分子"] is not None
    }
    assert rows == {"医院1": pytest.approx(8.33), "医院2": 25}


def test_a_name_is_never_a_formula() -> None:
    kinds = {cell.data_type for row in opened()["按机构"].iter_rows() for cell in row}
    assert "f" not in kinds


@pytest.mark.parametrize(("frozen", "said"), [(True, "云江市 · 已关账：许明"), (False, "实时数字")])
def test_it_says_whether_its_figures_stay(frozen: bool, said: str) -> None:
    lines = [row[0].value for row in opened(frozen=frozen)["指标"].iter_rows(max_row=6)]
    assert any(str(line).startswith(said) for line in lines)
    assert "统计期: 2026-10-01 – 2026-10-31" in lines


def test_it_says_how_many_cases_are_missing() -> None:
    lines = [row[0].value for row in opened(missing=3)["指标"].iter_rows(max_row=6)]
    assert "另有 3 例无法计算，未计入以下数字" in lines
    lines = [row[0].value for row in opened()["指标"].iter_rows(max_row=6)]
    assert not any("无法计算" in str(line) for line in lines)


def test_it_speaks_english_too() -> None:
    file = workbook(found(), {}, hide=False, language="en", at=AT)
    book = load_workbook(BytesIO(file))
    assert book.sheetnames == ["Indicators", "By facility", "Meaning and source"]
    names = [row[0].value for row in book["Meaning and source"].iter_rows(min_row=2)]
    assert names[0] == "Caesarean rate"
