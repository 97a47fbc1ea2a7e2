"""Two gateways: a viewer of one sees what comes in by the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from realtime.gateway.main import Gateway, Timing
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
