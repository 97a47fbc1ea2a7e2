"""The generator, a process of its own: `python -m tests.bench.ctg.load PLAN.json`.

Open loop: every message leaves at its intended moment or late, never because of an answer. It says
`ready` when everything is connected, waits for `go`, says when it starts, and at the end what it
found; one JSON line each.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import uvloop

from tests.bench.ctg.judge import judge_acks, judge_views
from tests.bench.ctg.mqtt import Broker
from tests.bench.ctg.schedule import Plan
from tests.bench.ctg.sockets import Sockets

LEAD_S: Final = 1.0
BUILD_S: Final = 3e-6
"""Generously, to build one frame; all are built before the start."""
QUIET_S: Final = 1.5
"""When nothing has come for so long, nothing will."""
PATIENCE_S: Final = 20.0
BETWEEN_READS: Final = 64
"""A generator that is late still reads, after so many messages."""


def tell(**facts: Any) -> None:
    """One line for the bench."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


async def drive(
    plan: Plan, made: Sockets | Broker, messages: list[list[bytes]], start: float
) -> None:
    """Send everything on its schedule, which begins at `start` (monotonic seconds)."""
    tell(start=start)
    order = np.argsort(plan.phases).tolist()
    phases, senders = plan.phases.tolist(), made.senders
    worst = 0.0
    for second, batch in enumerate(messages):
        base, sent = start + second, 0
        for number in order:
            due = base + phases[number]
            wait = due - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
                sent = 0
            elif sent == BETWEEN_READS:
                await asyncio.sleep(0)
                sent = 0
            senders[number].send(batch[number])
            sent += 1
            worst = max(worst, time.monotonic() - due)
    tell(sent=plan.monitors * plan.total_s, lag_ms=round(worst * 1000, 1))


async def settle(made: Sockets | Broker, quiet_s: float) -> None:
    """Until no acknowledgement has come for a while."""
    deadline, seen, since = time.monotonic() + PATIENCE_S, -1, time.monotonic()
    while time.monotonic() < min(deadline, since + quiet_s):
        if made.acked != seen:
            seen, since = made.acked, time.monotonic()
        await asyncio.sleep(0.1)


async def main(plan: Plan) -> None:
    """Connect, wait, drive, judge."""
    made = Broker(plan) if plan.wire == "mqtt" else Sockets(plan)
    await made.open()
    tell(ready=len(made.senders) + len(made.viewers))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    lead_s = LEAD_S + plan.monitors * plan.total_s * BUILD_S
    start, start_ns = time.monotonic() + lead_s, time.time_ns() + int(lead_s * 1e9)
    messages = [plan.messages(second, start_ns) for second in range(plan.total_s)]
    if isinstance(made, Broker):
        messages = [made.wrapped(batch, second + 1) for second, batch in enumerate(messages)]
    gc.collect()
    gc.freeze()
    gc.disable()
    start = max(start, time.monotonic() + LEAD_S / 2)
    await drive(plan, made, messages, start)
    await settle(made, QUIET_S + plan.ack_ms / 1000)
    lost = made.lost
    await made.close()
    figures, reached = judge_acks(plan, made.acks(), start)
    np.save(plan.acked_file, reached)
    tell(lost=lost[:3], cut=len(lost), **figures, **judge_views(plan, made.seen(), start))


if __name__ == "__main__":
    uvloop.run(main(Plan.from_json(json.loads(Path(sys.argv[1]).read_text()))))
