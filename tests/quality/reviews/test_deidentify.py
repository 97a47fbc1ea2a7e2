"""Identity is taken out of text; what the panel needs stays."""

import pytest

from quality.reviews.deidentify import Mask, age_band, letters

KNOWN = {
    "林测试": "［患者］",
    "清江市妇幼": "A 机构",
    "清江市妇幼保健院": "A 机构",
    "张": "［人名］",
    "19900054321": "［电话］",
}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("林测试，30岁，由清江市妇幼保健院转来", "［患者］，30岁，由A 机构转来"),
        ("紧张，血压 84/50 mmHg，心率 128 次/分", "紧张，血压 84/50 mmHg，心率 128 次/分"),
        ("联系 19900054321 或 19900012345", "联系 ［电话］ 或 ［电话］"),
        ("座机 0791-8612345", "座机 ［电话］"),
        ("身份证 11010519491231002X", "身份证 ［证件号］"),
        ("2026-11-22 入院，11月23日手术", "［日期］ 入院，［日期］手术"),
        ("2026年11月22日14:05 出血 1500 mL", "［日期］［时刻］ 出血 1500 mL"),
        ("14时05分宫缩乏力", "［时刻］宫缩乏力"),
        ("住院号：A12345，孕38+2周", "［编号］，孕38+2周"),
        ("邮箱 someone@example.org", "邮箱 ［邮箱］"),
        ("缩宫素 20 U，1:1000 肾上腺素，红细胞 4 U", "缩宫素 20 U，1:1000 肾上腺素，红细胞 4 U"),
        ("Hb 62 g/L，PLT 42×10⁹/L", "Hb 62 g/L，PLT 42×10⁹/L"),
    ],
)
def test_masked(text: str, masked: str) -> None:
    assert Mask(KNOWN)(text) == masked


def test_nothing_known_still_hides_what_has_the_shape_of_an_identity() -> None:
    assert Mask({})("19900067890") == "［电话］"


def test_houses_have_letters_in_their_order() -> None:
    many = letters(f"h{n}" for n in range(28))
    assert (many["h0"], many["h25"], many["h26"], many["h27"]) == ("A", "Z", "A1", "B1")


@pytest.mark.parametrize(
    ("age", "band"),
    [(None, None), (17, "<18"), (18, "18–19"), (20, "20–24"), (34, "30–34"), (45, "≥45")],
)
def test_ages_are_bands(age: int | None, band: str | None) -> None:
    assert age_band(age) == band
