"""Rules are data: a national set, overlays that name what differs, versions by day."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from referral.casefiles.rules import rulebook
from referral.casefiles.rules.rulebook import RULEBOOK, load, to_be_verified

TODAY = date(2026, 11, 25)
NATIONAL = RULEBOOK.on(TODAY)
SHIPPED = Path(rulebook.__file__).parents[1] / "rulesets"


@pytest.mark.parametrize(
    ("colour", "purple", "opens"),
    [
        (None, False, False),
        ("green", False, False),
        ("yellow", False, False),
        ("yellow", True, True),
        (None, True, True),
        ("orange", False, True),
        ("pink", False, True),
        ("red", False, True),
        ("critical", False, True),
    ],
)
def test_which_grades_open_a_file(colour: str | None, purple: bool, opens: bool) -> None:
    assert NATIONAL.opens_for(colour, purple=purple) is opens


@pytest.mark.parametrize(
    ("colour", "purple", "hours"),
    [
        ("orange", False, 72),
        ("pink", False, 24),
        ("red", False, 24),
        ("critical", False, 24),
        ("yellow", True, 72),
        ("red", True, 24),
    ],
)
def test_the_strictest_deadline_of_the_colours_counts(
    colour: str, purple: bool, hours: int
) -> None:
    limit = NATIONAL.report_within(colour, purple=purple)
    assert limit is not None
    assert limit.span == timedelta(hours=hours)
    assert limit.to_be_verified, "no deadline was read in the official text"


def test_what_is_not_graded_is_not_reported() -> None:
    assert NATIONAL.report_within(None, purple=False) is None
    assert NATIONAL.seen_every("green", purple=False) is None


def test_severity_rises_to_critical_and_ungraded_is_lowest() -> None:
    ranks = [NATIONAL.rank(colour) for colour in (None, *NATIONAL.order)]
    assert ranks == sorted(ranks)
    assert NATIONAL.order[-1] == "critical"


def test_an_overlay_changes_only_what_it_names() -> None:
    bijie = RULEBOOK.on(TODAY, ["520502", "520500", "520000"])
    orange = bijie.report_within("orange", purple=False)
    assert orange is not None
    assert orange.span == timedelta(hours=24)
    assert bijie.seen_every("red", purple=False) == NATIONAL.seen_every("red", purple=False)
    assert (bijie.opens, bijie.escalation) == (NATIONAL.opens, NATIONAL.escalation)
    assert bijie.label.startswith("bijie/")


def test_before_its_day_an_overlay_does_not_count(tmp_path: Path) -> None:
    for name in ("national", "bijie"):
        text = (SHIPPED / f"{name}.toml").read_text("utf-8")
        if name == "bijie":
            text = text.replace("valid_from = 2026-01-01", "valid_from = 2027-01-01")
        (tmp_path / f"{name}.toml").write_text(text, "utf-8")
    book = load(tmp_path)
    assert book.on(date(2026, 12, 31), ["520500"]).code == "national"
    assert book.on(date(2027, 1, 1), ["520500"]).code == "bijie"


def test_a_newer_edition_counts_from_its_day(tmp_path: Path) -> None:
    shipped = (SHIPPED / "national.toml").read_text("utf-8")
    newer = shipped.replace("valid_from = 2026-01-01", "valid_from = 2027-07-01")
    newer = newer.replace('version = "2026-11-25"', 'version = "2027"').replace("72", "48")
    (tmp_path / "a.toml").write_text(shipped, "utf-8")
    (tmp_path / "b.toml").write_text(newer, "utf-8")
    book = load(tmp_path)
    assert book.on(date(2027, 6, 30)).label == "national/2026-11-25"
    later = book.on(date(2027, 7, 1))
    assert later.label == "national/2027"
    orange = later.report_within("orange", purple=False)
    assert orange is not None
    assert orange.span == timedelta(hours=48)


def test_only_the_rules_own_text_needs_no_check() -> None:
    assert not to_be_verified(["V", "V"])
    for mark in ("S", "B", "I"):
        assert to_be_verified(["V", mark])


def test_who_was_told_follows_from_the_steps_that_are_done() -> None:
    national, here = (RULEBOOK.on(TODAY, codes).escalation["task"] for codes in ([], ["990121"]))
    assert [national.told(done, "county") for done in range(4)] == [False, False, True, True]
    assert [here.told(done, "county") for done in range(3)] == [False, True, True]
    assert not here.told(2, "owner")
