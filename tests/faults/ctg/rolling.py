"""A rolling restart as an operator does it: a new gateway beside the old one, `--drain`, again."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import psutil

from tests.faults.ctg.ground import Ground
from tests.faults.ctg.viewers import Watching


@dataclass(slots=True)
class Rolling:
    """What each drain did."""

    commands: list[int] = field(default_factory=list)
    """Exit codes of `yunshang gateway --drain`."""
    gateways: list[int] = field(default_factory=list)
    """Exit codes of the gateways that left."""
    said: list[bool] = field(default_factory=list)
    """Whether the log says that it left because it was asked to."""
    late_s: list[float] = field(default_factory=list)
    """How late viewers saw the seconds that were measured while a gateway was drained."""

    @property
    def good(self) -> bool:
        """Whether everybody left in order; that nothing is lost is for the verdict."""
        return not any((*self.commands, *self.gateways)) and all(self.said)


async def roll(ground: Ground, watching: Watching, times: int) -> Rolling:
    """Drain the oldest so often, a new one beside it each time."""
    done = Rolling()
    for number in range(times):
        if number:
            ground.add_gateway()
        await ground.serves()
        log = ground.place / "gateway.log"
        before, began = log.stat().st_size, time.time()
        oldest = min(ground.gateways, key=lambda one: psutil.Process(one.pid).create_time())
        done.commands.append(await ground.drain())
        done.gateways.append(await asyncio.to_thread(oldest.wait, 30))
        ground.gateways.remove(oldest)
        done.said.append(b"gateway.draining" in log.read_bytes()[before:])
        ended = time.time()
        while not watching.healed(ended):
            if time.time() - ended > 20:
                done.said[-1] = False
                break
            await asyncio.sleep(0.05)
        done.late_s += watching.late_s(began, ended)
    if times:
        ground.add_gateway()
        await ground.serves()
    return done
