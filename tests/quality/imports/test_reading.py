"""Files: every cell is read or complained about; checks raise doubts and refuse nothing."""

from datetime import date

import pytest

from quality.imports.reading import read
from quality.imports.sheets import Condition, sheets

TODAY = date(2026, 11, 27)
MOTHERS, NEWBORNS = sheets()["front_pages"], sheets()["birth_cards"]
HEAD = "病案号,分娩日期,孕周,分娩方式,初产妇,产后24小时出血量(mL),输红细胞(U),子宫切除"
GOOD = "A1,2026-03-01,39+2,阴道,是,300,,否"


def cells(**change: str) -> str:
    """The good row with some cells changed."""
    names = ("key", "day", "weeks", "mode", "first", "loss", "cells", "uterus")
    row = dict(zip(names, GOOD.split(","), strict=True)) | change
    return f"{HEAD}\n{','.join(row.values())}\n"


def test_a_good_row_says_what_its_cells_say() -> None:
    found = read(MOTHERS, "\ufeff" + cells(), TODAY)
    (row,) = found.rows
    assert (row.row_no, row.key, row.day) == (1, "A1", date(2026, 3, 1))
    assert row.content == {
        "gestation_days": 275,
        "mode": "vaginal",
        "primiparous": True,
        "blood_loss_24h_ml": 300,
        "hysterectomy": False,
    }
    assert (found.complaints, found.doubts, found.missing, found.unknown) == ([], [], [], [])


@pytest.mark.parametrize(
    ("said", "days"), [("39", 273), ("39+2", 275), ("39周2天", 275), ("39w2d", 275), ("28周", 196)]
)
def test_gestation_is_read_in_its_usual_forms(said: str, days: int) -> None:
    (row,) = read(MOTHERS, cells(weeks=said), TODAY).rows
    assert row.content["gestation_days"] == days


@pytest.mark.parametrize(
    ("change", "heading", "trouble"),
    [
        ({"key": ""}, "病案号", "missing"),
        ({"key": "9" * 65}, "病案号", "too_long"),
        ({"day": "2026-02-30"}, "分娩日期", "not_a_day"),
        ({"day": "2026/11/28"}, "分娩日期", "in_the_future"),
        ({"day": "1926-11-28"}, "分娩日期", "out_of_bounds"),
        ({"weeks": "39+7"}, "孕周", "not_a_number"),
        ({"weeks": "50"}, "孕周", "out_of_bounds"),
        ({"mode": "顺产"}, "分娩方式", "unknown_word"),
        ({"first": "?"}, "初产妇", "unknown_word"),
        ({"loss": "-3"}, "产后24小时出血量(mL)", "not_a_number"),
        ({"loss": "1.5"}, "产后24小时出血量(mL)", "not_a_number"),
        ({"loss": "٣"}, "产后24小时出血量(mL)", "not_a_number"),
        ({"cells": "201"}, "输红细胞(U)", "out_of_bounds"),
    ],
)
def test_a_bad_cell_refuses_its_row_and_says_why(
    change: dict[str, str], heading: str, trouble: str
) -> None:
    found = read(MOTHERS, cells(**change) + GOOD.replace("A1", "A2"), TODAY)
    assert [(one.row_no, one.heading, one.trouble) for one in found.complaints] == [
        (1, heading, trouble)
    ]
    assert [one.key for one in found.rows] == ["A2"]


def test_a_key_stands_once_in_a_file() -> None:
    found = read(MOTHERS, cells() + "\n" + GOOD, TODAY)
    assert [(one.row_no, one.trouble) for one in found.complaints] == [(3, "twice")]
    assert (len(found.rows), found.count) == (1, 2)


@pytest.mark.parametrize(
    ("change", "doubts"),
    [
        ({"loss": "300", "cells": "2"}, ["transfused_without_loss"]),
        ({"loss": "", "cells": "2"}, ["transfused_without_loss"]),
        ({"loss": "500", "cells": "1"}, []),
        ({"loss": "999", "uterus": "是"}, ["hysterectomy_without_loss"]),
        ({"loss": "1000", "uterus": "是"}, []),
        ({"weeks": "27+6"}, ["before_28_weeks"]),
    ],
)
def test_a_doubtful_row_is_taken_and_said(change: dict[str, str], doubts: list[str]) -> None:
    found = read(MOTHERS, cells(**change), TODAY)
    assert [one.check for one in found.doubts] == doubts
    assert len(found.rows) == 1


RETURNS, PRACTICE = sheets()["annual_returns"], sheets()["practice_cards"]
YEAR = (
    "报表编号,统计截止日期,统计范围,户籍,产妇数,活产数,产前检查人数,系统管理人数,住院分娩活产数,"
    "孕产妇死亡数"
)
CARDS = "考核合格证编号,发证日期,人员类别,技术服务项目,在岗,有效期剩余年数"


@pytest.mark.parametrize(
    ("row", "doubts"),
    [
        ("N1,2025-12-31,本辖区,户籍,1000,1010,980,950,1010,0", []),
        ("N1,2025-12-31,本辖区,户籍,1000,1010,,950,,1", []),
        ("N1,2025-12-31,本辖区,合计,1000,1010,980,981,1010,0", ["managed_over_examined"]),
        ("N1,2025-12-31,本辖区,合计,1000,1010,980,980,1011,0", ["hospital_over_live_births"]),
        ("N1,2025-12-31,本辖区,非户籍,2,2,,,,3", ["deaths_over_women", "deaths_far_over_births"]),
        ("N1,2025-12-31,本辖区,非户籍,0,2,,,,0", ["births_without_women"]),
    ],
)
def test_figures_of_a_year_fit_together_or_are_doubted(row: str, doubts: list[str]) -> None:
    found = read(RETURNS, f"{YEAR}\n{row}\n", TODAY)
    assert [one.check for one in found.doubts] == doubts
    assert (len(found.rows), found.complaints) == (1, [])


@pytest.mark.parametrize(
    ("row", "doubts", "troubles"),
    [
        ("Z1,2020-05-01,助产士,助产技术,是,2", [], []),
        ("Z1,2020-05-01,助产士,产前诊断,是,", ["midwife_beyond_midwifery"], []),
        ("Z1,2020-05-01,产科医师,助产技术,是,0", ["active_without_validity"], []),
        ("Z1,2020-05-01,产科医师,助产技术,否,0", [], []),
        ("Z1,2020-05-01,院长,助产技术,是,2", [], ["unknown_word"]),
        (",2020-05-01,助产士,助产技术,是,2", [], ["missing"]),
    ],
)
def test_licences_are_read_and_doubted(row: str, doubts: list[str], troubles: list[str]) -> None:
    found = read(PRACTICE, f"{CARDS}\n{row}\n", TODAY)
    assert [one.check for one in found.doubts] == doubts
    assert [one.trouble for one in found.complaints] == troubles


def test_without_its_headings_a_file_is_not_read() -> None:
    found = read(NEWBORNS, cells(), TODAY)
    assert "报告卡编号" in found.missing
    assert (found.rows, found.count) == ([], 0)
    assert read(NEWBORNS, "", TODAY).missing


def test_what_is_not_given_fulfils_no_condition() -> None:
    assert not Condition("apgar5", at_most=3).holds({})
    assert not Condition("apgar5", at_most=3).holds({"apgar5": True})
    assert Condition("apgar5", at_most=3).holds({"apgar5": 3})


@pytest.mark.parametrize("sheet", sheets().values(), ids=lambda one: one.code)
def test_columns_that_nobody_compared_are_not_called_official(sheet: object) -> None:
    assert getattr(sheet, "confidence", None) in ("V", "S", "B", "I")
