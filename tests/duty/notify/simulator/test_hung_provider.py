"""One company hangs: its own room fills, and every other telephone rings all the same."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from duty.notify.simulator.behaviour import Rule
from server.settings import Settings
from tests.duty.notify.hooks.loop import Loop, loop
from tests.fixtures.database import Clone

PAGES = 5
SLOW: dict[str, dict[str, float]] = {"sms": {"timeout_s": 9.0, "at_once": 2}}


@pytest.fixture
async def ringing(database: Clone, settings: Settings, tmp_path: Path) -> AsyncIterator[Loop]:
    async with loop(database, settings, tmp_path, channels=SLOW) as made:
        yield made


async def test_a_hung_company_holds_up_nobody_else(ringing: Loop) -> None:
    ringing.exchange.behaviour.set([Rule(channel="sms", answer="hang")])
    await ringing.point("sms")
    await ringing.point("voice")
    await ringing.point("wecom_app", "lin")

    def all_ring(pages: int) -> bool:
        items = list(ringing.exchange.phones.items)
        return all(
            sum(item.channel == channel for item in items) == pages
            for channel in ("voice", "wecom_app")
        )

    async def is_full() -> bool:
        rows = await ringing.rows("SELECT 1 FROM page_message WHERE state = 'sending'")
        return len(rows) == SLOW["sms"]["at_once"]

    # Its room is full before the others are asked for.
    for _ in range(PAGES - 3):
        await ringing.region.page()
    await ringing.until(lambda: all_ring(PAGES - 3))
    await ringing.until(is_full)
    for _ in range(3):
        await ringing.region.page()
    await ringing.until(lambda: all_ring(PAGES))
    rows = await ringing.rows("SELECT state FROM page_message WHERE channel = 'sms'")
    states = sorted(row.state for row in rows)
    assert states == ["queued"] * (PAGES - 2) + ["sending"] * 2, "its room is full, and only its"
