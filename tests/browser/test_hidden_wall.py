"""A wall in a tab that nobody sees draws nothing, hears everything, and is up to date when shown.

A browser gives a hidden tab no animation frames and goes on with its sockets. Headless Chromium
calls every tab visible, so the page's own frames are held back here, as a browser does.
"""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import expect

from tests.bench.web.ward import open_ward
from tests.browser.cable import tile
from tests.browser.conftest import Door

BEDS = 8
HIDDEN_S = 4
HOLD_FRAMES = """
  const ask = window.requestAnimationFrame.bind(window)
  const drop = window.cancelAnimationFrame.bind(window)
  let hidden = false, waiting = new Map(), next = -1
  window.requestAnimationFrame = (run) => hidden ? (waiting.set(next, run), next--) : ask(run)
  window.cancelAnimationFrame = (id) => id < 0 ? waiting.delete(id) : drop(id)
  Object.defineProperty(document, 'visibilityState', { get: () => hidden ? 'hidden' : 'visible' })
  Object.defineProperty(document, 'hidden', { get: () => hidden })
  window.drawn = 0
  const draw = CanvasRenderingContext2D.prototype.drawImage
  CanvasRenderingContext2D.prototype.drawImage = function (...all) {
    window.drawn += 1
    return draw.apply(this, all)
  }
  window.heard = 0
  const Socket = window.WebSocket
  window.WebSocket = class extends Socket {
    constructor(...all) {
      super(...all)
      this.addEventListener('message', (it) => { window.heard += typeof it.data !== 'string' })
    }
  }
  window.hide = (now) => {
    hidden = now
    document.dispatchEvent(new Event('visibilitychange'))
    if (hidden) return
    const due = waiting
    waiting = new Map()
    for (const run of due.values()) ask(run)
  }
"""


async def test_a_hidden_wall_draws_nothing_and_catches_up_when_shown(visit: Door) -> None:
    ward = await open_ward(visit.region, BEDS, "HIDDEN", first_bed=41)
    async with ward.streaming(seed=70, past_s=120) as monitors:
        station = await visit("lj001.doctor", width=1280, height=720)
        page = station.page
        await page.add_init_script(HOLD_FRAMES)
        await page.reload()
        await station.go("/wall")
        for monitor in monitors:
            await expect(tile(station, monitor.bed)).to_have_class(re.compile("is-running"))
        await asyncio.sleep(1)
        assert await page.evaluate("window.drawn") > 0

        await page.evaluate("window.hide(true)")
        await asyncio.sleep(0.3)  # what was under way
        drawn, heard = await page.evaluate("[window.drawn, window.heard]")
        await asyncio.sleep(HIDDEN_S)
        assert await page.evaluate("window.drawn") == drawn
        assert await page.evaluate("window.heard") > heard

        await page.evaluate("window.hide(false)")
        async with asyncio.timeout(5):
            while await page.evaluate("window.drawn") < drawn + BEDS:
                await asyncio.sleep(0.05)
        # Each strip is drawn as it is now: no storm of the frames that nobody saw.
        assert await page.evaluate("window.drawn") - drawn < 20 * BEDS
        for monitor in monitors:
            strip = tile(station, monitor.bed)
            await expect(strip).to_have_class(re.compile("is-running"))
            await expect(strip).not_to_contain_text("▨")
