"""Nothing answers: the telephones are there all the same; a platform that cannot call says so."""

import os
import signal
from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Door
from tests.browser.visitor import Visitor
from tests.smoke.instance import Instance


@pytest.fixture
def standstill(region: Instance) -> Iterator[int]:
    """The engine stands still, as a process does whose machine is frozen; it goes on afterwards."""
    pid = int(region.child("engine")["pid"])
    os.kill(pid, signal.SIGSTOP)
    yield pid
    os.kill(pid, signal.SIGCONT)


async def test_the_telephones_outlive_the_server(visit: Door, standstill: int) -> None:
    county = await visit("lj001.doctor")
    strip = county.page.locator(".phone-strip")
    desk = strip.locator("a[href^='tel:']").first
    await expect(desk).to_be_visible()
    number = (await desk.get_attribute("href") or "").removeprefix("tel:")
    await county.page.keyboard.press("F2")
    drawer = county.page.get_by_role("dialog")
    await expect(drawer.get_by_text("数据截至").first).to_be_visible()
    await expect(drawer.get_by_text("责任中心").first).to_be_visible()
    await county.page.keyboard.press("F2")
    await expect(strip).to_contain_text("已存本机")

    await gone(county, number)

    banner = county.page.locator(".paging-banner")
    await expect(banner).to_contain_text("呼叫系统受损：请打电话")
    await expect(banner).to_contain_text("呼叫引擎无心跳")
    await expect(banner).to_contain_text(number)
    await county.picture("paging-impaired")
    os.kill(standstill, signal.SIGCONT)
    await expect(banner).to_have_count(0)


async def gone(county: Visitor, number: str) -> None:
    """No server, and somebody loads the page anew: the login page holds the list, with its age."""
    await county.context.set_offline(True)
    await county.page.reload()
    held = county.page.locator(".held-phones")
    await expect(held).to_contain_text("服务器没有响应：请打电话")
    await expect(held).to_contain_text("数据截至")
    await expect(held.locator(f"a[href='tel:{number}']").first).to_be_visible()
    await county.picture("phones-offline")
    await county.context.set_offline(False)
    await county.go("/board")
    await expect(county.page.locator(".phone-strip")).to_be_visible()
