"""Two gateways: a viewer of one sees what comes in by the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from unittest.mock import AsyncMock, Mock
from uuid import UUID, uuid4

import pytest

from realtime.gateway.elsewhere import Elsewhere
from realtime.gateway.live import Recordings
from realtime.gateway.main import Gateway, Timing
from realtime.resume import Progress
from tests.realtime.conftest import ORIGIN, Site, among, viewer_at
from tests.realtime.wire import Sender, Watcher, bundle, frame


@pytest.fixture
async def other(site: Site) -> AsyncIterator[str]:
    """The address of a second gateway on the same database."""

    gateway = Gateway(
        site.clone.system_url,
        among(site.sessions),
        {ORIGIN},
        Timing(tick_s=0.05, fold_s=0.2, pulse_s=0.2, recheck_s=60, follow_s=0.05),
    )
    port = await gateway.start("127.0.0.1", 0)
    yield f"ws://127.0.0.1:{port}"
    await gateway.stop()


async def test_who_has_a_recording_is_asked_by_a_clock_that_nobody_sets() -> None:
    recordings, now_s = Recordings(), [100.0]
    recording = recordings.keep(UUID(int=1), 1, Progress(UUID(int=1)))
    recording.views.append((Mock(slot=1), Mock()))
    recordings.moved(recording)
    store = Mock(newest_frames=AsyncMock(return_value=(0, {})))
    store.folded_up_to = AsyncMock(return_value={})
    elsewhere = Elsewhere(store, recordings, clock=lambda: now_s[0])
    day_ahead = time.time_ns() + 86_400 * 10**9
    recording.hint(1, frame(1), day_ahead, now_s[0])
    await elsewhere.look()
    assert (elsewhere.looks, recording.connected) == (0, True)
    # Hints stop; the wall clock, set back meanwhile, would say for a day that they flow.
    now_s[0] += 6
    await elsewhere.look()
    assert (elsewhere.looks, recording.connected) == (1, False)


async def test_a_viewer_elsewhere_gets_history_and_live_once(site: Site, other: str) -> None:
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    await sender.send(bundle([frame(seq) for seq in range(1, 31)]))
    await sender.until_acked(30)
    site.sessions["good"] = viewer_at(site.facility)
    watcher = await Watcher.dial(other, {"Authorization": "Bearer good"})
    await watcher.subscribe([recording])
    view = (await watcher.expect("subscribed"))["view"]
    for seq in range(31, 91):
        await sender.send(frame(seq))
        await asyncio.sleep(0.01)
    await watcher.until_seq(view, 90)
    assert watcher.seqs(view) == list(range(1, 91))
    while not any(told["type"] == "state" and told["connected"] for told in watcher.messages):
        await watcher.receive()
    await watcher.close()
    await sender.close()


async def test_a_sender_may_move_to_another_gateway(site: Site, other: str) -> None:
    here, recording = await Sender.dial(site.url, site.token), uuid4()
    await here.open(recording)
    await here.send(bundle([frame(seq) for seq in range(1, 11)]))
    await here.until_acked(10)
    here.socket.transport.abort()
    there = await Sender.dial(other, site.token)
    assert (await there.open(recording))["next_seq"] == 11
    await there.send(bundle([frame(seq) for seq in range(9, 21)]))
    await there.until_acked(20)
    there.socket.transport.abort()
    back = await Sender.dial(site.url, site.token)
    assert (await back.open(recording))["next_seq"] == 21
    await asyncio.sleep(0.5)  # folded meanwhile
    assert await site.stored(recording) == [frame(seq) for seq in range(1, 21)]
    await back.close()
