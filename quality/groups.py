"""What a group of members comes to under one measure: counts, and how its durations are spread."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

COUNTS: Final = ("n", "met", "open", "inconsistent", "late", "demo", "within", "closed")
"""The counts of a group, in their order wherever they stand in a row."""

SHARES: Final = (0.5, 0.9)
Spread: TypeAlias = tuple[float | None, float | None, float | None, float | None]
"""Median, P90, least, most, in seconds; None of nobody."""


class Group(msgspec.Struct, frozen=True, gc=False):
    """What a group of members comes to: all of them, a facility, a month.

    Attributes:
        n: counted; `met` of them stand in the numerator of a share. Of a rate: the amounts below
            and above, added up.
        late: members with a late entry, counted or not.
        demo: counted members whose times were made up.
        within: counted members whose interval met the target.
        closed: members, counted or not, that the viewer may count and not read.
    """

    key: object
    n: int
    met: int
    open: int
    inconsistent: int
    late: int
    demo: int
    within: int
    closed: int
    p50_s: float | None
    p90_s: float | None
    min_s: float | None
    max_s: float | None


def groups(
    keys: Sequence[object],
    counts: Iterable[Sequence[int]],
    durations: Sequence[bytes] | None,
) -> list[Group]:
    """Groups of one measure.

    Args:
        counts: of each key, as `COUNTS` has them.
        durations: of each key, as `seconds` reads them; None where nothing is measured.
    """
    spread: Iterable[Spread] = (
        [(None,) * 4] * len(keys) if durations is None else spreads(durations)
    )
    # Eight counts and four of the spread, as `Group` has them.
    return [
        Group(key, *some, *told)  # type: ignore[call-arg]
        for key, some, told in zip(keys, counts, spread, strict=True)
    ]


def seconds(durations: bytes) -> NDArray[np.float64]:
    """Durations as cells keep them (float8, the greatest byte first), in no order."""
    return np.frombuffer(durations, dtype=">f8").astype(np.float64)


def spreads(durations: Sequence[bytes]) -> Iterator[Spread]:
    """How the durations of each of many groups are spread.

    Quantiles lie linearly between two neighbours, computed as SQL's percentile_cont computes them.
    """
    lengths = np.fromiter(map(len, durations), dtype=np.int64, count=len(durations)) // 8
    ends = np.cumsum(lengths)
    values = seconds(b"".join(durations))
    for start, end in zip((ends - lengths).tolist(), ends.tolist(), strict=True):
        if end - start > 1:
            values[start:end].sort()
    held = lengths > 0
    first, last = (ends - lengths)[held], ends[held] - 1
    found = [_quantile(values, first, last, share) for share in SHARES]
    told = iter(zip(*found, values[first].tolist(), values[last].tolist(), strict=True))
    for has in held.tolist():
        yield next(told) if has else (None,) * 4


def _quantile(
    values: NDArray[np.float64], first: NDArray[np.int64], last: NDArray[np.int64], share: float
) -> list[float]:
    """Of groups that stand in order from `first` to `last`, both in."""
    place = share * (last - first)
    low = place.astype(np.int64)
    below = values[first + low]
    above = values[np.minimum(first + low + 1, last)]
    found: list[float] = (below + (place - low) * (above - below)).tolist()
    return found
