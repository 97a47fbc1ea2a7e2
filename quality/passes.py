"""Many measures counted in one reading of their population, in cells that are added up.

A cell is what the members of one facility (and month) come to under one measure. Cells add: those
of the facilities of a county make the county, so one reading answers for every level at once.
Durations travel whole, eight bytes each, because medians do not add.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from quality.compiling import Binder, amount, amounts, begins, holds, late
from quality.definitions import Definition
from quality.groups import COUNTS, Group, groups
from quality.sources import SOURCES
from quality.sums import Summed
from quality.tallies import Tally
from quality.vocabulary import (
    CountMeasure,
    ElsewhereMeasure,
    IntervalMeasure,
    Place,
    Population,
    RateMeasure,
    ShareMeasure,
)

Counted: TypeAlias = IntervalMeasure | CountMeasure | ShareMeasure | RateMeasure
KeyT = TypeVar("KeyT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Asked:
    """A measure, and the seconds aimed at."""

    measure: Counted
    target_s: int | None = None


@dataclass(frozen=True, slots=True)
class Few:
    """Which groups that have any are wanted: those with the `most` counted, and `always` these."""

    most: int
    always: frozenset[Hashable]

    def among(self, keys: Sequence[Hashable]) -> "Among":
        """These among the groups of a reading."""
        return Among(
            self.most,
            np.array([key is not None for key in keys], dtype=bool),
            np.array([key in self.always for key in keys], dtype=bool),
        )


@dataclass(frozen=True, slots=True)
class Among:
    """`Few` among groups in their order: which have a key, and which are of these."""

    most: int
    keyed: NDArray[np.bool_]
    always: NDArray[np.bool_]


@dataclass(slots=True)
class Cell:
    """Counts in the order of `COUNTS`, and durations as they came."""

    counts: list[int] = field(default_factory=lambda: [0] * len(COUNTS))
    durations: list[bytes] = field(default_factory=list)

    def add(self, other: "Cell") -> None:
        """Take another cell in."""
        self.counts = [*map(int.__add__, self.counts, other.counts)]
        self.durations += other.durations


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a measure stands among the sums of its reading.

    Attributes:
        counts: places in the order of `COUNTS`; -1: it has none.
        durations: place among the durations, where it has any.
        reasons: places of those outside, with the key of the criterion that fails.
    """

    counts: Sequence[int]
    durations: int | None
    reasons: Sequence[tuple[int, str]]

    def groups(self, told: Summed[Any]) -> list[Group]:
        """The measure's groups."""
        return groups(told.keys, self._counts(told), self.durations_of(told))

    def few(self, told: Summed[Any], wanted: Among) -> tuple[list[Group], int]:
        """The groups wanted, with those that have as many as the last of the most; how many
        others have anything. The group without a key is none of them.
        """
        n = np.where(wanted.keyed, told.counts[:, self.counts[0]], 0)
        enough = np.partition(n, -wanted.most)[-wanted.most] if len(n) > wanted.most else 1
        chosen = (n > 0) & ((n >= enough) | wanted.always)
        places = np.flatnonzero(chosen)
        counts = told.counts[places][:, self.counts].tolist()
        durations, at = self.durations_of(told), places.tolist()
        some = groups(
            [told.keys[one] for one in at],
            counts,
            None if durations is None else [durations[one] for one in at],
        )
        return some, int(np.count_nonzero((n > 0) & ~chosen))

    def cells(self, told: Summed[KeyT]) -> dict[KeyT, Cell]:
        """The measure's cells."""
        durations = self.durations_of(told)
        parts = [[one] for one in durations or [b""] * len(told.keys)]
        some = zip(told.keys, self._counts(told), parts, strict=True)
        return {key: Cell(counts, part) for key, counts, part in some}

    def outside(self, told: Summed[Any]) -> dict[str, int]:
        """How many members of all groups lie outside, by reason."""
        found: dict[str, int] = {}
        for at, reason in self.reasons:
            if n := int(told.counts[:, at].sum()):
                found[reason] = found.get(reason, 0) + n
        return found

    def durations_of(self, told: Summed[Any]) -> list[bytes] | None:
        """Of each group; None where nothing is measured."""
        return None if self.durations is None else told.durations[self.durations]

    def _counts(self, told: Summed[Any]) -> list[list[int]]:
        found: list[list[int]] = told.counts[:, self.counts].tolist()
        return found


