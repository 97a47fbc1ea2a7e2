"""A wall four metres away, 3840 × 2160, and the same beds in a corridor: nothing scrolls, twins are
told apart by the letters of their binding, and a bed that has ended by what is cut off.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

from playwright.async_api import Locator, expect

from realtime.replay import replay
from tests.bench.web.ward import SCENARIOS, open_ward
from tests.browser.cable import PATIENCE_MS, tile
from tests.browser.conftest import Door
from tests.browser.test_pages import AXE, SERIOUS
from tests.browser.visitor import Visitor
from tests.smoke.person import Person

HOUSE = "BL001"
"""A hospital of its own: the wall of the other stories has no room for thirty beds more."""
LOGIN = "bl001.doctor"
BEDS = 30
TWINS = SCENARIOS.index("twins")
ENDS_S = 25
HIDDEN = """() => [...document.querySelectorAll('.wall-tile')].filter((tile) => {
  const at = tile.getBoundingClientRect()
  return at.left < 0 || at.top < 0 || at.right > innerWidth || at.bottom > innerHeight
}).length"""
CUT_OFF = """() => [...document.querySelectorAll('.wall-tile :is(.fhr, .minor, .bed, .foot)')]
  .filter((one) => {
    const tile = one.closest('.wall-tile').getBoundingClientRect()
    const words = document.createRange()
    words.selectNodeContents(one)
    return words.getBoundingClientRect().right > tile.right + 1
  }).map((one) => one.textContent)"""
SMALLEST_PX = """(what) => Math.min(...[...document.querySelectorAll(`.wall-tile ${what}`)]
  .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""


async def letters(strip: Locator) -> list[str]:
    """Whose rates a cell shows, in its order."""
    said = await strip.locator(".label").all_text_contents()
    return [one for one in said if len(one) == 1]


async def until_letters(strip: Locator, wanted: list[str]) -> None:
    async with asyncio.timeout(20):
        while await letters(strip) != wanted:
            await asyncio.sleep(0.2)


async def without_barriers(visitor: Visitor) -> None:
    await visitor.page.evaluate(AXE.read_text("utf-8"))
    assert await visitor.page.evaluate(SERIOUS) == []


async def test_thirty_beds_from_afar(visit: Door) -> None:
    doctor = await Person(visit.region.url, LOGIN).log_in()
    ward = await open_ward(visit.region, BEDS + 1, "FAR", first_bed=201, facility=HOUSE)
    ends = f"产房 {201 + BEDS} 床"
    async with replace(ward, serials=ward.serials[:BEDS]).streaming(
        seed=90, past_s=600
    ) as monitors:
        far, corridor = await asyncio.gather(
            visit(LOGIN, width=3840, height=2160, dark=True),
            visit(LOGIN, width=390, height=844),
        )
        await asyncio.gather(far.go("/wall"), corridor.go("/wall"))
        for visitor in (far, corridor):
            for monitor in monitors:
                await expect(tile(visitor, monitor.bed)).to_have_class(
                    re.compile("is-running"), timeout=PATIENCE_MS
                )
        assert await far.page.evaluate(HIDDEN) == 0
        # On a screen of 55 inches a pixel is 0.32 mm: these are 26 and 9.5 mm, four metres away.
        await far.page.wait_for_function(f"({SMALLEST_PX})('.is-running .fhr') >= 80")
        await far.page.wait_for_function(f"({SMALLEST_PX})('.bed') >= 30")

        twins = tile(far, monitors[TWINS].bed)
        await until_letters(twins, ["A", "B"])
        made = await doctor.post(
            "/api/patients", {"name": "演示双胎一", "age": 30, "pregnancy": {"gravida": 1}}
        )
        named = {"pregnancy_id": made["pregnancy_id"], "version": 1, "labels": ["B", "A", "C"]}
        await doctor.post(f"/api/ctg/recordings/{monitors[TWINS].recording}/bind", named)
        await until_letters(twins, ["B", "A"])
        assert await far.page.evaluate(CUT_OFF) == []

        ending = asyncio.create_task(
            replay(
                ward.gateway_url, ward.token, ward.serials[BEDS:], synth=["reactive"], beds=[ends],
                seconds=ENDS_S,
            )
        )  # fmt: skip
        for visitor in (far, corridor):
            await expect(tile(visitor, ends)).to_have_class(re.compile("is-running"))
        await ending
        for visitor in (far, corridor):
            await expect(tile(visitor, ends)).to_have_class(re.compile("is-stopped"))
        await without_barriers(far)
    for visitor in (far, corridor):
        await expect(tile(visitor, monitors[0].bed)).to_have_class(
            re.compile("is-offline"), timeout=PATIENCE_MS
        )
        await expect(tile(visitor, ends)).to_have_class(re.compile("is-stopped"))
    await doctor.leave()
