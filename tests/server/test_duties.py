"""A duty goes on whatever happens in it, and so do its neighbours."""

import asyncio

import pytest

from kernel.errors import Unavailable
from server.duties import Duty, keep, once


@pytest.mark.parametrize("trouble", [Unavailable(), ValueError("a mistake of ours")])
async def test_a_duty_that_fails_begins_again(trouble: Exception) -> None:
    calls: list[int] = []

    async def work() -> bool:
        calls.append(len(calls))
        if len(calls) == 1:
            raise trouble
        return False

    kept = asyncio.create_task(keep(Duty("trial", work, 0.01), restart_s=0.01))
    async with asyncio.timeout(10):
        while len(calls) < 3:
            await asyncio.sleep(0.01)
    kept.cancel()
    await asyncio.gather(kept, return_exceptions=True)


@pytest.mark.parametrize("trouble", [Unavailable(), ValueError("a mistake of ours")])
async def test_what_must_be_done_once_is_tried_until_it_is(trouble: Exception) -> None:
    left = [trouble, trouble]

    async def work() -> None:
        if left:
            raise left.pop()

    await asyncio.wait_for(once("trial", work, retry_s=0.01), 10)
    assert not left


async def test_more_work_is_done_at_once_and_a_wake_ends_the_pause() -> None:
    wake, calls = asyncio.Event(), asyncio.Queue[int]()
    left = [True, True, False, False]

    async def work() -> bool:
        calls.put_nowait(1)
        return left.pop(0) if left else False

    kept = asyncio.create_task(keep(Duty("trial", work, 3600, wake)))
    async with asyncio.timeout(10):
        for _ in range(3):
            await calls.get()
        wake.set()
        await calls.get()
    kept.cancel()
    await asyncio.gather(kept, return_exceptions=True)
