"""A consultation in its room: two browsers see and hear each other, leave, come back, survive."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.async_api import Playwright, expect

from tests.browser.conftest import CHROMIUM, QUIET, Door
from tests.browser.test_ctg_reading import without_barriers
from tests.browser.visitor import Visitor
from tests.smoke.instance import Instance
from tests.smoke.person import Person

CAMERAS = (
    "--allow-loopback-in-peer-connection",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream=device-count=3",
)
"""The third camera is the capture card of an ultrasound machine; the second gives depth, which no
call carries."""
BACK_S = 5.0
"""Picture again on both sides, from when a worker answers again."""

SEEN = """
() => {
  const video = document.querySelector('.tile.large video')
  if (!video || !video.srcObject) return [0, 0]
  return [video.getVideoPlaybackQuality().totalVideoFrames, video.currentTime]
}
"""


@asynccontextmanager
async def camera_door(region: Instance, playwright: Playwright) -> AsyncIterator[Door]:
    """Opens pages in a browser with a camera and a microphone that are made up."""
    found = next(path for name in CHROMIUM if (path := shutil.which(name)))
    browser = await playwright.chromium.launch(executable_path=found, args=[*QUIET, *CAMERAS])
    door = Door(region, browser)
    yield door
    await door.close()
    await browser.close()


@pytest.fixture
async def rooms(region: Instance, playwright: Playwright) -> AsyncIterator[Door]:
    """As `camera_door`, in the stories' own region."""
    async with camera_door(region, playwright) as door:
        yield door


async def _agreed(doctor: Person, expert: Person, **about: str) -> str:
    """An urgent consultation about a new woman, or `about` a case, that the expert said yes to."""
    if not about:
        woman = await doctor.post("/api/patients", {"name": f"视频{uuid4().hex[:4]}", "age": 29})
        about = {"pregnancy_id": woman["pregnancy_id"]}
    asked = {
        **about,
        "urgency": "urgent",
        "purpose": "胎心减速，请会诊",
        "summary": "G1P0，38 周，胎监反复晚期减速。",
        "consent": "spoken",
        "invite": [{"facility_id": expert.me["facility"]["id"]}],
    }
    made = (await doctor.post("/api/consults", asked))["consult"]
    path = f"/api/consults/{made['id']}/invitations/{made['invited'][0]['id']}/accept"
    await expert.post(path, {"version": made["version"]})
    return str(made["id"])


async def _sees(visitor: Visitor, frames: int = 15, seconds: float = 40) -> None:
    """Pictures of the other side are decoded, and time goes on in them."""
    first = await visitor.page.evaluate(SEEN)
    async with asyncio.timeout(seconds):
        while True:
            now = await visitor.page.evaluate(SEEN)
            if now[0] < first[0]:
                first = now  # another stream
            if now[0] - first[0] >= frames and now[1] > first[1]:
                return
            await asyncio.sleep(0.1)


async def _media_pid(person: Person) -> int:
    health = await person.get("/api/health/processes")
    (pid,) = [one["pid"] for one in health["processes"] if one["name"] == "media"]
    return int(pid)


async def _answers(address: str) -> None:
    """Until a worker can be reached there."""
    host, port = urlsplit(address).netloc.split(":")
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


async def test_expert_and_requester_see_each_other_and_come_back(
    rooms: Door, doctor: Person, expert: Person
) -> None:
    consult = await _agreed(doctor, expert)
    here = await rooms("lj001.doctor")
    there = await rooms("yj001.expert", width=390, height=844)
    await here.go(f"/consults/{consult}")
    await here.page.get_by_role("link", name="会诊室 ›").click()
    await here.press("开启会诊室")
    await expect(here.page.locator(".check video")).to_be_visible()
    await expect(here.page.locator(".check meter")).not_to_have_attribute("value", "0")
    await here.picture("room-check")
    await without_barriers(here)
    await here.press("进入会诊室")
    await here.sees("目前只有您在会诊室")

    await there.go(f"/consults/{consult}/room")
    await there.press("进入会诊室")
    for visitor in (here, there):
        await _sees(visitor)
        await expect(visitor.page.locator(".tile.talks").first).to_be_visible()  # it is heard
        await expect(visitor.page.locator(".tile.large .line")).to_contain_text("网络")
    assert (await doctor.get(f"/api/consults/{consult}"))["consult"]["state"] == "underway"
    await expect(here.page.locator(".people li").nth(1)).to_contain_text("在会诊室")
    await here.picture("room-call")
    await there.picture("room-phone")
    await without_barriers(there)

    # Muted is said to the other side; who leaves comes back with one press.
    await there.press("静音")
    await expect(here.page.locator(".tile.large")).to_contain_text("已静音")
    await there.press("取消静音")
    await there.press("离开")
    await there.sees("已离开会诊室。")
    await expect(here.page.locator(".people li").nth(1)).to_contain_text("已离开")
    await there.press("再次进入")
    for visitor in (here, there):
        await _sees(visitor)

    # The worker dies in the middle of it; nobody has to press anything.
    room = (await doctor.get(f"/api/consults/{consult}/room"))["room"]
    address = (await doctor.post(f"/api/rooms/{room['id']}/tickets"))["url"]
    os.kill(await _media_pid(doctor), signal.SIGKILL)
    await expect(here.page.locator(".state")).to_contain_text("正在自动重连")
    await _answers(address)
    began = time.monotonic()
    await asyncio.gather(_sees(here, frames=3), _sees(there, frames=3))
    took = time.monotonic() - began
    assert took < BACK_S, f"{took:.1f} s"

    await here.press("结束会诊室")
    await there.sees("已离开会诊室。")
    events = await doctor.get(f"/api/consults/{consult}/room")
    assert events["room"]["why_ended"] == "ended"
