"""Every logic check: a row that fails it, and one beside it that passes all."""

from datetime import date

import pytest

from quality.imports.reading import read
from quality.imports.sheets import Check, Sheet, sheets

TODAY = date(2026, 11, 27)

FRONT = {
    "病案号": "A1", "分娩日期": "2026-03-02", "孕周": "39+2", "分娩方式": "阴道", "初产妇": "否",
    "椎管内麻醉镇痛": "否", "产后24小时出血量(mL)": "300", "输红细胞(U)": "0", "子宫切除": "否",
    "入院日期": "2026-03-01", "出院日期": "2026-03-05", "年龄": "30", "孕次": "3", "产次": "2",
    "胎数": "1", "活产胎数": "1", "疾病编码": "O80.0", "手术操作编码": "73.6",
}  # fmt: skip
CAESAREAN = {"分娩方式": "剖宫产", "手术操作编码": "74.1", "疾病编码": "O82.0"}
BLEEDING = {"产后24小时出血量(mL)": "1500", "疾病编码": "O72.1"}
BIRTH = {
    "报告卡编号": "B1", "出生日期": "2026-03-02", "出生孕周": "39", "出生体重(g)": "3300",
    "活产": "是", "1分钟Apgar": "9", "5分钟Apgar": "10", "10分钟Apgar": "10", "身长(cm)": "50",
    "胎数": "2", "胎次序": "1", "母亲年龄": "30", "签发日期": "2026-03-03",
}  # fmt: skip
YEAR = {
    "报表编号": "N1", "统计截止日期": "2025-09-30", "户籍": "户籍", "统计范围": "本辖区",
    "产妇数": "1000", "活产数": "1010", "早孕建册人数": "900", "产前检查人数": "980",
    "系统管理人数": "950", "高危产妇人数": "200", "住院分娩活产数": "1010", "产后访视人数": "970",
    "孕产妇死亡数": "0",
}  # fmt: skip
CARD = {
    "考核合格证编号": "Z1", "发证日期": "2024-05-01", "人员类别": "助产士",
    "技术服务项目": "助产技术", "在岗": "是", "有效期剩余年数": "1",
}  # fmt: skip
LICENCE = {
    "许可证编号": "L1", "发证日期": "2024-05-01", "技术服务项目": "助产技术", "有效": "是",
    "有效期剩余年数": "1",
}  # fmt: skip
CHILDREN = {
    "报表编号": "C1", "统计截止日期": "2025-09-30", "户籍": "户籍", "统计范围": "本辖区",
    "活产数": "1000", "新生儿死亡数": "2", "婴儿死亡数": "4", "5岁以下儿童死亡数": "6",
}  # fmt: skip
BEDS = {
    "报表编号": "J1", "统计截止日期": "2025-12-31", "产科实有床位数": "40", "实有床位总数": "500",
}  # fmt: skip
GOOD = {
    "front_pages": FRONT, "birth_cards": BIRTH, "annual_returns": YEAR, "practice_cards": CARD,
    "child_returns": CHILDREN, "institution_returns": BEDS,
    "house_licences": LICENCE,
}  # fmt: skip

