"""One step of a journey: who acts, the operation, and what beyond the smallest body it takes."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One operation at the moment when it can be done."""

    who: str
    operation: str
    fields: dict[str, Any] = field(default_factory=dict)
    at: str = ""
    """Which unit's offer is meant where there are several, or what a host says to who asks."""
    answers: tuple[int, ...] = (200, 201, 204)
    """What the good request gives; a refusal where the test cannot make it succeed."""

    def __str__(self) -> str:
        return self.operation


def post(who: str, path: str, answers: tuple[int, ...] = (200, 201, 204), /, **fields: Any) -> Step:
    return Step(who, f"POST /api{path}", fields, answers=answers)
