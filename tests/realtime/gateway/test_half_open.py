"""The server has ended the journal's line and nobody has closed it: no second is lost."""

from __future__ import annotations

from uuid import uuid4

from realtime.gateway.main import Gateway
from tests.fixtures.database import Clone
from tests.fixtures.half_open import half_open
from tests.realtime.conftest import ORIGIN, TOKEN, among, register_devices
from tests.realtime.wire import Sender, frame

JOURNAL = "yunshang gateway journal"


async def test_the_journal_goes_on_by_another_line(database: Clone) -> None:
    await register_devices(database.system_url, uuid4(), TOKEN)
    async with half_open(database) as way:
        gateway = Gateway(way.system_url, among({}), {ORIGIN})
        port = await gateway.start("127.0.0.1", 0)
        sender, recording = await Sender.dial(f"ws://127.0.0.1:{port}", TOKEN), uuid4()
        await sender.open(recording)
        await sender.send(frame(1))
        await sender.until_acked(1)
        assert await way.end(JOURNAL) == 1
        await sender.send(frame(2))
        await sender.until_acked(2)
        assert await gateway.store.read_frames(recording, 1, limit=9) == [frame(1), frame(2)]
        await sender.close()
        await gateway.stop()
