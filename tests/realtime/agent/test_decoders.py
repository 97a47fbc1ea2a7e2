"""Each kind of device: its simulator is understood however the bytes are cut, noise is not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import frames
from realtime.agent.decoders.philips import crc16, framed
from realtime.agent.decoders.table import kinds
from realtime.agent.samples import Sample, Second, quality
from realtime.agent.simulator import seconds_of
from realtime.sources import Synthetic

KINDS = sorted(kinds())
SECONDS = list(zip(range(40), seconds_of(Synthetic("variable", 7)), strict=False))
TRACING: list[Second] = [second for _, second in SECONDS]


def said(kind: str) -> bytes:
    """The tracing in a device's bytes."""
    voice = kinds()[kind].voice()
    return b"".join(voice.say(second) for second in TRACING)


def heard(kind: str, *parts: bytes) -> tuple[list[Sample], int]:
    """What a decoder makes of parts, and how much it could not read."""
    decoder = kinds()[kind].decoder()
    if kind in {"csv", "json"}:
        decoder.feed(b"\n")  # a line begins here
    return [sample for part in parts for sample in decoder.feed(part)], decoder.bad


@pytest.mark.parametrize("kind", KINDS)
def test_a_tracing_is_understood_sample_by_sample(kind: str) -> None:
    samples, bad = heard(kind, said(kind))
    sent = [sample for second in TRACING for sample in second]
    assert bad == 0
    assert len(samples) == len(sent)
    rough = 4 if kind in {"corometrics", "luckcome"} else 0
    for n, (got, want) in enumerate(zip(samples, sent, strict=True)):
        source = sent[n - n % 2] if kind == "luckcome" else want
        assert abs(got.fhr1 - source.fhr1) <= rough / 2, n
        if source.toco != frames.TOCO_LOST:
            assert abs(got.toco - source.toco) <= 1, n


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_our_own_forms_lose_nothing(kind: str) -> None:
    samples, _ = heard(kind, said(kind))
    assert samples == [sample for second in TRACING for sample in second]


@pytest.mark.parametrize("kind", KINDS)
@given(cuts=st.lists(st.integers(0, 3_000), max_size=12))
def test_bytes_may_be_cut_anywhere(kind: str, cuts: list[int]) -> None:
    whole = said(kind)
    at = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    parts = [whole[a:b] for a, b in pairwise(at)]
    assert heard(kind, *parts) == heard(kind, whole)


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_may_be_cut_and_glued_at_every_offset(kind: str) -> None:
    voice = kinds()[kind].voice()
    whole = b"".join(voice.say(second) for second in TRACING[:4])
    want = heard(kind, whole)
    for at in range(len(whole) + 1):
        assert heard(kind, whole[:at], whole[at:]) == want, at


RECORD_END = {"corometrics": b"\x03", "csv": b"\n", "json": b"\n"}


@pytest.mark.parametrize("kind", ["philips", "corometrics", "csv", "json"])
@given(noise=st.binary(min_size=1, max_size=40))
def test_noise_between_records_takes_none_of_them(kind: str, noise: bytes) -> None:
    voice = kinds()[kind].voice()
    said = [voice.say(second) for second in TRACING[:6]]
    # Noise that itself speaks the device's language is no noise.
    quiet = noise.translate(None, b"\x10\x02\x03\n#9{") + RECORD_END.get(kind, b"")
    sent = [sample for second in TRACING[:6] for sample in second]
    got, bad = heard(kind, *(part + quiet for part in said))
    clean, _ = heard(kind, *said)
    assert [one for one in got if one in clean] == clean
    assert len(clean) == len(sent)
    assert bad <= 6


@given(cuts=st.lists(st.integers(1, 60), min_size=4, max_size=30), seed=st.integers(0, 3))
def test_two_devices_on_one_line_make_no_values_of_their_own(cuts: list[int], seed: int) -> None:
    """Where records have a checksum; without one nobody can tell."""
    voices = [kinds()["philips"].voice() for _ in range(2)]
    tracings = [TRACING[:10], TRACING[10 + seed : 20 + seed]]
    streams = [b"".join(v.say(s) for s in t) for v, t in zip(voices, tracings, strict=True)]
    mixed, at = b"", [0, 0]
    for n, length in enumerate(cuts):
        one = n % 2
        mixed += streams[one][at[one] : at[one] + length]
        at[one] += length
    said = {sample for stream in streams for sample in heard("philips", stream)[0]}
    assert set(heard("philips", mixed)[0]) <= said


