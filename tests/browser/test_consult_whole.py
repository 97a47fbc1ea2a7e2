"""A consultation of three houses from its request to the signed form, all of it through the pages.

The county doctor shares the ultrasound, the expert sees it large, stops it, and writes on it; a
colleague of a third house is there on a telephone.
"""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import expect

from server.demo import PASSWORD
from tests.browser.conftest import Door
from tests.browser.meeting import drag, printed
from tests.browser.test_consult import asks
from tests.browser.test_ctg_reading import without_barriers
from tests.browser.visitor import Visitor
from tests.smoke.person import Person

WOMAN = "演示会诊全程"
OPINION = "双合诊压迫，立即备球囊，30 分钟无效即转诊"
MARK = "宫腔内积血"

SCAN_WIDTH = 1280
SCAN = """
() => {
  const video = document.querySelector('.tile.large video')
  const note = document.querySelector('.tile.large .note')?.textContent
  const frames = video?.getVideoPlaybackQuality().totalVideoFrames
  return [note ?? '', video?.videoWidth ?? 0, frames ?? 0]
}
"""


async def _sees_scan(visitor: Visitor) -> None:
    """The shared scan is large, at its own resolution, and goes on."""
    seen: list[tuple[str, int, int]] = []
    for _ in range(300):
        note, width, frames = await visitor.page.evaluate(SCAN)
        seen.append((note, width, frames))
        if note == "超声画面" and width == SCAN_WIDTH and frames >= seen[0][2] + 10:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(seen[::30])


async def _accepts(visitor: Visitor, consult: str) -> None:
    await visitor.go("/consults")
    await visitor.page.locator(f".consult-row a[href='/consults/{consult}']").click()
    await visitor.press("应邀参加")
    await expect(visitor.page.locator(".invitations article.accepted").first).to_be_visible()


async def _share(here: Visitor) -> None:
    """The third camera is the scan."""
    await here.press("共享")
    card = here.page.locator(".bar .choices button").filter(has_text="超声采集").nth(2)
    await card.click()
    await expect(here.page.get_by_role("button", name="停止共享")).to_be_visible()


async def _draws_on_the_scan(there: Visitor, phone: Visitor) -> None:
    """Stopped at its source; the mark is on the telephone at once."""
    await there.press("定格画面")
    boards = [visitor.page.locator(".still .board svg") for visitor in (there, phone)]
    for board in boards:
        await expect(board).to_be_visible()
    await expect(there.page.locator(".still .received")).to_have_count(0)
    await there.press("箭头")
    await there.page.get_by_label("附注文字").fill(MARK)
    await drag(there, boards[0], (0.3, 0.3), (0.5, 0.5))
    await expect(boards[1].locator(".mark.arrow text")).to_have_text(MARK)
    await phone.page.locator(".still").scroll_into_view_if_needed()
    await phone.picture("consult-whole-phone")
    await without_barriers(phone)


async def _advises(there: Visitor) -> None:
    """In the room, beside the picture: cites the still, and signs with the password."""
    panel = there.page.locator("#record-panel")
    await panel.get_by_role("tab", name="意见").click()
    await there.press("书写意见", within=panel)
    await panel.get_by_label("检查所见").fill("宫腔内无回声区，活动性出血")
    await panel.locator("#advice-text").fill(OPINION)
    await there.press("就地救治", within=panel)
    await there.press("引用数据…", within=panel)
    await panel.get_by_role("group", name="定格图像").get_by_role("button").first.click()
    await there.picture("consult-whole-expert")
    await without_barriers(there)
    await there.press("保存，待签署", within=panel)
    await panel.get_by_label("再次输入密码以签署").fill(PASSWORD)
    await there.press("签署", within=panel)
    await expect(panel).to_contain_text("已签署")


async def _agrees(phone: Visitor) -> None:
    """The colleague of the third house signs beside it, on the telephone, in the room."""
    bar = phone.page.get_by_role("toolbar", name="通话操作")
    await bar.get_by_role("button", name="病情").click()
    drawer = phone.page.locator("#record-panel")
    await drawer.get_by_role("tab", name="意见").click()
    await expect(drawer).to_contain_text(OPINION)
    await phone.press("联署…", within=drawer)
    await drawer.get_by_label("再次输入密码以签署").fill(PASSWORD)
    await phone.press("签署联署", within=drawer)
    await expect(drawer.locator(".stands .agrees")).to_be_visible()
    await phone.page.keyboard.press("Escape")


async def _decides(here: Visitor, consult: str) -> None:
    await here.go(f"/consults/{consult}")
    await here.page.locator("#decision-words").fill("按意见压迫并备球囊，暂不转诊")
    await here.page.locator("#decision-password").fill(PASSWORD)
    await here.press("签名确认")
    await expect(here.page.locator(".decision article")).to_contain_text("采纳")


async def test_three_houses_from_the_request_to_the_signed_form(
    rooms: Door, doctor: Person
) -> None:
    await doctor.post("/api/patients", {"name": WOMAN, "age": 29, "pregnancy": {"gravida": 2}})
    here, there = await rooms("lj001.doctor"), await rooms("yl001.expert")
    phone = await rooms("yj001.second", width=390, height=844)
    colleague = await phone.name()
    consult = (await asks(here, WOMAN, colleague)).rpartition("/")[2]
    for visitor in (there, phone):
        await _accepts(visitor, consult)
    for visitor in (here, there, phone):
        await visitor.go(f"/consults/{consult}/room")
        if visitor is here:
            await visitor.press("开启会诊室")
        await visitor.press("进入会诊室")
    await _share(here)
    for visitor in (there, phone):
        await _sees_scan(visitor)
    await _draws_on_the_scan(there, phone)
    await _advises(there)
    await _agrees(phone)
    await here.press("结束会诊室")
    await there.go(f"/consults/{consult}")
    await there.press("结束会诊")
    await there.page.locator(".consult-steps form").get_by_role("button", name="结束会诊").click()
    await there.sees("已结束，待邀请方决定")
    await _decides(here, consult)

    text = await printed(here)
    (still,) = await doctor.get(f"/api/consults/{consult}/stills")
    assert (still["source"], still["at_source"], still["width"]) == ("ultrasound", True, SCAN_WIDTH)
    people = [await visitor.name() for visitor in (here, there, phone)]
    for said in (OPINION, "联署", "采纳", still["sha256"][:16], "会诊室参加人员", *people):
        assert said.replace(" ", "") in text, said
    whole: dict[str, Any] = (await doctor.get(f"/api/consults/{consult}"))["consult"]
    assert (whole["state"], whole["kind"], whole["outcome"]) == ("closed", "mdt", "advised")
