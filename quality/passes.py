"""Many measures counted in one reading of their population, in cells that are added up.

A cell is what the members of one facility (and month) come to under one measure. Cells add: those
of the facilities of a county make the county, so one reading answers for every level at once.
Durations travel whole, eight bytes each, because medians do not add.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from quality.compiling import Binder, begins, holds, late, place_of
from quality.sources import SOURCES, Source
from quality.vocabulary import CountMeasure, IntervalMeasure, Place, Population, ShareMeasure

Counted: TypeAlias = IntervalMeasure | CountMeasure | ShareMeasure
Key: TypeAlias = Literal["place", "house", "month"]
"""By what cells are kept: whose it is, where it lies, when it came into the count."""

COUNTS: Final = ("n", "met", "open", "inconsistent", "late", "demo", "within")


@dataclass(frozen=True, slots=True)
class Asked:
    """A measure, and the seconds aimed at."""

    measure: Counted
    target_s: int | None = None


@dataclass(slots=True)
class Cell:
    """Counts as in `quality.repository.Group`; `outside` by reason; durations as they came."""

    n: int = 0
    met: int = 0
    open: int = 0
    inconsistent: int = 0
    late: int = 0
    demo: int = 0
    within: int = 0
    outside: dict[str, int] = field(default_factory=dict)
    durations: list[bytes] = field(default_factory=list)

    def add(self, other: "Cell") -> None:
        """Take another cell in."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for reason, n in other.outside.items():
            self.outside[reason] = self.outside.get(reason, 0) + n
        self.durations += other.durations

    def seconds(self) -> NDArray[np.float64]:
        """All durations, the shortest first."""
        return np.sort(np.frombuffer(b"".join(self.durations), dtype=">f8").astype(np.float64))


def quantile(ordered: NDArray[np.float64], share: float) -> float | None:
    """Linear between two neighbours, computed as SQL's percentile_cont computes it."""
    if not len(ordered):
        return None
    place = share * (len(ordered) - 1)
    low = int(place)
    value = float(ordered[low])
    if place > low:
        value += (place - low) * (float(ordered[low + 1]) - value)
    return value


@dataclass(frozen=True, slots=True)
class Reading:
    """One statement over one population; `numbers` says which of those asked it answers."""

    query: str
    values: Mapping[str, object]
    numbers: Sequence[int]
    columns: Sequence[Mapping[str, str]]
    reasons: Sequence[Mapping[str, str]]

    def cells(self, row: Any) -> Iterable[tuple[int, Cell]]:
        """What a row says of each measure."""
        told = row._mapping
        for number, columns, reasons in zip(self.numbers, self.columns, self.reasons, strict=True):
            cell = Cell(**{name: told[at] for name, at in columns.items() if name in COUNTS})
            for at, reason in reasons.items():
                if told[at]:
                    cell.outside[reason] = cell.outside.get(reason, 0) + told[at]
            if told.get(columns.get("durations", "")):
                cell.durations.append(bytes(told[columns["durations"]]))
            yield number, cell


def readings(asked: Sequence[Asked], by: Sequence[Key], *, without_late: bool) -> list[Reading]:
    """As few statements as there are populations and kinds of place among what is asked.

    By month only one measure at a time: each comes into the count at a moment of its own.
    """
    assert "month" not in by or len(asked) <= 1  # noqa: S101
    groups: dict[tuple[Population, Place], list[int]] = {}
    for number, one in enumerate(asked):
        of: Population = "cases" if isinstance(one.measure, IntervalMeasure) else one.measure.of
        place: Place = one.measure.place if of == "cases" else "origin"
        groups.setdefault((of, place), []).append(number)
    found = []
    for (of, place), numbers in groups.items():
        build = _Build(SOURCES[of], without_late)
        for number in numbers:
            build.count(asked[number])
        found.append(build.reading(numbers, by, place))
    return found


class _Build:
    """Puts a reading together: conditions computed once a row, counts made of them."""

    def __init__(self, source: Source, without_late: bool) -> None:
        self._source = source
        self._without_late = without_late
        self._bind = Binder("p")
        self._inner: dict[str, str] = {}
        self._known: dict[object, str] = {}
        self._outer: list[str] = []
        self._columns: list[dict[str, str]] = []
        self._reasons: list[dict[str, str]] = []
        self._from_at = source.at

    def count(self, asked: Asked) -> None:
        """Add what one measure counts."""
        self._columns.append({})
        self._reasons.append({})
        if isinstance(asked.measure, IntervalMeasure):
            self._interval(asked.measure, asked.target_s)
        else:
            self._members(asked.measure)

    def reading(self, numbers: Sequence[int], by: Sequence[Key], place: Place) -> Reading:
        """The statement."""
        month = f"date_trunc('month', {self._from_at} AT TIME ZONE 'Asia/Shanghai')"
        keys = {"place": place_of(self._source, place), "house": self._source.house, "month": month}
        if self._source.demo != "false":
            self._inner["demo"] = self._source.demo
        inner = [f"{keys[key]} AS {key}" for key in by]
        inner += [f"{sql} AS {name}" for name, sql in self._inner.items()]
        # OFFSET 0: what is computed once a row stays computed once.
        query = f"""
SELECT {", ".join([*(f"s.{key}" for key in by), *self._outer])}
  FROM (SELECT {", ".join(inner)}
          FROM {self._source.relation} WHERE {self._source.scope} OFFSET 0) s
 GROUP BY {", ".join(f"s.{key}" for key in by)}"""  # noqa: S608
        return Reading(query, self._bind.values, numbers, self._columns, self._reasons)

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

    def _aggregate(self, sql: str) -> str:
        name = f"a{len(self._outer)}"
        self._outer.append(f"{sql} AS {name}")
        return name

    def _late(self, milestones: Iterable[str]) -> str | None:
        parts = [self._once(("late", one), lambda one=one: late(one)) for one in milestones]  # type: ignore[misc]
        if self._source.late != "false":
            parts.append(self._once("late", lambda: self._source.late))
        return f"({' OR '.join(parts)})" if parts else None

    def _numbers(
        self, inside: Sequence[str], counted: Sequence[str], entered_late: str | None
    ) -> list[str]:
        """Count those counted, late and made up; the conditions of the counted."""
        if entered_late is not None:
            self._tell("late", [*inside, entered_late])
            if self._without_late:
                counted = [*counted, f"NOT {entered_late}"]
        self._tell("n", counted)
        if self._source.demo != "false":
            self._tell("demo", [*counted, "s.demo"])
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

    def _members(self, measure: CountMeasure | ShareMeasure) -> None:
        source, looked = self._source, list[str]()

        def condition(one: Any) -> str:
            looked.extend(name for name in (one.reached, one.after) if name is not None)
            return self._once(msgspec.json.encode(one), lambda: holds(one, source, self._bind))

        where = [(one.key, condition(one)) for one in measure.where]
        met = [condition(one) for one in getattr(measure, "met", [])]
        counted = self._numbers(
            [], [holds for _, holds in where], self._late(dict.fromkeys(looked))
        )
        if met:
            self._tell("met", [*counted, *met])
        for at, (key, fails) in enumerate(where):
            before = [holds for _, holds in where[:at]]
            name = self._aggregate(
                f"count(*) FILTER (WHERE {' AND '.join([*before, f'NOT {fails}'])})"
            )
            self._reasons[-1][name] = key
