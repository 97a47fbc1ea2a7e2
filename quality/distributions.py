"""Describe durations: n, quantiles, histogram. A share never stands without its n."""

from collections.abc import Mapping, Sequence
from math import ceil

import msgspec
import numpy as np

BIN_WIDTHS_S = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
MOST_BINS = 24
FINEST_S = BIN_WIDTHS_S[0]
"""Every other width is a multiple of it."""


class Bin(msgspec.Struct, frozen=True):
    """How many durations lie in [from_s, to_s)."""

    from_s: int
    to_s: int
    n: int


class Within(msgspec.Struct, frozen=True):
    """How many of `of` durations met the target."""

    n: int
    of: int
    share: float


class Distribution(msgspec.Struct, frozen=True):
    """Durations in seconds. Quantiles interpolate linearly, as SQL's percentile_cont does."""

    n: int
    p50_s: float | None
    p90_s: float | None
    min_s: float | None
    max_s: float | None
    histogram: list[Bin]
    within_target: Within | None


def describe(durations_s: Sequence[float], target_s: int | None = None) -> Distribution:
    """Summarise durations, none of them negative."""
    if any(value < 0 for value in durations_s):
        raise ValueError("a duration is never negative")
    if not durations_s:
        return Distribution(0, None, None, None, None, [], None)
    values = np.asarray(durations_s, dtype=np.float64)
    p50, p90 = np.percentile(values, [50, 90])
    within = None
    if target_s is not None:
        met = int(np.count_nonzero(values <= target_s))
        within = Within(met, len(values), met / len(values))
    return Distribution(
        n=len(values),
        p50_s=float(p50),
        p90_s=float(p90),
        min_s=float(values.min()),
        max_s=float(values.max()),
        histogram=_histogram(values),
        within_target=within,
    )


def _histogram(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[Bin]:
    """At most `MOST_BINS` bins of a width that people read easily; the last bin is open."""
    fine, counts = np.unique((values // FINEST_S).astype(np.int64), return_counts=True)
    return histogram(dict(zip(fine.tolist(), counts.tolist(), strict=True)), float(values.max()))


def histogram(fine: Mapping[int, int], top_s: float) -> list[Bin]:
    """The bins that people read, from bins of `FINEST_S` seconds; `top_s` is the longest."""
    width = next((w for w in BIN_WIDTHS_S if top_s < w * MOST_BINS), BIN_WIDTHS_S[-1])
    bins = min(MOST_BINS, max(1, ceil((top_s + 1) / width)))
    counts = [0] * bins
    for place, n in fine.items():
        counts[min(place * FINEST_S // width, bins - 1)] += n
    return [Bin(n * width, (n + 1) * width, count) for n, count in enumerate(counts)]
