"""How values are written: Beijing time, gestation, official words for every code."""

from datetime import UTC, datetime
from typing import get_args

from referral.commands.fields import Acuity, HoldKind, Outcome, RiskColour, Vitals
from referral.commands.on_papers import GivenBy, Relation
from referral.paper import words
from referral.paper.dosing import ROUTES
from referral.rules import treatments


def test_every_code_has_its_word() -> None:
    assert {code for code, _ in words.OUTCOME} == set(get_args(Outcome))
    assert {code for code, _ in words.GIVEN_BY} == set(get_args(GivenBy))
    assert set(words.RELATION) == set(get_args(Relation))
    assert set(words.ACUITY) == set(get_args(Acuity))
    assert set(words.HOLD) == set(get_args(HoldKind))
    assert set(ROUTES) == set(treatments.ROUTES)
    for colour in get_args(RiskColour):
        assert colour in {code for code, _ in words.colours(colour)}


def test_time_is_beijings_and_days_are_raised() -> None:
    assert words.moment(datetime(2026, 11, 22, 18, 5, tzinfo=UTC)) == "2026-11-23 02:05"
    assert words.gestation(268) == "38⁺²周"
    assert words.gestation(None) is None


def test_what_is_not_known_is_not_invented() -> None:
    assert words.pressure(None) is None
    assert words.pressure(Vitals(sbp_mmhg=84)) == "84/— mmHg"
    assert words.sign(Vitals(hr_per_min=128), "hr_per_min", "次/分") == "128 次/分"
    assert words.joined(None, "", by=" ") is None
