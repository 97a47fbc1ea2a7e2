"""A worker in a process of its own, the engine that gives tickets, and browsers on their lines."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from playwright.async_api import Browser, Page, async_playwright
from redis.asyncio import Redis

from consult.media.engine import Grants, Participant, Role, RoomPolicy
from consult.media.errors import MediaUnavailable
from consult.media.forward.engine import ForwardEngine
from consult.media.tokens import TokenKey
from kernel.clock import SystemClock
from kernel.ids import new_id
from tests.bench.video.desk import PATH, Desk
from tests.bench.video.line import HOST, Line
from tests.bench.video.wire import INSIDE, Exchange, Wire
from tests.consult.media.forward import worker_process
from tests.consult.media.peers.relay_process import SECRET
from tests.fixtures.chromium import CHROMIUM, WINDOWED, modestly
from tests.fixtures.ports import free_port
from tests.parts import YIELDS

ROOT: Final = Path(__file__).parents[3]
ENTRY: Final = Path(__file__).with_name("page.ts")
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)
LOOPBACK: Final = "--allow-loopback-in-peer-connection"
TRUSTED: Final = "--unsafely-treat-insecure-origin-as-secure="
"""Camera and microphone are given to a page of http:// on the loopback alone, or to this one."""
DEVICES: Final = ("camera", "microphone")
TICKET_WAIT_S: Final = 3.0


