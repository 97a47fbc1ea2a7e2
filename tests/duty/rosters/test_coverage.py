"""Gaps and clashes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from duty.rosters.coverage import Claim, clashes, present, uncovered
from duty.rosters.oncall import Shift
from duty.rosters.rotation import Leave
from kernel.ids import PersonId, ShiftId, SlotId

START = datetime(2027, 3, 1, tzinfo=UTC)
HOURS = st.integers(0, 40)
PERIODS = st.lists(st.tuples(HOURS, HOURS).filter(lambda p: p[0] < p[1]), max_size=8)


def period(hours: tuple[int, int]) -> tuple[datetime, datetime]:
    return (START + timedelta(hours=hours[0]), START + timedelta(hours=hours[1]))


@given(PERIODS)
def test_an_hour_is_either_covered_or_in_one_gap(taken: list[tuple[int, int]]) -> None:
    gaps = uncovered(period((5, 30)), [period(one) for one in taken])
    for hour in range(5, 30):
        moment = START + timedelta(hours=hour)
        covered = any(first <= hour < last for first, last in taken)
        assert sum(start <= moment < end for start, end in gaps) == (0 if covered else 1)
    assert gaps == sorted(gaps)


@given(PERIODS, st.lists(st.booleans(), min_size=8, max_size=8))
def test_a_shift_counts_in_the_hours_in_which_its_holder_is_not_away(
    away: list[tuple[int, int]], mine: list[bool]
) -> None:
    who, other = PersonId(UUID(int=1)), PersonId(UUID(int=2))
    start, end = period((5, 30))
    shift = Shift(ShiftId(UUID(int=3)), SlotId(UUID(int=4)), who, start, end, START)
    absent = [
        Leave(who if theirs else other, *period(one))
        for one, theirs in zip(away, mine, strict=False)
    ]
    there = present(shift, absent)
    for hour in range(41):
        moment = START + timedelta(hours=hour)
        gone = any(one.person_id == who and one.start <= moment < one.end for one in absent)
        counted = sum(first <= moment < last for first, last in there)
        assert counted == (1 if 5 <= hour < 30 and not gone else 0)


@given(st.lists(st.tuples(PERIODS, st.booleans(), st.integers(1, 2)), max_size=3))
def test_clashes_are_the_overlapping_pairs_of_exclusive_claims(
    given_: list[tuple[list[tuple[int, int]], bool, int]],
) -> None:
    claims = [
        Claim(f"{n}.{m}", PersonId(UUID(int=who)), period(hours), alone)
        for n, (periods, alone, who) in enumerate(given_)
        for m, hours in enumerate(periods)
    ]
    expected = {
        frozenset({one.id, two.id})
        for one in claims
        for two in claims
        if one.id != two.id
        and one.person_id == two.person_id
        and one.exclusive
        and two.exclusive
        and one.period[0] < two.period[1]
        and two.period[0] < one.period[1]
    }
    found = clashes(claims)
    assert {frozenset({one.id, two.id}) for one, two in found} == expected
    assert len(found) == len(expected)
