"""A short message covers nothing that somebody has to press, whatever the page and its width."""

from __future__ import annotations

import asyncio

from playwright.async_api import Locator, expect

from tests.browser.conftest import Door
from tests.browser.test_scans import sent
from tests.browser.test_vital_signs import fits
from tests.browser.visitor import Visitor
from tests.smoke.person import Person


async def _pressed(visitor: Visitor, *controls: Locator) -> None:
    """Each of them, with a message on the page, where it was before."""
    before = [await one.bounding_box() for one in controls]
    notice = await visitor.gets_a_notice()
    for one, place in zip(controls, before, strict=True):
        await one.click(trial=True)
        assert await one.bounding_box() == place
    await expect(notice).to_be_in_viewport(ratio=1)
    await fits(visitor)


async def test_what_is_pinned_to_a_phone_stays_where_the_thumb_is(
    visit: Door, doctor: Person
) -> None:
    path = await sent(doctor)
    phone = await visit("yj001.expert", width=390, height=844)
    await phone.go(path)
    bar, main = phone.page.locator("nav.bottom a").first, phone.page.locator(".act.primary")
    await expect(main).to_be_visible()
    await _pressed(phone, bar, main)
    # Two at once lie side by side: the newer whole, the edge of the older.
    await phone.gets_a_notice("referral.voided")
    height = await phone.page.locator(".host").evaluate("(host) => host.offsetHeight")
    assert height < 130
    await fits(phone)


async def _foot(shown: Locator, *, top: bool = False) -> float:
    """How far down the screen it reaches, or begins, in px."""
    box = await shown.bounding_box()
    assert box is not None
    return box["y"] if top else box["y"] + box["height"]


async def _ends_above(visitor: Visitor, *, reaching: Locator, pressed: Locator) -> None:
    """`reaching` to the foot of the screen, and from there no further than to the message."""
    assert await _foot(reaching) >= await visitor.page.evaluate("() => innerHeight") - 1
    notice = await visitor.gets_a_notice()
    async with asyncio.timeout(5):
        while await _foot(reaching) > await _foot(notice, top=True):  # a drawer takes its time
            await asyncio.sleep(0.05)
    await pressed.click(trial=True)


async def test_what_reaches_to_the_foot_ends_above_messages(visit: Door) -> None:
    for width, height in ((1440, 900), (390, 844)):
        here = await visit("lj001.doctor", width=width, height=height)
        if width == 1440:
            await here.go("/referrals/new")
            footer = here.page.locator(".new-referral footer")
            await _ends_above(here, reaching=footer, pressed=footer.get_by_role("button").last)
        await here.go("/wall")
        wall = here.page.locator(".wall")
        await _ends_above(here, reaching=wall, pressed=wall.get_by_role("link").first)
        await here.go("/")
        await here.page.locator(".phone-strip .call").click()
        drawer = here.page.locator(".el-drawer__body")
        last = drawer.get_by_role("link").last
        await _ends_above(here, reaching=drawer, pressed=last)
