"""The closed vocabulary of indicators: what may be counted, and by which criteria.

An indicator is put together from these words and from nothing else, whether it stands in a file of
the release or was entered by an administrator. `quality.compiling` turns it into SQL; there is no
way to write SQL into a definition.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from referral.clocks.data import MILESTONES, Interval, Text, interval_of

Population: TypeAlias = Literal[
    "cases", "guidance", "case_files", "consults", "districts", "deliveries", "newborns",
    "death_steps", "reviews", "review_measures", "annual_returns", "practice_cards",
    "child_returns", "severe_outcomes", "outcomes_and_births", "obstetricians_and_beds",
    "pregnancies", "exercises", "handed_in", "bed_counts", "house_licences",
]  # fmt: skip
"""cases: transfer requests and self-arrivals, by opening; guidance: remote guidance sessions;
case_files: high-risk files, by opening; consults: remote consultations, by asking; districts:
counties and city districts on the last day of the period; deliveries: women delivered, from front
pages; newborns: from birth cards; death_steps: what is due after a death, by the end of its limit;
reviews: of deaths and near-misses, by conclusion; review_measures: what follows from them, by the
day on which it is due; annual_returns, child_returns: rows of a year's figures, by the year's last
day; practice_cards, house_licences: of people and of houses, on the last day of the period;
severe_outcomes: women with a confirmed near-miss or who died, by the opening of their case;
pregnancies: registrations; exercises: drills that were held, by their beginning; handed_in: returns
and minutes, by when they were handed in;
bed_counts: the newest count of a kind of bed at each house, at the end of the period. Two hold
members of two kinds, for rates whose parts are: outcomes_and_births: severe outcomes, and rows of
annual returns with the live births; obstetricians_and_beds: obstetricians at work on the last day,
and rows of the year's obstetric beds."""

Place: TypeAlias = Literal["origin", "receiver"]
"""To whom a case belongs: who asked, or who accepted it first."""

Value: TypeAlias = str | int | bool
Name: TypeAlias = Annotated[str, msgspec.Meta(max_length=60)]

FIELDS: Final[Mapping[Population, Mapping[str, type]]] = {
    "cases": {"acuity": str, "colour": str, "condition": str, "self_arrived": bool},
    "guidance": {"upper_tier": bool, "in_area": bool},
    "case_files": {
        "colour": str,
        "purple": bool,
        "agreed": bool,
        "report_due": bool,
        "reported_in_time": bool,
    },
    "consults": {"urgency": str, "held": bool},
    "districts": {"has_maternal_centre": bool, "answered_for": bool, "has_experts": bool},
    "deliveries": {
        "from_28_weeks": bool,
        "preterm": bool,
        "early_preterm": bool,
        "caesarean": bool,
        "vaginal": bool,
        "primiparous": bool,
        "neuraxial": bool,
        "severe_haemorrhage": bool,
        "transfused": bool,
        "hysterectomy": bool,
        "reoperation": bool,
        "died": bool,
        "transferred_in": bool,
    },
    "newborns": {
        "live_born": bool,
        "from_28_weeks": bool,
        "term": bool,
        "macrosomic": bool,
        "apgar5_below_7": bool,
    },
    "death_steps": {"who": str, "step": str, "done": bool, "in_time": bool},
    "reviews": {"kind": str, "level": str, "conclusion": str, "decisive": bool, "in_time": bool},
    "review_measures": {"kind": str, "dropped": bool, "verified": bool, "in_time": bool},
    "annual_returns": {
        "covers": str,
        "residence": str,
        "overall": bool,
        "adds_up": bool,
        "this_year": bool,
    },
    "practice_cards": {"profession": str, "service": str, "active": bool},
    "child_returns": {
        "covers": str,
        "residence": str,
        "overall": bool,
        "adds_up": bool,
        "this_year": bool,
    },
    "severe_outcomes": {"outcome": str},
    "outcomes_and_births": {
        "covers": str,
        "overall": bool,
        "this_year": bool,
        "births_given": bool,
    },
    "obstetricians_and_beds": {"this_year": bool, "beds_given": bool},
    "pregnancies": {
        "assessed": bool,
        "colour": str,
        "purple": bool,
        "at_high_risk": bool,
        "has_file": bool,
    },
    "exercises": {"kind": str, "scenario": str, "debriefed": bool},
    "handed_in": {"form": str},
    "bed_counts": {"kind": str},
    "house_licences": {"service": str, "active": bool},
}
"""What may be asked of one of a population, by name."""

