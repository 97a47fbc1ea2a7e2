"""A month's roster out of an Excel sheet, and into one."""

import zipfile
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from duty.feeds.incoming import sheet
from duty.feeds.incoming.reading import Reading, Unreadable, Wanted
from duty.feeds.workbook import Held, days_between
from duty.feeds.workbook import sheet as written
from registry.facilities.rules import CHINA

FIRST, SECOND = UUID(int=1), UUID(int=2)
HEADINGS = {"一线 产科": FIRST, "二线 产科": SECOND}
START = datetime(2027, 2, 1, 8, tzinfo=CHINA)
WANTED = Wanted("excel", HEADINGS, START, START + timedelta(days=28))
EIGHT_TO_EIGHT = ("", "时段", "08:00-08:00", "08:00-08:00")
TOP = ("日期", "星期", "一线 产科", "二线 产科")


def book(*rows: tuple[Any, ...]) -> bytes:
    workbook = Workbook()
    for row in rows:
        workbook.active.append(row)
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def read(*rows: tuple[Any, ...]) -> Reading:
    return sheet.read(book(*rows), WANTED)


def said(reading: Reading) -> list[tuple[str, str, str]]:
    return [
        (one.where, one.name, f"{one.start:%m-%d %H}-{one.end:%d %H}") for one in reading.entries
    ]


def test_a_filled_template() -> None:
    found = read(
        ("急救专家组 2027-02",),
        TOP,
        ("", "时段", "08:00-20:00", "08:00-08:00"),
        (date(2027, 2, 1), "周一", "林晓岚", "周宁"),
        ("2月2日", "周二", "—", "周宁 08:00-12:00\n林晓岚 12:00-08:00"),
    )
    assert said(found) == [
        ("C4", "林晓岚", "02-01 08-01 20"),
        ("D4", "周宁", "02-01 08-02 08"),
        ("D5", "周宁", "02-02 08-02 12"),
        ("D5", "林晓岚", "02-02 12-03 08"),
    ]
    assert found.troubles == []


def test_what_is_wrong_is_said_cell_by_cell() -> None:
    found = read(
        (*TOP, "三线 产科", "一线 产科"),
        (*EIGHT_TO_EIGHT, "08:00-08:00", "08:00-08:00"),
        ("2027-02-01", "", "林晓岚、周宁", "周宁"),
        ("2027-02-01", "", "林晓岚", ""),
        ("2027-03-05", "", "林晓岚", ""),
        ("明天", "", "林晓岚", ""),
    )
    assert [(one.where, one.reason) for one in found.troubles] == [
        ("E1", "column_unknown"),
        ("F1", "column_twice"),
        ("C3", "two_names"),
        ("A4", "date_twice"),
        ("A5", "date_outside"),
        ("A6", "date_unreadable"),
    ]
    assert said(found) == [("D3", "周宁", "02-01 08-02 08")]


def test_a_day_that_is_missing_is_said_as_nothing() -> None:
    (trouble,) = read(TOP, (None, "周一", "林晓岚", "")).troubles
    assert (trouble.where, trouble.reason, trouble.said) == ("A2", "date_unreadable", "")


def test_a_sheet_without_periods_is_from_eight_to_eight() -> None:
    found = read(TOP, ("2027-02-28", "", "林晓岚", ""))
    assert said(found) == [("C2", "林晓岚", "02-28 08-01 08")]
    bad = read(TOP, ("", "时段", "白班", ""), ("2027-02-28", "", "林晓岚", ""))
    assert [(one.where, one.reason) for one in bad.troubles] == [("C2", "period_unreadable")]


def test_a_month_without_a_year_is_the_plans() -> None:
    december = datetime(2026, 12, 15, 8, tzinfo=CHINA)
    wanted = Wanted("excel", HEADINGS, december, december + timedelta(days=40))
    found = sheet.read(book(TOP, ("12/31", "", "林晓岚", ""), ("1-2", "", "周宁", "")), wanted)
    assert [one.start.date() for one in found.entries] == [date(2026, 12, 31), date(2027, 1, 2)]


def bomb() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 30_000_000)
    return out.getvalue()


def laughs() -> bytes:
    """A sheet whose XML defines entities, which no spreadsheet writes."""
    out = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(book(TOP))) as plain,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in plain.namelist():
            content = plain.read(name)
            if name.endswith("sheet1.xml"):
                content = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + content
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not_excel"),
        (b"PK\x03\x04 nothing", "not_excel"),
        (b"0" * 1_000_001, "too_big"),
        (bomb(), "too_big"),
        (laughs(), "not_excel"),
        (book(("Name", "Phone"), ("a", "b")), "no_heading"),
    ],
)
def test_files_that_are_no_use(content: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        sheet.read(content, WANTED)
    assert refused.value.reason == reason


NAMES = st.sampled_from(["林晓岚", "周宁", "何静", "=HYPERLINK(1)", "@甲"])


WEEK = Wanted("excel", HEADINGS, START, START + timedelta(days=7))


@st.composite
def rosters(draw: st.DrawFn) -> list[Held]:
    """Shifts of any cut, without overlap at a place."""
    found = []
    for slot_id in HEADINGS.values():
        at = START
        while at < WEEK.end:
            until = min(at + timedelta(hours=draw(st.sampled_from([6, 12, 24, 36, 72]))), WEEK.end)
            if draw(st.booleans()):
                found.append(Held(slot_id, draw(NAMES), at, until))
            at = until
    return found


def covered(
    entries: list[tuple[UUID, str, datetime, datetime]],
) -> dict[tuple[UUID, datetime], str]:
    """Who is there, six hours by six hours."""
    found = {}
    for slot_id, name, start, end in entries:
        at = start
        while at < end:
            found[slot_id, at] = name
            at += timedelta(hours=6)
    return found


@examples(max_examples=15)
@given(rosters())
def test_what_is_written_reads_as_the_same_roster(held: list[Held]) -> None:
    days = days_between(WEEK.start, WEEK.end)
    content = written("表", HEADINGS, days, held, people=[("林晓岚", "副主任医师")])
    found = sheet.read(content, WEEK)
    assert found.troubles == []
    before = covered([(one.slot_id, one.name, one.start, one.end) for one in held])
    after = covered([(one.slot_id, one.name, one.start, one.end) for one in found.entries])
    assert after == before


def test_no_cell_is_a_formula() -> None:
    held = [Held(FIRST, "=1+1", START, START + timedelta(days=1))]
    days = days_between(WANTED.start, WANTED.end)
    content = written("=title", HEADINGS, days, held, rest=frozenset(days[:2]))
    for page in load_workbook(BytesIO(content)).worksheets:
        assert {cell.data_type for row in page.iter_rows() for cell in row} <= {
            "s",
            "n",
            "inlineStr",
        }
    assert content == written("=title", HEADINGS, days, held, rest=frozenset(days[:2]))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_a_reason(content: bytes) -> None:
    with pytest.raises(Unreadable):
        sheet.read(content, WANTED)
