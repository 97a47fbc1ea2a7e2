"""Codes that people type off paper: look-alikes put right, slips noticed."""

from hypothesis import assume, given
from hypothesis import strategies as st

from referral.paper.codes import ALPHABET, LENGTH, new_code, read_code

BODIES = st.text(ALPHABET, min_size=LENGTH - 1, max_size=LENGTH - 1)


def test_a_fresh_code_reads_back_however_it_is_typed() -> None:
    code = new_code()
    grouped = "-".join(code[start : start + 4] for start in range(0, LENGTH, 4))
    assert read_code(code) == read_code(grouped) == read_code(f" {grouped.lower()} ") == code
    assert read_code(code.replace("1", "l").replace("0", "o")) == code
    assert new_code() != code


@given(BODIES, st.integers(0, LENGTH - 2), st.sampled_from(ALPHABET))
def test_every_single_slip_is_noticed(body: str, place: int, other: str) -> None:
    assume(body[place] != other)
    right = [body + last for last in ALPHABET if read_code(body + last)]
    assert len(right) == 1
    slipped = body[:place] + other + body[place + 1 :] + right[0][-1]
    assert read_code(slipped) is None


@given(st.text(max_size=60))
def test_anything_else_is_mistyped_not_an_error(typed: str) -> None:
    found = read_code(typed)
    assert found is None or (len(found) == LENGTH and set(found) <= set(ALPHABET))
