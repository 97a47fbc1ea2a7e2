"""A rotation unrolled: who would hold which place when, as a pure function.

`expand` depends on its arguments alone. Run again it gives the same turns; asked for a month in two
halves it gives the month. It never decides who *is* on call: its turns become entries of a plan,
which people change, approve and publish.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from duty.rosters.calendar import ALL_DAYS, ONE_DAY, Calendar, DayKind, dates, moment
from duty.rosters.rules import Period, remainders
from kernel.ids import PersonId, SlotId

HALF_A_DAY = timedelta(hours=12)


class Shape(StrEnum):
    """How a rotation goes round.

    24 小时轮换、12 小时两班、每人连续 N 天、按周固定.
    """

    DAY = "day"
    HALF_DAY = "half_day"
    DAYS = "days"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Pattern:
    """The shape of a rotation.

    Attributes:
        members: who takes turns, in order; nobody means the rotation has ended.
        start: the duty day on which the first member begins.
        days: consecutive days of one turn (`days` only).
        weeks: for `weekly`, one row of seven per week, Monday first; each names a member by place
            in `members`, or None for a day that this rotation leaves alone. Rows alternate.
        on: the kinds of day that the rotation covers; turns are counted on those days only.
        handover: when duty changes, on the dial of `zone`.
    """

    shape: Shape
    members: tuple[PersonId, ...]
    start: date
    days: int = 1
    weeks: tuple[tuple[int | None, ...], ...] = ()
    on: frozenset[DayKind] = ALL_DAYS
    handover: time = time(8, 0)
    zone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class RotationVersion:
    """A pattern for one place, valid from a day on (and until just before another)."""

    slot_id: SlotId
    code: str
    seq: int
    pattern: Pattern
    valid_from: date
    valid_until: date | None = None

    def valid(self, day: date) -> bool:
        """True if the rotation counts on `day`."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


@dataclass(frozen=True, slots=True)
class Leave:
    """Somebody is away; `substitute_id` stands in, if anybody does."""

    person_id: PersonId
    start: datetime
    end: datetime
    substitute_id: PersonId | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody's turn at a place; `substitute` if they stand in for a member on leave."""

    slot_id: SlotId
    person_id: PersonId
    start: datetime
    end: datetime
    substitute: bool = field(default=False)


def expand(
    rotation: RotationVersion, calendar: Calendar, leave: Sequence[Leave], window: Period
) -> list[Turn]:
    """The turns of a rotation inside half-open `window`, in order of time.

    A member on leave is replaced by the substitute for exactly the time of the leave; where there
    is none, or the substitute is away as well, a gap stays that somebody must fill.
    """
    found: list[Turn] = []
    for whole in _turns(rotation, calendar, window):
        for turn in _without_leave(whole, leave):
            start, end = max(turn.start, window[0]), min(turn.end, window[1])
            if start < end:
                found.append(Turn(turn.slot_id, turn.person_id, start, end, turn.substitute))
    return found


def fill(
    rotations: Iterable[RotationVersion],
    calendar: Calendar,
    leave: Sequence[Leave],
    window: Period,
) -> list[Turn]:
    """All rotations together, at most one person per place and moment.

    Of one code the newest version counts from its first day on. Among codes the one that names
    fewer kinds of day goes first (a holiday roster before the ordinary one), then the newer.
    """
    ordered = sorted(_ended_by_newer(rotations), key=lambda one: (len(one.pattern.on), -one.seq))
    taken: dict[SlotId, list[Turn]] = {}
    for rotation in ordered:
        held = taken.setdefault(rotation.slot_id, [])
        held += [
            Turn(turn.slot_id, turn.person_id, start, end, turn.substitute)
            for turn in expand(rotation, calendar, leave, window)
            for start, end in _free((turn.start, turn.end), held)
        ]
    every = [turn for turns in taken.values() for turn in turns]
    return sorted(every, key=lambda turn: (turn.start, str(turn.slot_id)))


def _ended_by_newer(rotations: Iterable[RotationVersion]) -> list[RotationVersion]:
    known = list(rotations)
    ended = []
    for one in known:
        ends = [
            newer.valid_from
            for newer in known
            if (newer.slot_id, newer.code) == (one.slot_id, one.code) and newer.seq > one.seq
        ]
        if one.valid_until is not None:
            ends.append(one.valid_until)
        until = min(ends, default=None)
        if until is None or one.valid_from < until:
            ended.append(
                RotationVersion(one.slot_id, one.code, one.seq, one.pattern, one.valid_from, until)
            )
    return ended


