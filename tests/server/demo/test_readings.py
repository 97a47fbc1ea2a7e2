"""The demo's trends are readable by the catalogue and end in a warning."""

from datetime import UTC, datetime

import pytest

from registry.observations.derived import Sample
from registry.observations.rules import read
from registry.observations.warning.queries import judge
from server.demo.readings import before

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("bleeding", [True, False])
def test_a_demo_trend_ends_in_a_warning(bleeding: bool) -> None:
    entries = before(NOW, bleeding=bleeding)
    samples = [
        Sample(one.code, read(one.code, number=one.number, unit=one.unit).fact, one.taken_at or NOW)
        for one in entries
    ]
    fired = {one.tool for one in judge(samples, NOW) if one.state == "triggered"}
    assert "meows_cemach" in fired
    begin = min(one.taken_at for one in samples)
    assert all(one.state != "triggered" for one in judge(samples, begin))
