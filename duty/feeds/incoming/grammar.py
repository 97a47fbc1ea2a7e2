"""Pure: what may stand in a cell, and which period it means.

林晓岚                          the column's whole period
林晓岚 08:00-12:00              part of it
林晓岚 08:00-12:00
周宁 12:00-08:00                two people share it
"""

import re
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple

from duty.feeds.incoming.reading import MAX_NAME
from registry.facilities.rules import CHINA

WHOLE_DAY = "08:00-08:00"
_CLOCK = r"([01]?\d|2[0-4])[:：]([0-5]\d)"
_SPAN = re.compile(rf"^\s*{_CLOCK}\s*[-–—~～至]\s*{_CLOCK}\s*$")
_LINE = re.compile(rf"^(?P<name>.*?)\s*(?P<span>{_CLOCK}\s*[-–—~～至]\s*{_CLOCK})?\s*$")
_SEVERAL = re.compile(r"[、,，/／;；+＋&]")
NOBODY = frozenset({"", "-", "—", "–", "/", "无", "空岗", "（空岗）", "(空岗)"})


class Span(NamedTuple):
    """Two times of day; an end not after the beginning is on the next day."""

    begin: time
    end: time

    def on(self, day: date) -> tuple[datetime, datetime]:
        """The period that begins on `day`, local."""
        start = datetime.combine(day, self.begin, CHINA)
        until = datetime.combine(day, self.end, CHINA)
        return start, until if until > start else until + timedelta(days=1)


class Part(NamedTuple):
    """Somebody for a period."""

    name: str
    start: datetime
    end: datetime


class NotUnderstood(Exception):
    """A cell that says nothing we know. `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def span(text: str) -> Span | None:
    """`08:00-20:00`, or None."""
    found = _SPAN.match(text)
    if found is None:
        return None
    times = _time(found[1], found[2]), _time(found[3], found[4])
    return None if times[0] is None or times[1] is None else Span(times[0], times[1])


def _time(hour: str, minute: str) -> time | None:
    """24:00 is the next day's midnight."""
    if int(hour) == 24:
        return time(0) if int(minute) == 0 else None
    return time(int(hour), int(minute))


def parts(text: str, day: date, column: Span) -> list[Part]:
    """Who is named in a cell of a column.

    Raises:
        NotUnderstood: with `two_names`, `name_too_long`, `outside_period` or `cell_unreadable`.
    """
    whole = column.on(day)
    lines = [line.strip() for line in text.splitlines()]
    found = [_part(line, whole) for line in lines if line not in NOBODY]
    ordered = sorted(found, key=lambda part: part.start)
    for before, after in pairwise(ordered):
        if after.start < before.end:
            raise NotUnderstood("two_names")
    return ordered


def _part(line: str, whole: tuple[datetime, datetime]) -> Part:
    match = _LINE.match(line)
    name = "" if match is None else match["name"].strip(" 　:：")
    if match is None or not name:
        raise NotUnderstood("cell_unreadable")
    if _SEVERAL.search(name):
        raise NotUnderstood("two_names")
    if len(name) > MAX_NAME:
        raise NotUnderstood("name_too_long")
    if match["span"] is None:
        return Part(name, *whole)
    own = span(match["span"])
    if own is None:
        raise NotUnderstood("cell_unreadable")
    start, end = own.on(whole[0].date())
    if start < whole[0]:  # after midnight, in a period that began the day before
        start, end = own.on(whole[0].date() + timedelta(days=1))
    if end > whole[1] or start >= whole[1]:
        raise NotUnderstood("outside_period")
    return Part(name, start, end)
