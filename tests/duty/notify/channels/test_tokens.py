"""Access tokens: fetched once for many, renewed before they end and when they are refused."""

import asyncio
from datetime import timedelta

from duty.notify.channels.channel import Failed, InDoubt
from duty.notify.channels.tokens import Token, Tokens
from kernel.clock import SimulatedClock
from tests.duty.notify.channels.messages import NOW


class Provider:
    """Gives numbered tokens."""

    def __init__(self) -> None:
        self.fetched = 0
        self.broken: Failed | InDoubt | None = None

    async def fetch(self) -> Token | Failed | InDoubt:
        await asyncio.sleep(0)
        if self.broken is not None:
            return self.broken
        self.fetched += 1
        return Token(f"token-{self.fetched}", 7200)


async def test_many_senders_wait_for_one_fetch() -> None:
    provider = Provider()
    tokens = Tokens(SimulatedClock(NOW), provider.fetch)
    found = await asyncio.gather(*(tokens.current() for _ in range(20)))
    assert set(found) == {"token-1"}
    assert provider.fetched == 1


async def test_a_token_is_given_up_before_it_ends() -> None:
    provider, clock = Provider(), SimulatedClock(NOW)
    tokens = Tokens(clock, provider.fetch)
    await tokens.current()
    clock.advance(timedelta(seconds=7200 - 121))
    assert await tokens.current() == "token-1"
    clock.advance(timedelta(seconds=2))
    assert await tokens.current() == "token-2"


async def test_a_refused_token_is_replaced_once_for_all_who_held_it() -> None:
    provider = Provider()
    tokens = Tokens(SimulatedClock(NOW), provider.fetch)
    await tokens.current()
    found = await asyncio.gather(*(tokens.current(refused="token-1") for _ in range(5)))
    assert set(found) == {"token-2"}
    assert provider.fetched == 2


async def test_without_a_token_nothing_went_out() -> None:
    provider = Provider()
    tokens = Tokens(SimulatedClock(NOW), provider.fetch)
    provider.broken = InDoubt("ReadTimeout")
    assert await tokens.current() == Failed("token_ReadTimeout", again=True)
    provider.broken = Failed("40001", again=False)
    assert await tokens.current() == Failed("token_40001", again=False)
