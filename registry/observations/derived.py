"""What is computed from readings and therefore never stored as measured. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Sample:
    """One stored value at its moment; `value` as conditions see it."""

    code: str
    value: float | str | bool
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Formula:
    """How a derived value follows from numbers that were read at most `within` apart."""

    needs: tuple[str, ...]
    within: timedelta
    compute: Callable[..., float | None]


def mean_arterial_pressure(sbp_mmhg: float, dbp_mmhg: float) -> float:
    """MAP in mmHg: diastolic plus a third of the pulse pressure."""
    return (sbp_mmhg + 2 * dbp_mmhg) / 3


def shock_index(hr_per_min: float, sbp_mmhg: float) -> float | None:
    """Heart rate over systolic pressure; with no pressure there is no index, only an arrest."""
    return hr_per_min / sbp_mmhg if sbp_mmhg > 0 else None


def body_mass_index(weight_kg: float, height_cm: float) -> float:
    """kg/m²."""
    return weight_kg / (height_cm / 100) ** 2


FORMULAS: Mapping[str, Formula] = {
    "map_mmhg": Formula(("sbp_mmhg", "dbp_mmhg"), timedelta(0), mean_arterial_pressure),
    "shock_index": Formula(("hr_per_min", "sbp_mmhg"), timedelta(minutes=15), shock_index),
    "bmi_kg_per_m2": Formula(("weight_kg", "height_cm"), timedelta(days=365), body_mass_index),
}


def inputs_of(codes: Iterable[str]) -> frozenset[str]:
    """The measured codes behind these facts."""
    return frozenset(
        need for code in codes for need in (FORMULAS[code].needs if code in FORMULAS else (code,))
    )


def derive(samples: Iterable[Sample]) -> list[Sample]:
    """Every derived value along these readings, oldest first.

    At each reading of a part the newest of the other parts joins it, if it was read near enough.
    """
    found: list[Sample] = []
    latest: dict[str, Sample] = {}
    for moment, here in _by_moment(samples):
        latest |= {one.code: one for one in here}
        changed = {one.code for one in here}
        for code, formula in FORMULAS.items():
            if changed.isdisjoint(formula.needs):
                continue
            parts = [latest[need] for need in formula.needs if need in latest]
            oldest = min((part.taken_at for part in parts), default=moment)
            if len(parts) < len(formula.needs) or moment - oldest > formula.within:
                continue
            value = formula.compute(*(part.value for part in parts))
            if value is not None:
                found.append(Sample(code, value, moment))
    return found


def _by_moment(samples: Iterable[Sample]) -> Iterator[tuple[datetime, list[Sample]]]:
    ordered = sorted(samples, key=lambda one: one.taken_at)  # stable: later entries stay later
    for moment, here in groupby(ordered, key=lambda one: one.taken_at):
        yield moment, list(here)


def newest(samples: Iterable[Sample]) -> dict[str, Sample]:
    """The last reading of each code; of two at one moment the later in the list."""
    found: dict[str, Sample] = {}
    for sample in samples:
        known = found.get(sample.code)
        if known is None or sample.taken_at >= known.taken_at:
            found[sample.code] = sample
    return found