def bundled() -> str:
    """The page's script: the project's call client, as the browser takes it."""
    rolldown = ROOT / "web/node_modules/.bin/rolldown"
    command = [str(rolldown), str(ENTRY), "--format", "iife", "--log-level", "silent"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Stage:
    """One worker, one room.

    People come over lines in user space, as pages of one browser on the loopback, or over wires of
    an exchange, each with a browser of their own.
    """

    def __init__(
        self, valkey_url: str, over: Browser | Exchange, script: str, relays: Sequence[str] = ()
    ) -> None:
        self.valkey_url = valkey_url
        self.host = over.address if isinstance(over, Exchange) else HOST
        self.engine = ForwardEngine(
            Redis.from_url(valkey_url), TokenKey(worker_process.MASTER), relays, SECRET
        )
        self.room = UUID(int=new_id().int)
        self.port = free_port()
        self.worker: subprocess.Popen[bytes] | None = None
        self._over = over
        self._script = script

    @property
    def url(self) -> str:
        """Where the worker is."""
        return f"ws://{self.host}:{self.port}/media"

    @property
    def origin(self) -> str:
        """Of pages."""
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Start the worker, always at the same port, and wait until it has a place."""
        self.worker = worker_process.spawn(self.port, self.valkey_url, host=self.host, quiet=True)
        await until(self._placed)

    async def _placed(self) -> bool:
        try:
            await self.engine.ensure_room(self.room, RoomPolicy())
            with_health = await asyncio.open_connection(self.host, self.port)
        except (MediaUnavailable, OSError):
            return False
        with_health[1].close()
        return True

    def kill(self) -> None:
        """As a power cut does."""
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()

    async def ticket(self, who: UUID) -> dict[str, Any]:
        """A fresh ticket, as the API words it."""
        person = Participant(who, Role.EXPERT)
        made = await self.engine.issue_join(self.room, person, Grants(), SystemClock().now())
        return {
            "participant_id": str(who),
            "url": made.url,
            "token": made.token,
            "ice_servers": [
                {"urls": list(one.urls), "username": one.username, "credential": one.credential}
                for one in made.ice_servers
            ],
        }

    @asynccontextmanager
    async def person(self) -> AsyncIterator[Person]:
        """A browser with camera and microphone, on a line of its own."""
        way = self._lined if isinstance(self._over, Browser) else self._wired
        async with way(UUID(int=new_id().int)) as person:
            yield person

    @asynccontextmanager
    async def _wired(self, who: UUID) -> AsyncIterator[Person]:
        """All that they do goes over the wire: asking for tickets, too."""
        assert isinstance(self._over, Exchange)
        async with AsyncExitStack() as stack:
            wire = stack.enter_context(self._over.wire(self.url))
            desk = await stack.enter_async_context(Desk(self.host, self.ticket).running())
            browser = await stack.enter_async_context(chromium(TRUSTED + desk.origin, wire=wire))
            page = await (await browser.new_context(permissions=DEVICES)).new_page()
            await self._prepare(page, desk.origin, tickets=f"{PATH}{who}")
            yield Person(page, wire, who)

    @asynccontextmanager
    async def _lined(self, who: UUID) -> AsyncIterator[Person]:
        """Tickets come past the line, which says itself when there would be none."""
        assert isinstance(self._over, Browser)
        async with Line(self.url).running() as line:
            context = await self._over.new_context(permissions=DEVICES)
            page = await context.new_page()

            async def ticket() -> dict[str, Any] | None:
                async with asyncio.timeout(TICKET_WAIT_S):
                    while line.is_cut:
                        await asyncio.sleep(0.05)
                return {**await self.ticket(who), "url": line.url}

            async def asked() -> dict[str, Any] | None:
                try:
                    return await ticket()
                except (TimeoutError, MediaUnavailable):
                    return None

            await page.expose_function("ticket", asked)
            await self._prepare(page, self.origin)
            try:
                yield Person(page, line, who)
            finally:
                await context.close()

    @asynccontextmanager
    async def direct(self, *, relayed: bool = False) -> AsyncIterator[Person]:
        """A browser with no line between; one from which nothing but a relay is reached."""
        assert isinstance(self._over, Browser)
        context = await self._over.new_context(permissions=DEVICES)
        page = await context.new_page()
        person = Person(page, Line(self.url), UUID(int=new_id().int))

        async def ticket() -> dict[str, Any]:
            return await self.ticket(person.id)

        await page.expose_function("ticket", ticket)
        await self._prepare(page, self.origin, relayed=relayed)
        try:
            yield person
        finally:
            await context.close()

    async def _prepare(
        self, page: Page, origin: str, *, relayed: bool = False, tickets: str = ""
    ) -> None:
        await page.goto(f"{origin}/health")
        await page.add_script_tag(content=self._script)
        await page.evaluate("words => bench.ready(...words)", [relayed, tickets])

    @asynccontextmanager
    async def pair(self, *, direct: bool = False) -> AsyncIterator[tuple[Person, Person]]:
        """Two people who see each other, over lines or directly."""
        way = self.direct if direct else self.person
        async with AsyncExitStack() as stack:
            one = await stack.enter_async_context(way())
            two = await stack.enter_async_context(way())
            for person in (one, two):
                await person.join()
            for person in (one, two):
                await person.sees()
            yield one, two


@dataclass(slots=True)
class Person:
    """One browser in the room."""

    page: Page
    line: Line | Wire
    id: UUID

    async def join(self) -> None:
        """Press the button."""
        await self.page.evaluate("bench.join()")

    async def leave(self) -> None:
        """Press the other one."""
        await self.page.evaluate("bench.leave()")

    async def wish(self, layer: str, *, large: str = "") -> None:
        """Show all pictures so large, but that of one, which is large."""
        await self.page.evaluate("words => bench.wish(...words)", [layer, large])

    async def first_ms(self) -> float | None:
        """From pressing to the first picture of another."""
        found: float | None = await self.page.evaluate("bench.first()")
        return found

    async def ways(self) -> list[str]:
        """How packets go on each of its connections, as `type/protocol of the relay`."""
        found: list[str] = await self.page.evaluate("bench.ways()")
        return found

    async def look_away(self) -> None:
        """Pictures come and are decoded as before; none is drawn any more."""
        await self.page.evaluate("bench.hide()")

    async def counts(self) -> Counts:
        """What the browser counted so far."""
        return Counts(await self.page.evaluate("bench.counts()"))

    async def sees(self, frames: int = 5, seconds: float = 40) -> None:
        """Until so many further frames were decoded, of whichever stream."""
        before = await self.counts()

        async def seen() -> bool:
            return max((await self.counts()).since(before).frames.values(), default=0) >= frames

        await until(seen, seconds)


@dataclass(frozen=True, slots=True)
class Counts:
    """One reading of a page's counters."""

    raw: dict[str, Any]

    def since(self, before: Counts) -> Passed:
        """What happened between two readings; streams that are new count from nothing."""

        def step(kind: str, field: str) -> dict[str, float]:
            older = before.raw[kind]
            return {
                track: now[field] - older.get(track, {}).get(field, 0)
                for track, now in self.raw[kind].items()
            }

        return Passed(
            seconds=self.raw["at"] - before.raw["at"],
            frames=step("videos", "frames"),
            frozen_s=step("videos", "frozen_s"),
            freezes=step("videos", "freezes"),
            concealed=step("sounds", "concealed"),
            samples=step("sounds", "samples"),
        )

    @property
    def widths(self) -> list[int]:
        """Of the pictures that are shown."""
        return [one["width"] for one in self.raw["videos"].values()]


@dataclass(frozen=True, slots=True)
class Passed:
    """What one browser counted within some seconds, by track."""

    seconds: float
    frames: dict[str, float]
    frozen_s: dict[str, float]
    freezes: dict[str, float]
    concealed: dict[str, float]
    samples: dict[str, float]

    @property
    def fps(self) -> float:
        """Of the worst picture."""
        return min(self.frames.values(), default=0) / self.seconds

    @property
    def frozen(self) -> float:
        """Share of the time, of the worst picture."""
        return max(self.frozen_s.values(), default=self.seconds) / self.seconds

    @property
    def concealed_share(self) -> float:
        """Share of sound that was made up, of the worst voice."""
        shares = [self.concealed[track] / max(1, n) for track, n in self.samples.items()]
        return max(shares, default=1.0)


@asynccontextmanager
async def chromium(*more: str, wire: Wire | None = None) -> AsyncIterator[Browser]:
    """A browser whose camera and microphone are made up; `more` are switches of its own.

    It is on the loopback, or at the far end of a wire: the shell without windows trusts no origin
    there, and gives it no camera.
    """
    program, environment = modestly(CHROMIUM if wire is None else WINDOWED)
    # As in a part of the suite beside which nothing runs: in life it is elsewhere.
    environment["YS_BROWSER_YIELDS"] = str(YIELDS)
    switches = [*FLAGS, *more]
    if wire is None:
        switches.append(LOOPBACK)
    else:
        environment |= {**wire.environment, "YS_PROGRAM": str(program)}
        program = INSIDE
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=program, args=switches, env={**os.environ, **environment}
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def stage(
    valkey_url: str, over: Browser | Exchange, script: str, relays: Sequence[str] = ()
) -> AsyncIterator[Stage]:
    """A fresh worker with a fresh room."""
    await worker_process.forget_others(valkey_url)
    made = Stage(valkey_url, over, script, relays)
    await made.start()
    try:
        yield made
    finally:
        made.kill()
        await made.engine.close()


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 40) -> None:
    """Wait for it, looking often: what is measured ends when it is seen."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)
