"""An installation whose rooms a Janus gateway carries: the same page, a foreign engine."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Playwright, expect

from tests.browser.conftest import Door, camera_door
from tests.browser.meeting import agreed, leaves_and_returns, sees_the_other
from tests.browser.test_ctg_reading import without_barriers
from tests.consult.media.peers import janus_process
from tests.fixtures.ground import ground
from tests.fixtures.ports import free_port
from tests.smoke.instance import Instance
from tests.smoke.person import Person

PATIENCE_MS = 90_000
"""Until a browser sends the higher layer: a busy machine looks to it like a poor line at first."""
WHOLE = "() => document.querySelector('.tile.large video')?.videoWidth === 640"


@pytest.fixture(scope="module")
def carried() -> Iterator[Instance]:
    """A demo region that was told to let Janus carry its rooms."""
    port = free_port()
    process = janus_process.spawn(Path(tempfile.mkdtemp(prefix="janus-")), port)
    chosen = {
        "YUNSHANG_ROOM_ENGINE": "janus",
        "YUNSHANG_JANUS_URL": f"ws://127.0.0.1:{port}/",
        "YUNSHANG_JANUS_ADMIN_KEY": janus_process.ADMIN_KEY,
    }
    try:
        with ground() as place, Instance(place=place, more=chosen) as instance:
            yield instance
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
async def rooms(carried: Instance, playwright: Playwright) -> AsyncIterator[Door]:
    """Opens pages in a browser with a camera and a microphone that are made up."""
    async with camera_door(carried, playwright) as door:
        yield door


@pytest.fixture
async def people(carried: Instance) -> AsyncIterator[tuple[Person, Person]]:
    """The county doctor and the expert, at the API."""
    doctor = await Person(carried.url, "lj001.doctor").log_in()
    expert = await Person(carried.url, "yj001.expert").log_in()
    yield doctor, expert
    await doctor.leave()
    await expert.leave()


async def test_the_room_page_speaks_to_janus(rooms: Door, people: tuple[Person, Person]) -> None:
    doctor, expert = people
    consult = await agreed(doctor, expert)
    here = await rooms("lj001.doctor")
    there = await rooms("yj001.expert", width=390, height=844)
    await here.go(f"/consults/{consult}/room")
    await here.press("开启会诊室")
    await here.press("进入会诊室")
    await here.sees("目前只有您在会诊室")
    room = (await doctor.get(f"/api/consults/{consult}/room"))["room"]

    # They see and hear each other, each large in the higher layer, and the record knows they came.
    await there.go(f"/consults/{consult}/room")
    await there.press("进入会诊室")
    for visitor in (here, there):
        await sees_the_other(visitor)
        await expect(visitor.page.locator(".tile.talks").first).to_be_visible()
        await visitor.page.wait_for_function(WHOLE, timeout=PATIENCE_MS)
        await expect(visitor.page.locator(".tile.large .line")).to_contain_text("网络")
    assert (await doctor.get(f"/api/consults/{consult}"))["consult"]["state"] == "underway"
    await expect(here.page.locator(".people li").nth(1)).to_contain_text("在会诊室")
    await without_barriers(there)

    # A hand is seen over Janus's data channel, and a still is frozen by the page that sends it.
    large = here.page.locator(".tile.large svg.points")
    await large.hover(position={"x": 200, "y": 150})
    await large.hover(position={"x": 240, "y": 180})
    await here.press("定格画面")
    await expect(there.page.locator(".still .board svg")).to_be_visible()
    (still,) = await doctor.get(f"/api/consults/{consult}/stills")
    assert still["at_source"] is True

    # Silent is told; what Janus cannot do is refused in words.
    await there.press("静音")
    await expect(here.page.locator(".tile.large")).to_contain_text("已静音")
    await there.press("取消静音")
    await expect(here.page.locator(".tile.large")).not_to_contain_text("已静音")

    # Who leaves comes back; who is sent out does not.
    await leaves_and_returns(here, there)
    await there.page.reload()  # the connection goes without a word
    await there.press("进入会诊室")
    for visitor in (here, there):
        await sees_the_other(visitor)
    await here.press("移出", within=here.page.locator(".people li").nth(1))
    await there.sees("您已被主持人移出")
    await here.press("结束会诊室")
    await here.sees("会诊室已结束")
    over = (await doctor.get(f"/api/consults/{consult}/room"))["room"]
    assert (over["id"], over["why_ended"]) == (room["id"], "ended")
