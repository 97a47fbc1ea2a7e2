"""A cable between a county's agent and the gateway, and what must be true once it is back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import Locator

from tests.browser.visitor import Visitor
from tests.smoke.person import Person

PULLED_S = float(os.environ.get("CABLE_PULLED_S", "7"))
"""How long it is out: `CABLE_PULLED_S=120 pytest tests/browser/test_pulled_cable.py` is the two
minutes of the real story."""
PATIENCE_MS = 90_000


@dataclass(slots=True)
class Cable:
    """Carries bytes between the agent and the gateway while it is plugged in."""

    to: tuple[str, int]
    plugged: asyncio.Event = field(default_factory=asyncio.Event)
    _lines: set[asyncio.Task[None]] = field(default_factory=set)
    url: str = ""

    def pull(self) -> None:
        """Whatever is under way is lost; who calls now hears nothing."""
        self.plugged.clear()
        for line in self._lines:
            line.cancel()

    @property
    def busy(self) -> bool:
        """Whether a connection is still being put away."""
        return bool(self._lines)

    async def carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        ends = [back]
        with suppress(OSError, asyncio.CancelledError, ExceptionGroup):
            await self.plugged.wait()
            far, forth = await asyncio.open_connection(*self.to)
            ends.append(forth)
            async with asyncio.TaskGroup() as both:
                for source, sink in ((near, forth), (far, back)):
                    both.create_task(_pump(source, sink))
        self._lines.discard(task)
        for end in ends:
            end.transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65_536):
        sink.write(data)
        await sink.drain()
    raise ConnectionResetError


@asynccontextmanager
async def cable(gateway_url: str) -> AsyncIterator[Cable]:
    """A cable to the gateway, plugged in."""
    place = urlsplit(gateway_url)
    line = Cable((str(place.hostname), int(place.port or 80)))
    line.plugged.set()
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    line.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        line.pull()
        await server.wait_closed()
        while line.busy:
            await asyncio.sleep(0)


def tile(visitor: Visitor, bed: str) -> Locator:
    """The strip of a bed."""
    return visitor.page.locator(".wall-tile").filter(has=visitor.page.get_by_text(bed, exact=True))


async def whole(doctor: Person, recording: str, least: int) -> None:
    """Nothing is missing in what is stored, and it goes on beyond `least`."""
    stored = await doctor.get(f"/api/ctg/recordings/{recording}/frames")
    numbers = [
        int.from_bytes(stored[at + 8 : at + 12], "little") for at in range(0, len(stored), 80)
    ]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > least
