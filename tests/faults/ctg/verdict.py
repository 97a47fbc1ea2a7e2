"""After healing: is stored what was sent, once, and is everything acknowledged among it?"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import numpy as np

from realtime.gateway.folder import Folder
from realtime.gateway.store import Store
from tests.bench.ctg.ground import stored
from tests.faults.ctg.centre import Centre, differing
from tests.faults.ctg.sender import Plan, promised
from tests.faults.ctg.tracings import Tracings

SHOWN: Final = 5


@dataclass(slots=True)
class Verdict:
    """Numbers of seconds."""

    sent: int = 0
    agent_seconds: int = 0
    acked_lost: int = 0
    different: int = 0
    """Missing, or other bytes than were sent."""
    duplicates: int = 0
    conflicts: int = 0
    complaints: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether everything that was promised holds."""
        wrong = self.acked_lost + self.different + self.duplicates + self.conflicts
        return wrong == 0 and not self.complaints and self.sent > 0


async def judge(url: str, plan: Plan, tracings: Tracings, last: int) -> Verdict:
    """Fold what is left, then read everything, as readers do and as it lies."""
    found = Verdict(sent=last * len(plan.recordings))
    sent, acked = tracings.load(), promised(plan.ledger, len(plan.recordings))
    store = Store(url)
    try:
        while await Folder(store).fold_once():
            pass
        for number, recording in enumerate(plan.recordings):
            kept = await store.read_frames(UUID(recording), 1, limit=10**6)
            expected = [sent[number, seq].tobytes() for seq in range(last)]
            there = {int.from_bytes(one[8:12], "little"): one for one in kept}
            wrong = [seq for seq, one in enumerate(expected, 1) if there.get(seq) != one]
            found.different += len(wrong) + len(there.keys() - range(1, last + 1))
            found.acked_lost += sum(seq not in there for seq in range(1, acked[number] + 1))
    finally:
        await store.close()
    counts, _ = await stored(url, plan.recordings, plan.seconds)
    found.duplicates = int(np.maximum(counts - 1, 0).sum())
    connection = await asyncpg.connect(url)
    try:
        found.conflicts = await connection.fetchval("SELECT count(*) FROM ctg_conflict")
    finally:
        await connection.close()
    lines = complaints(plan)
    found.acked_lost += sum(line.startswith("lost") for line in lines)
    found.complaints = lines[:SHOWN]
    return found


async def judge_centre(url: str, centre: Centre, found: Verdict) -> None:
    """The same of what the real agent had measured."""
    made, acked = centre.made(), centre.acked()
    store = Store(url)
    try:
        for recording, seconds in made.items():
            kept = await store.read_frames(recording, 1, limit=10**6)
            found.different += differing(seconds, kept, acked.get(recording, max(seconds)))
            found.agent_seconds += len(seconds)
    finally:
        await store.close()


def complaints(plan: Plan) -> list[str]:
    """What the sender wrote down as wrong."""
    path = Path(plan.wrong)
    return path.read_text().splitlines() if path.exists() else []
