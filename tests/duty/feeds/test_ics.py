"""A roster as an iCalendar file, read back by the library that reads foreign ones."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from duty.feeds.ics import Duty, calendar

SLOT = UUID(int=7)
EIGHT = datetime(2027, 2, 5, 0, 0, tzinfo=UTC)
"""08:00 in Shanghai."""


def a_duty(
    title: str = "林晓岚 · 一线 产科",
    start: datetime = EIGHT,
    hours: float = 24,
    sequence: int = 0,
) -> Duty:
    recorded = datetime(2027, 1, 20, tzinfo=UTC)
    return Duty(SLOT, start, start + timedelta(hours=hours), sequence, recorded, title, "市妇幼")


def test_an_entry_has_local_times_that_every_program_reads_right() -> None:
    text = calendar("急救专家组", [a_duty()]).decode()
    lines = text.split("\r\n")
    assert "DTSTART;TZID=Asia/Shanghai:20270205T080000" in lines
    assert "DTEND;TZID=Asia/Shanghai:20270206T080000" in lines
    assert "TZID:Asia/Shanghai" in lines
    assert "TZOFFSETTO:+0800" in lines
    assert "TRANSP:TRANSPARENT" in lines
    assert "X-MICROSOFT-CDO-BUSYSTATUS:FREE" in lines
    assert all(len(line.encode()) <= 75 for line in lines)


def test_a_changed_entry_keeps_its_name_under_a_higher_sequence() -> None:
    before, after = a_duty(), a_duty(title="周宁 · 一线 产科", hours=12, sequence=1)
    assert before.uid == after.uid
    (event,) = icalendar.Calendar.from_ical(calendar("x", [after])).walk("VEVENT")
    assert event["sequence"] == 1
    assert event["uid"] == before.uid
    assert a_duty(start=EIGHT + timedelta(hours=12)).uid != before.uid


def test_equal_rosters_are_equal_files() -> None:
    night = a_duty(start=EIGHT + timedelta(hours=12), hours=12)
    assert calendar("x", [a_duty(), night]) == calendar("x", [night, a_duty()])


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_name_breaks_the_file(title: str, name: str) -> None:
    read = icalendar.Calendar.from_ical(calendar(name, [a_duty(title)]))
    (event,) = read.walk("VEVENT")
    assert event.decoded("dtstart") == EIGHT
    shown = "".join(letter if letter.isprintable() else " " for letter in title)
    assert str(event["summary"]) == shown