Change = dict[str, str]
ROWS: dict[str, tuple[Change, Change]] = {
    # front pages
    "transfused_without_loss": ({"输红细胞(U)": "1"}, {"输红细胞(U)": "0.5"}),
    "hysterectomy_without_loss": (
        {"子宫切除": "是", "手术操作编码": "68.4"},
        BLEEDING | {"子宫切除": "是", "手术操作编码": "68.4"},
    ),
    "before_28_weeks": ({"孕周": "27+6"}, {"孕周": "28"}),
    "converted_without_primary": (
        CAESAREAN | {"椎管内麻醉镇痛": "是"},
        CAESAREAN | {"椎管内麻醉镇痛": "是", "分娩方式": "中转剖宫产"},
    ),
    "delivered_before_admission": ({"入院日期": "2026-03-03"}, {"入院日期": "2026-03-02"}),
    "discharged_before_delivery": (
        {"入院日期": "2026-02-27", "出院日期": "2026-03-01"}, {"出院日期": "2026-03-02"},
    ),
    "discharged_before_admission": (
        {"入院日期": "2026-03-06"}, {"入院日期": "2026-03-02", "出院日期": "2026-03-02"},
    ),
    "age_unusual": ({"年龄": "51"}, {"年龄": "50"}),
    "parity_over_gravidity": ({"孕次": "2", "产次": "3"}, {"孕次": "2", "产次": "2"}),
    "primiparous_with_births": ({"初产妇": "是"}, {"初产妇": "是", "产次": "1"}),
    "multiparous_first_pregnancy": ({"孕次": "1", "产次": "1"}, {"孕次": "2", "产次": "1"}),
    "alive_over_fetuses": ({"活产胎数": "2"}, {"胎数": "2", "活产胎数": "2", "疾病编码": "O30.0"}),
    "multiple_without_code": ({"胎数": "2"}, {"胎数": "2", "疾病编码": "O80.0；O30.0"}),
    "single_with_multiple_code": ({"疾病编码": "O30.0"}, {"疾病编码": ""}),
    "caesarean_without_operation": (CAESAREAN | {"手术操作编码": "74.3"}, CAESAREAN),
    "vaginal_with_caesarean_operation": ({"手术操作编码": "73.6 74.1x01"}, {"手术操作编码": ""}),
    "hysterectomy_without_operation": (
        BLEEDING | {"子宫切除": "是"},
        BLEEDING | {"子宫切除": "是", "手术操作编码": "68.3"},
    ),
    "operation_without_hysterectomy": ({"手术操作编码": "68.49"}, {"手术操作编码": "68.23"}),
    "vaginal_loss_without_code": (
        {"产后24小时出血量(mL)": "500"}, {"产后24小时出血量(mL)": "500", "疾病编码": "O72.1"},
    ),
    "caesarean_loss_without_code": (
        CAESAREAN | {"产后24小时出血量(mL)": "1000"}, CAESAREAN | {"产后24小时出血量(mL)": "999"},
    ),
    "haemorrhage_code_without_loss": (
        {"疾病编码": "O72.0"}, {"疾病编码": "O72.0", "产后24小时出血量(mL)": "500"},
    ),
    "loss_without_transfusion": (
        {"产后24小时出血量(mL)": "2500", "疾病编码": "O72.1"},
        {"产后24小时出血量(mL)": "2500", "疾病编码": "O72.1", "输红细胞(U)": "4"},
    ),
    "preterm_code_at_term": ({"疾病编码": "O60.1"}, {"疾病编码": "O60.1", "孕周": "36+6"}),
    "gestation_very_long": ({"孕周": "43"}, {"孕周": "42+6"}),
    # birth cards
    "live_without_signs": (
        {"1分钟Apgar": "0", "5分钟Apgar": "0", "10分钟Apgar": "0"},
        {"1分钟Apgar": "0", "5分钟Apgar": "1", "10分钟Apgar": "1"},
    ),
    "heavy_for_gestation": (
        {"出生体重(g)": "4000", "出生孕周": "33+6"}, {"出生体重(g)": "4000", "出生孕周": "34"},
    ),
    "light_for_gestation": ({"出生体重(g)": "999"}, {"出生体重(g)": "1000"}),
    "dead_with_apgar": (
        {"活产": "否", "1分钟Apgar": "0", "5分钟Apgar": "1", "10分钟Apgar": "1"},
        {"活产": "否", "1分钟Apgar": "0", "5分钟Apgar": "0", "10分钟Apgar": "0"},
    ),
    "apgar5_under_apgar1": ({"5分钟Apgar": "8"}, {"5分钟Apgar": "9"}),
    "apgar10_under_apgar5": ({"10分钟Apgar": "9"}, {"10分钟Apgar": ""}),
    "order_over_fetuses": ({"胎次序": "3"}, {"胎次序": "2"}),
    "issued_before_birth": ({"签发日期": "2026-03-01"}, {"签发日期": "2026-03-02"}),
    "mother_age_unusual": ({"母亲年龄": "13"}, {"母亲年龄": "14"}),
    "very_heavy": ({"出生体重(g)": "5501"}, {"出生体重(g)": "5500"}),
    "heavy_before_28_weeks": (
        {"出生孕周": "27+6", "出生体重(g)": "1801"}, {"出生孕周": "27+6", "出生体重(g)": "1800"},
    ),
    "tiny_and_alive": (
        {"出生孕周": "24", "出生体重(g)": "499"}, {"出生孕周": "24", "出生体重(g)": "500"},
    ),
    "short_at_term": ({"身长(cm)": "39.9"}, {"身长(cm)": "40"}),
    # annual returns
    "managed_over_examined": ({"系统管理人数": "981"}, {"系统管理人数": "980"}),
    "high_risk_over_women": ({"高危产妇人数": "1001"}, {"高危产妇人数": "1000"}),
    "hospital_over_live_births": ({"住院分娩活产数": "1011"}, {"住院分娩活产数": ""}),
    "deaths_over_women": (
        {"产妇数": "1", "活产数": "1", "早孕建册人数": "", "产前检查人数": "", "系统管理人数": "",
         "高危产妇人数": "", "住院分娩活产数": "", "产后访视人数": "", "孕产妇死亡数": "2"},
        {"孕产妇死亡数": "1"},
    ),
    "births_without_women": (
        {"产妇数": "0", "活产数": "1", "早孕建册人数": "", "产前检查人数": "", "系统管理人数": "",
         "高危产妇人数": "", "住院分娩活产数": "", "产后访视人数": ""},
        {"产妇数": "1", "活产数": "1", "早孕建册人数": "", "产前检查人数": "", "系统管理人数": "",
         "高危产妇人数": "", "住院分娩活产数": "", "产后访视人数": ""},
    ),
    "covers_not_said": ({"统计范围": ""}, {"统计范围": "本机构"}),
    "examined_over_women": ({"产前检查人数": "1001"}, {"产前检查人数": "1000"}),
    "booked_over_women": ({"早孕建册人数": "1001"}, {"早孕建册人数": "1000"}),
    "visited_over_women": ({"产后访视人数": "1001"}, {"产后访视人数": "1000"}),
    "births_far_over_women": ({"活产数": "1101"}, {"活产数": "1100"}),
    "deaths_far_over_births": ({"孕产妇死亡数": "6"}, {"孕产妇死亡数": "5"}),
    # practice cards
    "midwife_beyond_midwifery": (
        {"技术服务项目": "产前筛查"}, {"人员类别": "产科医师", "技术服务项目": "产前筛查"},
    ),
    "active_without_validity": ({"有效期剩余年数": "0"}, {"有效期剩余年数": "0", "在岗": "否"}),
    "validity_too_long": ({"有效期剩余年数": "3.5"}, {"有效期剩余年数": "3"}),
    "licence_expired": ({"有效期剩余年数": "0"}, {"有效期剩余年数": "0", "有效": "否"}),
    "licence_too_long": ({"有效期剩余年数": "3.5"}, {"有效期剩余年数": "3"}),
    "nurse_diagnosing": (
        {"人员类别": "护士", "技术服务项目": "产前诊断"},
        {"人员类别": "护士", "技术服务项目": "助产技术"},
    ),
    # returns of child health, and of institutions
    "neonatal_over_infant_deaths": ({"新生儿死亡数": "5"}, {"新生儿死亡数": "4"}),
    "infant_over_under5_deaths": ({"婴儿死亡数": "7"}, {"婴儿死亡数": "6"}),
    "infant_deaths_far_over_births": ({"活产数": "79"}, {"活产数": "80"}),
    "child_covers_not_said": ({"统计范围": ""}, {"统计范围": "本机构"}),
    "obstetric_over_all_beds": ({"实有床位总数": "39"}, {"实有床位总数": "40"}),
    "no_obstetric_beds": ({"产科实有床位数": "0"}, {"产科实有床位数": "1"}),
}  # fmt: skip
EVERY = [(sheet, check) for sheet in sheets().values() for check in sheet.check]


