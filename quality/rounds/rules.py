"""Pure: the assessment's rules: deadlines, aspects, on-site items, weights, reminders.

The release's version stands in `rules.toml`; a region's own are entered (`quality/rulebook`). A
round names the version that it was planned with and keeps its items as they were decided.
"""

import tomllib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from kernel.confidence import Confidence, unverified
from quality.definitions import Aspect, Code, Line
from quality.rounds.plan import Weight
from quality.rounds.scoring import Band, Proportion, Slope
from referral.clocks.data import Text
from registry.facilities.rules import local_date

FILE = Path(__file__).with_name("rules.toml")

SITE: Final = "site_"
"""How codes of on-site items begin, so that none is ever taken for an indicator."""

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


class ItemWeight(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Weight, method and baseline of an item, as a region decided them; a plan begins with it.

    Attributes:
        code: of an indicator of centres or an on-site item.
        scoring: None for what is judged on the spot.
    """

    code: Code
    weight: Weight | None = None
    scoring: Band | Slope | Proportion | None = None
    source: Line
    confidence: Confidence


class Reminders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many days before a deadline somebody is reminded; negative: after it."""

    days: Annotated[
        list[Annotated[int, msgspec.Meta(ge=-366, le=366)]], msgspec.Meta(max_length=20)
    ]
    confidence: Confidence
    source: Line


class Rules(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename={"deadlines": "deadline", "aspects": "aspect", "weights": "weight"},
):
    """One version of the rules."""

    version: str
    deadlines: Annotated[list[Deadline], msgspec.Meta(max_length=2)]
    aspects: Annotated[list[AspectRule], msgspec.Meta(max_length=5)]
    reminders: Reminders
    on_site: Annotated[list[OnSite], msgspec.Meta(max_length=100)]
    weights: Annotated[list[ItemWeight], msgspec.Meta(max_length=200)] = []

    def item(self, code: str) -> OnSite | None:
        """The on-site item of this code."""
        return next((one for one in self.on_site if one.code == code), None)

    def weight_of(self, code: str) -> ItemWeight | None:
        """What the region decided of an item."""
        return next((one for one in self.weights if one.code == code), None)


@lru_cache
def rules(path: Path = FILE) -> Rules:
    """This release's version.

    Raises:
        ValueError: it makes no sense.
    """
    found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Rules)
    said = wrong(found)
    if said is not None:
        raise ValueError(said)
    return found


def wrong(found: Rules) -> str | None:
    """What is wrong with a version, in both languages; None if nothing is."""
    days = {one.code: (one.month, one.day) for one in found.deadlines}
    if sorted(days) != ["assessment", "self_check"] or len(found.deadlines) != len(days):
        return "自查和评估各须有一个截止日 / one deadline each of self-check and assessment"
    if any(not _exists(month, day) for month, day in days.values()):
        return "截止日不是日历上的日期 / a deadline is no day of the calendar"
    if days["assessment"] <= days["self_check"]:
        return "评估截止日须晚于自查截止日 / assessment ends after the self-check"
    aspects = [one.code for one in found.aspects]
    sites = [one.code for one in found.on_site]
    for codes in (aspects, sites, [one.code for one in found.weights]):
        if len(set(codes)) != len(codes):
            return "项目重复 / an item stands twice"
    if any(one.aspect not in aspects for one in found.on_site):
        return "现场项目须属于列出的方面 / an on-site item is of an aspect that is listed"
    if any(not code.startswith(SITE) for code in sites):
        return f"现场项目的代码须以 {SITE} 开头 / codes of on-site items begin with {SITE}"
    if any(one.code in sites and one.scoring is not None for one in found.weights):
        return "现场项目由评估人员判定，不设计分办法 / on-site items are judged on the spot"
    if any(one.code.startswith(SITE) and one.code not in sites for one in found.weights):
        return "权重所指的现场项目不存在 / a weight is of an on-site item that is not listed"
    return None


def _exists(month: int, day: int) -> bool:
    """In every year: 29 February is not."""
    try:
        date(2027, month, day)
    except ValueError:
        return False
    return True


def deadlines(year: int, known: Iterable[Deadline]) -> dict[DeadlineCode, date]:
    """The deadlines for data of `year`: they lie in the year after it."""
    return {one.code: date(year + 1, one.month, one.day) for one in known}


def is_whole_year(start: datetime, end: datetime) -> bool:
    """Whether a period is 1 January to 31 December, in China: what the assessment asks for."""
    first, last = local_date(start), local_date(end - timedelta(microseconds=1))
    return (first, last) == (date(first.year, 1, 1), date(first.year, 12, 31))
