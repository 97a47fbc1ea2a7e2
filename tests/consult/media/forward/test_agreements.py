"""Who agreed is seen as it stands, whatever comes in which order."""

import asyncio
import time
from typing import cast
from uuid import UUID

from consult.media.engine import Recording
from consult.media.forward.agreements import Agreements
from consult.media.forward.directory import Directory
from consult.media.forward.room import Outside, Room
from kernel.clock import SystemClock

ROOM, RECORDING = UUID(int=1), UUID(int=2)


class Held:
    """What Valkey holds; each look at it is answered when the test says so."""

    def __init__(self) -> None:
        self.recording: Recording | None = None
        self.asked: list[asyncio.Future[None]] = []

    async def recordings(self, rooms: list[UUID]) -> dict[UUID, Recording | None]:
        seen = self.recording
        self.asked.append(asyncio.get_running_loop().create_future())
        await self.asked[-1]
        return dict.fromkeys(rooms, seen)


async def test_an_older_look_does_not_undo_a_withdrawal() -> None:
    held = Held()
    agreements = Agreements(cast(Directory, held))
    room = Room(ROOM, Outside(SystemClock(), time.monotonic, lambda _event: None, str))
    held.recording = Recording(RECORDING, frozenset())
    of_every_second = asyncio.create_task(agreements.look([room]))
    await asyncio.sleep(0)
    held.recording = None
    told = asyncio.create_task(agreements.look([room]))
    await asyncio.sleep(0)
    while held.asked:  # the newest first
        held.asked.pop().set_result(None)
        for _ in range(5):
            await asyncio.sleep(0)
    await asyncio.gather(of_every_second, told)
    assert room.recorder.asked is None
