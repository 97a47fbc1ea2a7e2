"""The clock data: complete, in two languages, honest about sources, equal to its twins in code."""

from typing import get_args

import pytest

from referral.clocks.data import (
    DELAYS,
    MEASURED,
    MILESTONES,
    NOT_NEEDED,
    ConditionSet,
    all_versions,
    interval_of,
    valid_on,
)
from referral.clocks.milestones import KINDS
from referral.commands.fields import MilestoneKind
from referral.rules.conditions import CATALOGUE
from registry.facilities.rules import local_date
from tests.referral.network import START

SETS = all_versions()
HAN = range(0x4E00, 0x9FFF)


def _english(words: str) -> bool:
    return bool(words.strip()) and not any(ord(sign) in HAN for sign in words)


def test_the_sets_that_were_asked_for_are_there() -> None:
    assert {entry.code for entry in SETS} >= {
        "referral",
        "transport",
        "ddi",
        "pph",
        "eclampsia",
        "cord_prolapse",
        "abruption",
        "afe",
        "sepsis",
        "newborn_resuscitation",
        "newborn_transfer",
        "blood",
    }


def test_what_a_person_may_enter_is_what_the_api_takes() -> None:
    manual = {name for name, kind in MILESTONES.items() if kind.manual}
    assert manual == set(get_args(MilestoneKind))


def test_what_events_report_is_what_the_fold_reads() -> None:
    told = {event: name for name, kind in MILESTONES.items() for event in kind.events}
    assert told == KINDS


@pytest.mark.parametrize("entry", SETS, ids=lambda entry: entry.code)
def test_a_set_says_all_in_both_languages(entry: ConditionSet) -> None:
    assert _english(entry.en)
    assert entry.source
    for words in (*entry.interval.values(), *entry.prompt.values()):
        assert words.zh.strip()
        assert _english(words.en)
    for interval in entry.interval.values():
        if interval.target is not None:
            assert interval.target.source
            assert _english(interval.target.en)
    for prompt in entry.prompt.values():
        assert prompt.zh.endswith("？")
        assert prompt.en.endswith("?")
        assert prompt.records in prompt.unless
        assert MILESTONES[prompt.records].manual


@pytest.mark.parametrize("entry", SETS, ids=lambda entry: entry.code)
def test_every_ladder_climbs_from_the_bed_to_the_region(entry: ConditionSet) -> None:
    after = [step.after_s for step in entry.ladder]
    assert after == sorted(set(after))
    assert entry.ladder[0].who == "bedside"
    assert entry.ladder[-1].who == "coordinator"


def test_an_interval_stands_once_and_conditions_exist() -> None:
    codes = [code for entry in SETS for code in (*entry.interval, *entry.prompt)]
    assert len(codes) == len(set(codes))
    for entry in SETS:
        assert entry.condition.facts() <= {
            "condition",
            "acuity",
            "subject",
            "direction",
            "milestones",
        }
        for name in _named(entry.applies):
            assert name in CATALOGUE or name in MILESTONES or name in ("newborn", "dyad", "back")


def test_what_runs_on_no_clock_is_between_milestones_that_exist() -> None:
    clocked = {code for entry in SETS for code in entry.interval}
    for code, interval in MEASURED.interval.items():
        assert {interval.start, interval.end} <= MILESTONES.keys()
        assert _english(interval.en)
        assert code not in clocked
        assert interval_of(MEASURED.code, MEASURED.version, code) == interval


def _named(raw: object) -> set[str]:
    if isinstance(raw, dict):
        return {
            name
            for key, value in raw.items()
            if key != "fact"
            for name in ({value} if isinstance(value, str) else _named(value))
        }
    if isinstance(raw, list):
        return {
            name for item in raw for name in ({item} if isinstance(item, str) else _named(item))
        }
    return set()


def test_no_number_is_official_that_nobody_has_seen() -> None:
    seen = {
        code
        for entry in SETS
        for code, interval in entry.interval.items()
        if interval.target is not None and not interval.target.to_be_verified
    }
    assert seen == {"ddi_category_1", "ddi_category_2", "arrest_to_birth"}


def test_reasons_say_which_needs_words() -> None:
    for reasons in (DELAYS, NOT_NEEDED):
        assert [code for code, reason in reasons.items() if reason.text] == ["other"]
        assert all(_english(reason.en) for reason in reasons.values())


def test_a_set_in_force_and_an_interval_by_name() -> None:
    assert {entry.code for entry in valid_on(local_date(START))} == {e.code for e in SETS}
    assert interval_of("ddi", 1, "ddi_category_1").seconds == 1800
    with pytest.raises(ValueError, match="no such interval"):
        interval_of("ddi", 2, "ddi_category_1")
