"""`make bench-web`: a wall of 64 strips in Chromium, fed by the real gateway.

A private instance, 64 monitors of the synthesiser at 4 samples a second, one browser logged in at
the wall. The main thread's share is the renderer's own account of the time spent in tasks
(`Performance.getMetrics`, TaskDuration) over the wall clock; the heap is measured after a forced
collection at both ends; frames are counted by the page's own animation frames.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass

from playwright.async_api import CDPSession, Page, async_playwright, expect

from tests.bench.web.ward import open_ward
from tests.browser.visitor import Visitor
from tests.fixtures.chromium import WINDOWED, launched
from tests.smoke.instance import Instance
from tests.telling import say

STRIPS = 64
LOGIN = "lj001.doctor"
WARM_UP_S = 20.0
TILES = ".wall-tile"
RUNNING = ".wall-tile.is-running"
COUNT_FRAMES = """() => {
  window.benchFrames = 0
  const count = () => { window.benchFrames += 1; requestAnimationFrame(count) }
  requestAnimationFrame(count)
}"""


@dataclass(frozen=True, slots=True)
class Reading:
    """The renderer's account at one moment."""

    at_s: float
    busy_s: float
    heap_bytes: float
    frames: int


async def read(page: Page, devtools: CDPSession) -> Reading:
    """Collect garbage, then read."""
    await devtools.send("HeapProfiler.collectGarbage")
    answer = await devtools.send("Performance.getMetrics")
    metrics = {row["name"]: float(row["value"]) for row in answer["metrics"]}
    frames = await page.evaluate("() => window.benchFrames")
    return Reading(
        metrics["Timestamp"], metrics["TaskDuration"], metrics["JSHeapUsedSize"], int(frames)
    )


def figures(first: Reading, last: Reading) -> dict[str, float]:
    """What the last line says."""
    seconds = last.at_s - first.at_s
    return {
        "fps": round((last.frames - first.frames) / seconds, 1),
        "main_thread_share": round((last.busy_s - first.busy_s) / seconds, 3),
        "heap_growth_mb": round((last.heap_bytes - first.heap_bytes) / 2**20, 2),
    }


async def watch(instance: Instance, wanted: argparse.Namespace) -> dict[str, float]:
    """Look at the wall for the time wanted; every strip must run at both ends."""
    async with async_playwright() as driver, launched(driver, WINDOWED) as browser:
        context = await browser.new_context(
            viewport={"width": wanted.width, "height": wanted.height},
            locale="zh-CN",
            color_scheme="dark",
        )
        page = await context.new_page()
        visitor = Visitor(instance.url, context, page)
        await visitor.log_in(LOGIN)
        await visitor.go("/wall")
        await expect(page.locator(RUNNING)).to_have_count(STRIPS, timeout=90_000)
        devtools = await context.new_cdp_session(page)
        await devtools.send("Performance.enable")
        await page.evaluate(COUNT_FRAMES)
        await asyncio.sleep(min(WARM_UP_S, wanted.seconds))
        first = await read(page, devtools)
        say(f"{STRIPS} strips run at {wanted.width} x {wanted.height}; {wanted.seconds:.0f} s")
        await asyncio.sleep(wanted.seconds)
        last = await read(page, devtools)
        await expect(page.locator(RUNNING)).to_have_count(STRIPS, timeout=10_000)
        if visitor.complaints:
            raise RuntimeError("\n".join(visitor.complaints))
        return figures(first, last)


async def run(wanted: argparse.Namespace) -> None:
    """An instance, its ward, the browser."""
    with Instance() as instance:
        # The region's own two beds of this house hang there too.
        ward = await open_ward(instance, STRIPS - 2)
        async with ward.streaming(past_s=600):
            found = await watch(instance, wanted)
    say(json.dumps(found))


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--height", type=int, default=1080)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
