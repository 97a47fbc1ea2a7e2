"""What no house may write into its ladder: pure, so that every refusal can be tested.

A ladder cannot end in silence: the loop at group lead and 总值班 follows every policy and belongs
to none. These limits keep what a house may choose from undoing that: somebody rings within a
minute, the next step comes, the loop comes round, a quorum can be met, a yes is held to its word.
The numbers are ours and 待核实; they are limits of what may be entered, not advice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from duty.escalation.ladder import ANY, Mode, Policy, Step
from duty.rosters.oncall import DutyTier

FIRST_WITHIN_S = 60
NEXT_WITHIN_S = 1800
LOOP_WITHIN_S = 600
JOIN_WITHIN_S = (30, 900)
URGENT = frozenset({"resuscitation", "critical", ANY})
"""Levels at which a yes without arriving is not the end of it."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that is not kept; `at` is the step, counted from 1, or 0 for the whole policy."""

    code: str
    at: int = 0


def breaches(policy: Policy, level: str) -> list[Breach]:
    """Everything that is wrong, in the order of the form."""
    found = [
        *_delays(policy.steps),
        *(Breach("step_rings_nobody", n) for n, s in _numbered(policy.steps) if not _rings(s)),
    ]
    if policy.repeat_s > LOOP_WITHIN_S:
        found.append(Breach("loop_too_slow"))
    found += _quorum(policy)
    if policy.join_within_s:
        if not JOIN_WITHIN_S[0] <= policy.join_within_s <= JOIN_WITHIN_S[1]:
            found.append(Breach("join_out_of_range"))
    elif level in URGENT:
        found.append(Breach("join_needed"))
    return found


def _numbered(steps: Sequence[Step]) -> list[tuple[int, Step]]:
    return list(enumerate(steps, start=1))


def _rings(step: Step) -> bool:
    return bool(step.tiers) and bool(step.specialties or step.tiers == {DutyTier.GENERAL_DUTY})


def _delays(steps: Sequence[Step]) -> list[Breach]:
    found = []
    if steps[0].delay_s > FIRST_WITHIN_S:
        found.append(Breach("first_step_late", 1))
    found += [
        Breach("next_step_late", number)
        for number, step in _numbered(steps)[1:]
        if step.delay_s > NEXT_WITHIN_S
    ]
    return found


def _quorum(policy: Policy) -> list[Breach]:
    if policy.mode is not Mode.QUORUM:
        return [Breach("quorum_without_mode")] if policy.quorum else []
    if not policy.quorum:
        return [Breach("quorum_empty")]
    return [
        Breach(f"quorum_never_rung:{specialty}")
        for specialty in sorted(_never_rung(policy.steps, policy.quorum))
    ]


def _never_rung(steps: Sequence[Step], quorum: Mapping[str, int]) -> set[str]:
    rung = {specialty for step in steps for specialty in step.specialties}
    return set() if ANY in rung else set(quorum) - rung
