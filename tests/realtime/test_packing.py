"""A segment gives back what was put in, to the bit, or says that it cannot."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import frames
from realtime.packing import Damaged, pack, unpack
from realtime.recordings import fhrma, wfdb
from realtime.sources import Synthetic
from tests.realtime.wire import START_NS, frame


@given(st.integers(1, 2**31), st.integers(1, 40), st.randoms(use_true_random=False))
def test_any_samples_and_clocks_come_back(first: int, count: int, dice: object) -> None:
    rng = np.random.default_rng(hash(dice) & 0xFFFF)
    view = np.zeros(count, frames.FRAME)
    view["version"], view["kind"] = 1, 1
    view["seq"] = first + np.arange(count)
    for name in ("flags", "stream", "device_ns"):
        info = np.iinfo(view[name].dtype)
        view[name] = rng.integers(0, info.max, count, dtype=view[name].dtype, endpoint=True)
    for name in frames.SAMPLE.names or ():
        top = np.iinfo(frames.SAMPLE[name]).max
        view["samples"][name] = rng.integers(0, top, (count, 4), endpoint=True)
    joined = b"".join(frames.sealed(one[:76]) for one in frames.split_frames(view.tobytes()))
    packed = pack(joined)
    assert packed[0] == 1
    assert unpack(packed) == joined


@given(st.lists(st.binary(min_size=80, max_size=80), min_size=1, max_size=5))
def test_what_is_no_run_of_frames_comes_back_as_well(parts: list[bytes]) -> None:
    assert unpack(pack(b"".join(parts))) == b"".join(parts)
    holes = frame(1) + frame(3)
    assert unpack(pack(holes)) == holes


def test_an_hour_is_a_tenth_of_its_size() -> None:
    hour = b"".join(Synthetic("variable", 3, 3_600).frames(START_NS))
    assert len(pack(hour)) < len(hour) / 10


def test_real_tracings_come_back(ctg_data: Path) -> None:
    paths = [
        *sorted(ctg_data.glob("ctu-uhb/records/*.dat"))[:2],
        *sorted(ctg_data.glob("fhrma/records/*.fhr"))[:2],
    ]
    assert len(paths) == 4
    for path in paths:
        series = (wfdb if path.suffix == ".dat" else fhrma).read(path)
        made = frames.build_frames(series.whole_seconds(), stream=3, first_seq=1, first_ns=START_NS)
        joined = b"".join(made[:3_600])
        assert unpack(pack(joined)) == joined
        assert len(pack(joined)) < len(joined) / 5, path.name


@given(st.binary(max_size=60), st.integers(0, 400), st.integers(1, 255))
def test_damage_is_noticed_or_changes_nothing_but_itself(noise: bytes, at: int, flip: int) -> None:
    with pytest.raises(Damaged):
        unpack(noise)
    packed = bytearray(pack(b"".join(frame(seq) for seq in range(1, 30))))
    packed[at % len(packed)] ^= flip
    with suppress(Damaged):
        assert len(unpack(bytes(packed))) % frames.FRAME_BYTES == 0
