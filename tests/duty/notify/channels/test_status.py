"""Statuses, and for how long a server wants to be left alone."""

import pytest

from duty.notify.channels.channel import Failed, InDoubt, Outcome
from duty.notify.channels.status import PATIENCE_S, judged, wait_s

DATE = "Fri, 27 Nov 2026 02:00:00 GMT"


@pytest.mark.parametrize(
    ("asked", "date", "expected"),
    [
        ("40", "", 40),
        (" 0 ", "", 0),
        ("Fri, 27 Nov 2026 02:00:30 GMT", DATE, 30),
        ("Fri, 27 Nov 2026 01:59:30 GMT", DATE, 0),
        ("Fri, 27 Nov 2026 02:00:30 GMT", "", 0),
        ("Fri, 27 Nov 2026 02:00:30", DATE, 0),
        ("-5", DATE, 0),
        ("1.5", DATE, 0),
        ("soon", DATE, 0),
        ("９", DATE, 0),
        ("", DATE, 0),
    ],
)
def test_both_forms_of_retry_after_are_read(asked: str, date: str, expected: float) -> None:
    assert wait_s({"retry-after": asked, "date": date}) == expected


def test_a_server_that_asks_for_nothing_asks_for_no_time() -> None:
    assert wait_s({}) == 0
    assert wait_s({"retry-after": "9" * 5000}) == 999_999_999


@pytest.mark.parametrize(
    ("status", "wait", "expected"),
    [
        (200, 0, None),
        (404, 0, None),
        (302, 0, Failed("http_302", again=False)),
        (429, 0, Failed("http_429", again=True)),
        (503, 40, Failed("http_503", again=True, after_s=40)),
        (429, PATIENCE_S + 1, Failed("http_429", again=False)),
        (500, 0, InDoubt("http_500")),
        (502, 40, InDoubt("http_502")),
    ],
)
def test_statuses_are_judged(status: int, wait: float, expected: Outcome | None) -> None:
    assert judged(status, wait) == expected
