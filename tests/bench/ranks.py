"""Figures of many measurements."""

import math
from collections.abc import Sequence


def quantile(values: Sequence[float], share: float) -> float:
    """Nearest rank."""
    ranked = sorted(values)
    return ranked[math.ceil(len(ranked) * share) - 1]
