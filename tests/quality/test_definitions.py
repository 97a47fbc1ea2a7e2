"""Definitions: complete, in both languages, honest about their sources, versioned by date."""

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest

from quality.definitions import FOLDER, Baseline, Definition, shipped
from referral.clocks.data import MILESTONES, Target

BY_CODE = {entry.code: entry for entry in shipped()}
EVERY = pytest.mark.parametrize("entry", shipped(), ids=lambda entry: entry.code)


@EVERY
def test_a_definition_says_all_in_both_languages(entry: Definition) -> None:
    words = [entry.name, entry.definition, entry.population, entry.numerator, entry.denominator]
    for said in filter(None, words):
        assert said.zh.strip()
        assert said.en.strip()
        assert not any("\u4e00" <= sign <= "\u9fff" for sign in said.en)
    assert len(entry.exclusions.zh) == len(entry.exclusions.en)
    assert (
        entry.kind in ("elsewhere",)
        or entry.code == "rescue_centre_coverage"
        or (len(entry.exclusions.zh) >= 2)
    )
    assert entry.source.strip()
    assert entry.data_source.strip()


@EVERY
def test_intervals_run_between_milestones_that_exist(entry: Definition) -> None:
    assert (entry.kind == "interval") == (entry.interval is not None)
    if entry.interval is not None:
        assert {entry.interval.start, entry.interval.end} <= MILESTONES.keys()


@EVERY
def test_weights_and_baselines_are_the_province_s(entry: Definition) -> None:
    assert entry.weight is None
    assert entry.baseline is None


@EVERY
def test_a_candidate_never_passes_for_official(entry: Definition) -> None:
    if entry.standing == "candidate":
        assert entry.to_be_verified
        assert entry.national_no is None
        assert entry.aim is None
    if entry.national_no is not None:
        assert entry.standing == "national"


def test_sources_are_told_in_chinese_with_english_remarks_in_brackets() -> None:
    files = [*FOLDER.glob("*.toml"), *Path("referral/clocks").rglob("*.toml")]
    said = {one for file in files for one in sources(tomllib.loads(file.read_text("utf-8")))}
    assert len(said) > 40
    for one in said:
        bare = re.sub(r"\([^()]*\)", "", one)
        assert re.search("[\u4e00-\u9fff]", bare), one
        assert not re.search(r"[A-Za-z]{2,}[ ,;:]+[a-z]{3,}", bare), one


def sources(said: object) -> Iterator[str]:
    """Whatever is called a source, however deep."""
    if isinstance(said, list):
        for one in said:
            yield from sources(one)
    elif isinstance(said, dict):
        for name, one in said.items():
            if name in ("source", "data_source") and isinstance(one, str):
                yield one
            else:
                yield from sources(one)


def test_the_national_numbers_are_those_that_were_seen() -> None:
    numbers = {entry.national_no for entry in shipped()} - {None}
    assert numbers == {3, 4, 5, 15, 16, 17, 18}


def test_all_twelve_figures_of_the_obstetric_indicators_are_there() -> None:
    found = [entry for entry in shipped() if "854号" in entry.source]
    assert len({entry.code for entry in found}) == 12, "ten indicators, two of them double"
    # Formulas 4, 5, 6 and 9 were not seen.
    assert {entry.code for entry in found if entry.to_be_verified} == {
        "ob_macrosomia_rate",
        "ob_severe_pph_rate",
        "ob_severe_pph_transfused",
        "ob_unplanned_reoperation_rate",
    }


def test_what_nobody_has_seen_in_print_is_to_be_verified() -> None:
    own = BY_CODE["request_to_accept"]
    assert own.to_be_verified
    assert own.target is not None
    assert own.target.to_be_verified
    ddi = BY_CODE["ddi_category_1"]
    assert ddi.target is not None
    assert (ddi.target.seconds, ddi.target.confidence) == (1800, "V")
    assert not ddi.target.to_be_verified
    assert not BY_CODE["responsible_area_guidance"].to_be_verified
    assert BY_CODE["transferred_in_share"].to_be_verified, "only its name was seen"


def test_a_version_stands_once(tmp_path: Path) -> None:
    text = (FOLDER / "candidates.toml").read_text()
    (tmp_path / "a.toml").write_text(text)
    (tmp_path / "b.toml").write_text(text)
    with pytest.raises(ValueError, match="stands twice"):
        shipped(tmp_path)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("green_channel", 'interval = "request_to_accept" }', 'interval = "nonsense" }'),
        ("green_channel", "clock = {", "clock = 1 # {"),
        ("green_channel", 'kind = "interval"', 'kind = "count"'),
        ("green_channel", 'confidence = "I"', 'confidence = "X"'),
        ("green_channel", "version = 1", "version = 1\nunknown = 2"),
        ("green_channel", "version = 1", "version = 1\nvalid_to = 2026-01-01"),
        ("green_channel", 'unit = "s"', 'unit = "percent"'),
        ("candidates", 'unit = "percent"', 'unit = "cases"'),
        ("candidates", "numerator.", "definition."),
    ],
)
def test_an_incomplete_definition_is_refused(tmp_path: Path, name: str, old: str, new: str) -> None:
    text = (FOLDER / f"{name}.toml").read_text()
    assert old in text
    (tmp_path / "a.toml").write_text(text.replace(old, new))
    with pytest.raises((msgspec.ValidationError, ValueError)):
        shipped(tmp_path)


@pytest.mark.parametrize(("low", "high"), [(None, None), (2.0, 1.0)])
def test_a_baseline_has_an_end_and_an_order(low: float | None, high: float | None) -> None:
    with pytest.raises(ValueError, match="baseline"):
        Baseline(low, high, "S", "the province's plan")


def test_an_interval_has_one_target() -> None:
    aim = Target("I", "ours", "零", "nought")
    with pytest.raises(ValueError, match="stands with its clock"):
        msgspec.structs.replace(BY_CODE["request_to_accept"], aim=aim)


def test_a_version_counts_from_its_first_day_to_the_day_before_its_last() -> None:
    entry = msgspec.structs.replace(
        BY_CODE["online_referrals"], valid_from=date(2026, 1, 1), valid_to=date(2026, 7, 1)
    )
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)]
    assert [entry.in_force(day) for day in days] == [False, True, True, False]


@EVERY
def test_the_document_lists_what_is_in_force(entry: Definition) -> None:
    document = FOLDER.parent.parent / "docs" / "indicators.md"
    (line,) = [
        line
        for line in document.read_text("utf-8").splitlines()
        if line.startswith(f"| `{entry.code}` |") and f"| {entry.version} |" in line
    ]
    assert entry.name.zh in line
    assert entry.name.en in line
    assert line.endswith(f"| [{entry.confidence}] |")
    if entry.target is not None:
        assert f"[{entry.target.confidence}]" in line
        if entry.target.seconds is not None:
            assert f"{entry.target.seconds // 60} min" in line
