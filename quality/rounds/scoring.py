"""How a value becomes points. Pure; a province decides the method and its numbers, item by item.

Three methods are enough for what was read so far: within a band or nothing; from nothing to all
between two values; in proportion to what is full, and nothing below a floor ("95–100 % in
proportion, below 95 % nothing").
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeAlias

import msgspec

CENT = Decimal("0.01")
SHARE = Decimal("0.0001")


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="band", tag_field="method"):
    """All of it within the interval, else nothing; an end that is null is open."""

    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise ValueError("a band has at least one end")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("a band's low end lies under its high end")

    def fraction(self, value: float) -> float:
        """0 or 1."""
        over = self.low is None or value >= self.low
        return float(over and (self.high is None or value <= self.high))


class Slope(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="slope", tag_field="method"
):
    """Nothing at `zero` and beyond, all at `full` and beyond, in a straight line between them."""

    zero: float
    full: float

    def __post_init__(self) -> None:
        if self.zero == self.full:
            raise ValueError("a slope runs between two values")

    def fraction(self, value: float) -> float:
        """Between 0 and 1; `full` may lie under `zero`."""
        return min(1.0, max(0.0, (value - self.zero) / (self.full - self.zero)))


class Proportion(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="proportion", tag_field="method"
):
    """As much as the value is of `full`; nothing below `floor`."""

    floor: float
    full: float

    def __post_init__(self) -> None:
        if not 0 <= self.floor < self.full:
            raise ValueError("a floor lies under what is full, and not under 0")

    def fraction(self, value: float) -> float:
        """Between 0 and 1."""
        return 0.0 if value < self.floor else min(1.0, value / self.full)


Scoring: TypeAlias = Band | Slope | Proportion


@dataclass(frozen=True, slots=True)
class Score:
    """What an item comes to; None: there is nothing to score."""

    code: str
    weight: Decimal
    fraction: Decimal | None
    points: Decimal | None


@dataclass(frozen=True, slots=True)
class Total:
    """Points of the weights that could be scored; `without`: weights without data.

    Nothing is scaled up: a centre with half of its data has half of the sheet, and that shows.
    """

    points: Decimal
    of: Decimal
    without: Decimal


def score(code: str, weight: float, fraction: float | None) -> Score:
    """Points of one item, rounded half up to hundredths."""
    whole = Decimal(str(weight))
    if fraction is None:
        return Score(code, whole, None, None)
    share = Decimal(str(fraction)).quantize(SHARE, ROUND_HALF_UP)
    return Score(code, whole, share, (whole * share).quantize(CENT, ROUND_HALF_UP))


def total(scores: Iterable[Score]) -> Total:
    """The sum of a sheet."""
    points = of = without = Decimal(0)
    for one in scores:
        if one.points is None:
            without += one.weight
        else:
            points += one.points
            of += one.weight
    return Total(points, of, without)


def mean(totals: Iterable[Total]) -> Decimal | None:
    """Each centre for itself, then the mean of what each reached of what could be scored, in %."""
    shares = [one.points / one.of * 100 for one in totals if one.of]
    if not shares:
        return None
    return (sum(shares, Decimal(0)) / len(shares)).quantize(CENT, ROUND_HALF_UP)
