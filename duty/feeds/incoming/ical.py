"""Pure: duties out of somebody's calendar (RFC 5545), with its exceptions and its time zones.

Repetitions are expanded inside the plan's period only. Rules that repeat by the minute belong to
no roster and are refused before they are expanded. A time without a zone is local: the calendar's
own zone if it names one, else China's. An all-day entry is a duty from 08:00 to 08:00.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar

from duty.feeds.incoming.reading import (
    MAX_BYTES,
    MAX_ENTRIES,
    MAX_HOURS,
    MAX_NAME,
    Entry,
    Reading,
    Trouble,
    Unreadable,
    Wanted,
    short,
)
from registry.facilities.rules import CHINA

HANDOVER = time(8, 0)
EARLIEST = 2000
"""A series that began before has more repetitions than anybody meant."""

VEvent: TypeAlias = Any
"""The library types a property as any of thirty kinds; what is read here is looked at first."""

_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_TOO_FINE = ("BYSECOND", "BYMINUTE", "BYSETPOS")
_SEPARATORS = re.compile(r"[\s·|｜/／、,，;；:：()（）\[\]【】–—-]+")
_DUTY = "值班"


def read(content: bytes, wanted: Wanted) -> Reading:
    """Every duty of the calendar that lies in the plan.

    Raises:
        Unreadable: `too_big`, `not_ical` or `too_many`.
    """
    if len(content) > MAX_BYTES:
        raise Unreadable("too_big")
    whole = _parsed(content)
    zone = _zone(whole)
    entries: list[Entry] = []
    troubles: list[Trouble] = []
    for series in _series(whole):
        for found in _duties(series, wanted, zone):
            if len(entries) + len(troubles) >= MAX_ENTRIES:
                raise Unreadable("too_many")
            if isinstance(found, Entry):
                entries.append(found)
            else:
                troubles.append(found)
    return Reading(entries, troubles)


def _parsed(content: bytes) -> Calendar:
    try:
        calendar = Calendar.from_ical(content)
    except Exception as error:  # the library raises whatever a broken file made it stumble over
        raise Unreadable("not_ical") from error
    if not isinstance(calendar, Calendar):
        raise Unreadable("not_ical")
    return calendar


def _zone(calendar: Calendar) -> tzinfo:
    """What times without a zone mean."""
    try:
        return ZoneInfo(str(calendar["X-WR-TIMEZONE"]))
    except (KeyError, ValueError, OSError):
        return CHINA


def _series(calendar: Calendar) -> list[list[VEvent]]:
    """Entries by UID: a repetition and the changes to some of its instances belong together."""
    found: dict[str, list[VEvent]] = {}
    for number, event in enumerate(calendar.walk("VEVENT")):
        if number >= MAX_ENTRIES:
            raise Unreadable("too_many")
        found.setdefault(str(event.get("UID", f"#{number + 1}")), []).append(event)
    return list(found.values())


def _duties(series: list[VEvent], wanted: Wanted, zone: tzinfo) -> Iterator[Entry | Trouble]:
    title = short(series[0].get("SUMMARY", ""))
    objection = next(filter(None, map(_objection, series)), None)
    if objection is not None:
        yield Trouble(title, objection)
        return
    alone = Calendar()
    for event in series:
        alone.add_component(event)
    try:
        instances = recurring_ical_events.of(alone).between(
            wanted.start.astimezone(zone), wanted.end.astimezone(zone)
        )
    except Exception:  # a rule that makes no sense, in as many ways as there are rules
        yield Trouble(title, "rule_unreadable")
        return
    for instance in instances:
        try:
            found = _duty(instance, wanted, zone)
        except Exception:
            found = Trouble(title, "no_times")
        if found is not None:
            yield found


def _objection(event: VEvent) -> str | None:
    """Why an entry is not even expanded."""
    try:
        return _too_much(event)
    except Exception:  # a property that is broken says so when it is looked at, in its own ways
        return "no_times"


def _too_much(event: VEvent) -> str | None:
    moment = event["DTSTART"].dt
    if not isinstance(moment, date):
        return "no_times"
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if moment.year < EARLIEST:
            return "rule_refused"
        if _TOO_OFTEN & {str(word).upper() for word in rule.get("FREQ", [])}:
            return "rule_refused"
        if any(name in rule for name in _TOO_FINE) or len(rule.get("BYHOUR", [])) > 4:
            return "rule_refused"
    return None


def _duty(event: VEvent, wanted: Wanted, zone: tzinfo) -> Entry | Trouble | None:
    """An instance as a duty; None for what was cancelled."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    summary = str(event.get("SUMMARY", ""))
    start = _moment(event["DTSTART"].dt, zone)
    end = _moment(event["DTEND"].dt, zone) if "DTEND" in event else start
    where = f"{start.astimezone(CHINA):%Y-%m-%d %H:%M} {short(summary)}".strip()
    if end <= start:
        return Trouble(where, "no_times")
    if end - start > timedelta(hours=MAX_HOURS):
        return Trouble(where, "too_long")
    if start < wanted.start or end > wanted.end:
        return Trouble(where, "outside_plan")
    slot_id, name = _who(summary, wanted)
    if slot_id is None:
        return Trouble(where, "slot_unknown")
    if not name or len(name) > MAX_NAME:
        return Trouble(where, "name_missing" if not name else "name_too_long")
    return Entry(where, name, slot_id, start.astimezone(CHINA), end.astimezone(CHINA))


def _moment(value: date, zone: tzinfo) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, HANDOVER, CHINA)
    return value.replace(tzinfo=zone) if value.tzinfo is None else value


def _who(summary: str, wanted: Wanted) -> tuple[UUID | None, str]:
    """The place that a title names, and what is left of it: the person."""
    words = [word for word in _SEPARATORS.split(short(summary)) if word]
    # The longest heading first: 一线 产科 before 一线.
    for heading, slot_id in sorted(wanted.headings.items(), key=lambda item: -len(item[0])):
        named = heading.split()
        if all(word in words for word in named):
            left = [word for word in words if word not in named and word != _DUTY]
            return slot_id, " ".join(left)
    return wanted.slot_id, " ".join(word for word in words if word != _DUTY)