@dataclass(frozen=True, slots=True)
class Reading:
    """A tally of one population: which of those asked it answers, and where each stands."""

    tally: Tally
    numbers: Sequence[int]
    columns: Sequence[Columns]


def asked_of(definition: Definition) -> Asked | None:
    """What a definition asks of the facts; None: computed elsewhere."""
    measure, target = definition.measure, definition.target
    if isinstance(measure, ElsewhereMeasure):
        return None
    return Asked(measure, None if target is None else target.seconds)


def readings(asked: Sequence[Asked], *, without_late: bool) -> list[Reading]:
    """As few statements as there are populations and kinds of place among what is asked.

    By month one is asked alone: each comes into the count at a moment of its own.
    """
    groups: dict[tuple[Population, Place], list[int]] = {}
    for number, one in enumerate(asked):
        of: Population = "cases" if isinstance(one.measure, IntervalMeasure) else one.measure.of
        place: Place = one.measure.place if of == "cases" else "origin"
        groups.setdefault((of, place), []).append(number)
    found = []
    for (of, place), numbers in groups.items():
        build = _Build(of, without_late)
        for number in numbers:
            build.count(asked[number])
        found.append(build.reading(numbers, place))
    return found


class _Build:
    """Puts a reading together: conditions computed once a row, counts made of them."""

    def __init__(self, of: Population, without_late: bool) -> None:
        self._of = of
        self._source = source = SOURCES[of]
        self._without_late = without_late
        self._bind = Binder("p")
        self._inner: dict[str, str] = {}
        self._known: dict[object, str] = {}
        self._outer: list[str] = []
        self._columns: list[dict[str, int]] = []
        self._reasons: list[dict[int, str]] = []
        self._from_at = source.at

    def count(self, asked: Asked) -> None:
        """Add what one measure counts."""
        self._columns.append({})
        self._reasons.append({})
        if isinstance(asked.measure, IntervalMeasure):
            self._interval(asked.measure, asked.target_s)
        else:
            self._members(asked.measure)

    def reading(self, numbers: Sequence[int], place: Place) -> Reading:
        """What was put together."""
        if self._source.demo != "false":
            self._inner["demo"] = self._source.demo
        durations = [one["durations"] for one in self._columns if "durations" in one]
        tally = Tally(
            of=self._of,
            place=place,
            where=self._source.where,
            inner=self._inner,
            outer=self._outer,
            values=self._bind.values,
            from_at=self._from_at,
            durations=durations,
        )
        counts = [at for at in range(len(self._outer)) if at not in durations]
        places = {at: place for place, at in enumerate(counts)}
        columns = [
            Columns(
                [places.get(one.get(name, -1), -1) for name in COUNTS],
                durations.index(one["durations"]) if "durations" in one else None,
                [(places[at], reason) for at, reason in reasons.items()],
            )
            for one, reasons in zip(self._columns, self._reasons, strict=True)
        ]
        return Reading(tally, numbers, columns)

    def _once(self, key: object, sql: Callable[[], str]) -> str:
        if key not in self._known:
            name = f"c{len(self._known)}"
            self._inner[name] = sql()
            self._known[key] = f"s.{name}"
        return self._known[key]

    def _tell(self, name: str, conditions: Sequence[str]) -> None:
        self._columns[-1][name] = self._aggregate(
            f"count(*) FILTER (WHERE {' AND '.join(conditions) or 'true'})"
        )

    def _add_up(self, name: str, column: str, conditions: Sequence[str]) -> None:
        self._columns[-1][name] = self._aggregate(
            f"CAST(coalesce(sum({column}) FILTER (WHERE {' AND '.join(conditions) or 'true'}), 0)"
            " AS bigint)"
        )

    def _aggregate(self, sql: str) -> int:
        at = len(self._outer)
        self._outer.append(f"{sql} AS a{at}")
        return at

    def _late(self, milestones: Iterable[str]) -> str | None:
        parts = [self._once(("late", one), lambda one=one: late(one)) for one in milestones]  # type: ignore[misc]
        if self._source.late != "false":
            parts.append(self._once("late", lambda: self._source.late))
        return f"({' OR '.join(parts)})" if parts else None

    def _numbers(
        self,
        inside: Sequence[str],
        counted: Sequence[str],
        entered_late: str | None,
        added: Sequence[str] = (),
    ) -> list[str]:
        """Count those counted (or add up what they bring), late, made up, and closed to the
        viewer; the conditions of the counted."""
        if entered_late is not None:
            self._tell("late", [*inside, entered_late])
            if self._without_late:
                counted = [*counted, f"NOT {entered_late}"]
        if added:
            for name, column in zip(("met", "n"), added, strict=True):
                self._add_up(name, column, counted)
        else:
            self._tell("n", counted)
        if self._source.demo != "false":
            self._tell("demo", [*counted, "s.demo"])
        if self._source.open:
            opened = self._once("open", lambda: self._source.open)
            self._tell("closed", [f"NOT {opened}"])
        return list(counted)

    def _interval(self, measure: IntervalMeasure, target_s: int | None) -> None:
        wanted, bind = measure.interval, self._bind
        start, end = bind.at(wanted.start), bind.at(wanted.end)
        self._from_at = start
        where = msgspec.json.encode(wanted.where, order="sorted")
        inside = self._once(("begins", wanted.start, where), lambda: begins(measure, bind))
        ended = self._once(("ended", wanted.end), lambda: f"{end} IS NOT NULL")
        wrong = self._once(("wrong", start, end), lambda: f"coalesce({end} < {start}, false)")
        took = self._once(("took", start, end), lambda: f"date_part('epoch', {end} - {start})")
        entered_late = self._late((wanted.start, wanted.end))
        counted = self._numbers([inside], [inside, ended, f"NOT {wrong}"], entered_late)
        self._tell("open", [inside, f"NOT {ended}"])
        self._tell("inconsistent", [inside, wrong])
        if target_s is not None:
            self._tell("within", [*counted, f"{took} <= {bind.bind(target_s, 'bigint')}"])
        self._columns[-1]["durations"] = self._aggregate(
            f"string_agg(float8send({took}), ''::bytea) FILTER (WHERE {' AND '.join(counted)})"
        )

    def _members(self, measure: CountMeasure | ShareMeasure | RateMeasure) -> None:
        source, looked = self._source, list[str]()

        def condition(one: Any) -> str:
            looked.extend(name for name in (one.reached, one.after) if name is not None)
            return self._once(msgspec.json.encode(one), lambda: holds(one, source, self._bind))

        where = [(one.key, condition(one)) for one in measure.where]
        met = [condition(one) for one in getattr(measure, "met", [])]
        names = amounts(measure)
        added = [self._once(("amount", name), partial(amount, name)) for name in names]
        where += [
            (name, f"({column} IS NOT NULL)") for name, column in zip(names, added, strict=True)
        ]
        counted = self._numbers(
            [], [holds for _, holds in where], self._late(dict.fromkeys(looked)), added
        )
        if met:
            self._tell("met", [*counted, *met])
        for at, (key, fails) in enumerate(where):
            before = [holds for _, holds in where[:at]]
            left_out = self._aggregate(
                f"count(*) FILTER (WHERE {' AND '.join([*before, f'NOT {fails}'])})"
            )
            self._reasons[-1][left_out] = key
