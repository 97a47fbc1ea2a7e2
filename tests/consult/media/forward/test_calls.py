"""Real browsers in a real worker: they see and hear each other, and survive the worker's death."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, async_playwright
from redis.asyncio import Redis

from consult.media.engine import Grants, Participant, Role, RoomPolicy, Source
from consult.media.errors import MediaUnavailable, RoomFull
from consult.media.forward.engine import ForwardEngine
from consult.media.tokens import TokenKey
from kernel.clock import SystemClock
from kernel.ids import new_id
from tests.consult.media.forward import worker_process
from tests.fixtures.chromium import CAMERAS, WINDOWED, launched
from tests.fixtures.ports import free_port

CLIENT = Path(__file__).with_name("client.js")


class Stage:
    """A worker in a process of its own, the engine that speaks to it, and a browser."""

    def __init__(self, valkey_url: str, browser: Browser) -> None:
        self.valkey_url = valkey_url
        self.browser = browser
        self.engine = ForwardEngine(Redis.from_url(valkey_url), TokenKey(worker_process.MASTER))
        self.room = UUID(int=new_id().int)
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the worker, again at the same port."""
        self.process = worker_process.spawn(self.port, self.valkey_url)

    def kill(self) -> None:
        """As a power cut does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    async def ready(self) -> None:
        """Until the worker has registered."""

        async def placed() -> bool:
            try:
                await self.engine.ensure_room(self.room, RoomPolicy(max_participants=2))
            except MediaUnavailable:
                return False
            return True

        await until(placed)

    async def page(self) -> Page:
        """A page of the loopback that may use camera and microphone."""
        context = await self.browser.new_context(permissions=["camera", "microphone"])
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{self.port}/health")
        await page.add_script_tag(content=CLIENT.read_text("utf-8"))
        return page

    async def enter(self, page: Page, who: Participant) -> str:
        """Join with a fresh ticket."""
        ticket = await self.engine.issue_join(self.room, who, Grants(), SystemClock().now())
        shown = {"url": ticket.url, "token": ticket.token}
        answer: str = await page.evaluate("ticket => window.room.join(ticket)", shown)
        return answer


@pytest.fixture
async def stage(valkey_url: str) -> AsyncIterator[Stage]:
    """One worker, one browser."""
    async with async_playwright() as driver, launched(driver, WINDOWED, *CAMERAS) as browser:
        stage = Stage(valkey_url, browser)
        stage.start()
        try:
            await stage.ready()
            yield stage
        finally:
            stage.kill()
            await stage.engine.close()


async def test_two_people_see_and_hear_each_other(stage: Stage) -> None:
    one, two = await stage.page(), await stage.page()
    doctor, expert = (Participant(new_id(), role) for role in (Role.REQUESTER, Role.EXPERT))
    assert await stage.enter(one, doctor) == "welcome"
    assert await stage.enter(two, expert) == "welcome"
    for page in (one, two):
        await until(lambda page=page: _receives(page, frames=15, sound=50))

    # Presence is what is heard; a third finds the room full; a used ticket opens nothing.
    await until(lambda: _present(stage, {doctor.id, expert.id}))
    with pytest.raises(RoomFull):
        await stage.engine.issue_join(
            stage.room, Participant(new_id(), Role.GUEST), Grants(), SystemClock().now()
        )
    ticket = await stage.engine.issue_join(stage.room, expert, Grants(), SystemClock().now())
    shown = {"url": ticket.url, "token": ticket.token}
    await two.evaluate("window.room.leave()")
    assert await two.evaluate("ticket => window.room.join(ticket)", shown) == "welcome"
    third = await stage.page()
    assert await third.evaluate("ticket => window.room.join(ticket)", shown) == "refused"

    # Back as the same participant; silenced, nothing of them comes; sent out, they are gone.
    await until(lambda: _receives(two, frames=5, sound=10))
    await stage.engine.set_muted(stage.room, expert.id, Source.MICROPHONE, True)
    await until(lambda: _silent(one))
    await stage.engine.eject(stage.room, expert.id)
    await until(lambda: _said_good_bye(two, "ejected"))
    await until(lambda: _alone(one))
    after = await stage.engine.issue_join(stage.room, expert, Grants(), SystemClock().now())
    refused = {"url": after.url, "token": after.token}
    assert (
        await third.evaluate(
            "ticket => { window.room.bye = null; return window.room.join(ticket) }", refused
        )
        == "refused"
    )


async def test_the_high_layer_is_sent_soon_and_reaches_whoever_shows_it_large(
    stage: Stage,
) -> None:
    one, two = await stage.page(), await stage.page()
    doctor, expert = (Participant(new_id(), role) for role in (Role.REQUESTER, Role.EXPERT))
    assert await stage.enter(one, doctor) == "welcome"
    assert await stage.enter(two, expert) == "welcome"
    # About ten seconds on an idle machine, longer on a busy one; never while padding did not count.
    await until(lambda: _sends(one, "h", frames=30), seconds=90)
    wish = {"type": "show", "participant": str(doctor.id), "source": "camera", "layer": "high"}
    await two.evaluate("wish => window.room.say(wish)", wish)
    await until(lambda: _wide(two, 640))


async def test_after_the_workers_death_both_come_back(stage: Stage) -> None:
    pages = [await stage.page(), await stage.page()]
    people = [Participant(new_id(), role) for role in (Role.REQUESTER, Role.EXPERT)]
    for page, who in zip(pages, people, strict=True):
        assert await stage.enter(page, who) == "welcome"
    for page in pages:
        await until(lambda page=page: _receives(page, frames=5, sound=10))
    stage.kill()
    stage.start()
    await stage.ready()
    for page, who in zip(pages, people, strict=True):
        await page.evaluate("window.room.leave()")

        async def back(page: Page = page, who: Participant = who) -> bool:
            try:
                return await stage.enter(page, who) == "welcome"
            except Exception:
                return False

        await until(back)
    for page in pages:
        await until(lambda page=page: _receives(page, frames=5, sound=10))


async def _numbers(page: Page) -> dict:
    found: dict = await page.evaluate("window.room.numbers()")
    return found


async def _receives(page: Page, *, frames: int, sound: int) -> bool:
    found = await _numbers(page)
    return found["frames"] >= frames and found["sound"] >= sound


async def _sends(page: Page, rid: str, *, frames: int) -> bool:
    return bool((await _numbers(page))["out"].get(rid, 0) >= frames)


async def _wide(page: Page, width: int) -> bool:
    return bool((await _numbers(page))["width"] == width)


async def _silent(page: Page) -> bool:
    before = (await _numbers(page))["sound"]
    await asyncio.sleep(0.5)
    return (await _numbers(page))["sound"] == before


async def _said_good_bye(page: Page, code: str) -> bool:
    return bool(await page.evaluate("window.room.bye") == code)


async def _alone(page: Page) -> bool:
    return bool(await page.evaluate("window.room.people.length") == 1)


async def _present(stage: Stage, people: set[UUID]) -> bool:
    return (await stage.engine.present(stage.room)).people == people


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Wait for it; a limit of its own only where the promise is a time."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.1)
