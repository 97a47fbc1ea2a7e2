"""Pure: what is told of numbers that are told in sums, so that no small one follows from others.

Numbers that can be subtracted from each other stand together: measures that count the same members
are a *family*, a year has its quarters, a region its parts. Of a *piece* (a region in a year, a
quarter of the whole) a family is told as a whole or not at all; it is not if any of its numbers, or
what is left when one is taken from another, is small. Where a piece is hidden and the whole is
told, the next smallest pieces are hidden too, until what is hidden together is small in nothing and
nobody can tell what each of them is. The order is fixed by the numbers, so that whoever asks again
is told the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from quality.small_numbers import RULE, gives_away, small
from quality.vocabulary import CountMeasure, Criterion, ShareMeasure

Counted: TypeAlias = CountMeasure | ShareMeasure
Sizes: TypeAlias = NDArray[np.int64]
"""Of a piece: every number of a family, and what is left when one is taken from another."""

Members: TypeAlias = frozenset[bytes]
"""The criteria that members of a set meet: more criteria, fewer members."""


@dataclass(frozen=True, slots=True)
class Family:
    """Measures that count the same members.

    Attributes:
        numbers: of which measures they are.
        forms: what can be subtracted: numbers (counted and numerator of each measure, in turn)
            times 1, -1 or 0.
    """

    numbers: Sequence[int]
    forms: NDArray[np.int64]

    def sizes(self, counts: Mapping[int, tuple[int, int]]) -> Sizes:
        """Of a piece whose measures come to `counts`: counted, and in the numerator."""
        told = [n for number in self.numbers for n in counts.get(number, (0, 0))]
        found: Sizes = self.forms @ np.array(told, dtype=np.int64)
        return found


def families(measures: Sequence[Counted]) -> list[Family]:
    """Measures in groups that share no member."""
    groups: list[list[int]] = []
    for number, one in enumerate(measures):
        near = [some for some in groups if any(not _apart(one, measures[at]) for at in some)]
        groups = [some for some in groups if some not in near]
        groups.append(sorted([number, *(at for some in near for at in some)]))
    return [Family(some, _forms([measures[at] for at in some])) for some in sorted(groups)]


def _apart(one: Counted, other: Counted) -> bool:
    """Whether no member is in both: they want different things of one field."""
    return one.of != other.of or any(
        not set(a.one_of) & set(b.one_of) for a, b in _same_field(one.where, other.where)
    )


def _same_field(
    some: Iterable[Criterion], others: Sequence[Criterion]
) -> Iterable[tuple[Criterion, Criterion]]:
    for a in some:
        for b in others:
            if a.field is not None and a.field == b.field and not (a.negate or b.negate):
                yield a, b


def _forms(measures: Sequence[Counted]) -> NDArray[np.int64]:
    """Rows: each number, each difference of one from another that holds it, and what remains of a
    denominator beside all numerators that exclude each other."""
    width = 2 * len(measures)
    sets: dict[Members, int] = {}
    for at, one in enumerate(measures):
        sets.setdefault(_members(one.where), 2 * at)
        if isinstance(one, ShareMeasure):
            sets.setdefault(_members([*one.where, *one.met]), 2 * at + 1)
    rows = [_row(width, column) for column in sets.values()]
    rows += [
        _row(width, outer, inner)
        for more, inner in sets.items()
        for fewer, outer in sets.items()
        if fewer < more
    ]
    by_where: dict[Members, list[int]] = {}
    for at, one in enumerate(measures):
        if isinstance(one, ShareMeasure):
            by_where.setdefault(_members(one.where), []).append(at)
    for same in by_where.values():
        chosen: list[int] = []
        for at in same:
            if all(_parted(measures[at], measures[other]) for other in chosen):
                chosen.append(at)
        if len(chosen) > 1:
            rows.append(_row(width, 2 * same[0], *(2 * at + 1 for at in chosen)))
    return np.array(rows, dtype=np.int64)


def _parted(one: Counted, other: Counted) -> bool:
    assert isinstance(one, ShareMeasure)  # noqa: S101
    assert isinstance(other, ShareMeasure)  # noqa: S101
    return any(not set(a.one_of) & set(b.one_of) for a, b in _same_field(one.met, other.met))


def _members(criteria: Iterable[Criterion]) -> Members:
    return frozenset(msgspec.json.encode(one) for one in criteria)


def _row(width: int, plus: int, *minus: int) -> NDArray[np.int64]:
    row = np.zeros(width, dtype=np.int64)
    row[plus] = 1
    row[list(minus)] = -1
    return row


def few(sizes: Sizes) -> bool:
    """Whether any number of a piece, or a difference of two, is small."""
    return any(small(int(one)) for one in sizes)


def hidden(parts: Sequence[Sizes], gone: Sequence[bool]) -> list[bool]:
    """Which parts of a told whole are hidden, where `gone` are told nowhere in any case."""
    found = [hides or few(sizes) for hides, sizes in zip(gone, parts, strict=True)]
    others = [at for at, hides in enumerate(found) if not hides and parts[at].any()]
    others.sort(key=lambda at: (-int(parts[at].sum()), -at))
    while others and follows(parts, found):
        found[others.pop()] = True
    return found


def follows(parts: Sequence[Sizes], gone: Sequence[bool]) -> bool:
    """Whether a hidden part, or all of them together, is a small number that can be computed."""
    some = [sizes for sizes, hides in zip(parts, gone, strict=True) if hides and sizes.any()]
    if not some:
        return False
    if len(some) < RULE.complement.least_hidden:
        return few(some[0])
    for of_form in zip(*some, strict=True):
        ns = [int(n) for n in of_form]
        if small(sum(ns)) or (all(ns) and gives_away(ns, [True] * len(ns))):
            return True
    return False
