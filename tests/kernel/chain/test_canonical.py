"""Payload bytes: what is stored, what is refused."""

from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.chain.canonical import MAX_PAYLOAD_BYTES, decode, encode, utc_text
from kernel.chain.errors import PayloadInvalid


class Colour(StrEnum):
    RED = "red"


def test_keys_are_sorted_and_types_become_text() -> None:
    payload = {
        "z": UUID(int=1),
        "b": datetime(2026, 11, 22, 14, 0, tzinfo=timezone(timedelta(hours=8))),
        "a": [date(2026, 1, 2), Colour.RED, None, True, 1.50, "产后出血"],
        Colour.RED: {"n": 1},
    }
    assert encode(payload).decode() == (
        '{"a":["2026-01-02","red",null,true,1.5,"产后出血"],'
        '"b":"2026-11-22T06:00:00.000000Z","red":{"n":1},'
        '"z":"00000000-0000-0000-0000-000000000001"}'
    )


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        2**53,
        "a\x00b",
        "\ud800",
        datetime(2026, 1, 1),  # noqa: DTZ001
        b"bytes",
        {1: "key"},
        "x" * MAX_PAYLOAD_BYTES,
    ],
    ids=repr,
)
def test_what_cannot_be_kept_is_refused(value: object) -> None:
    with pytest.raises(PayloadInvalid):
        encode({"value": value})


def test_a_backslash_before_u0000_is_only_text() -> None:
    assert decode(encode({"a": "\\u0000"})) == {"a": "\\u0000"}


def test_an_array_is_not_a_payload() -> None:
    with pytest.raises(PayloadInvalid):
        decode(b"[]")


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers(-(2**53) + 1, 2**53 - 1)
            | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
            lambda inner: st.lists(inner, max_size=3),
            max_leaves=6,
        ),
        max_size=5,
    )
)
def test_what_is_kept_reads_back_and_encodes_the_same(payload: dict[str, object]) -> None:
    data = encode(payload)
    assert decode(data) == payload
    assert encode(decode(data)) == data


def test_text_order_is_time_order() -> None:
    earlier = datetime(2026, 1, 1, tzinfo=UTC)
    later = earlier + timedelta(microseconds=1)
    assert utc_text(earlier) < utc_text(later) == "2026-01-01T00:00:00.000001Z"
