"""Pure: small counts in what leaves the platform. On its pages a viewer sees her own cases anyway.

A count of 1 to 4 could name a woman in a table that is handed on. It is printed as "<5", together
with all that would give it away: the share, the median, the other side of a share, and, where it
is the only one hidden among the parts of a sum, the next smallest part.
"""

from collections.abc import Sequence

FEWEST = 5
"""Inferred [I], 待核实: no rule of the assessment for circulated tables was seen."""


def small(n: int) -> bool:
    """Whether a count is hidden; nobody at all gives nobody away."""
    return 0 < n < FEWEST


def small_share(n: int, of: int) -> bool:
    """Whether a share is hidden: by its numerator, its denominator, or those who are not in it."""
    return small(n) or small(of) or small(of - n)


def hidden(parts: Sequence[int], told: Sequence[bool]) -> list[bool]:
    """Which parts of a sum are hidden, where `told` says which are hidden by themselves."""
    found = list(told)
    if sum(found) == 1:
        others = [at for at, gone in enumerate(found) if not gone and parts[at] > 0]
        if others:
            found[min(others, key=lambda at: parts[at])] = True
    return found
