"""Definitions: complete, in both languages, honest about their sources, versioned by date."""

from datetime import date
from pathlib import Path

import msgspec
import pytest

from quality.definitions import FOLDER, Definition, all_versions, valid_on
from referral.clocks.data import MILESTONES


def test_the_indicators_of_the_first_issue_are_there() -> None:
    assert {entry.code for entry in all_versions()} >= {
        "request_to_first_acknowledgement",
        "request_to_accept",
        "accept_to_departure",
        "departure_to_arrival",
        "ddi_category_1",
        "ddi_category_2",
        "responsible_area_guidance",
    }


@pytest.mark.parametrize("entry", all_versions(), ids=lambda entry: entry.code)
def test_a_definition_says_all_in_both_languages(entry: Definition) -> None:
    for words in (entry.name, entry.definition, entry.population):
        assert words.zh.strip()
        assert words.en.strip()
        assert not any("\u4e00" <= sign <= "\u9fff" for sign in words.en)
    assert len(entry.exclusions.zh) == len(entry.exclusions.en) >= 2
    assert entry.source.strip()
    assert entry.data_source.strip()
    assert (FOLDER / f"{entry.code}.toml").exists()


@pytest.mark.parametrize("entry", all_versions(), ids=lambda entry: entry.code)
def test_intervals_run_between_milestones_that_exist(entry: Definition) -> None:
    assert (entry.kind == "interval") == (entry.interval is not None)
    if entry.interval is not None:
        assert {entry.interval.start, entry.interval.end} <= MILESTONES.keys()


def test_what_nobody_has_seen_in_print_is_to_be_verified() -> None:
    marks = {entry.code: entry for entry in all_versions()}
    own = marks["request_to_accept"]
    assert own.to_be_verified
    assert own.target is not None
    assert own.target.to_be_verified
    ddi = marks["ddi_category_1"]
    assert ddi.target is not None
    assert (ddi.target.seconds, ddi.target.confidence) == (1800, "V")
    assert not ddi.target.to_be_verified
    assert marks["responsible_area_guidance"].national_no == 15


def make(version: int, valid_from: date) -> Definition:
    (first, *_) = all_versions()
    return msgspec.structs.replace(first, version=version, valid_from=valid_from)


def test_the_newest_version_in_force_counts() -> None:
    versions = [make(1, date(2026, 1, 1)), make(3, date(2027, 1, 1)), make(2, date(2026, 7, 1))]
    for day, version in (
        (date(2026, 6, 30), 1),
        (date(2026, 7, 1), 2),
        (date(2027, 5, 1), 3),
    ):
        (found,) = valid_on(day, versions).values()
        assert found.version == version
    assert valid_on(date(2025, 12, 31), versions) == {}


def test_a_version_stands_once(tmp_path: Path) -> None:
    text = (FOLDER / "request_to_accept.toml").read_text()
    (tmp_path / "a.toml").write_text(text)
    (tmp_path / "b.toml").write_text(text)
    with pytest.raises(ValueError, match="stands twice"):
        all_versions(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('interval = "request_to_accept" }', 'interval = "no_such_interval" }'),
        ("clock = {", "clock = 1 # {"),
        ('kind = "interval"', 'kind = "count"'),
        ('confidence = "I"', 'confidence = "X"'),
        ("version = 1", "version = 1\nunknown = 2"),
    ],
)
def test_an_incomplete_definition_is_refused(tmp_path: Path, old: str, new: str) -> None:
    text = (FOLDER / "request_to_accept.toml").read_text()
    assert old in text
    (tmp_path / "a.toml").write_text(text.replace(old, new))
    with pytest.raises((msgspec.ValidationError, ValueError)):
        all_versions(tmp_path)


@pytest.mark.parametrize("entry", all_versions(), ids=lambda entry: entry.code)
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
