"""Duties out of other people's calendars, their exceptions, zones and follies."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty.feeds.ics import Duty, calendar
from duty.feeds.incoming import ical
from duty.feeds.incoming.reading import Entry, Reading, Unreadable, Wanted
from registry.facilities.rules import CHINA

FIRST, SECOND = UUID(int=1), UUID(int=2)
LIN = "SUMMARY:林晓岚 一线 产科"
EMPTY = b"BEGIN:VEVENT\r\nEND:VEVENT\r\n"
WANTED = Wanted(
    kind="ical",
    headings={"一线 产科": FIRST, "二线 产科": SECOND},
    start=datetime(2027, 2, 1, 8, tzinfo=CHINA),
    end=datetime(2027, 3, 1, 8, tzinfo=CHINA),
)


def read(*lines: str, head: str = "", slot_id: UUID | None = None) -> Reading:
    """A calendar with one event of these lines (or several, separated by `NEXT`)."""
    events = "\n".join(lines).split("NEXT")
    body = "\n".join(
        f"BEGIN:VEVENT\nUID:{n}\n{e.strip()}\nEND:VEVENT" for n, e in enumerate(events)
    )
    return raw(f"{head}\n{body}" if head else body, slot_id)


def raw(body: str, slot_id: UUID | None = None) -> Reading:
    whole = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{body}\nEND:VCALENDAR\n"
    wanted = Wanted("ical", WANTED.headings, WANTED.start, WANTED.end, slot_id)
    return ical.read(whole.replace("\n", "\r\n").encode(), wanted)


def days(reading: Reading) -> list[str]:
    return [f"{entry.start:%m-%d %H}" for entry in reading.entries]


def test_a_plain_entry() -> None:
    found = read(
        "SUMMARY:林晓岚 · 一线 产科",
        "DTSTART;TZID=Asia/Shanghai:20270205T080000",
        "DTEND;TZID=Asia/Shanghai:20270206T080000",
    )
    (entry,) = found.entries
    assert (entry.name, entry.slot_id) == ("林晓岚", FIRST)
    assert entry.start == datetime(2027, 2, 5, 8, tzinfo=CHINA)
    assert found.troubles == []


def test_what_we_give_out_we_take_in() -> None:
    start = datetime(2027, 2, 5, 0, tzinfo=UTC)
    duty = Duty(FIRST, start, start + timedelta(hours=24), 0, start, "周宁 · 二线 产科", "市妇幼")
    (entry,) = ical.read(calendar("x", [duty]), WANTED).entries
    assert (entry.name, entry.slot_id, entry.start, entry.end) == (
        "周宁", SECOND, start, start + timedelta(hours=24),
    )  # fmt: skip


def test_a_repetition_with_exceptions() -> None:
    found = read(
        "SUMMARY:林晓岚 一线产科 一线 产科",
        "DTSTART;TZID=Asia/Shanghai:20270101T080000",
        "DTEND;TZID=Asia/Shanghai:20270102T080000",
        "RRULE:FREQ=WEEKLY;UNTIL=20270301T000000Z",
        "EXDATE;TZID=Asia/Shanghai:20270212T080000",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "UID:0",
        "RECURRENCE-ID;TZID=Asia/Shanghai:20270219T080000",
        "SUMMARY:周宁 一线 产科",
        "DTSTART;TZID=Asia/Shanghai:20270220T080000",
        "DTEND;TZID=Asia/Shanghai:20270221T080000",
    )
    assert days(found) == ["02-05 08", "02-20 08", "02-26 08"]
    assert found.entries[1].name == "周宁"


def test_floating_times_are_the_calendars_own_else_chinas() -> None:
    lines = ("SUMMARY:林晓岚 一线 产科", "DTSTART:20270205T080000", "DTEND:20270205T200000")
    assert days(read(*lines)) == ["02-05 08"]
    assert days(read(*lines, head="X-WR-TIMEZONE:Asia/Tokyo")) == ["02-05 07"]
    assert days(read(*lines, head="X-WR-TIMEZONE:Mars/Base")) == ["02-05 08"]
    utc = ("SUMMARY:林晓岚 一线 产科", "DTSTART:20270205T000000Z", "DTEND:20270206T000000Z")
    assert days(read(*utc)) == ["02-05 08"]


def test_an_all_day_entry_is_a_duty_from_eight_to_eight() -> None:
    found = read("SUMMARY:林晓岚", "DTSTART;VALUE=DATE:20270205", slot_id=SECOND)
    (entry,) = found.entries
    assert entry.slot_id == SECOND
    assert (entry.start, entry.end) == (
        datetime(2027, 2, 5, 8, tzinfo=CHINA),
        datetime(2027, 2, 6, 8, tzinfo=CHINA),
    )


def test_what_is_cancelled_or_elsewhen_is_nobodys_duty() -> None:
    found = read(
        "SUMMARY:林晓岚 一线 产科\nSTATUS:CANCELLED\nDTSTART;VALUE=DATE:20270205",
        "NEXT",
        "SUMMARY:周宁 一线 产科\nDTSTART;VALUE=DATE:20280205",
    )
    assert found == Reading([], [])


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("SUMMARY:林晓岚 一线 产科", "no_times"),
        ("SUMMARY:林晓岚 一线 产科\nDTSTART:garbage", "no_times"),
        ("SUMMARY:林晓岚 一线 产科\nDTSTART:20270205T080000\nDTEND:20270205T080000", "no_times"),
        ("SUMMARY:林晓岚 三线\nDTSTART;VALUE=DATE:20270205", "slot_unknown"),
        ("SUMMARY:值班 一线 产科\nDTSTART;VALUE=DATE:20270205", "name_missing"),
        (f"{LIN}\nDTSTART;VALUE=DATE:20270228\nDTEND;VALUE=DATE:20270303", "outside_plan"),
        (f"{LIN}\nDTSTART;VALUE=DATE:20270202\nDTEND;VALUE=DATE:20270225", "too_long"),
        ("SUMMARY:a\nDTSTART:20270205T080000\nRRULE:FREQ=SECONDLY", "rule_refused"),
        ("SUMMARY:a\nDTSTART:20270205T080000\nRRULE:FREQ=DAILY;BYMINUTE=1,2,3", "rule_refused"),
        ("SUMMARY:a\nDTSTART:19010205T080000\nRRULE:FREQ=DAILY", "rule_refused"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_in_says_why(lines: str, reason: str) -> None:
    found = read(lines)
    assert found.entries == []
    assert [trouble.reason for trouble in found.troubles] == [reason]


def test_one_bad_series_does_not_hide_the_others() -> None:
    found = read(
        "SUMMARY:a\nDTSTART:20270205T080000\nRRULE:FREQ=DAILY;UNTIL=nonsense",
        "NEXT",
        "SUMMARY:周宁 一线 产科\nDTSTART;VALUE=DATE:20270206",
    )
    assert [entry.name for entry in found.entries] == ["周宁"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not_ical"),
        (b"PK\x03\x04", "not_ical"),
        (b"BEGIN:VEVENT\r\nEND:VEVENT", "not_ical"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT", "not_ical"),
        (b"x" * 1_000_001, "too_big"),
        (b"BEGIN:VCALENDAR\r\n" + EMPTY * 2_001 + b"END:VCALENDAR", "too_many"),
    ],
)  # fmt: skip
def test_files_that_are_no_use(content: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        ical.read(content, WANTED)
    assert refused.value.reason == reason


PIECES = st.sampled_from(
    [
        "BEGIN:VEVENT", "END:VEVENT", "UID:1", LIN, "DTSTART:20270205T080000",
        "DTSTART;VALUE=DATE:20270205", "DTSTART;TZID=Nowhere/At:20270205T080000", "DTEND:19000101",
        "DTEND;TZID=\"China Standard Time\":20270206T080000", "DURATION:P1D", "DURATION:-P3W",
        "RRULE:FREQ=DAILY", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "RRULE:FREQ=;;=",
        "EXDATE:20270206T080000", "RECURRENCE-ID:20270207T080000", "RDATE:x", "STATUS:CANCELLED",
        "BEGIN:VTIMEZONE", "TZID:Nowhere/At", "END:VTIMEZONE", "BEGIN:VALARM", "END:VALARM",
        "DTSTART:99991231T235959Z", "X-WR-TIMEZONE:../../etc/passwd", "COUNT=-1", "\x00", ";=:",
    ]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=20), max_size=25))
def test_any_calendar_is_read_or_refused(pieces: list[str]) -> None:
    content = "\r\n".join(
        ["BEGIN:VCALENDAR", "BEGIN:VEVENT", *pieces, "END:VEVENT", "END:VCALENDAR"]
    )
    try:
        found = ical.read(content.encode(errors="replace"), WANTED)
    except Unreadable:
        return
    for entry in found.entries:
        assert isinstance(entry, Entry)
        assert WANTED.start <= entry.start < entry.end <= WANTED.end
        assert entry.slot_id in (FIRST, SECOND)
