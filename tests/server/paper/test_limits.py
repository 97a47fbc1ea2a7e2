"""Trying codes is refused; a patient reader is let through."""

from datetime import UTC, datetime, timedelta

import pytest

from referral.paper.errors import TooManyChecks
from server.paper.limits import Turnstile

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def test_so_many_a_minute_and_no_more() -> None:
    gate = Turnstile(per_minute=3)
    for second in range(3):
        gate.enter("a", START + timedelta(seconds=second))
    with pytest.raises(TooManyChecks) as refused:
        gate.enter("a", START + timedelta(seconds=10))
    assert refused.value.fields["seconds"] == 50
    gate.enter("b", START + timedelta(seconds=10))
    gate.enter("a", START + timedelta(seconds=60))


def test_addresses_are_forgotten_not_hoarded() -> None:
    gate = Turnstile(per_minute=1, addresses=2)
    for name in "abc":
        gate.enter(name, START)
    gate.enter("a", START)
    with pytest.raises(TooManyChecks):
        gate.enter("c", START)
