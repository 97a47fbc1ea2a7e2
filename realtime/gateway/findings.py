"""Findings that wait to be recorded: in order, bounded, each in one hand at a time. Pure.

While the database is away they pile up. Past the bound only what an alarm's life needs is kept: of
each alarm the first finding, the first beginning and the last finding, so that whatever began is
still raised, and stands in the end as it does now. What came and went in between is lost, and said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from realtime.alarms.ledger import Finding, Key

log = structlog.get_logger()

MOST: Final = 50_000


class Findings:
    """What nobody has recorded yet, the oldest first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._waiting: list[Finding] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, finding: Finding) -> None:
        """One more; past the bound what is between is dropped."""
        self._waiting.append(finding)
        if len(self._waiting) > self._most:
            kept = essential(self._waiting)
            log.error("gateway.alarms_dropped", findings=len(self._waiting) - len(kept))
            self._waiting = kept
            # What cannot be dropped may grow: a bound that is met at every step would cost time.
            self._most = max(self._most, 2 * len(kept))

    def take(self, most: int) -> list[Finding]:
        """The oldest, to be recorded; they are the caller's until put back."""
        part, self._waiting = self._waiting[:most], self._waiting[most:]
        return part

    def put_back(self, part: Sequence[Finding]) -> None:
        """They could not be recorded: they wait again, before whatever came meanwhile."""
        self._waiting = [*part, *self._waiting]


def essential(findings: Sequence[Finding]) -> list[Finding]:
    """Of each alarm the first finding, the first beginning and the last finding, in order."""
    last: dict[Key, int] = {one.key: at for at, one in enumerate(findings)}
    known: set[Key] = set()
    begun: set[Key] = set()
    kept = []
    for at, one in enumerate(findings):
        fresh = one.key not in known or (one.present and one.key not in begun)
        if fresh or last[one.key] == at:
            kept.append(one)
        known.add(one.key)
        if one.present:
            begun.add(one.key)
    return kept
