"""Pure rules of rosters: titles, and what is left of a shift when somebody covers part of it."""

from datetime import datetime

Period = tuple[datetime, datetime]

_RANKS = (("副主任", 4), ("主任", 5), ("主治", 3), ("主管", 3), ("师", 2), ("士", 1))
"""Chinese professional titles by what their names contain, e.g. 副主任医师, 主管护师: 正高 5,
副高 4, 中级 3, 初级师 2, 初级士 1 (卫生系列职称: the five grades of the health series)."""


def title_rank(title: str) -> int:
    """1 to 5; 0 for a title of no grade. 副主任 is asked for before 主任, which it contains."""
    for mark, rank in _RANKS:
        if mark in title:
            return rank
    return 0


def title_suffices(title: str, min_title: str | None) -> bool:
    """True if the slot asks for nothing or for no more than this title."""
    return min_title is None or title_rank(title) >= title_rank(min_title)


def remainders(whole: Period, taken: Period) -> list[Period]:
    """What is left of half-open `whole` without half-open `taken`: none, one or two periods."""
    left = [(whole[0], min(whole[1], taken[0])), (max(whole[0], taken[1]), whole[1])]
    return [(start, end) for start, end in left if start < end]
