"""A full wall on a station and on a telephone; its cable is pulled, and the gaps fill again."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

from playwright.async_api import FloatRect, expect

from tests.bench.web.ward import open_ward
from tests.browser.cable import PATIENCE_MS, PULLED_S, cable, tile, whole
from tests.browser.conftest import Door
from tests.browser.test_pages import AXE, SERIOUS
from tests.browser.visitor import IMAGES, Visitor
from tests.smoke.person import Person

BEDS = 14
PAST_S = 840


async def bind(doctor: Person, recording: str, number: int) -> None:
    """Say whose tracing it is."""
    made = await doctor.post(
        "/api/patients", {"name": f"演示墙上{number}", "age": 29, "pregnancy": {"gravida": 1}}
    )
    body = {"pregnancy_id": made["pregnancy_id"], "version": 1}
    await doctor.post(f"/api/ctg/recordings/{recording}/bind", body)


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
