"""A consultation in its room: two browsers see and hear each other, leave, come back, survive."""

from __future__ import annotations

import asyncio
import os
import signal
from urllib.parse import urlsplit

from playwright.async_api import expect

from tests.browser.conftest import Door
from tests.browser.meeting import agreed, leaves_and_returns, sees_the_other
from tests.browser.test_ctg_reading import without_barriers
from tests.smoke.person import Person


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
    consult = await agreed(doctor, expert)
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
        await sees_the_other(visitor)
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
    await leaves_and_returns(here, there)

    # The worker dies in the middle of it; nobody has to press anything.
    room = (await doctor.get(f"/api/consults/{consult}/room"))["room"]
    address = (await doctor.post(f"/api/rooms/{room['id']}/tickets"))["url"]
    os.kill(await _media_pid(doctor), signal.SIGKILL)
    await expect(here.page.locator(".state")).to_contain_text("正在自动重连")
    await _answers(address)
    await asyncio.gather(sees_the_other(here, frames=3), sees_the_other(there, frames=3))

    await here.press("结束会诊室")
    await there.sees("会诊室已结束")
    events = await doctor.get(f"/api/consults/{consult}/room")
    assert events["room"]["why_ended"] == "ended"
