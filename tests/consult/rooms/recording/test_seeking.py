"""A real browser seeks in what a worker wrote, whole or cut off by a kill, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from litestar import Router
from litestar.di import Provide
from playwright.async_api import Page, async_playwright

from consult.media.recording.shelf import Shelf
from consult.rooms.routes import router
from tests.consult.media.peers.numbered import BAR, BARS, FPS, NUMBER, SECONDS, numbered
from tests.consult.rooms.recording.conftest import Studio
from tests.fixtures.chromium import WINDOWED, launched
from tests.fixtures.ports import free_port
from tests.referral.http import app, caller_of

WITHIN_S = 0.1

SEEK = """
async (at) => {
  const video = document.querySelector('video')
  video.currentTime = at
  await new Promise((done, failed) => {
    video.onseeked = done
    video.onerror = () => failed(video.error)
  })
}
"""


class Shown:
    """One file in a page, and which ranges of it were asked for."""

    def __init__(self, page: Page, size: int) -> None:
        self.page = page
        self.size = size
        self.asked: list[int] = []
        page.on("request", self._asked)

    def _asked(self, request: Any) -> None:
        said = request.headers.get("range", "")
        if said.startswith("bytes="):
            self.asked.append(int(said.removeprefix("bytes=").partition("-")[0]))

    async def number(self) -> int:
        """Which picture is seen."""
        found: int = await self.page.locator("video").evaluate(NUMBER, [BARS, BAR])
        return found


@pytest.fixture(params=[True, False], ids=["whole", "cut off by a kill"])
async def shown(studio: Studio, request: pytest.FixtureRequest) -> AsyncIterator[Shown]:
    """A minute that was recorded, opened in Chromium, metadata alone."""
    asked = await studio.ask()
    await studio.answer("city_expert", "agree")
    numbered(studio.shelf, asked.id, studio.people["county_doctor"].id, end=request.param)
    await studio.stop("county_doctor")
    await studio.kept(wait_s=150)

    async def shelf() -> Shelf:
        return studio.shelf

    application = app(
        studio.door.net,
        Router("/", route_handlers=[router], dependencies={"shelf": Provide(shelf)}),
    )
    made = await caller_of(application).post(
        "county_doctor", f"/room-recordings/{asked.id}/viewings", {}
    )
    view = made.json()
    (part,) = view["parts"]
    assert part["whole"] is request.param
    port = free_port()
    config = uvicorn.Config(application, port=port, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    async with async_playwright() as driver, launched(driver, WINDOWED) as browser:
        context = await browser.new_context(extra_http_headers={"x-who": "county_doctor"})
        page = await context.new_page()
        address = f"/api/room-recordings/{asked.id}/viewings/{view['id']}/parts/{part['id']}"
        await page.goto(f"http://127.0.0.1:{port}/nowhere")
        size = studio.shelf.playable(asked.id, studio.shelf.parts(asked.id)[0].id).size
        made_page = Shown(page, size)
        await page.set_content(f'<video preload="metadata" muted src="{address}"></video>')
        await page.wait_for_function("() => document.querySelector('video').readyState >= 1")
        yield made_page
    server.should_exit = True
    await serving


async def test_its_length_is_known_and_each_second_is_where_it_should_be(shown: Shown) -> None:
    length = await shown.page.evaluate("() => document.querySelector('video').duration")
    assert abs(length - SECONDS) < 2  # a kill costs the last second and a cluster
    for at in (31.4, 7.05, 52.73, 20.0, 0.0):
        await shown.page.evaluate(SEEK, at)
        assert abs(await shown.number() / FPS - at) <= WITHIN_S, at
    # The middle was asked for; what lies before it was not read on the way there.
    assert any(start > shown.size // 3 for start in shown.asked), shown.asked


async def test_it_plays_on_from_there_to_its_end(shown: Shown) -> None:
    length = await shown.page.evaluate("() => document.querySelector('video').duration")
    await shown.page.evaluate(SEEK, length - 1.5)
    await shown.page.evaluate(
        """async () => {
          const video = document.querySelector('video')
          const over = new Promise((done) => { video.onended = done })
          await video.play()
          await over
        }"""
    )
    assert abs(await shown.number() / FPS - length) < 0.2
