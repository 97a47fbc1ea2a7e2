"""The line that measurements go over: it loses what it should, and hides both ends' addresses."""

from __future__ import annotations

import pytest

from tests.bench.video.line import Weather, _moved

OFFER = (
    "v=0\r\na=candidate:1 1 udp 2130706431 127.0.0.1 4711 typ host\r\n"
    "a=candidate:2 1 tcp 1518280447 127.0.0.1 9 typ host tcptype active\r\n"
)


@pytest.mark.parametrize("loss", [0.0, 0.1, 0.2])
def test_as_much_is_lost_as_was_asked(loss: float) -> None:
    weather = Weather(loss=loss)
    passed = sum(weather.lets_through(100, n / 1000) for n in range(10_000))
    assert passed / 10_000 == pytest.approx(1 - loss, abs=0.01)


def test_a_narrow_line_passes_its_rate_and_no_more() -> None:
    weather = Weather(rate_bps=240_000)
    passed = sum(1000 * weather.lets_through(1000, n / 100) for n in range(6000))
    assert passed * 8 / 60 == pytest.approx(240_000, rel=0.02)


def test_nothing_passes_a_cut() -> None:
    weather = Weather(cut=True)
    assert not any(weather.lets_through(1, n) for n in range(100))
    assert (weather.passed, weather.dropped) == (0, 100)


def test_candidates_name_the_line_alone() -> None:
    text, worker = _moved(OFFER, 5000)
    assert worker == 4711
    assert "127.0.0.1 5000 typ host" in text
    assert "4711" not in text
