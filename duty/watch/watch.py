"""The watch: looks every second, remembers with patience, tells operators and screens."""

import asyncio

import structlog

from duty.watch.alarms import Bells
from duty.watch.signs import Found
from duty.watch.sources import Look, Source
from duty.watch.states import Patience, Standing, fold
from kernel.clock import Clock

log = structlog.get_logger()

PERIOD_S = 1.0


class Watch:
    """One watch over one installation."""

    def __init__(
        self,
        source: Source,
        bells: Bells,
        clock: Clock,
        patience: Patience,
        before: dict[str, Standing] | None = None,
    ) -> None:
        self._source = source
        self._bells = bells
        self._clock = clock
        self._patience = patience
        self.signs: dict[str, Standing] = dict(before or {})

    async def run_once(self) -> None:
        """One look and what follows from it."""
        look = await self._source.look()
        found = [*look.found, *self._unseen(look)]
        self.signs, changes = fold(self.signs, found, self._clock.now(), self._patience)
        self._bells.tell(changes)
        await self._source.leave(self.signs, changes)

    async def run(self, period_s: float = PERIOD_S) -> None:
        """Look until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._bells.run())
            group.create_task(self._looks(period_s))

    async def _looks(self, period_s: float) -> None:
        while True:
            await self.run_once()
            await asyncio.sleep(period_s)

    def _unseen(self, look: Look) -> list[Found]:
        """Signs that stand and could not be looked at: they stand until they are seen gone."""
        if look.whole:
            return []
        seen = {one.key for one in look.found}
        return [
            Found(one.sign, one.value, one.channel)
            for key, one in self.signs.items()
            if one.counts and key not in seen and not _sees_itself(one)
        ]


def _sees_itself(one: Standing) -> bool:
    """Whether a look that failed still tells that this sign is gone."""
    return one.sign in {"api_unreachable", "valkey_down"}
