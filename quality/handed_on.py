"""Pure: which counts of a table that is handed on are hidden, so that no small one follows.

Whoever reads the table subtracts: the houses that are told from their sum, and an indicator from
one that holds it. A count is hidden if it is small or leaves a small number of a count that holds
it; then, house by house, the next smallest, until neither a hidden house nor what is hidden
together follows from the sum.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

import msgspec
import numpy as np

from quality import complements
from quality.complements import Members, Sizes
from quality.small_numbers import small
from quality.vocabulary import (
    Criterion,
    ElsewhereMeasure,
    IntervalMeasure,
    Measure,
    Place,
    Population,
    RateMeasure,
    ShareMeasure,
)

Piece: TypeAlias = UUID | None
"""A house; None: all of them."""

Counts: TypeAlias = tuple[int, int | None]
"""Counted, and in the numerator, where there is one."""

_Set: TypeAlias = tuple[Population, Place, Members]


@dataclass(frozen=True, slots=True)
class Line:
    """An indicator of a table: in all (None: the table has no such line), and by house."""

    measure: Measure
    whole: Counts | None
    houses: Mapping[UUID, Counts]


@dataclass(slots=True)
class Covered:
    """Which counts are hidden."""

    _lines: Sequence[Line]
    _counts: dict[Piece, dict[_Set, int]] = field(default_factory=dict)
    _gone: set[tuple[Piece, _Set]] = field(default_factory=set)

    def whole(self, number: int) -> tuple[bool, bool]:
        """Whether of a line's whole the counted are hidden, and the numerator."""
        return self._hides(number, None)

    def house(self, number: int, house: UUID) -> tuple[bool, bool]:
        """The same of a house."""
        return self._hides(number, house)

    def any_house(self, number: int) -> bool:
        """Whether anything of any house is hidden: no mean over houses is told."""
        return any(any(self.house(number, one)) for one in self._lines[number].houses)

    def _hides(self, number: int, piece: Piece) -> tuple[bool, bool]:
        counted, met = sets_of(self._lines[number].measure)
        return (piece, counted) in self._gone, met is not None and (piece, met) in self._gone


def covered(lines: Sequence[Line], cases: int | None = None) -> Covered:
    """What is hidden of a table.

    Args:
        cases: how many cases the table says that it covers.
    """
    found = Covered(lines)
    for line in lines:
        if not isinstance(line.measure, ElsewhereMeasure):
            for piece, counts in [(None, line.whole), *line.houses.items()]:
                _take(found, line.measure, piece, counts)
    if cases is not None:
        held = found._counts.setdefault(None, {})
        for place in ("origin", "receiver"):
            held["cases", place, frozenset()] = cases
    for piece, held in found._counts.items():
        for one, n in held.items():
            if small(n) or any(small(held[more] - n) for more in _around(one, held)):
                found._gone.add((piece, one))
    whole = found._counts.get(None, {})
    order = sorted(whole, key=lambda one: (-whole[one], one[:2], sorted(one[2])))
    before = -1
    while before < len(found._gone):  # what hides one thing may uncover another; it only grows
        before = len(found._gone)
        for piece in found._counts:
            _part(found, piece)
        for one in order:
            _split(found, one)
    return found


def _part(found: Covered, piece: Piece) -> None:
    """A count of a piece and those of it that exclude each other, and what remains beside them."""
    held = found._counts[piece]
    for more, parts in _parts(held):
        if (piece, more) in found._gone:
            continue
        sizes = [np.array([held[one]], dtype=np.int64) for one in parts]
        rest = np.array([held[more]], dtype=np.int64) - sum(sizes)
        gone = [(piece, one) in found._gone for one in parts]
        gone = _hidden(sizes, rest, gone)
        found._gone.update((piece, one) for one, hides in zip(parts, gone, strict=True) if hides)


def _hidden(parts: Sequence[Sizes], rest: Sizes, gone: Sequence[bool]) -> list[bool]:
    """Which parts of a told sum are hidden: no small number follows, and none that is hidden."""
    found = complements.hidden([*parts, rest], [*gone, True])[:-1]
    others = [at for at, hides in enumerate(found) if not hides and parts[at].any()]
    if sum(found) == 1 and others and not rest.any():
        found[min(others, key=lambda at: (int(parts[at][0]), at))] = True
    return found


