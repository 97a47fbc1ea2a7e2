"""Pure: control charts over months and funnels over facilities. Limits and signals are data.

A month or facility with 1 to 4 members is hidden: it has no value, and no limit rests on it.
"""

import itertools
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from kernel.confidence import Confidence
from quality.small_numbers import small
from referral.clocks.data import Text

FILE = Path(__file__).with_name("control.toml")

ChartKind: TypeAlias = Literal["xmr", "p", "u"]
Signal: TypeAlias = Literal["outside", "run"]
Beyond: TypeAlias = Literal["within", "warning", "alarm"]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How wide, and from how many months on."""

    xmr_width: float
    sigmas: float
    least_months: int
    confidence: Confidence
    source: str
    text: Text


class Signals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many in a row on one side are a change."""

    run: int
    confidence: Confidence
    source: str


class FunnelRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two widths of a funnel."""

    warning_z: float
    alarm_z: float
    confidence: Confidence
    source: str
    text: Text


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    limits: Limits
    signals: Signals
    funnel: FunnelRule


@lru_cache
def rules() -> Rules:
    """The rules of this release."""
    return msgspec.convert(tomllib.loads(FILE.read_text("utf-8")), Rules)


@dataclass(frozen=True, slots=True)
class Sample:
    """One month or facility: `n` members; a value over `size` (members of a share, days)."""

    n: int
    value: float | None
    size: float


@dataclass(frozen=True, slots=True)
class Judged:
    """A sample's place on its chart; all null where it is hidden or there are no limits."""

    value: float | None
    low: float | None
    high: float | None
    signal: Signal | None


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart; `centre` is null with too few months."""

    kind: ChartKind
    centre: float | None
    points: Sequence[Judged]


def chart(kind: ChartKind, samples: Sequence[Sample]) -> Chart:
    """Values with their limits. Shares lie in 0..1; no limit lies below 0."""
    shown = [None if small(one.n) or not one.size else one.value for one in samples]
    known = [
        (value, one.size) for value, one in zip(shown, samples, strict=True) if value is not None
    ]
    rule = rules().limits
    if len(known) < rule.least_months:
        return Chart(kind, None, [Judged(value, None, None, None) for value in shown])
    if kind == "xmr":
        centre = sum(value for value, _ in known) / len(known)
        moves = [abs(b[0] - a[0]) for a, b in itertools.pairwise(known)]
        half = rule.xmr_width * sum(moves) / len(moves)
        halves = [half for _ in samples]
    else:
        whole = sum(size for _, size in known)
        centre = sum(value * size for value, size in known) / whole
        spread = centre * (1 - centre) if kind == "p" else centre
        halves = [rule.sigmas * sqrt(spread / one.size) if one.size else 0.0 for one in samples]
    signals = _signals(shown, centre, halves)
    top = 1.0 if kind == "p" else float("inf")
    return Chart(
        kind,
        centre,
        [
            Judged(value, None, None, None)
            if value is None
            else Judged(value, max(0.0, centre - half), min(top, centre + half), signal)
            for value, half, signal in zip(shown, halves, signals, strict=True)
        ],
    )


def _signals(
    values: Sequence[float | None], centre: float, halves: Sequence[float]
) -> list[Signal | None]:
    found: list[Signal | None] = [None] * len(values)
    run: list[int] = []
    side = 0
    for at, value in enumerate(values):
        if value is None:
            continue
        now = (value > centre) - (value < centre)
        run = [*run, at] if now and now == side else [at]
        side = now
        if now and len(run) >= rules().signals.run:
            for one in run:
                found[one] = found[one] or "run"
        if abs(value - centre) > halves[at]:
            found[at] = "outside"
    return found


@dataclass(frozen=True, slots=True)
class Band:
    """Limits for facilities of `n`."""

    n: int
    low_warning: float
    high_warning: float
    low_alarm: float
    high_alarm: float

    def place(self, value: float) -> Beyond:
        """Where a share lies."""
        if not self.low_alarm <= value <= self.high_alarm:
            return "alarm"
        return "within" if self.low_warning <= value <= self.high_warning else "warning"


def band(mean: float, n: int) -> Band:
    """Limits around a mean share for `n` members."""
    rule, spread = rules().funnel, sqrt(mean * (1 - mean) / n)
    (low_w, high_w), (low_a, high_a) = (
        (max(0.0, mean - z * spread), min(1.0, mean + z * spread))
        for z in (rule.warning_z, rule.alarm_z)
    )
    return Band(n, low_w, high_w, low_a, high_a)


def bands(mean: float, most: int, steps: int = 40) -> list[Band]:
    """Limits along the axis, close together where they bend."""
    wanted = {max(1, round(most * (step / steps) ** 2)) for step in range(1, steps + 1)}
    return [band(mean, n) for n in sorted(wanted)]
