"""The senders: pages on their schedule, each stamped when its own client saw the commit."""

import asyncio
import time
from dataclasses import dataclass, field

from kernel.ids import CaseId
from tests.live.town import Town

LANES = 12
"""Pages on their way at once; a page that is late is sent late, never dropped."""


@dataclass(slots=True)
class Paged:
    """What one process sent: page id → (moment of the commit, people, seconds it took)."""

    committed: dict[str, tuple[float, int, float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


async def open_cases(town: Town, count: int) -> list[CaseId]:
    """Cases to page about; opening them is not what is measured."""
    cases: list[CaseId] = []

    async def lane(share: int) -> None:
        for _ in range(share):
            case = await town.open_case()
            cases.append(case)

    await asyncio.gather(*(lane(count // 8 + (n < count % 8)) for n in range(8)))
    return cases


async def _drive(
    town: Town, cases: list[CaseId], begin_s: float, every_s: float, centres: list[int]
) -> Paged:
    paged = Paged()
    waiting = iter(enumerate(cases))

    async def lane() -> None:
        for number, case_id in waiting:
            await asyncio.sleep(max(0.0, begin_s + number * every_s - time.monotonic()))
            centre = town.centres[centres[number]]
            begun = time.monotonic()
            try:
                page_id = await town.page(centre, case_id)
            except Exception as error:
                paged.errors.append(type(error).__name__)
                continue
            now = time.monotonic()
            paged.committed[str(page_id)] = (now, len(centre.people), now - begun)

    await asyncio.gather(*(lane() for _ in range(LANES)))
    await town.clone.close()
    return paged


def drive(
    town: Town, cases: list[CaseId], begin_s: float, every_s: float, centres: list[int]
) -> Paged:
    """One process's share of the load; `centres[n]` is whom the nth page rings."""
    return asyncio.run(_drive(town, cases, begin_s, every_s, centres))
