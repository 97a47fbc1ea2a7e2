"""How long both ends were there together, against counting second by second."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from consult.guidance.presence import Stay, together
from consult.guidance.states import End
from consult.staying import seconds

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)

stays = st.lists(
    st.tuples(
        st.sampled_from([End.CENTRE, End.INSTITUTION]), st.integers(0, 60), st.integers(1, 30)
    ),
    max_size=8,
)


def _stay(end: End, since: int, length: int) -> Stay:
    begin = START + timedelta(seconds=since)
    return Stay(end, begin, begin + timedelta(seconds=length))


@given(stays)
def test_a_second_counts_if_somebody_of_either_end_was_there(drawn) -> None:  # type: ignore[no-untyped-def]
    there = {
        end: {second for who, since, length in drawn if who is end
              for second in range(since, since + length)}
        for end in (End.CENTRE, End.INSTITUTION)
    }  # fmt: skip
    found = together([_stay(*one) for one in drawn])
    assert seconds(found) == len(there[End.CENTRE] & there[End.INSTITUTION])
    assert all(a[1] <= b[0] for a, b in pairwise(found))


def test_one_end_alone_is_not_together() -> None:
    assert together([_stay(End.CENTRE, 0, 600), _stay(End.CENTRE, 5, 600)]) == []
