"""Identifiers are unreadable at rest, cannot be moved between fields, and can be found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.sealing import SealBroken, Sealer

SEALER = Sealer(bytes(range(32)))


@given(st.text())
def test_what_is_sealed_can_be_opened(value: str) -> None:
    assert SEALER.open(SEALER.seal(value, "phone"), "phone") == value


def test_sealing_twice_gives_different_bytes() -> None:
    assert SEALER.seal("990000199001010011", "id") != SEALER.seal("990000199001010011", "id")


def test_a_sealed_value_does_not_open_as_another_field() -> None:
    with pytest.raises(SealBroken):
        SEALER.open(SEALER.seal("19900012345", "phone"), "id")


@given(st.data())
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(SEALER.seal("19900012345", "phone"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        SEALER.open(bytes(sealed), "phone")


def test_another_master_key_opens_and_finds_nothing() -> None:
    other = Sealer(bytes(32))
    with pytest.raises(SealBroken):
        other.open(SEALER.seal("x", "id"), "id")
    assert other.blind_index("x", "id") != SEALER.blind_index("x", "id")


def test_blind_index_meets_equal_values_of_one_field_only() -> None:
    index = SEALER.blind_index("99000019900101001x", "id")
    assert index == SEALER.blind_index(" 99000019900101001X ", "id")
    assert index == SEALER.blind_index("９９000019900101001X", "id")
    assert index != SEALER.blind_index("99000019900101001X", "phone")


def test_master_key_must_have_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(b"short")
