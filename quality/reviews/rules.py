"""The rules of reviews as data: kinds, levels, cadence, recusal, the twelve cells, conclusions.

A review keeps the version of the rules under which it was opened.
"""

import tomllib
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final, Literal

import msgspec

from kernel.confidence import Confidence, unverified
from registry.facilities.rules import CHINA

Reason = Literal["treated", "same_house", "declared"]
MONTHS_A_YEAR = 12


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is reviewed, and of whom."""

    code: str
    who: Literal["mother", "newborn"]
    zh: str
    en: str


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a review is held; `step` is the step after a death that it fulfils."""

    code: str
    step: str
    zh: str
    en: str


class Sourced(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule with where it comes from."""

    confidence: Confidence
    source: str

    @property
    def to_be_verified(self) -> bool:
        """Whether it is shown as 待核实."""
        return unverified(self.confidence)


class Term(Sourced, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A word of the field in two languages; `kinds` and `who` say what it is for, where it is not
    for everything."""

    code: str
    zh: str
    en: str
    kinds: frozenset[str] = frozenset()
    who: str | None = None


class Cadence(Sourced, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A review in each period of so many months, with days of grace after it."""

    kind: str
    level: str
    months: int
    grace_days: int
    zh: str
    en: str

    def period_end(self, at: datetime) -> datetime:
        """The end of the period that holds `at`, at midnight in Beijing, as UTC."""
        day = at.astimezone(CHINA).date()
        month = (day.month - 1) // self.months * self.months + self.months
        year, month = day.year + month // MONTHS_A_YEAR, month % MONTHS_A_YEAR
        first = day.replace(year=year, month=month + 1, day=1)
        return datetime.combine(first, time(), CHINA).astimezone(UTC)

    def due(self, at: datetime) -> datetime:
        """The last moment to review what was confirmed at `at`."""
        return self.period_end(at) + timedelta(days=self.grace_days)


class Recusal(Sourced, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may neither read nor vote at a level."""

    level: str
    reasons: list[Reason]


class Quorum(Sourced, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many must vote at the least."""

    least: int


class Cell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row or a column of the twelve cells."""

    code: str
    zh: str
    en: str


class Grid(Sourced, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """十二格表: three links by four aspects."""

    links: list[Cell]
    aspects: list[Cell]


class Reminders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When people are reminded, in days."""

    before_days: int
    again_days: int

    def first(self, now: datetime, due_at: datetime) -> datetime:
        """Some time before it is due; at once where there is less left."""
        return max(now, due_at - timedelta(days=self.before_days))

    def next(self, now: datetime, due_at: datetime) -> datetime:
        """When it is due, and again and again from then on."""
        return due_at if now < due_at else now + timedelta(days=self.again_days)


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One shipped version."""

    version: str
    reminders: Reminders
    quorum: Quorum
    voting: Sourced
    kinds: list[Kind]
    levels: list[Level]
    cadence: list[Cadence]
    grace: Sourced
    recusal: list[Recusal]
    grid: Grid
    conclusions: list[Term]
    delays: list[Term]
    causes: list[Term]
    dismissals: list[Term]

    def cadence_of(self, kind: str, level: str) -> Cadence | None:
        """How often such a review is held; None where a death sets the limit."""
        return next((one for one in self.cadence if (one.kind, one.level) == (kind, level)), None)

    def recused_for(self, level: str) -> frozenset[Reason]:
        """Reasons that keep somebody out at this level."""
        return frozenset(
            reason for one in self.recusal if one.level == level for reason in one.reasons
        )

    def conclusions_of(self, kind: str) -> list[Term]:
        """What a review of this kind may conclude."""
        return [one for one in self.conclusions if kind in one.kinds]

    def causes_of(self, kind: str) -> list[Term]:
        """Causes of this kind's deaths or near-misses."""
        who = next(one.who for one in self.kinds if one.code == kind)
        return [one for one in self.causes if one.who == who]


def shipped() -> Rules:
    """This release's rules."""
    text = Path(__file__).with_name("rules.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Rules)


RULES: Final = shipped()
