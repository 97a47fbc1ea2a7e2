"""The loop rests where messages are many and nothing else happens, once a turn, nowhere else."""

from __future__ import annotations

import asyncio

from realtime.gateway.rest import CALM_S, MANY, RECKON_S, REST_S, Rest


class Bed:
    """Notes how long was rested; time passes only when told to."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.now = 0.0
        self.rest = Rest(lambda: self.now, self.slept.append)

    def look(self, *, seconds: float, messages: float) -> None:
        """After so long, so many messages."""
        self.now += seconds
        self.rest.looked(int(messages))

    async def turn(self, messages: int = 10) -> int:
        """A turn that brought messages; return how often it has rested so far."""
        for _ in range(messages):
            self.rest.came()
        before = len(self.slept)
        await asyncio.sleep(0)
        assert len(self.slept) - before in (0, 1)
        return len(self.slept)


async def test_it_rests_once_after_a_turn_that_brought_messages() -> None:
    bed = Bed()
    bed.look(seconds=CALM_S, messages=MANY * CALM_S)
    assert [await bed.turn() for _ in range(3)] == [1, 2, 3]
    assert await bed.turn(messages=0) == 3
    assert bed.slept == [REST_S] * 3


async def test_a_few_messages_wait_for_nothing() -> None:
    bed = Bed()
    bed.look(seconds=CALM_S, messages=MANY * CALM_S - 1)
    assert await bed.turn() == 0
    bed.look(seconds=RECKON_S * 1.1, messages=MANY * RECKON_S * 1.2)
    assert await bed.turn() == 1
    bed.look(seconds=RECKON_S / 2, messages=0)  # too short to say
    assert await bed.turn() == 2
    bed.look(seconds=RECKON_S, messages=MANY * RECKON_S)
    assert await bed.turn() == 2


async def test_whoever_comes_waits_for_nothing() -> None:
    bed = Bed()
    bed.look(seconds=CALM_S / 2, messages=MANY * CALM_S)
    assert await bed.turn() == 0  # it has just begun
    bed.look(seconds=CALM_S / 2, messages=MANY * CALM_S)
    assert await bed.turn() == 1
    bed.rest.came()
    bed.rest.stirred()
    await asyncio.sleep(0)
    assert await bed.turn() == 1
    bed.look(seconds=CALM_S * 0.9, messages=MANY * CALM_S)
    assert await bed.turn() == 1
    bed.look(seconds=CALM_S * 0.2, messages=MANY * CALM_S)
    assert await bed.turn() == 2
