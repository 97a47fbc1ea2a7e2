"""Names of fetuses and codes of wristbands."""

from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.bindings.rules import LABELS, fetuses, labels_valid, own_code


def test_fetuses_are_a_b_c_until_somebody_says_otherwise() -> None:
    assert fetuses(["fhr1", "fhr2", "mhr", "toco"], None) == [("fhr1", "A"), ("fhr2", "B")]
    assert fetuses(["toco", "fhr2"], ["C", "A", "B"]) == [("fhr2", "A")]
    assert fetuses(["toco"], None) == []


@pytest.mark.parametrize("labels", list(product(LABELS, repeat=3)))
def test_three_channels_take_three_names(labels: tuple[str, ...]) -> None:
    assert labels_valid(labels) == (len(set(labels)) == 3)


@given(st.uuids())
def test_our_own_code_carries_the_pregnancy(pregnancy: UUID) -> None:
    assert own_code(f"yunshang:pregnancy:{pregnancy}") == pregnancy
    assert own_code(f"YUNSHANG:PREGNANCY:{pregnancy}") == pregnancy


@given(st.text())
def test_any_other_code_is_foreign(code: str) -> None:
    assert own_code(code) is None
