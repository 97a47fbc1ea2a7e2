"""Which step of a policy rings next and whom: pure, so that every path can be tested.

A policy never ends in silence: after its last step the page is exhausted, and group lead and
总值班 are rung again every `repeat_s` until enough people answer or the case is withdrawn; where
nobody holds those places, everybody on call is. A step without people, or whose people are all
away, is passed at once and reported. A step at a centre above is resolved when it fires: only
then is that centre's roster read.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from duty.rosters.oncall import DutyTier, OnCall
from kernel.ids import FacilityId, PersonId, ShiftId

ANY = "*"
LOOP_TIERS = frozenset({DutyTier.LEAD, DutyTier.GENERAL_DUTY})
JOIN_WITHIN_S = 180
"""待核实: nobody has confirmed "within three minutes" against a rule in force."""


class Mode(StrEnum):
    """Who must answer: anybody; so many of each specialty; every place of the first step."""

    FIRST = "first"
    QUORUM = "quorum"
    ALL = "all"


class At(StrEnum):
    """Whose roster a step rings: the paged house's, that of the centre above it, or of the last
    centre in that line (县→市→省)."""

    OWN = "own"
    UPPER = "upper"
    TOP = "top"


@dataclass(frozen=True, slots=True)
class Step:
    """Whom to ring `delay_s` seconds after the step before it (the first: at once)."""

    delay_s: float
    tiers: frozenset[DutyTier]
    specialties: frozenset[str]
    at: At = At.OWN

    def wants(self, answer: OnCall) -> bool:
        """True if this roster place belongs to the step.

        总值班 belongs to no specialty: the tier alone decides.
        """
        slot = answer.slot
        if slot.tier not in self.tiers:
            return False
        if slot.tier == DutyTier.GENERAL_DUTY or ANY in self.specialties:
            return True
        return slot.specialty in self.specialties


@dataclass(frozen=True, slots=True)
class Policy:
    """Steps in order, then a loop every `repeat_s` seconds.

    Attributes:
        quorum: how many of which specialty, for `Mode.QUORUM`.
        join_within_s: who said yes must be there within this time; 0: not asked.
    """

    steps: tuple[Step, ...]
    repeat_s: float
    mode: Mode = Mode.FIRST
    quorum: Mapping[str, int] = field(default_factory=dict)
    join_within_s: float = JOIN_WITHIN_S

    def step(self, number: int) -> Step:
        """Step `number`; beyond the last one, the loop."""
        if number < len(self.steps):
            return self.steps[number]
        return Step(self.repeat_s, LOOP_TIERS, frozenset({ANY}))


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody to ring, and the shift that makes it their turn.

    `facility_id`: the house above, if it is their roster; None: the paged one's.
    """

    person_id: PersonId
    shift_id: ShiftId | None
    tier: str
    specialty: str
    facility_id: FacilityId | None = None


@dataclass(frozen=True, slots=True)
class Crew:
    """Where those stand who were rung before this step.

    Attributes:
        declined: they are not rung while anybody else can be.
        here: they said yes and need no ringing.
        met: specialties of which enough said yes.
        missing: specialties of which more are needed.
        away: on leave, or gone, although a shift of theirs stands: rung, but not waited for.
    """

    declined: Collection[PersonId] = frozenset()
    here: Collection[PersonId] = frozenset()
    met: Collection[str] = frozenset()
    missing: Collection[str] = frozenset()
    away: Collection[PersonId] = frozenset()


NOBODY_YET = Crew()


@dataclass(frozen=True, slots=True)
class Move:
    """What happens now.

    Attributes:
        step: the number of the step that rings.
        targets: whom; empty only when nobody at all could be found.
        skipped: steps passed because nobody filled them, or nobody who is there.
        exhausted: the policy's own steps are used up; only the loop goes on.
        next_delay_s: seconds until the ladder must be looked at again.
        unfilled: specialties that are needed and that nobody on call has.
        at: whose roster it was.
    """

    step: int
    targets: tuple[Target, ...]
    skipped: tuple[int, ...]
    exhausted: bool
    next_delay_s: float
    unfilled: tuple[str, ...] = ()
    at: At = At.OWN