def _free(period: Period, held: Sequence[Turn]) -> list[Period]:
    left = [period]
    for turn in held:
        left = [rest for part in left for rest in remainders(part, (turn.start, turn.end))]
    return left


def _turns(rotation: RotationVersion, calendar: Calendar, window: Period) -> Iterator[Turn]:
    """Whole turns that touch the window: parts of days, joined while the same turn goes on."""
    zone = ZoneInfo(rotation.pattern.zone)
    open_: tuple[int, Turn] | None = None
    for number, member, start, end in _parts(rotation, calendar, zone, window):
        if open_ is not None and open_[0] == number and open_[1].end == start:
            open_ = (number, Turn(rotation.slot_id, member, open_[1].start, end))
            continue
        if open_ is not None:
            yield open_[1]
        open_ = (number, Turn(rotation.slot_id, member, start, end))
    if open_ is not None:
        yield open_[1]


def _parts(
    rotation: RotationVersion, calendar: Calendar, zone: ZoneInfo, window: Period
) -> Iterator[tuple[int, PersonId, datetime, datetime]]:
    """(number of the turn, member, start, end) of every part of a duty day near the window."""
    pattern = rotation.pattern
    first = window[0].astimezone(zone).date() - ONE_DAY
    last = window[1].astimezone(zone).date() + ONE_DAY
    begin = max(pattern.start, rotation.valid_from)
    count = _count_before(pattern, calendar, max(first, begin))
    for day in dates(max(first, begin), last):
        if not rotation.valid(day) or calendar.day(day).kind not in pattern.on:
            continue
        edges = [moment(day, pattern.handover, zone), moment(day + ONE_DAY, pattern.handover, zone)]
        if pattern.shape is Shape.HALF_DAY:
            edges.insert(1, moment(day, pattern.handover, zone, later=HALF_A_DAY))
        for part in range(len(edges) - 1):
            chosen = _member(pattern, day, count, part)
            if chosen is not None:
                number, member = chosen
                start, end = (edge.astimezone(UTC) for edge in edges[part : part + 2])
                yield number, member, start, end
        count += 1


def _count_before(pattern: Pattern, calendar: Calendar, day: date) -> int:
    """How many days the rotation covered from its start until just before `day`."""
    if pattern.on == ALL_DAYS:
        return (day - pattern.start).days
    return sum(calendar.day(one).kind in pattern.on for one in dates(pattern.start, day))


def _member(pattern: Pattern, day: date, count: int, part: int) -> tuple[int, PersonId] | None:
    """(number of the turn, who) for a part of the `count`-th covered day."""
    members = pattern.members
    if not members:
        return None
    if pattern.shape is Shape.WEEKLY:
        monday = pattern.start - timedelta(days=pattern.start.weekday())
        row = pattern.weeks[((day - monday).days // 7) % len(pattern.weeks)]
        place = row[day.weekday()]
        return None if place is None else ((day - monday).days, members[place])
    number = {
        Shape.DAY: count,
        Shape.HALF_DAY: 2 * count + part,
        Shape.DAYS: count // pattern.days,
    }[pattern.shape]
    return number, members[number % len(members)]


def _without_leave(turn: Turn, leave: Sequence[Leave]) -> list[Turn]:
    """The turn cut by its holder's leaves, each cut taken by the substitute who is there."""
    kept: list[Period] = [(turn.start, turn.end)]
    stood_in: list[Turn] = []
    for away in leave:
        if away.person_id != turn.person_id:
            continue
        cut = [(max(a, away.start), min(b, away.end)) for a, b in kept]
        if away.substitute_id is not None:
            there = [period for period in cut if period[0] < period[1]]
            for other in leave:
                if other.person_id == away.substitute_id:
                    there = [r for one in there for r in remainders(one, (other.start, other.end))]
            stood_in += [Turn(turn.slot_id, away.substitute_id, a, b, True) for a, b in there]
        kept = [rest for one in kept for rest in remainders(one, (away.start, away.end))]
    mine = [Turn(turn.slot_id, turn.person_id, start, end) for start, end in kept]
    return sorted(mine + stood_in, key=lambda one: one.start)
