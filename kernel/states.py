"""States as tables: `(state, action) → edge`.

The same table drives the service (what is legal), the API (allowed actions), the diagram in the
docs and the tests (every legal and every illegal edge).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from kernel.errors import IllegalTransition

S = TypeVar("S", bound=StrEnum)
A = TypeVar("A", bound=StrEnum)
P = TypeVar("P", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Edge(Generic[S, P]):
    """One legal move.

    Attributes:
        to: the state after it.
        actors: which sides may take it.
        number: the transition's number in the documented list, where it has one.
        timer: how long the *new* state may last before somebody is told; None for ever.
    """

    to: S
    actors: frozenset[P]
    number: int = 0
    timer: timedelta | None = None


class StateTable(Generic[S, A, P]):
    """A pure transition table."""

    def __init__(
        self, name: str, initial: S, final: Iterable[S], edges: Mapping[tuple[S, A], Edge[S, P]]
    ) -> None:
        self.name = name
        self.initial = initial
        self.final = frozenset(final)
        self._edges = dict(edges)
        for state, action in self._edges:
            if state in self.final:
                raise ValueError(f"{name}: {state} is final but has the action {action}")

    def edge(self, state: S, action: A) -> Edge[S, P]:
        """The edge for `action` in `state`, or `IllegalTransition`."""
        found = self._edges.get((state, action))
        if found is None:
            raise IllegalTransition(machine=self.name, state=str(state), action=str(action))
        return found

    def actions(self, state: S, side: P | None = None) -> list[A]:
        """Actions that lead out of `state`, for `side` if given, in the order of the table."""
        return [
            action
            for (from_, action), edge in self._edges.items()
            if from_ == state and (side is None or side in edge.actors)
        ]

    def __iter__(self) -> Iterator[tuple[S, A, Edge[S, P]]]:
        for (state, action), edge in self._edges.items():
            yield state, action, edge

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram for the docs."""
        lines = ["stateDiagram-v2", f"    [*] --> {self._label(self.initial)}"]
        lines += [
            f"    {self._label(state)} --> {self._label(edge.to)}: {action}"
            for state, action, edge in self
        ]
        lines += [f"    {self._label(state)} --> [*]" for state in sorted(self.final)]
        return "\n".join(lines)

    @staticmethod
    def _label(state: StrEnum) -> str:
        return str(state).replace("-", "_")
