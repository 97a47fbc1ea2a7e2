"""Two browsers, one agent, the cable pulled: the strip shows it, then the gap fills by itself.

The cable is out for `CABLE_PULLED_S` seconds (an environment variable; 7 unless told):
`CABLE_PULLED_S=120 pytest tests/browser/test_wall.py` is the two minutes of the real story.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from playwright.async_api import FloatRect, Locator, expect

from tests.bench.web.ward import open_ward
from tests.browser.conftest import Door
from tests.browser.test_pages import AXE, SERIOUS
from tests.browser.visitor import IMAGES, Visitor
from tests.smoke.person import Person

PULLED_S = float(os.environ.get("CABLE_PULLED_S", "7"))
BEDS = 14
PAST_S = 840
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


async def bind(doctor: Person, recording: str, number: int) -> None:
    """Say whose tracing it is."""
    made = await doctor.post(
        "/api/patients", {"name": f"演示墙上{number}", "age": 29, "pregnancy": {"gravida": 1}}
    )
    body = {"pregnancy_id": made["pregnancy_id"], "version": 1}
    await doctor.post(f"/api/ctg/recordings/{recording}/bind", body)


async def whole(doctor: Person, recording: str, least: int) -> None:
    """Nothing is missing in what is stored, and it goes on beyond `least`."""
    stored = await doctor.get(f"/api/ctg/recordings/{recording}/frames")
    numbers = [
        int.from_bytes(stored[at + 8 : at + 12], "little") for at in range(0, len(stored), 80)
    ]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > least


async def fits(visitor: Visitor) -> None:
    """Nothing is cut off, and axe finds nothing serious."""
    over = await visitor.page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert over <= 0, f"{over} px too wide"
    await visitor.page.evaluate(AXE.read_text("utf-8"))
    problems = await visitor.page.evaluate(SERIOUS)
    assert not problems, problems


async def test_a_pulled_cable_is_seen_and_the_gap_fills(visit: Door, doctor: Person) -> None:
    ward = await open_ward(visit.region, BEDS, "WALL")
    async with (
        cable(visit.region.gateway_url) as line,
        replace(ward, gateway_url=line.url).streaming(seed=40, past_s=PAST_S) as monitors,
    ):
        station, corridor = await asyncio.gather(
            visit("lj001.doctor", width=1280, height=720, dark=True),
            visit("lj001.doctor", width=390, height=844),
        )
        await asyncio.gather(station.go("/wall"), corridor.go("/wall"))
        bed = monitors[0].bed
        for visitor in (station, corridor):
            await expect(tile(visitor, bed)).to_have_class(re.compile("is-running"))
        for number, monitor in enumerate(monitors[1:]):
            await bind(doctor, str(monitor.recording), number)
        await expect(tile(station, monitors[-1].bed)).to_contain_text("演")
        await expect(tile(station, bed)).to_contain_text("未绑定")
        await station.picture("wall")

        line.pull()
        for visitor in (station, corridor):
            await expect(tile(visitor, bed)).to_have_class(re.compile("is-offline"))
        await expect(tile(station, bed)).to_contain_text("监护仪离线")
        await asyncio.sleep(PULLED_S)
        before = monitors[0].acked
        # Half of the screen shows it.
        half = FloatRect(x=0, y=0, width=1280, height=480)
        await station.page.screenshot(path=IMAGES / "wall-cut.png", clip=half)

        line.plugged.set()
        for visitor in (station, corridor):
            await expect(tile(visitor, bed)).to_have_class(
                re.compile("is-running"), timeout=PATIENCE_MS
            )
        await expect(tile(station, bed)).not_to_contain_text("▨")
        await whole(doctor, str(monitors[0].recording), before + int(PULLED_S))

        await tile(station, bed).focus()
        await station.page.keyboard.press("Enter")
        large = station.page.get_by_role("dialog", name=re.compile(bed))
        await expect(large).to_contain_text("缺失 0 s")
        await fits(station)
        await station.picture("wall-one")
        await station.page.keyboard.press("Escape")
        await expect(tile(station, bed)).to_be_focused()
        await corridor.picture("wall-phone")
        await asyncio.gather(fits(station), fits(corridor))
