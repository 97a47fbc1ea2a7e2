"""What duty weighs: pure. A shift is cut where the kind of day or night changes, and weighed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

from kernel.ids import PersonId

ONE_DAY = timedelta(days=1)
KINDS = ("workday", "weekend", "holiday")

KindOf = Callable[[date], str]
"""workday, weekend or holiday; a moved working day (调休上班) is a workday."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A version of what an hour of duty counts.

    Attributes:
        day, night: points per hour by the kind of day; a night belongs to the day whose clock
            it is.
        tiers: factor per tier; a tier that is not named counts fully.
        night_counts_from_h: hours of one night from which it counts as a night of duty.
    """

    night_from: time
    night_to: time
    day: Mapping[str, float]
    night: Mapping[str, float]
    tiers: Mapping[str, float]
    night_counts_from_h: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """Somebody was (or will be) on duty from `start` until just before `end`."""

    person_id: PersonId
    tier: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a stretch in one kind of day, all of it night or all of it day.

    `night_of` is the day on whose evening the night began.
    """

    start: datetime
    end: datetime
    kind: str
    night: bool
    night_of: date | None

    @property
    def hours(self) -> float:
        """Real hours: 23 or 25 on a day when clocks are changed."""
        return (self.end - self.start) / timedelta(hours=1)


@dataclass(slots=True)
class Load:
    """What one person carried."""

    shifts: int = 0
    hours: float = 0.0
    night_hours: float = 0.0
    weekend_hours: float = 0.0
    holiday_hours: float = 0.0
    points: float = 0.0
    nights: int = 0
    night_parts: dict[date, float] = field(default_factory=dict)


def pieces(
    start: datetime, end: datetime, weights: Weights, kind_of: KindOf, zone: tzinfo
) -> Iterator[Piece]:
    """The parts of a period, cut at midnight and where night begins and ends."""
    cursor = start
    while cursor < end:
        local = cursor.astimezone(zone)
        until = min(end, _next_cut(local, weights, zone))
        clock = local.time()
        night = _is_night(clock, weights)
        evening = None
        if night:
            early = clock < weights.night_to and weights.night_from > weights.night_to
            evening = local.date() - ONE_DAY if early else local.date()
        yield Piece(cursor, until, kind_of(local.date()), night, evening)
        cursor = until


def points(stretch: Stretch, weights: Weights, kind_of: KindOf, zone: tzinfo) -> float:
    """What one stretch counts."""
    found = pieces(stretch.start, stretch.end, weights, kind_of, zone)
    return sum(_weight(piece, stretch.tier, weights) for piece in found)


def loads(
    stretches: Iterable[Stretch], weights: Weights, kind_of: KindOf, zone: tzinfo
) -> dict[PersonId, Load]:
    """What everybody carried."""
    found: dict[PersonId, Load] = {}
    for stretch in stretches:
        load = found.setdefault(stretch.person_id, Load())
        load.shifts += 1
        for piece in pieces(stretch.start, stretch.end, weights, kind_of, zone):
            load.hours += piece.hours
            load.points += _weight(piece, stretch.tier, weights)
            if piece.kind == "weekend":
                load.weekend_hours += piece.hours
            if piece.kind == "holiday":
                load.holiday_hours += piece.hours
            if piece.night and piece.night_of is not None:
                load.night_hours += piece.hours
                parts = load.night_parts
                parts[piece.night_of] = parts.get(piece.night_of, 0.0) + piece.hours
    for load in found.values():
        load.nights = sum(h >= weights.night_counts_from_h for h in load.night_parts.values())
    return found


def _weight(piece: Piece, tier: str, weights: Weights) -> float:
    per_hour = (weights.night if piece.night else weights.day)[piece.kind]
    return piece.hours * per_hour * weights.tiers.get(tier, 1.0)


def _is_night(clock: time, weights: Weights) -> bool:
    if weights.night_from <= weights.night_to:
        return weights.night_from <= clock < weights.night_to
    return clock >= weights.night_from or clock < weights.night_to


def _next_cut(local: datetime, weights: Weights, zone: tzinfo) -> datetime:
    """The next midnight or edge of the night after a local moment."""
    day = local.date()
    edges = (
        datetime.combine(on, at, zone)
        for on in (day, day + ONE_DAY)
        for at in (time(0), weights.night_from, weights.night_to)
    )
    moment = local.timestamp()
    return min((edge for edge in edges if edge.timestamp() > moment), key=datetime.timestamp)
