"""Indicators once more, the slow and plain way: from what a test wrote, without SQL.

Cases are what a test decided to write, not what a database says, so that nothing is shared with the
engine but the definitions.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from quality.repository import LateEntries, State
from quality.vocabulary import (
    CountMeasure,
    Criterion,
    IntervalMeasure,
    RateMeasure,
    ShareMeasure,
)

KINDS = {
    "referral.requested": "request",
    "page.acknowledged": "first_acknowledged",
    "offer.accepted": "accepted",
    "leg.departed": "departed",
    "leg.arrived": "arrived",
    "referral.self_arrival": "arrived",
    "milestone.decision_for_cs": "decision_for_cs",
    "milestone.birth": "birth",
    "leg.handed_over": "handed_over",
    "milestone.expert_online": "expert_online",
    "milestone.team_called": "team_called",
    "milestone.team_present": "team_present",
    "milestone.theatre_entered": "theatre_entered",
    "milestone.icu_admitted": "icu_admitted",
    "milestone.incision": "incision",
    "milestone.blood_requested": "blood_requested",
    "milestone.blood_issued": "blood_issued",
    "milestone.blood_arrived": "blood_arrived",
}
CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a case: what, when, and whether it was written down afterwards."""

    kind: str
    at: datetime
    payload: Mapping[str, object] = field(default_factory=dict)

    @property
    def late(self) -> bool:
        return "late_reason" in self.payload


@dataclass(frozen=True, slots=True)
class Told:
    """A case as a test tells it; the first happening opens it."""

    case_id: UUID
    origin: UUID
    regions: frozenset[UUID]
    happenings: Sequence[Happening]

    @property
    def opening(self) -> Happening:
        return self.happenings[0]

    @property
    def counts(self) -> bool:
        said = self.opening.payload
        voided = any(one.kind == "referral.voided" for one in self.happenings)
        return not (said.get("drill") or said.get("direction") == "back" or voided)

    def accepted_by(self, facility: UUID) -> bool:
        return any(
            one.kind == "offer.accepted" and one.payload.get("facility_id") == str(facility)
            for one in self.happenings
        )

    def milestone(self, name: str) -> Happening | None:
        """The earliest that was not written down afterwards; else the earliest."""
        found = [one for one in self.happenings if KINDS.get(one.kind) == name]
        return min(found, key=lambda one: (one.late, one.at), default=None)

    def field(self, name: str) -> object:
        if name == "self_arrived":
            return self.opening.kind == "referral.self_arrival"
        return self.opening.payload.get({"colour": "risk_colour"}.get(name, name))


@dataclass(frozen=True, slots=True)
class Seen:
    """A case under one definition."""

    case_id: UUID
    place: str | None
    month: str
    state: State
    reason: str | None
    met: bool
    late: bool
    seconds: float | None


def inside(
    told: Told, start: datetime, end: datetime, region: UUID | None, house: UUID | None
) -> bool:
    """Whether a case is in the scope."""
    return (
        told.counts
        and start <= told.opening.at < end
        and (region is None or region in told.regions)
        and (house is None or house == told.origin or told.accepted_by(house))
    )


def look(
    told: Told, measure: IntervalMeasure | CountMeasure | ShareMeasure, late: LateEntries
) -> Seen | None:
    """The case under a measure; None if it is not in its population."""
    state: State
    reason, met, seconds, came = None, False, None, told.opening.at
    if isinstance(measure, IntervalMeasure):
        wanted = measure.interval
        start, end = told.milestone(wanted.start), told.milestone(wanted.end)
        if start is None or any(start.payload.get(k) != v for k, v in wanted.where.items()):
            return None
        looked = [one for one in (start, end) if one is not None]
        came = start.at
        if end is None:
            state = "open"
        elif end.at < start.at:
            state = "inconsistent"
        else:
            state, seconds = "counted", (end.at - start.at).total_seconds()
    else:
        criteria = [*measure.where, *(measure.met if isinstance(measure, ShareMeasure) else [])]
        names = [n for one in criteria for n in (one.reached, one.after) if n is not None]
        looked = [one for one in map(told.milestone, names) if one is not None]
        failing = [one.key for one in measure.where if holds(one, told) is not True]
        state, reason = ("outside", failing[0]) if failing else ("counted", None)
        met = isinstance(measure, ShareMeasure) and all(
            holds(one, told) is True for one in measure.met
        )
    entered_late = any(one.late for one in looked)
    if state == "counted" and entered_late and late == "without":
        state, seconds = "late_left_out", None
    return Seen(
        case_id=told.case_id,
        place=_place(told, measure.place),
        month=came.astimezone(CHINA).strftime("%Y-%m"),
        state=state,
        reason=reason,
        met=met,
        late=entered_late,
        seconds=seconds,
    )


