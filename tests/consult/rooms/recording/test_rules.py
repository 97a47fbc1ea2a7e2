"""What is agreed to and for how long recordings are kept."""

from datetime import date

import pytest

from consult.rooms.recording.rules import RULES, Retention


@pytest.mark.parametrize(
    ("day", "months", "until"),
    [
        (date(2026, 11, 27), 36, date(2029, 11, 27)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
    ],
)
def test_months_are_of_the_calendar(day: date, months: int, until: date) -> None:
    assert Retention("v", "s", "c", months).until(day) == until


def test_what_ships_is_labelled_unverified_and_says_how_to_withdraw() -> None:
    for rule in (RULES.consent, RULES.retention):
        assert rule.confidence == "待核实"
        assert rule.version
        assert rule.source
    assert "撤回" in RULES.consent.zh
    assert "withdraw" in RULES.consent.en
    assert RULES.retention.months >= 36
