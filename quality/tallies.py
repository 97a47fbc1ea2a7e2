"""What is counted of a population in one reading, and by what: a SELECT put together when asked.

A tally does not know its period: facts of the days that nobody keeps are read as they are, and
months that are over may be read from what was kept of them (`quality.cells`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal, TypeAlias

import msgspec

from quality.compiling import place_of
from quality.sources import SOURCES, Source
from quality.vocabulary import Place, Population

Key: TypeAlias = Literal["place", "house", "month", "regions", "week"]
"""By what is counted: whose it is, where it lies, when it came into the count, who oversees it, in
which week it is kept."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Aggregates over a population.

    Attributes:
        where: who belongs to it, without period.
        inner: what is computed once a row, by name.
        outer: aggregates of it.
        values: parameters, without the scope's.
        from_at: when a member came into the count.
        durations: which of `outer` are durations (bytes); all others are counts.
    """

    of: Population
    place: Place
    where: str
    inner: Mapping[str, str]
    outer: Sequence[str]
    values: Mapping[str, object]
    from_at: str
    durations: Sequence[int] = ()

    @property
    def source(self) -> Source:
        """Where its members stand."""
        return SOURCES[self.of]

    def select(self, by: Sequence[Key], period: str) -> str:
        """The SELECT; `period` is a condition on the source's `when`, or empty."""
        month = f"date_trunc('month', {self.from_at} AT TIME ZONE 'Asia/Shanghai')"
        keys: Mapping[Key, str] = {
            "place": place_of(self.source, self.place),
            "house": self.source.house,
            "month": month,
            "regions": self.source.overseen,
            "week": f"fact_week({self.source.when})",
        }
        inner = [f"{keys[key]} AS {key}" for key in by]
        inner += [f"{sql} AS {name}" for name, sql in self.inner.items()]
        group = f"GROUP BY {', '.join(f's.{key}' for key in by)}" if by else ""
        # OFFSET 0: what is computed once a row stays computed once.
        return f"""
SELECT {", ".join([*(f"s.{key}" for key in by), *self.outer])}
  FROM (SELECT {", ".join(inner) or "1"}
          FROM {self.source.relation}
         WHERE {" AND ".join(filter(None, (period, self.where)))} OFFSET 0) s
 {group}"""  # noqa: S608

    def question(self, by: Sequence[Key]) -> bytes:
        """What is asked, as 16 bytes: the same only if text and parameters are the same."""
        said = msgspec.json.encode((self.of, self.select(by, ""), self.values), order="sorted")
        return sha256(said).digest()[:_QUESTION_BYTES]


_QUESTION_BYTES: Final = 16
