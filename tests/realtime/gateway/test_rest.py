"""The loop rests where messages are many, once a turn, and nowhere else."""

from __future__ import annotations

import asyncio

from realtime.gateway.rest import MANY, REST_S, Rest


async def test_it_rests_once_after_a_turn_that_brought_messages() -> None:
    slept: list[float] = []
    rest = Rest(slept.append)
    rest.looked(MANY)
    for turns in (1, 2, 3):
        for _ in range(10):
            rest.came()
        assert len(slept) == turns - 1  # what else came in this turn is taken first
        await asyncio.sleep(0)
        assert slept == [REST_S] * turns
    await asyncio.sleep(0)
    assert len(slept) == 3  # nothing came


async def test_a_few_messages_wait_for_nothing() -> None:
    slept: list[float] = []
    rest = Rest(slept.append)
    for messages in (0, 1, MANY - 1):
        rest.looked(messages)
        rest.came()
        await asyncio.sleep(0)
    rest.looked(MANY)
    rest.looked(MANY - 1)
    rest.came()
    await asyncio.sleep(0)
    assert slept == []
