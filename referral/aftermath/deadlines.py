"""When a death must be reported and reviewed: rules that are data, and calendar arithmetic.

Where several rules name the same step, the strictest that applies to the region counts. Days run
from the moment of death; working days and months end with the day (Beijing time).
"""

import calendar
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Literal

from kernel.confidence import Confidence, unverified
from registry.facilities.rules import CHINA

Who = Literal["mother", "fetus", "newborn"]
Unit = Literal["days", "working_days", "months"]

EVERYWHERE = "*"
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked.

    Attributes:
        off: holidays that fall on a weekday.
        worked: weekend days that are worked instead.
    """

    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    version: str = ""
    source: str = ""
    confidence: Confidence = "B"

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on `day`."""
        if day in self.worked:
            return True
        return day.weekday() < SATURDAY and day not in self.off

    def add_working_days(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`, which itself does not count."""
        while count > 0:
            day += timedelta(days=1)
            count -= self.is_working_day(day)
        return day


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: within so long of the death, such a step."""

    code: str
    step: str
    who: tuple[str, ...]
    amount: int
    unit: Unit
    regions: tuple[str, ...]
    confidence: Confidence
    source: str
    zh: str
    en: str

    @property
    def to_be_verified(self) -> bool:
        """Nobody has seen the text of this rule."""
        return unverified(self.confidence)

    def binds(self, who: str, regions: Collection[str]) -> bool:
        """Whether it applies to such a death in one of these regions."""
        here = EVERYWHERE in self.regions or not set(self.regions).isdisjoint(regions)
        return who in self.who and here

    def due(self, died_at: datetime, days: Calendar) -> datetime:
        """The last moment to do it."""
        if self.unit == "days":
            return died_at + timedelta(days=self.amount)
        day = died_at.astimezone(CHINA).date()
        if self.unit == "working_days":
            return _end_of(days.add_working_days(day, self.amount))
        return _end_of(_add_months(day, self.amount))


@dataclass(frozen=True, slots=True)
class Step:
    """Something that must be done after a death."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """The strictest of the rules for one step, and when it runs out."""

    step: Step
    rule: Rule
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All rules in force."""

    version: str
    before: timedelta
    again: timedelta
    steps: dict[str, Step]
    rules: tuple[Rule, ...]

    def rule(self, code: str) -> Rule | None:
        """A rule by code; None if a later version dropped it."""
        return next((rule for rule in self.rules if rule.code == code), None)

    def first_reminder(self, opened_at: datetime, due_at: datetime) -> datetime:
        """Some time before it is due; at once where there is less left."""
        return max(opened_at, due_at - self.before)

    def next_reminder(self, now: datetime, due_at: datetime) -> datetime:
        """When it is due, and again and again from then on."""
        return due_at if now < due_at else now + self.again

    def deadlines(
        self, who: Who, died_at: datetime, regions: Collection[str], days: Calendar
    ) -> list[Deadline]:
        """What is due after such a death, the first to run out first."""
        strictest: dict[str, Deadline] = {}
        for rule in self.rules:
            if not rule.binds(who, regions):
                continue
            found = Deadline(self.steps[rule.step], rule, rule.due(died_at, days))
            known = strictest.get(rule.step)
            if known is None or found.due_at < known.due_at:
                strictest[rule.step] = found
        return sorted(strictest.values(), key=lambda deadline: deadline.due_at)


_HOURS = ("before_hours", "again_hours")


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), CHINA)


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, 12)
    year += day.year
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def load(path: Path) -> Ruleset:
    """Read a rules file.

    Raises:
        KeyError: a rule names a step that the file does not define.
    """
    raw = tomllib.loads(path.read_text("utf-8"))
    steps = {code: Step(code, **words) for code, words in raw["steps"].items()}
    rules = tuple(
        Rule(**{**row, "who": tuple(row["who"]), "regions": tuple(row["regions"])})
        for row in raw["rules"]
    )
    for rule in rules:
        steps[rule.step]
    before, again = (timedelta(hours=raw["reminders"][name]) for name in _HOURS)
    return Ruleset(raw["version"], before, again, steps, rules)


def load_calendar(path: Path) -> Calendar:
    """Read the holidays file."""
    raw = tomllib.loads(path.read_text("utf-8"))
    off = frozenset(day for span in raw["off"] for day in _days(span["from"], span["to"]))
    return Calendar(off, frozenset(raw["worked"]), raw["version"], raw["source"], raw["confidence"])


def _days(start: date, end: date) -> Iterable[date]:
    return (start + timedelta(days=n) for n in range((end - start).days + 1))


DEADLINES = load(Path(__file__).with_name("deadlines.toml"))
CALENDAR = load_calendar(Path(__file__).with_name("holidays.toml"))
