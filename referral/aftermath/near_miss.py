"""Maternal near-miss: the criteria as data, the evaluation as a pure function.

The evaluation proposes; a person confirms. What is not known is said to be unknown, never "no".
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from kernel.predicates import Facts, Predicate, parse

Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One sign that a woman nearly died."""

    code: str
    system: str
    zh: str
    en: str
    when: Predicate


@dataclass(frozen=True, slots=True)
class Fired:
    """A criterion that holds, with the values that made it hold."""

    code: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Findings:
    """What the criteria say about one woman.

    Attributes:
        fired: criteria that hold.
        unknown: criteria that nobody can decide from what is known.
    """

    ruleset: str
    fired: tuple[Fired, ...]
    unknown: tuple[str, ...]

    @property
    def fingerprint(self) -> bytes:
        """32 bytes, equal for equal criteria under equal rules: one proposal each."""
        codes = "\n".join([self.ruleset, *sorted(item.code for item in self.fired)])
        return sha256(codes.encode()).digest()


@dataclass(frozen=True, slots=True)
class Criteria:
    """The criteria in force."""

    version: str
    source: str
    confidence: str
    systems: Mapping[str, Mapping[str, str]]
    criteria: tuple[Criterion, ...]

    def __getitem__(self, code: str) -> Criterion:
        return next(item for item in self.criteria if item.code == code)

    def facts(self) -> frozenset[str]:
        """Names of everything that is asked for."""
        return frozenset().union(*(item.when.facts() for item in self.criteria))

    def evaluate(self, facts: Facts) -> Findings:
        """Which criteria hold, and which cannot be decided."""
        fired: list[Fired] = []
        unknown: list[str] = []
        for item in self.criteria:
            answer = item.when.test(facts)
            if answer:
                fired.append(Fired(item.code, _values(item, facts)))
            elif answer is None:
                unknown.append(item.code)
        return Findings(self.version, tuple(fired), tuple(unknown))

    def over(self, standing: Facts, moments: Sequence[Facts]) -> Findings:
        """As `evaluate`, over a whole course: one moment that meets a criterion is enough."""
        fired: dict[str, Fired] = {}
        unknown = {item.code for item in self.criteria}
        for moment in moments or [{}]:
            found = self.evaluate({**standing, **moment})
            unknown &= set(found.unknown)
            for item in found.fired:
                fired.setdefault(item.code, item)
        order = [item.code for item in self.criteria]
        return Findings(
            self.version,
            tuple(fired[code] for code in order if code in fired),
            tuple(code for code in order if code in unknown),
        )


def _values(item: Criterion, facts: Facts) -> dict[str, Value]:
    return {
        name: value
        for name in sorted(item.when.facts())
        if isinstance(value := facts.get(name), bool | int | float | str)
    }


def load(path: Path) -> Criteria:
    """Read a criteria file.

    Raises:
        ValueError: a condition is none.
        KeyError: a criterion names a system that the file does not define.
    """
    raw = tomllib.loads(path.read_text("utf-8"))
    found = tuple(
        Criterion(row["code"], row["system"], row["zh"], row["en"], parse(row["when"]))
        for row in raw["criteria"]
    )
    for item in found:
        raw["systems"][item.system]
    return Criteria(raw["version"], raw["source"], raw["confidence"], raw["systems"], found)


CRITERIA = load(Path(__file__).with_name("near_miss.toml"))


def near_miss_ratio(near_misses: int, live_births: int) -> float | None:
    """Near-misses per live birth; None without births."""
    return near_misses / live_births if live_births else None


def mortality_index(deaths: int, near_misses: int) -> float | None:
    """Deaths among all women with life-threatening conditions: deaths / (near-misses + deaths).

    The deaths belong in the denominator: Hangzhou 2015-2020 reports 6 / (1790 + 6) = 0.33 %.
    """
    threatened = deaths + near_misses
    return deaths / threatened if threatened else None
