"""A tap hears of every second once, and cannot stop the stream."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from realtime.gateway.live import Recording
from realtime.gateway.main import Gateway, Timing
from realtime.gateway.tap import Flush
from tests.realtime.conftest import ORIGIN, Site, among
from tests.realtime.wire import Sender, bundle, frame


class Heard:
    """Keeps what it hears, and fails when told to."""

    def __init__(self) -> None:
        self.seqs: dict[str, list[int]] = {}
        self.devices: dict[int, str] = {}
        self.events: list[tuple[str, str, bool]] = []
        self.fails = False
        self.runs = 0

    async def run(self) -> None:
        self.runs += 1
        await asyncio.Event().wait()

    def opened(self, recording: Recording) -> None:
        self.devices[recording.place] = recording.device
        self.events.append(("opened", recording.device, False))

    def flushed(self, flush: Flush) -> None:
        if self.fails:
            raise ValueError("a broken rule")
        at = 0
        for place, count in zip(flush.places.tolist(), flush.counts, strict=True):
            part = flush.frames[at : at + count]
            self.seqs.setdefault(self.devices[place], []).extend(part["seq"].tolist())
            at += count

    def gone(self, recording: Recording, *, closed: bool) -> None:
        self.events.append(("gone", recording.device, closed))


async def test_a_tap_hears_every_second_once_and_may_fail(site: Site) -> None:
    heard = Heard()

    gateway = Gateway(site.clone.system_url, among({}), {ORIGIN}, Timing(fold_s=3_600), [heard])
    port = await gateway.start("127.0.0.1", 0)
    try:
        sender = await Sender.dial(f"ws://127.0.0.1:{port}", site.token)
        first, second = uuid4(), uuid4()
        await sender.open(first, stream=1)
        await sender.open(second, stream=2)
        mixed = [frame(1, stream=1), frame(1, stream=2), frame(2, stream=1), frame(3, stream=1)]
        await sender.send(bundle(mixed))
        await sender.send(bundle(mixed))  # duplicates are no news
        await sender.until_acked(3)
        assert heard.seqs == {"SN-0001": [1, 2, 3], "SN-0002": [1]}
        heard.fails = True
        await sender.send(frame(4))
        await sender.until_acked(4)
        await sender.say(type="close", stream=1, last_seq=4)
        await sender.expect("closed")
        sender.socket.transport.abort()
        async with asyncio.timeout(10):
            while len(heard.events) < 4:
                await asyncio.sleep(0.01)
        assert heard.runs == 1
        assert heard.events == [
            ("opened", "SN-0001", False),
            ("opened", "SN-0002", False),
            ("gone", "SN-0001", True),
            ("gone", "SN-0002", False),
        ]
    finally:
        await gateway.stop()
