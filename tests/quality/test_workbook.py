"""The Excel file: every number with its n, what it means, nothing that runs, nobody given away."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook

from quality.definitions import shipped
from quality.distributions import Distribution
from quality.handbook.showing import definition_out
from quality.schemas import (
    CentreValue,
    CountValue,
    FrozenMark,
    Indicator,
    Indicators,
    IntervalValue,
    MeanOfCentres,
    PersonOut,
    PlaceOut,
    ScopeOut,
    ShareValue,
)
from quality.workbook import workbook
from tests.quality.cases import as_version

AT = datetime(2026, 11, 27, 1, tzinfo=UTC)
START, END = datetime(2026, 9, 30, 16, tzinfo=UTC), datetime(2026, 10, 31, 16, tzinfo=UTC)
BY_CODE = {one.code: one for one in shipped()}


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


def opened(*, hide: bool = False, frozen: bool = False, missing: int = 0) -> Any:
    book = workbook(found(frozen, missing), hide=hide, language="zh", at=AT)
    return load_workbook(BytesIO(book))


def test_numbers_stand_beside_what_they_rest_on() -> None:
    interval, share, count = table(opened(), "指标")
    assert (interval["P50（分）"], interval["P90（分）"], interval["例数（分母）"]) == (5, 10, 7)
    assert (share["数值"], share["分子"], share["例数（分母）"]) == (15, 3, 20)
    assert (share["救治中心均值"], share["计入均值的中心"]) == (16.67, 2)
    assert (count["数值"], count["未完成"]) == (12, None)
    assert interval["待核实"] == "待核实"


def test_what_is_handed_on_hides_small_counts_and_what_gives_them_away() -> None:
    book = opened(hide=True)
    interval, share, count = table(book, "指标")
    assert (interval["未完成"], interval["含补录"], interval["例数（分母）"]) == ("<5", "<5", 7)
    assert (share["数值"], share["分子"], share["例数（分母）"]) == (None, "<5", 20)
    assert share["救治中心均值"] is None
    assert count["救治中心均值"] == 2
    houses = table(book, "按机构")
    said = {(row["代码"], row["机构"]): row["数值"] for row in houses}
    assert said["remote_consults", "医院4"] == "<5"
    assert said["remote_consults", "=HYPERLINK(1)"] == "*"
    assert {said["ob_caesarean_rate", name] for name in ("医院1", "医院2")} == {"*"}


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
    file = workbook(found(), hide=False, language="en", at=AT)
    book = load_workbook(BytesIO(file))
    assert book.sheetnames == ["Indicators", "By facility", "Meaning and source"]
    names = [row[0].value for row in book["Meaning and source"].iter_rows(min_row=2)]
    assert names[0] == "Request to acceptance"
