"""Pure: a roster as an iCalendar file (RFC 5545), the way that calendar programs read it right.

Times carry `TZID=Asia/Shanghai` with its definition, because a bare X-WR-TIMEZONE shifts them by
eight hours in some programs. A duty is TRANSPARENT and free: whoever is on call for 24 hours can
still be invited. The UID names place and beginning, so a changed end or person replaces the entry
under a higher SEQUENCE, and what no longer stands is simply not there. No phone, no patient.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneStandard

ZONE = ZoneInfo("Asia/Shanghai")
REFRESH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Duty:
    """One entry, half-open like the shift behind it.

    Attributes:
        sequence: how often this entry has been replaced.
        recorded_at: since when it reads like this.
    """

    slot_id: UUID
    start: datetime
    end: datetime
    sequence: int
    recorded_at: datetime
    title: str
    place: str

    @property
    def uid(self) -> str:
        """Names the place on the roster and the beginning, never the person."""
        return f"{self.slot_id}.{self.start.astimezone(UTC):%Y%m%dT%H%M%SZ}@yunshang"


def calendar(name: str, duties: Iterable[Duty]) -> bytes:
    """The file; equal duties give equal bytes."""
    whole = Calendar()
    whole.add("prodid", "-//Yunshang//Duty roster//ZH")
    whole.add("version", "2.0")
    whole.add("calscale", "GREGORIAN")
    whole.add("method", "PUBLISH")
    whole.add("x-wr-calname", _visible(name))
    whole.add("x-wr-timezone", ZONE.key)
    whole.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    whole.add("x-published-ttl", "PT1H")
    whole.add_component(_zone())
    for duty in sorted(duties, key=lambda one: (one.start, one.uid)):
        whole.add_component(_event(duty))
    return bytes(whole.to_ical())


def _zone() -> Timezone:
    """China has had one offset since 1991; older changes do not concern a roster."""
    standard = TimezoneStandard()
    standard.add("dtstart", datetime(1992, 1, 1))  # noqa: DTZ001 (local by definition)
    standard.add("tzoffsetfrom", timedelta(hours=8))
    standard.add("tzoffsetto", timedelta(hours=8))
    standard.add("tzname", "CST")
    zone = Timezone()
    zone.add("tzid", ZONE.key)
    zone.add_component(standard)
    return zone


def _event(duty: Duty) -> Event:
    event = Event()
    event.add("uid", duty.uid)
    event.add("sequence", duty.sequence)
    event.add("dtstamp", duty.recorded_at.astimezone(UTC))
    event.add("last-modified", duty.recorded_at.astimezone(UTC))
    event.add("dtstart", duty.start.astimezone(ZONE))
    event.add("dtend", duty.end.astimezone(ZONE))
    event.add("summary", _visible(duty.title))
    event.add("location", _visible(duty.place))
    event.add("transp", "TRANSPARENT")
    event.add("x-microsoft-cdo-busystatus", "FREE")
    return event


def _visible(text: str) -> str:
    """Control characters have no place in a file of lines."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