def doubts(sheet: Sheet, change: Change) -> list[str]:
    """The checks that the good row fails with some cells changed; it is taken all the same."""
    row = GOOD[sheet.code] | change
    assert row.keys() <= {one.heading for one in sheet.columns}
    found = read(sheet, f"{','.join(row)}\n{','.join(row.values())}\n", TODAY)
    assert (found.complaints, len(found.rows)) == ([], 1)
    return [one.check for one in found.doubts]


@pytest.mark.parametrize(("sheet", "check"), EVERY, ids=lambda one: one.code)
def test_a_check_fails_one_row_and_passes_another(sheet: Sheet, check: Check) -> None:
    failing, passing = ROWS[check.code]
    assert check.code in doubts(sheet, failing)
    told = doubts(sheet, passing)
    assert check.code not in told
    assert told == [], "what passes this one is wrong in no other way"


@pytest.mark.parametrize("sheet", sheets().values(), ids=lambda one: one.code)
def test_the_good_row_is_doubted_by_nothing(sheet: Sheet) -> None:
    assert doubts(sheet, {}) == []


def test_every_check_is_tried_and_calls_itself_ours() -> None:
    codes = [check.code for _, check in EVERY]
    assert len(set(codes)) == len(codes)
    assert set(codes) == ROWS.keys()
    for _, check in EVERY:
        assert check.source.startswith("平台自拟"), "no official text was seen"
        assert check.confidence in ("B", "I")
        assert check.says.zh
        assert check.says.en


@pytest.mark.parametrize(
    ("cell", "kept"), [("o72.1；O30.0", None), ("O72.100x001", None), ("产后出血", "not_a_code")]
)
def test_codes_are_compared_and_not_kept(cell: str, kept: str | None) -> None:
    row = FRONT | {"疾病编码": cell}
    sheet = sheets()["front_pages"]
    found = read(sheet, f"{','.join(row)}\n{','.join(row.values())}\n", TODAY)
    assert [one.trouble for one in found.complaints] == ([] if kept is None else [kept])
    for one in found.rows:
        assert {"diagnoses", "operations", "age", "gravidity", "parity"}.isdisjoint(one.content)
