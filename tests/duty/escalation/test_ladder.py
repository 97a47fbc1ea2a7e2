"""The ladder alone: no database, no clock."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duty.escalation import ladder
from duty.escalation.ladder import ANY, AskAbove, At, Crew, Mode, Move, Policy, Step
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


def test_a_quorum_rings_only_for_what_is_missing() -> None:
    steps = (step(0, DutyTier.FIRST, specialty=ANY), step(60, DutyTier.SECOND, specialty=ANY))
    policy = Policy(steps, 30, Mode.QUORUM, {"obstetrics": 1, "neonatology": 1})
    roster = [*FULL, place(DutyTier.SECOND, PersonId(uuid4()), "neonatology")]
    crew = Crew(here={PEOPLE[0]}, met={"obstetrics"}, missing={"neonatology"})
    move = ladder.climb(policy, 1, roster, crew)
    assert isinstance(move, Move)
    assert [target.specialty for target in move.targets] == ["neonatology"]


def test_a_step_whose_specialty_has_answered_is_passed_without_an_alarm() -> None:
    crew = Crew(met={"obstetrics"}, missing={"neonatology"})
    move = ladder.climb(POLICY, 1, FULL, crew)
    assert isinstance(move, Move)
    assert (move.exhausted, move.skipped) == (True, ())


def test_the_loop_rings_those_who_are_missing_as_well() -> None:
    crew = Crew(here={PEOPLE[2]}, met={"obstetrics"}, missing={"neonatology", "icu"})
    move = ladder.climb(POLICY, 2, FULL, crew)
    assert isinstance(move, Move)
    assert {target.person_id for target in move.targets} == {PEOPLE[3], PEOPLE[4]}
    assert move.unfilled == ("icu",)


def test_the_loop_rings_even_those_who_are_here_before_it_is_silent() -> None:
    crew = Crew(here={PEOPLE[2], PEOPLE[3]}, met={"obstetrics"}, missing={"icu"})
    move = ladder.climb(POLICY, 2, FULL, crew)
    assert isinstance(move, Move)
    assert {target.person_id for target in move.targets} == {PEOPLE[2], PEOPLE[3]}


ABOVE = Policy((step(0, DutyTier.THIRD), replace(step(60, DutyTier.FIRST), at=At.UPPER)), 30)


def test_the_roster_above_is_asked_for_only_when_its_step_fires() -> None:
    assert ladder.climb(ABOVE, 0, FULL) == AskAbove(1, At.UPPER)
    with_third = [*FULL, place(DutyTier.THIRD, PEOPLE[0])]
    assert isinstance(ladder.climb(ABOVE, 0, with_third), Move)


def test_the_centre_above_rings_its_own_people() -> None:
    chief = PersonId(uuid4())
    move = ladder.climb(ABOVE, 1, FULL, above={At.UPPER: [place(DutyTier.FIRST, chief)]})
    assert isinstance(move, Move)
    assert [target.person_id for target in move.targets] == [chief]
    assert move.at is At.UPPER


def test_the_last_centre_of_the_line_has_a_roster_of_its_own() -> None:
    line = Policy((*ABOVE.steps[1:], replace(ABOVE.steps[1], at=At.TOP)), 30)
    chief = PersonId(uuid4())
    nobody = [place(DutyTier.FIRST, None)]
    assert ladder.climb(line, 0, FULL, above={At.UPPER: nobody}) == AskAbove(1, At.TOP)
    known = {At.UPPER: nobody, At.TOP: [place(DutyTier.FIRST, chief)]}
    move = ladder.climb(line, 0, FULL, above=known)
    assert isinstance(move, Move)
    assert ([target.person_id for target in move.targets], move.at) == ([chief], At.TOP)
    assert (move.step, move.skipped) == (1, (0,))


def test_a_step_whose_people_are_all_on_leave_waits_for_nobody() -> None:
    move = ladder.climb(POLICY, 0, FULL, Crew(away={PEOPLE[0]}))
    assert isinstance(move, Move)
    assert (move.step, move.skipped) == (1, (0,))
    assert [target.person_id for target in move.targets] == [PEOPLE[1], PEOPLE[0]]
    one_is_there = [*FULL, place(DutyTier.FIRST, PEOPLE[3])]
    move = ladder.climb(POLICY, 0, one_is_there, Crew(away={PEOPLE[0]}))
    assert isinstance(move, Move)
    assert (move.step, move.skipped, len(move.targets)) == (0, (), 2)


@pytest.mark.parametrize("away", [frozenset(), frozenset({PEOPLE[2], PEOPLE[3]})])
def test_where_nobody_leads_the_loop_rings_everybody_on_call(away: frozenset[PersonId]) -> None:
    roster = FULL if away else [one for one in FULL if one.slot.tier not in ladder.LOOP_TIERS]
    move = ladder.climb(POLICY, 5, roster, Crew(away=away))
    assert isinstance(move, Move)
    assert {target.person_id for target in move.targets} == {one.person_id for one in roster}
    assert (move.exhausted, move.skipped) == (True, (5,))


def test_without_a_centre_above_the_step_is_empty() -> None:
    move = ladder.climb(ABOVE, 1, FULL, above={At.UPPER: ()})
    assert isinstance(move, Move)
    assert (move.exhausted, move.skipped, move.at) == (True, (1,), At.OWN)


@given(
    fill=st.lists(st.tuples(st.sampled_from(DutyTier), st.sampled_from([None, *PEOPLE]))),
    steps=st.lists(st.frozensets(st.sampled_from(DutyTier), min_size=1), min_size=1, max_size=5),
    number=st.integers(0, 8),
    declined=st.frozensets(st.sampled_from(PEOPLE)),
    away=st.frozensets(st.sampled_from(PEOPLE)),
)
def test_it_never_goes_back_never_waits_on_nobody_and_never_ends(
    fill: list[tuple[DutyTier, PersonId | None]],
    steps: list[frozenset[DutyTier]],
    number: int,
    declined: frozenset[PersonId],
    away: frozenset[PersonId],
) -> None:
    roster = [place(tier, person) for tier, person in fill]
    policy = Policy(tuple(Step(10, tiers, frozenset({ANY})) for tiers in steps), 30)
    move = ladder.climb(policy, number, roster, Crew(declined=declined, away=away))
    assert isinstance(move, Move)
    assert move.step >= number
    assert move.next_delay_s > 0
    assert move.targets or move.exhausted
    assert move.exhausted == (move.step >= len(steps))
    assert len({target.person_id for target in move.targets}) == len(move.targets)
    on_duty = {answer.person_id for answer in roster}
    rung = {target.person_id for target in move.targets}
    assert rung <= on_duty
    if move.exhausted:
        assert rung or on_duty <= {None}, "somebody is on call and the ladder is silent"
    else:
        assert not declined & rung
        assert rung - away
