"""One process's share of the load: cases on their schedule, a bounded number at once."""

import asyncio
import time
from uuid import UUID

from tests.bench.referral.journey import Measured, travel_whole
from tests.referral.network import Network

LANES = 6
"""Cases on their way at once in each process."""


async def _lanes(net: Network, women: list[UUID], begin_s: float, every_s: float) -> Measured:
    """Send each woman's case when its moment has come, at most LANES at once."""
    measured = Measured()
    waiting = iter(enumerate(women))

    async def lane() -> None:
        for number, woman in waiting:
            await asyncio.sleep(max(0.0, begin_s + number * every_s - time.monotonic()))
            await travel_whole(net, woman, measured)

    await asyncio.gather(*(lane() for _ in range(LANES)))
    await net.clone.close()
    return measured


def drive(net: Network, begin_s: float, every_s: float, women: list[UUID]) -> Measured:
    """One process's share of the load."""
    return asyncio.run(_lanes(net, women, begin_s, every_s))
