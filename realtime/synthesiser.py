"""Plausible tracings from numbers: for demonstrations, drills, load and tests, never for evidence.

The scenarios are data (`scenarios.toml`). Everything is vectorised over the whole stretch and
decided by the seed alone.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from realtime import frames

HZ: Final = 4
Wave = npt.NDArray[np.float64]


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the table; units in the names and in the file's head."""

    zh: str
    en: str
    baseline_bpm: float
    ltv_bpm: float
    stv_bpm: float
    accelerations_per_h: float
    contraction_every_s: float
    deceleration: Literal["none", "early", "late", "variable", "prolonged"]
    mhr_bpm: float
    loss: float
    contraction_units: float = 0.0
    depth_bpm: float = 0.0
    share: float = 0.0
    drift_bpm_per_h: float = 0.0
    mhr_drift_bpm_per_h: float = 0.0
    second_baseline_bpm: float = 0.0

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels that carry a signal."""
        second = ("fhr2",) if self.second_baseline_bpm else ()
        return ("fhr1", *second, "mhr", "toco", "spo2")


# kind → (onset after the contraction's peak, rise, fall, hold), all in seconds. Late: nadir after
# the peak, gradual; variable: abrupt (< 30 s); prolonged: 2-10 min (NICHD 2008 definitions).
_SHAPES: Final[dict[str, tuple[float, float, float, float]]] = {
    "early": (-35.0, 35.0, 35.0, 0.0),
    "late": (0.0, 32.0, 45.0, 8.0),
    "variable": (-15.0, 6.0, 9.0, 22.0),
    "prolonged": (-10.0, 25.0, 60.0, 180.0),
}


@cache
def scenarios() -> dict[str, Scenario]:
    """All scenarios by name."""
    text = Path(__file__).with_name("scenarios.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Scenario])


def synthesise(name: str, seconds: int, seed: int) -> npt.NDArray[Any]:
    """Return `seconds` of 4 Hz samples (dtype `frames.SAMPLE`) of a scenario.

    Raises:
        KeyError: there is no such scenario.
    """
    scenario = scenarios()[name]
    random = np.random.default_rng([seed, *name.encode()])
    time_s = np.arange(seconds * HZ) / HZ
    peaks_s = _contractions(scenario, seconds, random)
    samples = frames.empty_samples(len(time_s))
    samples["toco"] = _toco(scenario, time_s, peaks_s, random)
    bases = [scenario.baseline_bpm]
    bases += [scenario.second_baseline_bpm] if scenario.second_baseline_bpm else []
    for channel, base in zip(("fhr1", "fhr2"), bases, strict=False):
        rate = _fetal(scenario, base, time_s, peaks_s, random)
        _write_rate(samples, channel, rate, _lost(scenario.loss, len(time_s), random))
    mother = _maternal(scenario, time_s, peaks_s, random)
    _write_rate(samples, "mhr", mother, _lost(scenario.loss / 3, len(time_s), random))
    samples["spo2"] = np.clip(np.rint(97 + 0.8 * _smooth(len(time_s), 20.0, random)), 90, 100)
    samples["marks"] |= np.where(samples["mhr"] > 0, frames.MARK_MHR_PRESENT, 0).astype(np.uint16)
    return samples


def _contractions(scenario: Scenario, seconds: int, random: np.random.Generator) -> Wave:
    """Times of the peaks, seconds; irregular by a sixth."""
    every = scenario.contraction_every_s
    if not every:
        return np.empty(0)
    steps = np.maximum(every * random.normal(1.0, 1 / 6, int(seconds / every) + 3), 60.0)
    peaks: Wave = np.cumsum(steps) - steps[0] + every * random.uniform(0.2, 0.8)
    return peaks


def _toco(
    scenario: Scenario, time_s: Wave, peaks_s: Wave, random: np.random.Generator
) -> npt.NDArray[np.uint8]:
    units = 12 + 1.5 * _smooth(len(time_s), 30.0, random) + random.normal(0, 0.4, len(time_s))
    for peak, height in zip(peaks_s, random.normal(1.0, 0.15, len(peaks_s)), strict=True):
        units += scenario.contraction_units * height * np.exp(-0.5 * ((time_s - peak) / 22) ** 2)
    # Breathing rides on the belt.
    units += 0.8 * np.sin(2 * np.pi * time_s / 3.7)
    return np.clip(np.rint(units * frames.TOCO_SCALE), 0, 254).astype(np.uint8)


def _fetal(
    scenario: Scenario, base: float, time_s: Wave, peaks_s: Wave, random: np.random.Generator
) -> Wave:
    count = len(time_s)
    rate = base + scenario.drift_bpm_per_h * time_s / 3600
    rate += 1.5 * _smooth(count, 180.0, random)
    # Two to six cycles a minute make the bandwidth, faster ones the short-term variability.
    rate += scenario.ltv_bpm / 4 * _smooth(count, 4.0, random)
    rate += scenario.stv_bpm * _smooth(count, 0.5, random)
    starts = random.uniform(0, time_s[-1] if count else 0, _number(scenario, count, random))
    for start in starts:
        rate += _bump(time_s, start, random.uniform(8, 14), random.uniform(10, 20), 12.0) * (
            random.uniform(16, 26)
        )
    if scenario.deceleration == "none":
        return rate
    onset, fall, rise, hold = _SHAPES[scenario.deceleration]
    for peak in peaks_s[random.random(len(peaks_s)) < scenario.share]:
        depth = scenario.depth_bpm * random.normal(1.0, 0.15)
        rate -= depth * _bump(time_s, peak + onset, fall, rise, hold)
    return rate


def _number(scenario: Scenario, count: int, random: np.random.Generator) -> int:
    return int(random.poisson(scenario.accelerations_per_h * count / HZ / 3600))


def _maternal(scenario: Scenario, time_s: Wave, peaks_s: Wave, random: np.random.Generator) -> Wave:
    rate = scenario.mhr_bpm + scenario.mhr_drift_bpm_per_h * time_s / 3600
    rate += 3 * _smooth(len(time_s), 15.0, random) + 1.2 * _smooth(len(time_s), 1.5, random)
    for peak in peaks_s:
        rate += 8 * np.exp(-0.5 * ((time_s - peak) / 25) ** 2)
    return rate


def _bump(time_s: Wave, start: float, rise: float, fall: float, hold: float) -> Wave:
    """0 → 1 over `rise`, 1 for `hold`, back over `fall`; seconds, cosine edges."""
    up = np.clip((time_s - start) / rise, 0, 1)
    down = np.clip((time_s - start - rise - hold) / fall, 0, 1)
    shape: Wave = (0.5 - 0.5 * np.cos(np.pi * up)) * (0.5 + 0.5 * np.cos(np.pi * down))
    return shape


def _smooth(count: int, scale_s: float, random: np.random.Generator) -> Wave:
    """Noise of unit variance whose fastest waves last about `scale_s` seconds."""
    half = max(1, round(3 * scale_s * HZ))
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) / (scale_s * HZ)) ** 2)
    kernel /= np.sqrt((kernel**2).sum())
    smooth: Wave = np.convolve(random.normal(size=count + 2 * half), kernel, mode="valid")
    return smooth


def _lost(share: float, count: int, random: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Bursts of lost signal that fill about `share` of the time."""
    if share <= 0 or not count:
        return np.zeros(count, dtype=bool)
    noise = _smooth(count, 2.5, random)
    return noise > np.quantile(noise, 1 - share)


def _write_rate(
    samples: npt.NDArray[Any], channel: str, rate_bpm: Wave, lost: npt.NDArray[np.bool_]
) -> None:
    quarter = np.rint(np.clip(rate_bpm, 40, 230) * frames.RATE_SCALE)
    samples[channel] = np.where(lost, frames.RATE_LOST, quarter)
    if channel == "mhr":
        return
    # Next to a loss the signal is weak.
    near = np.convolve(lost, np.ones(9), mode="same") > 0 if len(lost) else lost
    quality = np.where(near, frames.QUALITY_YELLOW, frames.QUALITY_GREEN)
    shift = 2 * ("fhr1", "fhr2", "fhr3").index(channel)
    samples["marks"] |= (np.where(lost, frames.QUALITY_NONE, quality) << shift).astype(np.uint16)
