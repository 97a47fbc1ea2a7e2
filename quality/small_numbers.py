"""Pure: small counts: hidden in what leaves the platform, and in what is told of closed reviews.

A count of 1 to 4 could name a woman in a table that is handed on. It is printed as "<5", together
with all that would give it away: the share, the median, the other side of a share, and, where it
follows from a sum and the parts that are told, the next smallest parts. Bound and rule are a
version of data (`small_numbers.toml`).
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from kernel.confidence import Confidence, unverified


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From how many on a count is told."""

    fewest: int
    confidence: Confidence
    source: str


class Complement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many parts of a told sum are hidden at least, where one is."""

    least_hidden: int
    confidence: Confidence
    source: str


class SmallNumbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version of both rules."""

    version: str
    threshold: Threshold
    complement: Complement

    @property
    def to_be_verified(self) -> bool:
        """Whether nobody has seen an official rule that says so."""
        return unverified(self.threshold.confidence) or unverified(self.complement.confidence)


def shipped() -> SmallNumbers:
    """This release's version."""
    text = Path(__file__).with_name("small_numbers.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), SmallNumbers)


RULE: Final = shipped()
FEWEST: Final = RULE.threshold.fewest


def small(n: int) -> bool:
    """Whether a count is hidden; nobody at all gives nobody away."""
    return 0 < n < FEWEST


def small_share(n: int, of: int) -> bool:
    """Whether a share is hidden: by its numerator, its denominator, or those who are not in it."""
    return small(n) or small(of) or small(of - n)


def hidden(parts: Sequence[int], told: Sequence[bool]) -> list[bool]:
    """Which parts of a sum are hidden, where `told` says which are hidden by themselves.

    Whoever knows the sum, the other parts and which hidden ones are under `FEWEST` still finds at
    least two numbers that each of those could be. Where that cannot be, all parts are hidden and
    the sum must be too (`gives_away`).
    """
    found = list(told)
    others = [at for at, gone in enumerate(found) if not gone and parts[at] > 0]
    others.sort(key=lambda at: -parts[at])
    while others and gives_away(parts, found):
        found[others.pop()] = True
    return found


def gives_away(parts: Sequence[int], gone: Sequence[bool]) -> bool:
    """Whether a hidden part follows from the sum: its number, or that of a small one among them."""
    some = [n for n, hides in zip(parts, gone, strict=True) if hides]
    few = sum(map(small, some))
    if some and len(some) < RULE.complement.least_hidden:
        return True
    if not few:
        return False
    # What one small part can be: the others are from 1 to 4, or from 5 on.
    left, many = sum(some), len(some) - few
    most = min(FEWEST - 1, left - (few - 1) - many * FEWEST)
    least = 1 if many else max(1, left - (few - 1) * (FEWEST - 1))
    return most <= least
