"""Deadlines, intervals and escalation: versioned data, a national set and regional overlays.

An overlay names only what differs. Which set is in force follows from the region responsible and
the day; a file and its reports store the version under which they were made.
"""

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

PURPLE = "purple"
UNVERIFIED = frozenset({"B", "I", "S"})
"""Confidence marks that are shown as 待核实; only the rule's own text (V) is not."""

Tell = Literal["owner", "county"]


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something may take for one colour, and who says so."""

    colour: str
    span: timedelta
    source: str
    confidence: str

    @property
    def to_be_verified(self) -> bool:
        return self.confidence in UNVERIFIED


@dataclass(frozen=True, slots=True)
class Step:
    """Whom to tell how long after the due moment."""

    after: timedelta
    tell: Tell


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps of one kind of overdue thing, then the last one again and again."""

    steps: tuple[Step, ...]
    repeat: timedelta
    source: str
    confidence: str

    def at(self, number: int) -> Step:
        """Step `number`, counted from 0; beyond the last one it repeats."""
        last = self.steps[-1]
        if number < len(self.steps):
            return self.steps[number]
        return replace(last, after=last.after + self.repeat * (number - len(self.steps) + 1))

    def told(self, done: int, whom: Tell) -> bool:
        """Whether `whom` was told once the first `done` steps are done."""
        return any(self.at(number).tell == whom for number in range(done))


@dataclass(frozen=True, slots=True)
class Rules:
    """What is in force in one region on one day."""

    code: str
    version: str
    valid_from: date
    source: str
    opens: frozenset[str]
    opens_source: str
    opens_confidence: str
    purple: bool
    order: tuple[str, ...]
    reports: Mapping[str, Limit]
    follow_up: Mapping[str, Limit]
    escalation: Mapping[str, Ladder]

    @property
    def label(self) -> str:
        """What a file stores: `national/2026-11-25`."""
        return f"{self.code}/{self.version}"

    def opens_for(self, colour: str | None, *, purple: bool) -> bool:
        """Whether this grade opens a case file."""
        return (purple and self.purple) or colour in self.opens

    def rank(self, colour: str | None) -> int:
        """Severity; what nobody graded ranks lowest."""
        return -1 if colour not in self.order else self.order.index(colour)

    def report_within(self, colour: str | None, *, purple: bool) -> Limit | None:
        """The strictest deadline of the colours that apply; None if nothing is to be reported."""
        return _strictest(self.reports, colour, purple=purple)

    def seen_every(self, colour: str | None, *, purple: bool) -> Limit | None:
        """How long until she is seen again; None if the colour asks for nothing."""
        return _strictest(self.follow_up, colour, purple=purple)


def _strictest(limits: Mapping[str, Limit], colour: str | None, *, purple: bool) -> Limit | None:
    wanted = [colour] if colour is not None else []
    if purple:
        wanted.append(PURPLE)
    found = [limits[name] for name in wanted if name in limits]
    return min(found, key=lambda limit: limit.span, default=None)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All sets of rules that were shipped."""

    base: tuple[Rules, ...]
    overlays: tuple[tuple[frozenset[str], date, Mapping[str, Any]], ...]

    def on(self, day: date, region_codes: Sequence[str] = ()) -> Rules:
        """The rules on `day` where `region_codes` are the region and those above it, near first."""
        rules = max((one for one in self.base if one.valid_from <= day), key=_valid_from)
        for code in region_codes:
            found = [
                (start, raw)
                for codes, start, raw in self.overlays
                if code in codes and start <= day
            ]
            if found:
                return _overlaid(rules, max(found, key=lambda one: one[0])[1])
        return rules


def load(folder: Path) -> Rulebook:
    """Read every set in `folder`; a set without regions is a base."""
    base: list[Rules] = []
    overlays: list[tuple[frozenset[str], date, Mapping[str, Any]]] = []
    for path in sorted(folder.glob("*.toml")):
        raw = tomllib.loads(path.read_text("utf-8"))
        if raw["regions"]:
            overlays.append((frozenset(raw["regions"]), raw["valid_from"], raw))
        else:
            base.append(_base(raw))
    return Rulebook(tuple(base), tuple(overlays))


def _base(raw: Mapping[str, Any]) -> Rules:
    return Rules(
        code=raw["code"],
        version=raw["version"],
        valid_from=raw["valid_from"],
        source=raw["source"],
        opens=frozenset(raw["opens"]["colours"]),
        opens_source=raw["opens"]["source"],
        opens_confidence=raw["opens"]["confidence"],
        purple=raw["opens"]["purple"],
        order=tuple(raw["severity"]["order"]),
        reports=_limits(raw["reports"], "hours"),
        follow_up=_limits(raw["follow_up"], "days"),
        escalation={name: _ladder(one) for name, one in raw["escalation"].items()},
    )


def _overlaid(rules: Rules, raw: Mapping[str, Any]) -> Rules:
    """The national set with what the region says otherwise."""
    opens = raw.get("opens")
    changed = replace(
        rules,
        code=raw["code"],
        version=raw["version"],
        valid_from=raw["valid_from"],
        source=raw["source"],
        reports={**rules.reports, **_limits(raw.get("reports", ()), "hours")},
        follow_up={**rules.follow_up, **_limits(raw.get("follow_up", ()), "days")},
        escalation={
            **rules.escalation,
            **{name: _ladder(one) for name, one in raw.get("escalation", {}).items()},
        },
    )
    if opens is None:
        return changed
    return replace(
        changed,
        opens=frozenset(opens["colours"]),
        purple=opens["purple"],
        opens_source=opens["source"],
        opens_confidence=opens["confidence"],
    )


def _limits(rows: Iterable[Mapping[str, Any]], unit: str) -> dict[str, Limit]:
    return {
        row["colour"]: Limit(
            colour=row["colour"],
            span=timedelta(**{unit: row[unit]}),
            source=row["source"],
            confidence=row["confidence"],
        )
        for row in rows
    }


def _ladder(raw: Mapping[str, Any]) -> Ladder:
    return Ladder(
        steps=tuple(
            Step(timedelta(hours=step["after_hours"]), step["tell"]) for step in raw["steps"]
        ),
        repeat=timedelta(hours=raw["repeat_hours"]),
        source=raw["source"],
        confidence=raw["confidence"],
    )


def _valid_from(rules: Rules) -> date:
    return rules.valid_from


def to_be_verified(confidences: Collection[str]) -> bool:
    """True if any of these marks is not the rule's own text."""
    return not UNVERIFIED.isdisjoint(confidences)


RULEBOOK = load(Path(__file__).parents[1] / "rulesets")
