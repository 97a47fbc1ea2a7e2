"""The synthesiser is deterministic and plays what its table says."""

from __future__ import annotations

import numpy as np
import pytest

from realtime import frames
from realtime.synthesiser import scenarios, synthesise


def bpm(samples: np.ndarray, channel: str = "fhr1") -> np.ndarray:
    rate = samples[channel].astype(float)
    return np.where(rate > 0, rate / 4, np.nan)


@pytest.mark.parametrize("name", sorted(scenarios()))
def test_every_scenario_gives_valid_frames(name: str) -> None:
    samples = synthesise(name, 600, seed=7)
    assert len(samples) == 2400
    packed = b"".join(frames.build_frames(samples, stream=1, first_seq=1, first_ns=0))
    assert frames.count_invalid(packed).sum() == 0
    scenario = scenarios()[name]
    lost = float(np.mean(samples["fhr1"] == 0))
    assert abs(lost - scenario.loss) < 0.02
    assert abs(np.nanmedian(bpm(samples, "mhr")) - scenario.mhr_bpm) < 8


def test_the_seed_decides_everything() -> None:
    one, same, other = (synthesise("reactive", 60, seed) for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one["fhr1"] != other["fhr1"]).any()


def test_decelerations_follow_contractions_late() -> None:
    samples = synthesise("late", 3600, seed=3)
    rate, toco = bpm(samples), samples["toco"].astype(float)
    rate = np.where(np.isnan(rate), np.nanmedian(rate), rate)
    lags_s = np.arange(-60, 91, 5)
    fall = [np.corrcoef(toco[400:-400], -np.roll(rate, -lag * 4)[400:-400])[0, 1] for lag in lags_s]
    assert lags_s[int(np.argmax(fall))] >= 20


def test_a_prolonged_deceleration_lasts_two_to_ten_minutes() -> None:
    rate = bpm(synthesise("prolonged", 7200, seed=5))
    low = np.nan_to_num(rate, nan=140) < np.nanmedian(rate) - 15
    edges = np.flatnonzero(np.diff(np.r_[0, low.astype(int), 0]))
    longest_s = (edges[1::2] - edges[::2]).max() / 4
    assert 120 <= longest_s < 600


def test_twins_have_two_hearts() -> None:
    samples = synthesise("twins", 600, seed=1)
    assert np.nanmedian(bpm(samples, "fhr2")) - np.nanmedian(bpm(samples)) > 8


def test_an_unknown_scenario_is_an_error() -> None:
    with pytest.raises(KeyError):
        synthesise("nothing", 1, 1)
