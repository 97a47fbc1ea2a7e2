"""The ladder alone: no database, no clock."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty.escalation import ladder
from duty.escalation.ladder import ANY, Crew, Move, Policy, Step
from duty.rosters.oncall import DutyTier, OnCall, Shift, Slot
from kernel.ids import GroupId, PersonId, ShiftId, SlotId

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
GROUP = GroupId(uuid4())
PEOPLE = [PersonId(uuid4()) for _ in range(5)]


def place(tier: DutyTier, person: PersonId | None, specialty: str = "obstetrics") -> OnCall:
    slot = Slot(SlotId(uuid4()), GROUP, specialty, tier)
    if person is None:
        return OnCall(slot, None)
    hour = timedelta(hours=1)
    return OnCall(slot, Shift(ShiftId(uuid4()), slot.id, person, AT - hour, AT + hour, AT))


def step(delay_s: float, *tiers: DutyTier, specialty: str = "obstetrics") -> Step:
    return Step(delay_s, frozenset(tiers), frozenset({specialty}))


def climb(
    policy: Policy, number: int, roster: Sequence[OnCall], declined: Collection[PersonId] = ()
) -> Move:
    """A step at the house itself, when some have declined."""
    move = ladder.climb(policy, number, roster, Crew(declined=declined))
    assert isinstance(move, Move)
    return move


POLICY = Policy((step(0, DutyTier.FIRST), step(60, DutyTier.SECOND)), 30)
FULL = [
    place(DutyTier.FIRST, PEOPLE[0]),
    place(DutyTier.SECOND, PEOPLE[1]),
    place(DutyTier.LEAD, PEOPLE[2]),
    place(DutyTier.GENERAL_DUTY, PEOPLE[3], "general_duty"),
    place(DutyTier.FIRST, PEOPLE[4], "neonatology"),
]


def test_a_step_rings_its_tiers_of_its_specialty() -> None:
    move = climb(POLICY, 0, FULL)
    assert [target.person_id for target in move.targets] == [PEOPLE[0]]
    assert (move.step, move.skipped, move.exhausted, move.next_delay_s) == (0, (), False, 60)


def test_the_last_step_waits_for_the_loop() -> None:
    assert climb(POLICY, 1, FULL).next_delay_s == 30


def test_an_empty_step_is_passed_at_once() -> None:
    move = climb(POLICY, 0, FULL[1:])
    assert (move.step, move.skipped) == (1, (0,))
    assert [target.person_id for target in move.targets] == [PEOPLE[1]]


def test_after_the_policy_lead_and_general_duty_are_rung_for_ever() -> None:
    for number in (2, 3, 50):
        move = climb(POLICY, number, FULL)
        assert move.exhausted
        assert move.step == number
        assert {target.person_id for target in move.targets} == {PEOPLE[2], PEOPLE[3]}


def test_those_who_declined_are_left_out_until_nobody_else_is_left() -> None:
    assert climb(POLICY, 0, FULL, {PEOPLE[0]}).step == 1
    move = climb(POLICY, 2, FULL, {PEOPLE[2]})
    assert {target.person_id for target in move.targets} == {PEOPLE[3]}
    move = climb(POLICY, 2, FULL, {PEOPLE[2], PEOPLE[3]})
    assert {target.person_id for target in move.targets} == {PEOPLE[2], PEOPLE[3]}


def test_somebody_in_two_places_is_rung_once() -> None:
    roster = [place(DutyTier.FIRST, PEOPLE[0]), place(DutyTier.FIRST, PEOPLE[0])]
    assert len(climb(POLICY, 0, roster).targets) == 1


def test_general_duty_belongs_to_no_specialty() -> None:
    policy = Policy((step(0, DutyTier.GENERAL_DUTY),), 30)
    assert [target.person_id for target in climb(policy, 0, FULL).targets] == [PEOPLE[3]]


def test_any_specialty_rings_all() -> None:
    policy = Policy((step(0, DutyTier.FIRST, specialty=ANY),), 30)
    assert len(climb(policy, 0, FULL).targets) == 2


@pytest.mark.parametrize("number", [0, 1, 2, 9])
def test_with_nobody_at_all_it_is_exhausted_and_looks_again(number: int) -> None:
    move = climb(POLICY, number, [place(tier, None) for tier in DutyTier])
    assert move.exhausted
    assert move.targets == ()
    assert move.skipped == tuple(range(number, max(3, number + 1)))
    assert move.next_delay_s == 30


@given(
    fill=st.lists(st.tuples(st.sampled_from(DutyTier), st.sampled_from([None, *PEOPLE]))),
    steps=st.lists(st.frozensets(st.sampled_from(DutyTier), min_size=1), min_size=1, max_size=5),
    number=st.integers(0, 8),
    declined=st.frozensets(st.sampled_from(PEOPLE)),
)
def test_it_never_goes_back_never_waits_on_nobody_and_never_ends(
    fill: list[tuple[DutyTier, PersonId | None]],
    steps: list[frozenset[DutyTier]],
    number: int,
    declined: frozenset[PersonId],
) -> None:
    roster = [place(tier, person) for tier, person in fill]
    policy = Policy(tuple(Step(10, tiers, frozenset({ANY})) for tiers in steps), 30)
    move = climb(policy, number, roster, declined)
    assert move.step >= number
    assert move.next_delay_s > 0
    assert move.targets or move.exhausted
    assert move.exhausted == (move.step >= len(steps))
    assert len({target.person_id for target in move.targets}) == len(move.targets)
    on_duty = {answer.person_id for answer in roster}
    assert {target.person_id for target in move.targets} <= on_duty
    if not move.exhausted:
        assert not declined & {target.person_id for target in move.targets}
