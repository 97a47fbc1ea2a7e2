"""Which step of a policy rings next and whom: pure, so that every path can be tested.

A policy never ends in silence: after its last step the page is exhausted, and group lead and
总值班 are rung again every `repeat_s` until somebody answers or the case is withdrawn. A step
without people is passed at once and reported.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from duty.rosters.oncall import DutyTier, OnCall
from kernel.ids import PersonId, ShiftId

ANY = "*"
LOOP_TIERS = frozenset({DutyTier.LEAD, DutyTier.GENERAL_DUTY})


@dataclass(frozen=True, slots=True)
class Step:
    """Whom to ring `delay_s` seconds after the step before it (the first: at once)."""

    delay_s: float
    tiers: frozenset[DutyTier]
    specialties: frozenset[str]

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
    """Steps in order, then a loop every `repeat_s` seconds."""

    steps: tuple[Step, ...]
    repeat_s: float

    def step(self, number: int) -> Step:
        """Step `number`; beyond the last one, the loop."""
        if number < len(self.steps):
            return self.steps[number]
        return Step(self.repeat_s, LOOP_TIERS, frozenset({ANY}))


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody to ring, and the shift that makes it their turn."""

    person_id: PersonId
    shift_id: ShiftId
    tier: DutyTier
    specialty: str


@dataclass(frozen=True, slots=True)
class Move:
    """What happens now.

    Attributes:
        step: the number of the step that rings.
        targets: whom; empty only when nobody at all could be found.
        skipped: steps passed because nobody filled them.
        exhausted: the policy's own steps are used up; only the loop goes on.
        next_delay_s: seconds until the ladder must be looked at again.
    """

    step: int
    targets: tuple[Target, ...]
    skipped: tuple[int, ...]
    exhausted: bool
    next_delay_s: float


def climb(
    policy: Policy, number: int, roster: Sequence[OnCall], declined: Collection[PersonId] = ()
) -> Move:
    """Fire step `number`, or the first one after it that somebody fills.

    People who declined this page are not rung again while anybody else can be; in the loop they
    are: a late "no" is better than silence.
    """
    skipped: list[int] = []
    while number < len(policy.steps):
        targets = _people(policy.steps[number], roster, declined)
        if targets:
            following = policy.step(number + 1)
            return Move(number, targets, tuple(skipped), False, following.delay_s)
        skipped.append(number)
        number += 1
    loop = policy.step(number)
    targets = _people(loop, roster, declined) or _people(loop, roster, ())
    if not targets:
        skipped.append(number)
    return Move(number, targets, tuple(skipped), True, policy.repeat_s)


def _people(
    step: Step, roster: Sequence[OnCall], declined: Collection[PersonId]
) -> tuple[Target, ...]:
    found: dict[PersonId, Target] = {}
    for answer in roster:
        shift = answer.shift
        if shift is None or shift.person_id in declined or not step.wants(answer):
            continue
        # Somebody may fill two places; the phone rings once.
        found.setdefault(
            shift.person_id,
            Target(shift.person_id, shift.id, answer.slot.tier, answer.slot.specialty),
        )
    return tuple(found.values())