def _place(told: Told, place: str) -> str | None:
    if place == "origin":
        return str(told.origin)
    accepted = told.milestone("accepted")
    said = None if accepted is None else accepted.payload.get("facility_id")
    return str(said) if said else None


def holds(criterion: Criterion, told: Told) -> bool | None:
    """True, False, or None: not known."""
    answer: bool | None
    if criterion.field is not None:
        value = told.field(criterion.field)
        answer = None if value is None else value in criterion.one_of
    else:
        reached = told.milestone(str(criterion.reached))
        if criterion.after is None or criterion.within_s is None:
            answer = reached is not None
        else:
            after = told.milestone(criterion.after)
            if reached is None or after is None:
                answer = None
            else:
                took = (reached.at - after.at).total_seconds()
                answer = 0 <= took <= criterion.within_s
    return answer if answer is None or not criterion.negate else not answer


def quantile(values: Sequence[float], share: float) -> float | None:
    """Linear between the two values around it."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def by(found: Sequence[Seen], what: str) -> dict[str, tuple[int, int]]:
    """(counted, met) by place or month."""
    counted = Counter(getattr(one, what) for one in found if one.state == "counted")
    met = Counter(getattr(one, what) for one in found if one.state == "counted" and one.met)
    return {key: (n, met[key]) for key, n in counted.items() if key is not None}


EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Known:
    """One of any other population as a test tells it: where, when, and what is known of it.

    `closed`: whoever asks may count it and not read it.
    """

    place: UUID
    around: frozenset[UUID]
    at: datetime
    said: Mapping[str, object]
    closed: bool = False

    def inside(
        self, start: datetime, end: datetime, region: UUID | None, house: UUID | None
    ) -> bool:
        return (
            start <= self.at < end
            and (region is None or region in self.around)
            and house in (None, self.place)
        )


def fails(criteria: Sequence[Criterion], said: Mapping[str, object]) -> str | None:
    """The first criterion that does not hold; what is not known does not hold."""
    for one in criteria:
        value = said.get(str(one.field))
        if value is None or (value in one.one_of) == one.negate:
            return one.key
    return None


@dataclass(frozen=True, slots=True)
class Added:
    """What known members come to: above, below, and who lies outside by which reason."""

    met: int
    n: int
    outside: Mapping[str, int]
    places: Mapping[str, tuple[int, int]]


def add_up(found: Sequence[Known], measure: CountMeasure | ShareMeasure | RateMeasure) -> Added:
    """A measure over known members, one after the other."""
    met = n = 0
    outside: Counter[str] = Counter()
    places: dict[str, tuple[int, int]] = {}
    for one in found:
        reason = fails(measure.where, one.said)
        part, whole = 0, 1
        if isinstance(measure, RateMeasure):
            amounts = (one.said.get(measure.top), one.said.get(measure.bottom))
            if reason is None and None in amounts:
                reason = (measure.top, measure.bottom)[amounts.index(None)]
            part, whole = (int(str(value)) if value is not None else 0 for value in amounts)
        elif isinstance(measure, ShareMeasure):
            part = int(fails(measure.met, one.said) is None)
        if reason is not None:
            outside[reason] += 1
            continue
        met, n = met + part, n + whole
        before = places.get(str(one.place), (0, 0))
        places[str(one.place)] = (before[0] + whole, before[1] + part)
    return Added(met, n, outside, places)
