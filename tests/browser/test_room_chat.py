"""Two people write in a room: numbered, read, corrected, and without a hole after a cut."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.browser.conftest import Door
from tests.browser.meeting import agreed
from tests.browser.test_ctg_reading import without_barriers
from tests.smoke.person import Person


async def _write(page: Page, words: str) -> None:
    field = page.get_by_label("写消息")
    await field.fill(words)
    await field.press("Enter")
    await expect(field).to_have_value("")


async def test_messages_are_read_corrected_and_survive_a_cut(
    rooms: Door, doctor: Person, expert: Person
) -> None:
    consult = await agreed(doctor, expert)
    here = await rooms("lj001.doctor")
    there = await rooms("yj001.expert", width=390, height=844)
    await here.go(f"/consults/{consult}/room")
    await here.press("开启会诊室")
    # Who was asked is told wherever they are, and is one step away.
    await there.page.locator(".toast").get_by_role("link", name="前往会诊室").click()
    await expect(there.page).to_have_url(re.compile(f"/consults/{consult}/room$"))
    for visitor in (here, there):
        await visitor.press("进入会诊室")
        await expect(visitor.page.get_by_label("写消息")).to_be_visible()

    # Without a word read on the phone: it is there, and not in view.
    await there.page.evaluate("scrollTo(0, 0)")
    await _write(here.page, "宫口 4 cm，胎心 90 次/分已 3 分钟")
    go = there.page.get_by_role("button", name="文字")
    await expect(go).to_contain_text("1")
    mine = here.page.locator(".chat ol > li")
    await expect(mine.first.locator(".deeds")).to_contain_text("已送达 1")
    await go.click()
    await expect(mine.first.locator(".deeds")).to_contain_text("已读 1")
    await expect(go).not_to_contain_text("1")
    await mine.first.get_by_role("button", name=re.compile("已读")).click()
    await expect(mine.first.locator("ul")).to_contain_text("已读")

    await _write(there.page, "请先左侧卧、停缩宫素")
    await mine.first.get_by_role("button", name="更正").click()
    await _write(here.page, "宫口 6 cm，胎心 90 次/分已 3 分钟")
    await expect(there.page.locator(".chat del")).to_have_text("宫口 4 cm，胎心 90 次/分已 3 分钟")

    # A line that is cut on one side: what is written fails in words and stays in the field.
    await there.context.set_offline(True)
    await _write(here.page, "改为静滴 2.5 U")
    field = there.page.get_by_label("写消息")
    await field.fill("收到")
    await there.press("发送")
    await expect(there.page.locator(".chat .error .kept")).to_be_visible()
    await expect(field).to_have_value("收到")
    await there.context.set_offline(False)
    await there.press("发送")
    for visitor in (here, there):
        numbers = visitor.page.locator(".chat .n")
        await expect(numbers).to_have_text(["1", "2", "3", "4", "5"])
        await without_barriers(visitor)
    await here.page.locator(".chat").scroll_into_view_if_needed()
    await here.picture("room-chat")
    await there.picture("room-chat-phone")
    await here.press("结束会诊室")
    await expect(here.page.locator(".chat form")).to_have_count(0)
    await expect(here.page.locator(".chat .n")).to_have_count(5)
