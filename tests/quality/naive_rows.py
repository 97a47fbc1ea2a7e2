"""Populations other than cases once more, the slow and plain way: from what a test wrote.

Thresholds stand here a second time on purpose; nothing is shared with the engine but definitions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from quality.repository import LateEntries
from quality.vocabulary import CountMeasure, Criterion, Population, ShareMeasure

Said = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """One of a population as a test tells it.

    Attributes:
        houses: those that it belongs to; the first is whose it is.
        regions: around the first house (of a district: itself and around it).
        counts: whether it is in the population at all.
    """

    of: Population
    at: datetime
    houses: tuple[UUID, ...]
    regions: frozenset[UUID]
    said: Said = field(default_factory=dict)
    counts: bool = True
    late: bool = False


def weeks(days: int, low: int, below: int = 99) -> bool:
    return low * 7 <= days < below * 7


def known(name: str, test: Callable[[Any], bool]) -> Callable[[Said], bool | None]:
    """A test of one value; None where nobody gave it."""
    return lambda said: None if said.get(name) is None else test(said[name])


def plain(name: str) -> Callable[[Said], Any]:
    return lambda said: said.get(name)


PLAIN: Final[Mapping[Population, Mapping[str, Callable[[Said], Any]]]] = {
    "deliveries": {
        "from_28_weeks": known("gestation_days", lambda days: weeks(days, 28)),
        "preterm": known("gestation_days", lambda days: weeks(days, 28, 37)),
        "early_preterm": known("gestation_days", lambda days: weeks(days, 28, 34)),
        "caesarean": known("mode", lambda mode: mode in ("caesarean", "converted")),
        "vaginal": known("mode", lambda mode: mode == "vaginal"),
        "primiparous": plain("primiparous"),
        "neuraxial": plain("neuraxial"),
        "severe_haemorrhage": known("blood_loss_24h_ml", lambda ml: ml >= 1000),
        "transfused": known("red_cells_u", lambda units: units >= 1),
        "hysterectomy": plain("hysterectomy"),
        "reoperation": plain("reoperation"),
        "died": plain("died"),
        "transferred_in": known("admission", lambda way: way == "transferred"),
    },
    "newborns": {
        "live_born": plain("live_born"),
        "from_28_weeks": lambda said: weeks(said["gestation_days"], 28) or said["weight_g"] >= 1000,
        "term": known("gestation_days", lambda days: weeks(days, 37)),
        "macrosomic": known("weight_g", lambda grams: grams >= 4000),
        "apgar5_below_7": known("apgar5", lambda score: score < 7),
    },
    "consults": {
        "urgency": plain("urgency"),
        "held": lambda said: said["outcome"] not in (None, "not_held"),
    },
    "guidance": {"upper_tier": plain("upper_tier"), "in_area": plain("in_area")},
    "case_files": {
        "colour": plain("colour"),
        "purple": plain("purple"),
        "agreed": lambda said: said["plan"] is not None,
        "report_due": lambda said: said["report"],
        "reported_in_time": lambda said: said["took_h"] is not None and said["took_h"] <= 24,
    },
    "districts": {
        name: plain(name) for name in ("has_maternal_centre", "answered_for", "has_experts")
    },
}
"""Every field of the vocabulary, from what was written; None: not known."""


def inside(
    one: Member, start: datetime, end: datetime, region: UUID | None, house: UUID | None
) -> bool:
    """Whether a member is in the scope. Districts are those of the last day, whenever it is."""
    return (
        one.counts
        and (one.of == "districts" or start <= one.at < end)
        and (region is None or region in one.regions)
        and (house is None or house in one.houses)
    )


def look(
    one: Member, measure: CountMeasure | ShareMeasure, late: LateEntries
) -> tuple[str, str | None, bool]:
    """State, the first criterion that fails, whether it stands in the numerator."""
    failing = [each.key for each in measure.where if not holds(each, one)]
    met = isinstance(measure, ShareMeasure) and all(holds(each, one) for each in measure.met)
    if failing:
        return "outside", failing[0], met
    if one.late and late == "without":
        return "late_left_out", None, met
    return "counted", None, met


def holds(criterion: Criterion, one: Member) -> bool:
    """What is not known does not hold, and neither does its opposite."""
    value = PLAIN[one.of][str(criterion.field)](one.said)
    return value is not None and (value in criterion.one_of) is not criterion.negate