Above = Mapping[At, Sequence[OnCall]]
"""Rosters of centres above as far as they were read; empty where there is no such centre."""


@dataclass(frozen=True, slots=True)
class AskAbove:
    """The ladder has reached a step at a centre above: climb again with its roster."""

    step: int
    at: At = At.UPPER


def climb(
    policy: Policy,
    number: int,
    roster: Sequence[OnCall],
    crew: Crew = NOBODY_YET,
    *,
    above: Above = MappingProxyType({}),
) -> Move | AskAbove:
    """Fire step `number`, or the first one after it that somebody fills.

    People who declined this page are not rung again while anybody else can be; in the loop they
    are: a late "no" is better than silence. Specialties that have answered are left in peace.
    """
    skipped: list[int] = []
    absent: list[Target] = []
    while number < len(policy.steps):
        step = policy.steps[number]
        if step.at is not At.OWN and step.at not in above:
            return AskAbove(number, step.at)
        places = roster if step.at is At.OWN else above[step.at]
        wanted = [a for a in places if step.wants(a)]
        asked = [a for a in wanted if a.slot.specialty not in crew.met]
        targets = _people(asked, (*crew.declined, *crew.here))
        if _anybody(targets, crew):
            unfilled = _unfilled(crew, roster, above)
            delay = policy.step(number + 1).delay_s
            people = _together(targets, absent)
            return Move(number, people, tuple(skipped), False, delay, unfilled, step.at)
        absent += targets
        if not _satisfied(wanted, crew):
            skipped.append(number)
        number += 1
    return _loop(policy, number, roster, crew, tuple(skipped), absent)


def _loop(
    policy: Policy,
    number: int,
    roster: Sequence[OnCall],
    crew: Crew,
    skipped: tuple[int, ...],
    absent: Sequence[Target],
) -> Move:
    """Group lead, 总值班 and everybody of a specialty that is still missing; everybody on call
    where none of these is there."""
    loop = policy.step(number)
    asked = [a for a in roster if loop.wants(a) or a.slot.specialty in crew.missing]
    if not _anybody(_people(asked, ()), crew):
        asked, skipped = list(roster), (*skipped, number)
    targets = (
        _people(asked, (*crew.declined, *crew.here))
        or _people(asked, crew.here)
        or _people(asked, ())
    )
    people = _together(targets, absent)
    return Move(number, people, skipped, True, policy.repeat_s, _unfilled(crew, roster, {}))


def _anybody(targets: Iterable[Target], crew: Crew) -> bool:
    return any(target.person_id not in crew.away for target in targets)


def _together(targets: Sequence[Target], absent: Iterable[Target]) -> tuple[Target, ...]:
    """Those who are there first; who is on leave rings once beside them, and may come."""
    found = {target.person_id: target for target in targets}
    for target in absent:
        found.setdefault(target.person_id, target)
    return tuple(found.values())


def _satisfied(wanted: Iterable[OnCall], crew: Crew) -> bool:
    """The step is passed because those it would ring are here or need not come: no hole."""
    held = [a for a in wanted if a.person_id is not None]
    return bool(held) and all(
        a.person_id in crew.here or a.slot.specialty in crew.met for a in held
    )


def _unfilled(crew: Crew, roster: Sequence[OnCall], above: Above) -> tuple[str, ...]:
    places = [*roster, *(one for upper in above.values() for one in upper)]
    held = {a.slot.specialty for a in places if a.person_id is not None}
    return tuple(sorted(set(crew.missing) - held))


def _people(places: Iterable[OnCall], left_out: Collection[PersonId]) -> tuple[Target, ...]:
    found: dict[PersonId, Target] = {}
    for answer in places:
        shift, slot = answer.shift, answer.slot
        if shift is None or shift.person_id in left_out:
            continue
        # Somebody may fill two places; the phone rings once.
        found.setdefault(
            shift.person_id, Target(shift.person_id, shift.id, slot.tier, slot.specialty)
        )
    return tuple(found.values())
