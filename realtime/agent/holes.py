"""Runs of numbers: what is missing between those that are there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def seconds_between(first: int, last: int, there: Iterable[int]) -> list[tuple[int, int]]:
    """Runs of `first..last` that are not in `there`, which ascends."""
    missing: list[tuple[int, int]] = []
    following = first
    for seq in there:
        if seq > following:
            missing.append((following, seq - 1))
        following = seq + 1
    if following <= last:
        missing.append((following, last))
    return missing


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending numbers as runs."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] + 1 == number:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def without(
    some: Sequence[tuple[int, int]], known: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """What of `some` runs no run of `known` covers."""
    left = list(some)
    for low, high in known:
        cut: list[tuple[int, int]] = []
        for first, last in left:
            if last < low or first > high:
                cut.append((first, last))
                continue
            if first < low:
                cut.append((first, low - 1))
            if last > high:
                cut.append((high + 1, last))
        left = cut
    return left
