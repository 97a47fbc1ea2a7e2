"""The tables themselves: complete, sourced, and laid over each other as meant."""

from datetime import date
from pathlib import Path

import pytest

from registry.risk.rules import Verdict, evaluate
from registry.risk.rulesets import (
    FOLDER,
    NATIONAL,
    PURPLE,
    SEVERITY,
    Colour,
    Kind,
    Ruleset,
    rulebook,
)
from tests.registry.risk.women import healthy

RULEBOOK = rulebook()
NATIONAL_ASSESSMENT = RULEBOOK.rulesets[NATIONAL, Kind.ASSESSMENT]


def variant(name: str) -> Ruleset:
    return RULEBOOK.rulesets[name, Kind.ASSESSMENT]


def colour(name: str, **changed: object) -> Colour | None:
    return evaluate(variant(name), healthy(variant(name), **changed), RULEBOOK.facts).colour


def test_every_condition_has_both_languages_a_source_and_a_confidence() -> None:
    for ruleset in RULEBOOK.rulesets.values():
        for condition in ruleset.conditions:
            assert condition.zh, condition.code
            assert condition.en, condition.code
            assert condition.source, condition.code
            assert condition.confidence in "VSBI"
            assert bool(condition.note_zh) == bool(condition.note_en)


def test_what_was_not_seen_in_the_source_is_marked() -> None:
    red = [entry for entry in NATIONAL_ASSESSMENT.conditions if entry.colour == "red"]
    assert [entry.code for entry in red if not entry.to_be_verified] == ["R1.1.1", "R1.2"]
    purple = [entry for entry in NATIONAL_ASSESSMENT.conditions if entry.colour == PURPLE]
    assert len(purple) == 6
    assert not any(entry.to_be_verified for entry in purple)


def test_the_optional_items_are_the_starred_ones() -> None:
    screening = RULEBOOK.rulesets[NATIONAL, Kind.SCREENING]
    starred = [entry.code for entry in screening.conditions if entry.optional]
    assert starred == ["S6.1", "S6.2", "S6.5", "S6.6", "S6.7"]


def test_a_variant_holds_the_national_conditions_and_its_own() -> None:
    national = {entry.code for entry in NATIONAL_ASSESSMENT.conditions}
    own = {
        name: {entry.code for entry in variant(name).conditions} - national
        for name in ("zhejiang_2018", "guangzhou_2019", "beijing")
    }
    assert own == {
        "zhejiang_2018": {"ZY1", "ZY2", "ZY3", "ZR1", "ZR2", "ZR3"},
        "guangzhou_2019": {"GK1", "GR1"},
        "beijing": {"BC1"},
    }


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        ({"alt_raised": True}, "yellow"),
        ({"primary_hypertension": True}, "yellow"),
        ({"height_cm": 145, "weight_early_kg": 45}, "yellow"),
        ({"scarred_uterus": True, "uterine_scar_interval_months": 18}, "yellow"),
        ({"scarred_uterus": True, "uterine_scar_interval_months": 17}, "orange"),
        ({"rh_incompatibility": True}, "orange"),
        ({"heart_failure_history": True}, "red"),
        ({"uterine_rupture_history": True}, "red"),
        ({"caesareans_3_or_more": True}, "red"),
    ],
)
def test_zhejiang(fact: dict[str, object], expected: str) -> None:
    assert colour("zhejiang_2018", **fact) == expected
    replaced = next(entry for entry in variant("zhejiang_2018").conditions if entry.code == "O3.2")
    assert replaced.confidence == "S"


def test_guangzhou_has_six_colours_and_lowers_nothing() -> None:
    assert colour("guangzhou_2019", local_table_pink=True) is Colour.PINK
    assert colour("guangzhou_2019", local_table_red=True) is Colour.RED
    assert colour("guangzhou_2019", endocarditis=True) is Colour.RED
    assert {*variant("guangzhou_2019").colours} == {
        *("green", "yellow", "orange", "pink", "red", PURPLE)
    }
    order = [Colour.ORANGE, Colour.PINK, Colour.RED]
    assert sorted(order, key=SEVERITY.__getitem__) == order


def test_beijing_has_a_tier_above_red() -> None:
    assert colour("beijing", critical_report_range=True, endocarditis=True) is Colour.CRITICAL
    assert max(SEVERITY, key=SEVERITY.__getitem__) is Colour.CRITICAL


def test_a_variant_counts_from_its_first_to_its_last_day_and_then_the_national_table() -> None:
    def on(day: date) -> str:
        return RULEBOOK.on("guangzhou_2019", Kind.ASSESSMENT, day).variant

    assert on(date(2019, 5, 31)) == NATIONAL
    assert on(date(2019, 6, 1)) == "guangzhou_2019"
    assert on(date(2024, 5, 31)) == "guangzhou_2019"
    assert on(date(2024, 6, 1)) == NATIONAL


def test_a_variant_without_a_screening_table_screens_by_the_national_one() -> None:
    national = RULEBOOK.rulesets[NATIONAL, Kind.SCREENING]
    assert RULEBOOK.get("zhejiang_2018", Kind.SCREENING) is national
    assert RULEBOOK.get("nowhere", Kind.SCREENING) is None


def test_a_version_names_what_it_stands_on() -> None:
    assert NATIONAL_ASSESSMENT.version == "2017.1"
    assert variant("zhejiang_2018").version == "2017.1+zhejiang_2018.2018.1"


HEAD = """
id = "mine"
base = "national_2017"
kind = "assessment"
version = "1"
valid_from = 2020-01-01
source = "test"
confidence = "I"
zh = "测"
en = "Test"
"""


def written(tmp_path: Path, overlay: str) -> Path:
    """The shipped tables with one more beside them."""
    for path in FOLDER.glob("*.toml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    (tmp_path / "mine.toml").write_text(HEAD + overlay, "utf-8")
    return tmp_path


def test_a_variant_may_take_a_condition_away(tmp_path: Path) -> None:
    found = rulebook(written(tmp_path, 'removes = ["Y3.12"]\ncondition = []'))
    mine = found.rulesets["mine", Kind.ASSESSMENT]
    facts = healthy(NATIONAL_ASSESSMENT, hyperemesis=True)
    assert evaluate(mine, facts, found.facts).colour is Colour.GREEN
    assert "Y3.12" not in evaluate(mine, facts, found.facts).codes(Verdict.CLEAR)


@pytest.mark.parametrize(
    ("overlay", "complaint"),
    [
        ('removes = ["Y9"]\ncondition = []', "removes what is not there"),
        (
            '[[condition]]\ncode = "X"\ngroup = "heart"\ncolour = "yellow"\nzh = "x"\nen = "x"',
            "either `asks` or `when`",
        ),
        (
            '[[condition]]\ncode = "X"\ngroup = "heart"\ncolour = "blue"\nzh = "x"\nen = "x"\n'
            'asks = "x"',
            "colour blue does not fit",
        ),
        (
            '[[condition]]\ncode = "X"\ngroup = "tail"\ncolour = "red"\nzh = "x"\nen = "x"\n'
            'asks = "x"',
            "no group tail",
        ),
        (
            '[[condition]]\ncode = "X"\ngroup = "heart"\ncolour = "red"\nzh = "x"\nen = "x"\n'
            'when = { fact = "unheard_of", gt = 1 }',
            "nobody describes",
        ),
        (
            2 * '[[condition]]\ncode = "X"\ngroup = "heart"\ncolour = "red"\nzh = "x"\nen = "x"\n'
            'asks = "x"\n',
            "a code stands twice",
        ),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(
    tmp_path: Path, overlay: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        rulebook(written(tmp_path, overlay))
