"""What a house may not write: each limit alone."""

from dataclasses import replace

import pytest

from duty.escalation.ladder import ANY, At, Mode, Policy, Step
from duty.escalation.policybook.floor import Breach, breaches
from duty.rosters.oncall import DutyTier

FIRST = Step(0, frozenset({DutyTier.FIRST}), frozenset({"obstetrics"}))
SECOND = Step(300, frozenset({DutyTier.SECOND}), frozenset({"obstetrics"}))
GOOD = Policy((FIRST, SECOND), 120)
QUORUM = replace(GOOD, mode=Mode.QUORUM, quorum={"obstetrics": 1})


@pytest.mark.parametrize(
    ("policy", "level", "found"),
    [
        (GOOD, "critical", []),
        (QUORUM, ANY, []),
        (replace(GOOD, join_within_s=0), "urgent", []),
        (replace(GOOD, steps=(replace(FIRST, delay_s=60),)), ANY, []),
        (replace(GOOD, steps=(replace(FIRST, at=At.UPPER),)), ANY, []),
        (replace(GOOD, steps=(replace(FIRST, delay_s=61),)), ANY, [Breach("first_step_late", 1)]),
        (
            replace(GOOD, steps=(FIRST, replace(SECOND, delay_s=1801))),
            ANY,
            [Breach("next_step_late", 2)],
        ),
        (
            replace(GOOD, steps=(replace(FIRST, specialties=frozenset()),)),
            ANY,
            [Breach("step_rings_nobody", 1)],
        ),
        (replace(GOOD, repeat_s=601), ANY, [Breach("loop_too_slow")]),
        (replace(GOOD, join_within_s=0), "critical", [Breach("join_needed")]),
        (replace(GOOD, join_within_s=0), ANY, [Breach("join_needed")]),
        (replace(GOOD, join_within_s=29), ANY, [Breach("join_out_of_range")]),
        (replace(GOOD, join_within_s=901), "stable", [Breach("join_out_of_range")]),
        (replace(QUORUM, quorum={}), ANY, [Breach("quorum_empty")]),
        (replace(GOOD, quorum={"icu": 1}), ANY, [Breach("quorum_without_mode")]),
        (
            replace(QUORUM, quorum={"obstetrics": 1, "icu": 1}),
            ANY,
            [Breach("quorum_never_rung:icu")],
        ),
    ],
)
def test_each_limit(policy: Policy, level: str, found: list[Breach]) -> None:
    assert breaches(policy, level) == found