def _parts(held: Iterable[_Set]) -> Iterator[tuple[_Set, list[_Set]]]:
    """Counts with those that ask one thing more, of one field, and never the same."""
    known = sorted(held, key=lambda one: (one[:2], sorted(one[2])))
    for more in known:
        by_field: dict[str, list[tuple[_Set, Criterion]]] = {}
        for one in known:
            extra = one[2] - more[2]
            if one[:2] == more[:2] and more[2] < one[2] and len(extra) == 1:
                asked = _criterion(next(iter(extra)))
                if asked is not None and asked.field is not None:
                    by_field.setdefault(asked.field, []).append((one, asked))
        for some in by_field.values():
            for at, first in enumerate(some):
                chosen = [first]
                for other in some[at + 1 :]:
                    if all(_exclude(other[1], one) for _, one in chosen):
                        chosen.append(other)
                if len(chosen) > 1:
                    yield more, [one for one, _ in chosen]


def _criterion(said: bytes) -> Criterion | None:
    try:
        return msgspec.json.decode(said, type=Criterion)
    except msgspec.DecodeError:
        return None


def _exclude(one: Criterion, other: Criterion) -> bool:
    """Whether nobody meets both criteria, which are of one field."""
    if one.negate == other.negate:
        return not one.negate and not set(one.one_of) & set(other.one_of)
    inner, outer = (one, other) if other.negate else (other, one)
    return set(inner.one_of) <= set(outer.one_of)


def _take(found: Covered, measure: Measure, piece: Piece, counts: Counts | None) -> None:
    if counts is None:
        return
    held = found._counts.setdefault(piece, {})
    for one, n in zip(sets_of(measure), counts, strict=True):
        if one is not None and n is not None:
            held[one] = n


def _around(one: _Set, held: Iterable[_Set]) -> list[_Set]:
    """Those that hold all its members."""
    return [more for more in held if more[:2] == one[:2] and more[2] < one[2]]


def _split(found: Covered, one: _Set) -> None:
    """A sum and its houses."""
    whole = found._counts[None]
    houses = [
        piece
        for piece, held in found._counts.items()
        if piece is not None and any(other[:2] == one[:2] for other in held)
    ]
    if not houses or not any(one in found._counts[piece] for piece in houses):
        return
    around = [more for more in _around(one, whole) if (None, more) not in found._gone]
    parts = [_sizes(found._counts[piece], one, around) for piece in houses]
    rest = _sizes(whole, one, around) - sum(parts)
    gone = [(piece, one) in found._gone for piece in houses]
    if (None, one) in found._gone:
        # Houses that are all told would tell the sum.
        others = [at for at, part in enumerate(parts) if part[0] > 0]
        if others and not any(gone):
            gone[min(others, key=lambda at: (int(parts[at][0]), at))] = True
    else:
        gone = _hidden(parts, rest, gone)
        if complements.follows([*parts, rest], [*gone, True]):
            found._gone.add((None, one))
    found._gone.update((piece, one) for piece, hides in zip(houses, gone, strict=True) if hides)


def _sizes(held: Mapping[_Set, int], one: _Set, around: Iterable[_Set]) -> Sizes:
    n = held.get(one, 0)
    return np.array([n, *(held.get(more, n) - n for more in around)], dtype=np.int64)


def sets_of(measure: Measure) -> tuple[_Set, _Set | None]:
    """Whom a measure counts, and who of them stands in its numerator, by the criteria they meet."""
    assert not isinstance(measure, ElsewhereMeasure)  # noqa: S101
    if isinstance(measure, IntervalMeasure):
        wanted = measure.interval
        begun = [Criterion(reached=wanted.start), Criterion(reached=wanted.end)]
        said = msgspec.json.encode(wanted.where, order="sorted")
        return ("cases", measure.place, _members(begun) | {said, b"in order"}), None
    of: Population = measure.of
    place: Place = measure.place if of == "cases" else "origin"
    counted = _members(measure.where)
    if isinstance(measure, ShareMeasure):
        return (of, place, counted), (of, place, counted | _members(measure.met))
    if isinstance(measure, RateMeasure):
        below = counted | {f"below {measure.bottom}".encode()}
        return (of, place, below), (of, place, below | {f"above {measure.top}".encode()})
    return (of, place, counted), None


def _members(criteria: Iterable[Criterion]) -> Members:
    return frozenset(msgspec.json.encode(one) for one in criteria)
