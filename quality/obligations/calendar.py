"""Pure: what is owed for which period, when it is due, how it stands, when people are reminded."""

import calendar
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias, get_args

import msgspec

from kernel.confidence import Confidence, unverified
from registry.facilities.rules import CHINA

Code = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{1,39}$")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Source = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
HouseRole: TypeAlias = Literal["maternal_centre", "neonatal_centre", "mch_institute", "midwifery"]
Tier: TypeAlias = Literal["township", "county", "city", "province"]
Drill: TypeAlias = Literal["skills", "emergency"]
Days = Annotated[list[Annotated[int, msgspec.Meta(ge=1, le=366)]], msgspec.Meta(max_length=20)]
Standing: TypeAlias = Literal["done", "done_late", "late", "due"]
By: TypeAlias = Literal["return", "exercise"]


class Cadence(StrEnum):
    """How often something is owed; the value names the period."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


MONTHS: Final = {Cadence.MONTH: 1, Cadence.QUARTER: 3, Cadence.HALF_YEAR: 6, Cadence.YEAR: 12}
YEARS: Final = range(2000, 2200)
_LETTERS: Final = {Cadence.QUARTER: "Q", Cadence.HALF_YEAR: "H"}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A month, quarter, half-year or year; both days belong to it."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        """Its first moment (Beijing time)."""
        return datetime.combine(self.first, time(), CHINA)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + timedelta(days=1), time(), CHINA)


def period_around(cadence: Cadence, day: date) -> Period:
    """The period of this length that `day` falls in."""
    length = MONTHS[cadence]
    return _period(day.year, (day.month - 1) // length, length)


def period_after(cadence: Cadence, period: Period) -> Period:
    """The next one."""
    return period_around(cadence, period.last + timedelta(days=1))


def code_of(cadence: Cadence, period: Period) -> str:
    """As it is written: 2026-11, 2026-Q4, 2026-H2, 2026."""
    year, month = period.first.year, period.first.month
    if cadence is Cadence.MONTH:
        return f"{year}-{month:02d}"
    if cadence is Cadence.YEAR:
        return str(year)
    return f"{year}-{_LETTERS[cadence]}{(month - 1) // MONTHS[cadence] + 1}"


def period_of(cadence: Cadence, code: str) -> Period:
    """The period of a code.

    Raises:
        ValueError: not a period of this length.
    """
    length = MONTHS[cadence]
    year, _, part = code.partition("-")
    number = part.removeprefix(_LETTERS.get(cadence, "")) or "1"
    if int(year) not in YEARS:
        raise ValueError(code)
    made = _period(int(year), int(number) - 1, length)
    if code_of(cadence, made) != code:
        raise ValueError(code)
    return made


def _period(year: int, at: int, length: int) -> Period:
    first = date(year, at * length + 1, 1)
    return Period(first, _month_end(first.year, first.month + length - 1))


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


class Obligation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something that is owed every so often; see calendar.toml for the fields."""

    code: Code
    zh: Name
    en: Annotated[str, msgspec.Meta(max_length=120)]
    by: By
    what: Code = msgspec.field(name="with")
    cadence: Cadence
    due_month: Annotated[int, msgspec.Meta(ge=-12, le=12)]
    due_day: Annotated[int, msgspec.Meta(ge=1, le=31)]
    roles: Annotated[frozenset[HouseRole], msgspec.Meta(min_length=1)]
    tiers: Annotated[frozenset[Tier], msgspec.Meta(min_length=1)]
    confidence: Confidence
    due_confidence: Confidence
    source: Source

    def binds(self, tier: str, roles: Collection[str]) -> bool:
        """Whether a house of this tier that holds these roles owes it."""
        return tier in self.tiers and not self.roles.isdisjoint(roles)

    def due_on(self, period: Period) -> date:
        """The last day on which it is in time."""
        year, month = divmod(period.last.year * 12 + period.last.month - 1 + self.due_month, 12)
        last = _month_end(year, month + 1)
        return last.replace(day=min(self.due_day, last.day))

    @property
    def to_be_verified(self) -> bool:
        """How often it is owed was not read in any text."""
        return unverified(self.confidence)

    @property
    def due_to_be_verified(self) -> bool:
        """The day was not."""
        return unverified(self.due_confidence)

    def between(self, since: date, until: date) -> Iterator[Period]:
        """Periods whose due day lies in these days, in order."""
        period = period_around(self.cadence, since - timedelta(days=32))
        while (due := self.due_on(period)) <= until:
            if due >= since:
                yield period
            period = period_after(self.cadence, period)


class Reminders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When people are reminded, in days from the due day."""

    before_days: Days
    late_days: Days
    confidence: Confidence

    def wanted(self, due_on: date, today: date) -> int:
        """How many reminders there ought to have been by the end of today."""
        days = [-one for one in self.before_days] + self.late_days
        return sum(today >= due_on + timedelta(days=one) for one in days)


class Calendar(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"obligations": "obligation"}
):
    """One version; nothing was owed here whose due day lies before `valid_from`."""

    version: str
    valid_from: date
    reminders: Reminders
    obligations: Annotated[list[Obligation], msgspec.Meta(max_length=60)]

    def of(self, code: str) -> Obligation | None:
        """By code; None if this version does not have it."""
        return next((one for one in self.obligations if one.code == code), None)

    def for_what(self, by: By, what: str) -> Obligation | None:
        """The obligation that such a form or exercise meets."""
        return next((o for o in self.obligations if (o.by, o.what) == (by, what)), None)


def wrong(found: Calendar, forms: Mapping[str, Cadence]) -> str | None:
    """What is wrong with a calendar, in both languages; `forms`: how often each form is filled."""
    codes = [one.code for one in found.obligations]
    what = [(one.by, one.what) for one in found.obligations]
    if len(set(codes)) != len(codes) or len(set(what)) != len(what):
        return "事项重复 / an obligation stands twice"
    for one in found.obligations:
        if one.by == "exercise" and one.what not in get_args(Drill):
            return f"没有这种演练：{one.what} / no such drill"
        if one.by == "return" and forms.get(one.what) is None:
            return f"没有这种表：{one.what} / no such form"
        if one.by == "return" and forms[one.what] != one.cadence:
            return (
                f"“{one.zh}”的周期须与表一致（{forms[one.what].value}）"
                f" / the form {one.what} is filled in by the {forms[one.what].value}"
            )
        if one.due_month < -1 - MONTHS[one.cadence]:
            return f"“{one.zh}”的截止日过早 / the day lies far before its period"
    return None


def standing(due_on: date, done_on: date | None, today: date) -> Standing:
    """Done in time, done late, late, or still to be done."""
    if done_on is not None:
        return "done" if done_on <= due_on else "done_late"
    return "late" if today > due_on else "due"


def load(path: Path) -> Calendar:
    """Read a calendar file."""
    return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Calendar)


CALENDAR: Final = load(Path(__file__).with_name("calendar.toml"))
