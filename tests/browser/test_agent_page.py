"""The box's own page, at night, on a telephone: what is wrong, in words, by itself."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from realtime.agent.config import read_config
from realtime.agent.simulator import simulate
from realtime.agent.station import Station
from tests.fixtures.ports import free_port

HEAD = """\
gateway = "ws://127.0.0.1:{gateway}"
token_file = "token"
status_port = {status}
"""
MONITOR = """
[[monitor]]
device = "{device}"
bed = "{bed}"
kind = "{kind}"
port = "{port}"
start = "always"
"""
PHONE = {"width": 390, "height": 844}


class Box:
    """An agent in this process with a monitor that speaks, one that is off, one unplugged."""

    def __init__(self, place: Path) -> None:
        self.port = free_port()
        self._speaks, gateway = free_port(), free_port()
        (place / "token").write_text("token")
        monitors = [
            ("SN-0001", "产房1床", "philips", f"tcp://127.0.0.1:{self._speaks}"),
            ("SN-0002", "产房2床", "csv", (place / "quiet.csv").as_uri()),
            ("SN-0003", "", "corometrics", "/dev/ttyUSB-none"),
        ]
        (place / "quiet.csv").touch()
        config = HEAD.format(gateway=gateway, status=self.port) + "".join(
            MONITOR.format(device=device, bed=bed, kind=kind, port=port)
            for device, bed, kind, port in monitors
        )
        (place / "agent.toml").write_text(config)
        self._config = place / "agent.toml"
        self.quiet = place / "quiet.csv"
        self.tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        address = f"tcp://127.0.0.1:{self._speaks}"
        self.tasks = [
            asyncio.create_task(simulate("philips", address, "reactive", speed=1)),
            asyncio.create_task(Station(read_config(self._config)).run()),
        ]

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    made = Box(tmp_path)
    made.start()
    yield made
    await made.stop()


@pytest.fixture
async def page(chromium: Browser) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport=PHONE)  # type: ignore[arg-type]
    yield await context.new_page()
    await context.close()


async def test_the_page_says_in_words_what_is_wrong_and_renews_itself(box: Box, page: Page) -> None:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", box.port)
                writer.close()
                break
            await asyncio.sleep(0.1)
    await page.goto(f"http://127.0.0.1:{box.port}/")
    boxes = page.locator("section")
    await expect(boxes).to_have_count(4)
    own, speaks, quiet, unplugged = (boxes.nth(n) for n in range(4))
    await expect(own).to_contain_text("故障 Fault")
    await expect(own).to_contain_text("请查看设备：SN-0003")
    await expect(own).to_contain_text("正在连接，数据保存在本机：请检查网络")
    await expect(unplugged).to_contain_text("SN-0003")
    await expect(unplugged).to_contain_text("找不到端口：请检查 USB 线和端口名")
    await expect(unplugged).to_contain_text("check the USB cable and the port's name")
    await expect(quiet).to_contain_text("待机 Standby")
    # Nobody reloads anything: what changes at the devices changes here.
    await expect(speaks).to_contain_text("记录中 Recording", timeout=20_000)
    await expect(speaks).to_contain_text("正常 OK")
    await expect(speaks).to_contain_text(re.compile(r"采样率 Samples\s*(3\.[5-9]|4|4\.[0-5]) /s"))
    with box.quiet.open("ab") as line:
        line.write(b"140\nx\n" + b"140\n" * 8)
    await expect(quiet).to_contain_text("1 段数据损坏：请检查数据线", timeout=10_000)
    await expect(quiet).to_contain_text("记录中途设备无数据", timeout=15_000)
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await box.stop()
    gone = page.get_by_role("alert")
    await expect(gone).to_contain_text("采集代理没有应答", timeout=15_000)
    box.start()
    await expect(gone).to_be_hidden(timeout=20_000)