@pytest.mark.parametrize("kind", ["csv", "json"])
@pytest.mark.parametrize("at", range(1, 12))
def test_half_a_line_is_no_value(kind: str, at: int) -> None:
    """A port that opens in the middle of `140` must not say 40."""
    sample = Sample(fhr1=560, toco=40, marks=quality(1, 3))
    line = kinds()[kind].voice().say((sample,) * 4)
    decoder = kinds()[kind].decoder()
    assert set(decoder.feed(line[at:])) == {sample}


@pytest.mark.parametrize("line", [b"[" * 6_000, b'{"x":' + b"[" * 6_000, b"1" * 6_000])
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_line_without_measure_is_counted(kind: str, line: bytes) -> None:
    assert heard(kind, line + b"\n" + b"\n") == ([], 1)


@pytest.mark.parametrize("kind", KINDS)
@given(noise=st.lists(st.binary(max_size=600), max_size=8))
def test_noise_neither_stops_nor_grows_a_decoder(kind: str, noise: list[bytes]) -> None:
    decoder = kinds()[kind].decoder()
    for part in noise:
        for sample in decoder.feed(part):
            assert 0 <= sample.fhr1 <= 0xFFFF
            assert 0 <= sample.toco <= 255
            assert 0 <= sample.marks <= 0xFFFF
    assert len(getattr(decoder, "_waiting", b"")) <= 1_200


@pytest.mark.parametrize("kind", ["philips", "corometrics", "csv", "json", "luckcome"])
@given(noise=st.binary(max_size=200), flip=st.integers(0, 10_000))
def test_after_noise_and_a_flipped_bit_it_finds_its_way_back(
    kind: str, noise: bytes, flip: int
) -> None:
    whole = bytearray(said(kind))
    whole[flip % (len(whole) // 2)] ^= 0x10
    decoder = kinds()[kind].decoder()
    decoder.feed(noise + b"\n\x03")
    got = decoder.feed(bytes(whole))
    tail = [sample for second in TRACING[-10:] for sample in second]
    clean, _ = heard(kind, said(kind))
    assert got[-len(tail) :] == clean[-len(tail) :]


def test_the_crc_is_the_published_one() -> None:
    assert crc16(b"123456789") == 0x31C3


def test_a_dle_in_the_payload_is_doubled_on_the_wire() -> None:
    assert framed(b"C\x10x")[:8] == b"\x10\x02C\x10\x10x\x10\x03"


def test_a_philips_block_with_a_wrong_sum_is_left_out_and_counted() -> None:
    one, two = (kinds()["philips"].voice().say(second) for second in TRACING[:2])
    broken = one[:-1] + bytes([one[-1] ^ 1])
    samples, bad = heard("philips", broken + two)
    assert (len(samples), bad) == (4, 1)


def test_philips_tells_quality_and_the_mother() -> None:
    sample = Sample(fhr1=560, fhr2=520, mhr=320, toco=40, marks=quality(1, 2) | quality(2, 3))
    block = kinds()["philips"].voice().say((sample,) * 4)
    samples, _ = heard("philips", block)
    assert samples[0].marks & 0x0F == 0b1110
    assert samples[0].marks & frames.MARK_MHR_PRESENT
    assert (samples[0].fhr1, samples[0].fhr2, samples[0].mhr) == (560, 520, 320)


def test_corometrics_lifts_the_pen() -> None:
    samples, bad = heard("corometrics", b"9U0128,128\x039M01\x039H000,140\x03")
    assert bad == 0
    assert samples == [
        Sample(fhr2=560, toco=frames.TOCO_LOST, marks=quality(2, 3) | frames.MARK_MOVEMENT)
    ]


@pytest.mark.parametrize("message", [b"8H0140,140", b"9H0140", b"9H0xx,140", b"9U01", b""])
def test_corometrics_counts_what_it_does_not_know(message: bytes) -> None:
    assert heard("corometrics", message + b"\x03") == ([], 1)


@pytest.mark.parametrize("line", ["140,,,,,,,,", "x", "nan", "inf", "-1", "140,1e999"])
def test_a_csv_line_that_is_none_is_counted(line: str) -> None:
    assert heard("csv", line.encode() + b"\n") == ([], 1)


def test_lines_may_leave_out_what_they_do_not_know() -> None:
    samples, _ = heard("csv", b"# head\n140.25,,,,20\n\n")
    assert samples == [Sample(fhr1=561, toco=40, marks=quality(1, 3))]
    decoder = kinds()["json"].decoder()
    assert decoder.feed(b'\n{"fhr2": 130, "battery_low": true}\n')[0].fhr2 == 520
    assert decoder.battery_low
