"""Moments that a box's clock can say, nanoseconds since 1970 UTC. Pure.

A box whose battery is empty begins in 1970, and one whose year was mistyped in 20260. The first is
wrong and is measured; the second fits into no frame, no buffer and no date.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

LATEST_NS: Final = 7_258_118_400_000_000_000
"""The year 2200: nothing that runs now will say it and be right, and 63 bits hold what follows."""
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def possible(ns: int) -> bool:
    """Whether a clock may be believed to say this at all, right or wrong."""
    return 0 <= ns <= LATEST_NS


def moment(ns: int) -> datetime:
    """As a date; the beginning of 1970, which nobody takes for true, where it cannot be one."""
    return _BEGINNING + timedelta(microseconds=ns // 1_000 if possible(ns) else 0)