AMOUNTS: Final[Mapping[Population, frozenset[str]]] = {
    "annual_returns": frozenset(
        {
            "women",
            "live_births",
            "booked_early",
            "examined",
            "managed",
            "high_risk",
            "born_in_hospital",
            "visited",
            "deaths",
        }
    ),
    "child_returns": frozenset(
        {"live_births", "neonatal_deaths", "infant_deaths", "under5_deaths"}
    ),
    "severe_outcomes": frozenset({"near_misses", "deaths"}),
    "outcomes_and_births": frozenset({"near_misses", "deaths", "severe_outcomes", "live_births"}),
    "obstetricians_and_beds": frozenset({"obstetricians", "beds"}),
    "bed_counts": frozenset({"beds", "houses"}),
}
"""What may be added up over a population whose members bring amounts."""

YEARLY: Final[frozenset[Population]] = frozenset(
    {"annual_returns", "child_returns", "outcomes_and_births", "obstetricians_and_beds"}
)
"""Populations with figures of a year: their rates are told of whole years only."""

MOST_CRITERIA = 8
LONGEST_S = 90 * 86_400


class Criterion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that must hold; criteria beside each other must all hold.

    Either `field` is one of `one_of`; or the milestone `reached` is there, where `within_s` is
    given at most so many seconds after the milestone `after` (and not before it). `negate` turns
    it round. What is not known does not hold, and neither does its opposite.
    """

    field: str | None = None
    one_of: list[Value] = []
    reached: str | None = None
    after: str | None = None
    within_s: int | None = None
    negate: bool = False

    def __post_init__(self) -> None:
        if (self.field is None) == (self.reached is None):
            raise ValueError("a criterion names a field or a milestone")
        if (self.field is None) != (not self.one_of):
            raise ValueError("a field is compared with at least one value")
        if (self.after is None) != (self.within_s is None) or (self.after and not self.reached):
            raise ValueError("a limit of time has a milestone at either end")
        if self.within_s is not None and not 0 <= self.within_s <= LONGEST_S:
            raise ValueError(f"a limit of time is 0 to {LONGEST_S} seconds")
        for name in (self.reached, self.after):
            if name is not None and name not in MILESTONES:
                raise ValueError(f"no such milestone: {name}")

    @property
    def key(self) -> str:
        """How a page names what did not hold."""
        return self.field or str(self.reached)


class ClockRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The interval that an indicator measures: the very one that runs on the case's clock."""

    set: Name
    version: int
    interval: Name


class IntervalMeasure(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag="interval",
    tag_field="kind",
):
    """How long something took, case by case: a distribution, never a bare share."""

    clock: ClockRef
    place: Place = "origin"

    @property
    def interval(self) -> Interval:
        """What is measured, with its target."""
        return interval_of(self.clock.set, self.clock.version, self.clock.interval)

    def __post_init__(self) -> None:
        assert self.interval  # noqa: S101  (raises if there is none)


class CountMeasure(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag="count",
    tag_field="kind",
):
    """How many of a population there are for which `where` holds."""

    of: Population
    where: list[Criterion] = []
    place: Place = "origin"

    def __post_init__(self) -> None:
        _must_fit(self.of, self.where)


class ShareMeasure(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag="share",
    tag_field="kind",
):
    """Of those for which `where` holds (the denominator), for how many `met` holds too."""

    of: Population
    met: list[Criterion]
    where: list[Criterion] = []
    place: Place = "origin"

    def __post_init__(self) -> None:
        if not self.met:
            raise ValueError("a share says what must be met")
        _must_fit(self.of, [*self.where, *self.met])


class RateMeasure(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="rate", tag_field="kind"
):
    """The sum of one amount over the sum of another, of members that give both.

    Where members are a year's figures (`YEARLY`) a rate is told of whole years only.
    """

    of: Population
    top: Name
    bottom: Name
    where: list[Criterion] = []
    place: Place = "origin"

    def __post_init__(self) -> None:
        for one in (self.top, self.bottom):
            if one not in AMOUNTS.get(self.of, ()):
                raise ValueError(f"{self.of} have no amount {one}")
        if self.top == self.bottom:
            raise ValueError("a rate is of two amounts")
        _must_fit(self.of, self.where)


class ElsewhereMeasure(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="elsewhere", tag_field="kind"
):
    """Computed from data that this platform does not hold yet; `awaits` says which."""

    awaits: Text


Measure: TypeAlias = IntervalMeasure | CountMeasure | ShareMeasure | RateMeasure | ElsewhereMeasure


def _must_fit(of: Population, criteria: list[Criterion]) -> None:
    if len(criteria) > MOST_CRITERIA:
        raise ValueError(f"at most {MOST_CRITERIA} criteria")
    for one in criteria:
        if one.reached is not None and of != "cases":
            raise ValueError(f"{of} have no milestones")
        if one.field is None:
            continue
        wanted = FIELDS[of].get(one.field)
        if wanted is None:
            raise ValueError(f"{of} have no field {one.field}")
        if any(type(value) is not wanted for value in one.one_of):
            raise ValueError(f"{one.field} is compared with {wanted.__name__}")
