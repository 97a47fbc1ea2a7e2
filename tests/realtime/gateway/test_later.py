"""The wheel that held acknowledgements wait on."""

from __future__ import annotations

import pytest

from realtime.gateway.later import Later


@pytest.mark.parametrize("until_s", [10.0, 10.01, 10.05, 10.099, 12.0])
@pytest.mark.parametrize("phase_s", [0.0, 0.03, 0.099])
def test_whoever_waits_comes_back_after_the_moment_and_less_than_two_turns_later(
    until_s: float, phase_s: float
) -> None:
    later = Later[str](turn_s=0.1)
    later.hold("one", until_s)
    moments = [9.9 + phase_s + 0.1 * turn for turn in range(30)]
    back = [now_s for now_s in moments if later.due(now_s) == ["one"]]
    assert len(back) == 1
    assert -1e-9 <= back[0] - until_s < 0.2


def test_the_earliest_come_first_even_when_nobody_asked_for_a_while() -> None:
    later = Later[int]()
    for number, until_s in enumerate((3.0, 1.0, 2.0)):
        later.hold(number, until_s)
    assert later.due(0.9) == []
    assert later.due(60.0) == [1, 2, 0]
    assert later.due(61.0) == []
