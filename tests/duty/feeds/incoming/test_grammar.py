"""What may stand in a cell."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty.feeds.incoming.grammar import NotUnderstood, Part, Span, parts, span
from registry.facilities.rules import CHINA

DAY = date(2027, 2, 5)
WHOLE = Span(time(8), time(8))


def at(hour: int, minute: int = 0, *, next_day: bool = False) -> datetime:
    moment = datetime(2027, 2, 5, hour, minute, tzinfo=CHINA)
    return moment + timedelta(days=1) if next_day else moment


def test_a_name_takes_the_columns_period() -> None:
    assert parts("林晓岚", DAY, WHOLE) == [Part("林晓岚", at(8), at(8, next_day=True))]
    night = Span(time(20), time(8))
    assert parts(" 周宁 ", DAY, night) == [Part("周宁", at(20), at(8, next_day=True))]


def test_two_people_share_a_period_in_two_lines() -> None:
    found = parts("周宁 20:00-08:00\n林晓岚 8:00—20:00", DAY, WHOLE)
    assert found == [
        Part("林晓岚", at(8), at(20)),
        Part("周宁", at(20), at(8, next_day=True)),
    ]
    (late,) = parts("周宁 02:00至08:00", DAY, WHOLE)
    assert (late.start, late.end) == (at(2, next_day=True), at(8, next_day=True))
    (until,) = parts("周宁 20:00-24:00", DAY, WHOLE)
    assert until.end == at(0, next_day=True)


@pytest.mark.parametrize("text", ["", "  ", "—", "空岗", "（空岗）", "无\n"])
def test_nobody(text: str) -> None:
    assert parts(text, DAY, WHOLE) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("林晓岚、周宁", "two_names"),
        ("林晓岚\n周宁", "two_names"),
        ("林晓岚 08:00-12:00\n周宁 11:00-20:00", "two_names"),
        ("08:00-12:00", "cell_unreadable"),
        ("林晓岚 24:30-08:00", "cell_unreadable"),
        ("林" * 61, "name_too_long"),
        ("林晓岚 07:00-09:00", "outside_period"),
    ],
)
def test_what_is_not_understood(text: str, reason: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        parts(text, DAY, WHOLE)
    assert refused.value.reason == reason


def test_periods() -> None:
    assert span("8:00－20:00") is None
    assert span("08：00 ~ 20:00") == Span(time(8), time(20))
    assert span("24:00-08:00") == Span(time(0), time(8))
    assert span("25:00-08:00") is None
    assert span("上午") is None


@given(st.text(max_size=60), st.times(), st.times())
def test_any_text_is_people_in_the_period_or_not_understood(
    text: str, begin: time, end: time
) -> None:
    column = Span(begin.replace(microsecond=0), end.replace(microsecond=0))
    try:
        found = parts(text, DAY, column)
    except NotUnderstood:
        return
    start, until = column.on(DAY)
    assert all(start <= part.start < part.end <= until for part in found)
    assert all(part.name.strip() for part in found)
