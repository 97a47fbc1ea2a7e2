"""An answer and an escalation at the same moment, thousands of times: one winner, never both.

The same pages are armed again and again (as a superuser; nothing else may), so that a trial costs
two transactions and no more. What is being raced is untouched production code.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import asyncpg

from duty.escalation.engine import EscalationEngine
from kernel.ids import PageId
from tests.faults.duty.nursery import CONTEXT, settle_in
from tests.fixtures.database import Clone
from tests.live.town import CLOCK, Centre, Town

AT_ONCE = 8
PROCESSES = 2
ANSWER_WITHIN_S = 0.03
"""An answer begins somewhere in this time after the engines begin: before, among and after them."""

_ARM = (
    "DELETE FROM page_message WHERE page_id = ANY($1::uuid[])",
    "DELETE FROM page_target WHERE page_id = ANY($1::uuid[]) AND step > 0",
    "UPDATE page_target SET state = 'queued', acknowledged_at = NULL, joined_at = NULL,"
    "  unreachable_at = NULL, stood_down_at = NULL, route = NULL"
    " WHERE page_id = ANY($1::uuid[])",
    "UPDATE escalation SET state = 'running', step = 0, acknowledged_by = NULL, ended_at = NULL,"
    "  joined_at = NULL, end_reason = NULL, next_due_at = clock_timestamp()"
    " WHERE page_id = ANY($1::uuid[])",
)
_OUTCOME = """
SELECT e.page_id, e.state, e.acknowledged_by, e.ended_at,
       max(t.queued_at) FILTER (WHERE t.step > 0) AS last_step_at
  FROM escalation e JOIN page_target t USING (page_id)
 WHERE e.page_id = ANY($1::uuid[]) GROUP BY 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class Raced:
    """What came of the trials."""

    trials: int
    answer_first: int
    wrong: tuple[str, ...]

    def __add__(self, other: "Raced") -> "Raced":
        return Raced(
            self.trials + other.trials,
            self.answer_first + other.answer_first,
            self.wrong + other.wrong,
        )


async def race(town: Town, centre: Centre, trials: int, seed: int) -> Raced:
    """Race them in this process."""
    dice, total = random.Random(seed), Raced(0, 0, ())
    pages = [await town.page(centre, await town.open_case()) for _ in range(AT_ONCE)]
    engines = [EscalationEngine(town.clone.system, CLOCK) for _ in range(2)]
    root = await asyncpg.connect(town.clone.superuser_url)
    try:
        while total.trials < trials:
            async with root.transaction():
                for statement in _ARM:
                    await root.execute(statement, pages)
            await asyncio.gather(
                *(_answer(town, centre, page_id, dice) for page_id in pages),
                *(engine.run_once() for engine in engines),
            )
            total += _judged(await root.fetch(_OUTCOME, pages), centre)
    finally:
        await root.close()
        await town.clone.close()
    return total


async def _answer(town: Town, centre: Centre, page_id: PageId, dice: random.Random) -> None:
    await asyncio.sleep(dice.uniform(0, ANSWER_WITHIN_S))
    await town.answer(centre.people[0], centre, page_id)


def _judged(rows: Sequence[asyncpg.Record], centre: Centre) -> Raced:
    wrong = []
    for row in rows:
        if row["state"] != "acknowledged" or row["acknowledged_by"] != centre.people[0]:
            wrong.append(f"page {row['page_id']} is {row['state']} after its answer")
        elif row["last_step_at"] is not None and row["last_step_at"] > row["ended_at"]:
            wrong.append(f"page {row['page_id']} rang after its answer")
    first = sum(row["last_step_at"] is None for row in rows)
    return Raced(len(rows), first, tuple(wrong))


def _racer(town: Town, centre: Centre, trials: int, seed: int, log: Path, out: Connection) -> None:
    settle_in(log)
    out.send(asyncio.run(race(town, centre, trials, seed)))


async def race_apart(town: Town, centre: Centre, trials: int, log: Path) -> Raced:
    """Race them in processes of their own, so that the engines of one meet answers of another.

    Raises:
        EOFError: a process died of something; its words are in the log.
    """
    apart = replace(town, clone=Clone(town.clone.layout, town.clone.name))
    share = -(-trials // PROCESSES)
    racers, ends = [], []
    for number in range(PROCESSES):
        ours, theirs = CONTEXT.Pipe(duplex=False)
        racer = CONTEXT.Process(
            target=_racer, args=(apart, centre, share, number, log, theirs), daemon=True
        )
        racer.start()
        theirs.close()
        racers.append(racer)
        ends.append(ours)
    total = Raced(0, 0, ())
    for racer, ours in zip(racers, ends, strict=True):
        total += await asyncio.to_thread(ours.recv)
        await asyncio.to_thread(racer.join)
    return total
