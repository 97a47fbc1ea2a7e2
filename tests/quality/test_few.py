"""Of many facilities those with the most are told, and how many others there are."""

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quality.groups import COUNTS
from quality.passes import Columns, Few
from quality.sums import Summed

COLUMNS = Columns([*range(len(COUNTS))], 0, [])
KEYS = "abcdefgh"


def summed(counted: dict[str | None, int]) -> Summed[str | None]:
    """As many durations of a facility as it has members, each its own number."""
    counts = np.zeros((len(counted), len(COUNTS) + 1), dtype=np.int64)
    counts[:, 0] = list(counted.values())
    durations = [struct.pack(f">{n}d", *range(n)) for n in counted.values()]
    return Summed(list(counted), counts, [durations])


@given(
    st.dictionaries(st.one_of(st.none(), st.sampled_from(KEYS)), st.integers(0, 5)),
    st.integers(1, 9),
    st.frozensets(st.sampled_from(KEYS)),
)
def test_the_few_are_those_of_all(
    counted: dict[str | None, int], most: int, always: frozenset[str]
) -> None:
    told = summed(counted)
    every = [one for one in COLUMNS.groups(told) if one.key is not None]
    ranked = sorted((one for one in every if one.n), key=lambda one: -one.n)
    least = ranked[:most][-1].n if ranked else 1
    wanted = [one for one in every if one.n and (one.n >= least or one.key in always)]
    some, more = COLUMNS.few(told, Few(most, always).among(told.keys))
    assert some == wanted
    assert more == len([one for one in ranked if one not in wanted])
