"""What is known of the assessment's rules: deadlines, aspects, on-site items, reminders.

A round names the version that it was planned with and keeps its items as they were decided.
"""

import tomllib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from kernel.confidence import Confidence, unverified
from quality.definitions import Aspect, Code, Line
from referral.clocks.data import Text
from registry.facilities.rules import local_date

FILE = Path(__file__).with_name("rules.toml")

DeadlineCode: TypeAlias = Literal["self_check", "assessment"]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Anything with a name, where it is written and how well it is known."""

    name: Text
    source: Line
    confidence: Confidence

    @property
    def to_be_verified(self) -> bool:
        """Shown as 待核实."""
        return unverified(self.confidence)


class Deadline(Rule, frozen=True, kw_only=True):
    """A day of the year after the year that is assessed."""

    code: DeadlineCode
    month: Annotated[int, msgspec.Meta(ge=1, le=12)]
    day: Annotated[int, msgspec.Meta(ge=1, le=31)]


class AspectRule(Rule, frozen=True, kw_only=True):
    """One of the assessment's three aspects."""

    code: Aspect


class OnSite(Rule, frozen=True, kw_only=True):
    """An item that is looked at on the spot; `look`: what to look at."""

    code: Code
    aspect: Aspect
    look: Text


class Reminders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many days before a deadline somebody is reminded; negative: after it."""

    days: list[int]
    confidence: Confidence
    source: Line


class Rules(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename={"deadlines": "deadline", "aspects": "aspect"},
):
    """One version of the rules."""

    version: str
    deadlines: list[Deadline]
    aspects: list[AspectRule]
    reminders: Reminders
    on_site: list[OnSite]

    def item(self, code: str) -> OnSite | None:
        """The on-site item of this code."""
        return next((one for one in self.on_site if one.code == code), None)


@lru_cache
def rules(path: Path = FILE) -> Rules:
    """This release's version.

    Raises:
        ValueError: an item stands twice.
    """
    found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Rules)
    codes = [one.code for one in found.on_site]
    if len(set(codes)) != len(codes):
        raise ValueError("an on-site item stands twice")
    return found


def deadlines(year: int, known: Iterable[Deadline]) -> dict[DeadlineCode, date]:
    """The deadlines for data of `year`: they lie in the year after it."""
    return {one.code: date(year + 1, one.month, one.day) for one in known}


def is_whole_year(start: datetime, end: datetime) -> bool:
    """Whether a period is 1 January to 31 December, in China: what the assessment asks for."""
    first, last = local_date(start), local_date(end - timedelta(microseconds=1))
    return (first, last) == (date(first.year, 1, 1), date(first.year, 12, 31))
