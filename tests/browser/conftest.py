"""One running demo region and one Chromium for all stories."""

from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Playwright, async_playwright

from tests.browser.visitor import Visitor
from tests.fixtures.chromium import CAMERAS, CHROMIUM, launched
from tests.fixtures.ground import ground
from tests.smoke.instance import Instance
from tests.smoke.person import Person

SEVERAL = "--use-fake-device-for-media-stream=device-count=3,fps=10"
"""The third camera is the capture card of an ultrasound machine; the second gives depth, which no
call carries."""
IN_ENGLISH = "localStorage.setItem('ys.lang', 'en')"
"""Chinese is the language of the pages until somebody chooses the other."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With a failed story comes what its region's processes said."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        regions = {one.place: one for one in item.funcargs.values() if isinstance(one, Instance)}
        for place, region in regions.items():
            report.sections.append((f"logs of {place.name}", region.said()))
    return report


@pytest.fixture(scope="session")
def region() -> Iterator[Instance]:
    """`yunshang demo` with three days of history."""
    with ground() as place, Instance(history_days=3, place=place) as instance:
        yield instance


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    """Playwright's driver."""
    async with async_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
async def chromium(playwright: Playwright) -> AsyncIterator[Browser]:
    """The machine's Chromium."""
    async with launched(playwright, CHROMIUM) as browser:
        yield browser


@pytest.fixture
async def visit(region: Instance, chromium: Browser) -> AsyncIterator["Door"]:
    """Opens the pages of people who log in; closed when the story ends."""
    door = Door(region, chromium)
    yield door
    await door.close()


@asynccontextmanager
async def camera_door(region: Instance, playwright: Playwright) -> AsyncIterator["Door"]:
    """Opens pages in a browser with a camera and a microphone that are made up."""
    async with launched(playwright, CHROMIUM, *CAMERAS, SEVERAL) as browser:
        door = Door(region, browser)
        yield door
        await door.close()


@pytest.fixture
async def rooms(region: Instance, playwright: Playwright) -> AsyncIterator["Door"]:
    """As `camera_door`, in the stories' own region."""
    async with camera_door(region, playwright) as door:
        yield door


@pytest.fixture
async def doctor(visit: "Door") -> AsyncIterator[Person]:
    """The county doctor, at the API."""
    person = await Person(visit.region.url, "lj001.doctor").log_in()
    yield person
    await person.leave()


@pytest.fixture
async def expert(visit: "Door") -> AsyncIterator[Person]:
    """The receiving expert, at the API."""
    person = await Person(visit.region.url, "yj001.expert").log_in()
    yield person
    await person.leave()


class Door:
    """Makes visitors."""

    def __init__(self, region: Instance, browser: Browser) -> None:
        self.region = region
        self._browser = browser
        self._visitors: list[Visitor] = []

    async def __call__(
        self,
        login: str | None,
        *,
        width: int = 1440,
        height: int = 900,
        language: str = "zh-CN",
        dark: bool = False,
        called: bool = False,
        worker: bool = True,
    ) -> Visitor:
        """A browser of its own for `login` (None: not logged in).

        Args:
            called: the story is about what rings there; else it is set aside.
            worker: the service worker asks for the page, where no story can stand in its way.
        """
        context = await self._browser.new_context(
            viewport={"width": width, "height": height},
            locale=language,
            timezone_id="Asia/Shanghai",
            color_scheme="dark" if dark else "light",
            has_touch=width < 600,
            service_workers="allow" if worker else "block",
        )
        if language == "en":
            await context.add_init_script(IN_ENGLISH)
        visitor = Visitor(self.region.url, context, await context.new_page())
        self._visitors.append(visitor)
        if not called:
            await visitor.lets_calls_wait()
        if login is not None:
            await visitor.log_in(login)
        return visitor

    async def close(self) -> None:
        """Close every browser window; a page that complained fails the story."""
        for visitor in self._visitors:
            await visitor.context.close()
        complaints = [line for visitor in self._visitors for line in visitor.complaints]
        assert not complaints, complaints
