"""Deaths by chance: which, when, and how long until everybody sees again."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from tests.faults.ctg.ground import Ground
from tests.faults.ctg.viewers import Watching
from tests.telling import say

TARGETS: Final = ("gateway", "postgres", "backend", "valkey", "agent", "sender")
HEAL_S: Final = 20.0
TWICE: Final = 0.2
"""So often something else dies before the first has healed."""


@dataclass(slots=True)
class Storm:
    """What was killed when (seconds since 1970)."""

    ground: Ground
    watching: Watching
    dice: random.Random
    between_s: tuple[float, float]
    kills: list[tuple[str, float]] = field(default_factory=list)
    unhealed: int = 0

    async def blow(self, count: int) -> None:
        """Kill so often; every kind comes equally often, in an order by chance."""
        wanted = [TARGETS[number % len(TARGETS)] for number in range(count)]
        self.dice.shuffle(wanted)
        while wanted:
            await asyncio.sleep(self.dice.uniform(*self.between_s))
            await self._kill(wanted.pop())
            if wanted and self.dice.random() < TWICE:
                await asyncio.sleep(self.dice.uniform(0, 1.5))
                await self._kill(wanted.pop())
            await self._heal()
            if len(self.kills) % 20 < 2:
                say(f"  {len(self.kills)} of {count} kills; {self.watching.cuts} cuts seen")

    async def _kill(self, target: str) -> None:
        self.kills.append((target, time.time()))
        await asyncio.to_thread(getattr(self.ground, f"kill_{target}"))

    async def _heal(self) -> None:
        """Until every stream shows what was measured after the last death."""
        since, deadline = self.kills[-1][1], time.monotonic() + HEAL_S
        while not self.watching.healed(since):
            if time.monotonic() > deadline:
                self.unhealed += 1
                say(f"  not healed {HEAL_S:.0f} s after {self.kills[-1][0]} died")
                return
            await asyncio.sleep(0.05)

    def resumed(self) -> dict[str, list[float]]:
        """How long each stream took to be seen again, by what had died; seconds."""
        found: dict[str, list[float]] = {}
        for target, at_s in self.kills:
            found.setdefault(target, []).extend(self.watching.resumed_s(at_s))
        return found

    @property
    def by_target(self) -> Counter[str]:
        """How often each has died."""
        return Counter(target for target, _ in self.kills)
