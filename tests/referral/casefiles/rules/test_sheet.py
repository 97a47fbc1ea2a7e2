"""A sheet is text: nothing in it runs, and Chinese survives Excel."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.casefiles.rules.sheet import sheet

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert sheet([[cell]]).decode("utf-8-sig").startswith(("'", "\"'"))


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5))
def test_what_goes_in_comes_out(rows: list[list[str]]) -> None:
    content = sheet(rows)
    assert content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig").split("\r\n")
    back = [[cell.removeprefix("'") for cell in row] for row in csv.reader(text[:-1])]
    assert back == [[cell.removeprefix("'") for cell in row] for row in rows]
