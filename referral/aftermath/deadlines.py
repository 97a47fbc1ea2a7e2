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
from typing import Annotated, Literal

import msgspec

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


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule: within so long of the death, such a step."""

    code: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,63}$")]
    step: str
    who: Annotated[list[Who], msgspec.Meta(min_length=1, max_length=3)]
    amount: Annotated[int, msgspec.Meta(ge=1, le=400)]
    unit: Unit
    regions: list[str] = msgspec.field(default_factory=lambda: [EVERYWHERE])
    confidence: Confidence
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    zh: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    en: Annotated[str, msgspec.Meta(max_length=200)] = ""

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


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What something that must be done after a death is called."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """The strictest of the rules for one step, and when it runs out."""

    step: str
    rule: Rule
    due_at: datetime


class Reminders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When people are reminded: so long before it is due, and from then on so often."""

    before_hours: Annotated[int, msgspec.Meta(ge=1, le=2000)]
    again_hours: Annotated[int, msgspec.Meta(ge=1, le=2000)]


class Ruleset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rules of one version: the release's, or a region's own."""

    version: str
    reminders: Reminders
    steps: dict[str, Step]
    rules: Annotated[list[Rule], msgspec.Meta(min_length=1, max_length=60)]

    def rule(self, code: str) -> Rule | None:
        """A rule by code; None if this version has none."""
        return next((rule for rule in self.rules if rule.code == code), None)

    def first_reminder(self, opened_at: datetime, due_at: datetime) -> datetime:
        """Some time before it is due; at once where there is less left."""
        return max(opened_at, due_at - timedelta(hours=self.reminders.before_hours))

    def next_reminder(self, now: datetime, due_at: datetime) -> datetime:
        """When it is due, and again and again from then on."""
        again = timedelta(hours=self.reminders.again_hours)
        return due_at if now < due_at else now + again

    def deadlines(
        self, who: Who, died_at: datetime, regions: Collection[str], days: Calendar
    ) -> list[Deadline]:
        """What is due after such a death, the first to run out first."""
        strictest: dict[str, Deadline] = {}
        for rule in self.rules:
            if not rule.binds(who, regions):
                continue
            found = Deadline(rule.step, rule, rule.due(died_at, days))
            known = strictest.get(rule.step)
            if known is None or found.due_at < known.due_at:
                strictest[rule.step] = found
        return sorted(strictest.values(), key=lambda deadline: deadline.due_at)


def wrong(found: Ruleset) -> str | None:
    """What makes no sense in a region's own rules, in both languages; None if nothing does."""
    if found.steps != DEADLINES.steps:
        return "步骤不能增减或改名 / steps stay as they are"
    codes = [rule.code for rule in found.rules]
    if len(set(codes)) != len(codes):
        return "代码重复 / a code stands twice"
    if strange := {rule.step for rule in found.rules} - found.steps.keys():
        return f"没有这个步骤 / no such step: {', '.join(sorted(strange))}"
    bound = {rule.step for rule in found.rules if rule.binds("mother", ())}
    if missing := found.steps.keys() - bound:
        return f"孕产妇死亡的每个步骤都要有时限 / a mother's death: {', '.join(sorted(missing))}"
    return None


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), CHINA)


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, 12)
    year += day.year
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def load(path: Path) -> Ruleset:
    """Read a rules file.

    Raises:
        ValueError: it is not one, or a rule names a step that the file does not define.
    """
    found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Ruleset)
    if not {rule.step for rule in found.rules} <= found.steps.keys():
        raise ValueError("a rule names a step that does not exist")
    return found


def load_calendar(path: Path) -> Calendar:
    """Read the holidays file."""
    raw = tomllib.loads(path.read_text("utf-8"))
    off = frozenset(day for span in raw["off"] for day in _days(span["from"], span["to"]))
    return Calendar(off, frozenset(raw["worked"]), raw["version"], raw["source"], raw["confidence"])


def _days(start: date, end: date) -> Iterable[date]:
    return (start + timedelta(days=n) for n in range((end - start).days + 1))


DEADLINES = load(Path(__file__).with_name("deadlines.toml"))
CALENDAR = load_calendar(Path(__file__).with_name("holidays.toml"))
