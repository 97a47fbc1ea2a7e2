"""Reading a value: unit checked, converted, judged plausible. Pure.

The unit trap is closed here: a number without a unit, or with one that the catalogue does not list
for it, is refused and the accepted ones are named. What was sent is kept beside what is stored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from registry.observations.catalogue import CATALOGUE, Catalogue, Conversion, Item, Subject
from registry.observations.errors import (
    CodeUnknown,
    Implausible,
    PressuresSwapped,
    UnitMissing,
    UnitRefused,
    WordRefused,
    WrongSubject,
)

GUARD_DIGITS = 2
"""A converted value keeps so many digits more than are shown: 100.4 °F is 38 °C, not a hair more,
and no threshold is crossed by arithmetic."""

BEYOND = 10**12
"""Larger than anything measured, and more digits than rounding keeps apart."""

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Reading:
    """One value as it is stored: exactly one of `number` and `word`, and what was sent."""

    code: str
    number: float | None
    word: str | None
    raw_value: str
    raw_unit: str | None

    @property
    def fact(self) -> float | str | bool:
        """The value as conditions see it."""
        return fact_of(self.code, self.number, self.word)


def fact_of(code: str, number: float | None, word: str | None) -> float | str | bool:
    """A stored value as conditions see it: flags are true or false."""
    if number is not None:
        return number
    if CATALOGUE.codes[code].kind == "flag":
        return word == YES
    return word or ""


def read(
    code: str,
    *,
    number: float | None = None,
    word: str | None = None,
    unit: str | None = None,
    subject: Subject = "mother",
    catalogue: Catalogue = CATALOGUE,
) -> Reading:
    """Check one value.

    Args:
        code: of the catalogue.
        number: what was read, where it is one.
        word: what was read, where it is none; `yes` or `no` for a flag.
        unit: as people write it; a number needs one.
        subject: on whom it was observed.
        catalogue: the rules.

    Raises:
        CodeUnknown: not in the catalogue, or computed from others.
        UnitMissing: a number without a unit.
        UnitRefused: a unit that it may not arrive in.
        Implausible: a number that cannot be.
        WordRefused: neither a number nor one of its words, or both.
        WrongSubject: not observed on a newborn (or a mother).
    """
    item = catalogue.codes.get(code)
    if item is None or item.kind == "derived":
        raise CodeUnknown(observation=code)
    if subject not in item.of:
        raise WrongSubject(observation=code, subject=subject)
    if item.kind != "number":
        return _word(code, item, number, word)
    if number is None or word is not None:
        raise WordRefused(observation=code, value=word or "", accepted=_accepted(item, catalogue))
    return _number(code, item, number, unit, catalogue)


def _accepted(item: Item, catalogue: Catalogue) -> str:
    return ", ".join(catalogue.shown(one) or "pH" for one in item.units)


def _number(code: str, item: Item, value: float, unit: str | None, catalogue: Catalogue) -> Reading:
    accepted = _accepted(item, catalogue)
    if unit is None or not unit.strip():
        raise UnitMissing(observation=code, accepted=accepted)
    named = catalogue.unit_named(unit)
    if named not in item.units:
        raise UnitRefused(observation=code, unit=unit[:40], accepted=accepted)
    number = to_canonical(item, value, named)
    low, high = item.plausible or (float("-inf"), float("inf"))
    if not low <= number <= high:
        shown = catalogue.shown(item.unit)
        raise Implausible(
            observation=code, value=f"{value:g} {unit}", low=low, high=high, unit=shown
        )
    return Reading(code, number, None, _plain(value), named)


def _plain(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def to_canonical(item: Item, value: float, unit: str) -> float:
    """A value in one of the item's units, in its canonical unit."""
    exact = Decimal(repr(float(value)))
    way = _conversion(item, unit)
    if way is not None:
        exact = (exact - Decimal(repr(way.minus))) * Decimal(repr(way.factor))
    if abs(exact) > BEYOND:
        return float(exact)
    return float(round(exact, item.decimals + GUARD_DIGITS)) + 0.0


def from_canonical(item: Item, number: float, unit: str) -> float:
    """The other way round, for who thinks in another unit."""
    way = _conversion(item, unit)
    return number if way is None else number / way.factor + way.minus


def _conversion(item: Item, unit: str) -> Conversion | None:
    return next((one for one in item.also if one.unit == unit), None)


def _word(code: str, item: Item, number: float | None, word: str | None) -> Reading:
    allowed: Iterable[str] = (YES, NO) if item.kind == "flag" else item.words
    if number is not None or word is None or word not in allowed:
        said = word if number is None else f"{number:g}"
        raise WordRefused(observation=code, value=said or "", accepted=", ".join(allowed))
    return Reading(code, None, word, word, None)


def check_together(readings: Iterable[Reading]) -> None:
    """Readings of one moment must not contradict each other.

    Raises:
        PressuresSwapped: systolic below diastolic.
    """
    numbers: Mapping[str, float | None] = {one.code: one.number for one in readings}
    sbp, dbp = numbers.get("sbp_mmhg"), numbers.get("dbp_mmhg")
    if sbp is not None and dbp is not None and sbp < dbp:
        raise PressuresSwapped(sbp=f"{sbp:g}", dbp=f"{dbp:g}")


def in_caution(code: str, number: float | None, word: str | None) -> bool:
    """Whether a stored value lies outside its usual range."""
    item = CATALOGUE.codes[code]
    if number is not None and item.caution is not None:
        low, high = item.caution
        return not low <= number <= high
    if word is not None and item.usual:
        return word not in item.usual
    return item.kind == "flag" and word == YES
