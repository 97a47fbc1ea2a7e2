"""Her record beside the call: what an expert needs without leaving the room, and no guest sees."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any
from uuid import uuid4

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Door
from tests.browser.meeting import agreed, sees_the_other
from tests.browser.test_ctg_reading import without_barriers
from tests.browser.visitor import Visitor
from tests.smoke.person import Person, Refused

REASON = "产后出血约 1300 ml，本院备血不足"
AT_ONCE_MS = 5_000
"""A page asks by itself every thirty seconds only: what comes before that was told."""
IN_SIGHT = """
(element) => {
  const box = element.getBoundingClientRect()
  const drawer = document.querySelector('#record-panel').getBoundingClientRect()
  return Math.min(box.bottom, drawer.top) - Math.max(box.top, 0)
}
"""


async def _of_a_transfer(doctor: Person, expert: Person) -> tuple[str, dict[str, Any]]:
    """A consultation about a transfer on which there is something to read; the transfer."""
    woman = await doctor.post(
        "/api/patients",
        {"name": f"病情{uuid4().hex[:4]}", "age": 31, "pregnancy": {"gravida": 2, "para": 1}},
    )
    about = {
        "pregnancy_id": woman["pregnancy_id"],
        "subject": "mother",
        "condition": "pph",
        "acuity": "resuscitation",
        "risk_colour": "red",
        "vitals": {"sbp": 88, "dbp": 52, "hr": 128, "blood_loss_ml": 1300},
        "reason": REASON,
        "consent": "emergency_waiver",
    }
    case = await doctor.post("/api/referrals", about)
    await _answers_the_call(expert, case["id"])
    dose = {"code": "oxytocin", "dose": 10, "unit": "U", "route": "im"}
    await doctor.post(f"/api/referrals/{case['id']}/treatments", dose)
    reading = {"code": "sbp_mmhg", "number": 84, "unit": "mm[Hg]"}
    await doctor.post(
        f"/api/pregnancies/{woman['pregnancy_id']}/observations", {"entries": [reading]}
    )
    return await agreed(doctor, expert, of_case_id=case["id"]), case


async def _answers_the_call(expert: Person, case: str) -> None:
    """Her transfer rings the expert: what rings lies over every page until it is answered."""
    async with asyncio.timeout(30):
        while True:
            for page in await expert.get(f"/api/cases/{case}/pages"):
                with suppress(Refused):  # another unit's
                    await expert.post(f"/api/pages/{page['id']}/acknowledge")
                    return
            await asyncio.sleep(0.2)


async def _in(visitor: Visitor, consult: str, *, opens: bool = False) -> None:
    await visitor.go(f"/consults/{consult}/room")
    if opens:
        await visitor.press("开启会诊室")
    await visitor.press("进入会诊室")


async def _tab(page: Page, name: str) -> None:
    await page.locator("#record-panel").get_by_role("tab", name=name).click()


async def _beside_the_call(here: Visitor) -> None:
    """Where there is room for it, it is there from the beginning."""
    panel = here.page.locator("#record-panel")
    await expect(panel).to_contain_text(REASON)
    await expect(panel.get_by_role("img", name="红")).to_be_visible()
    await expect(panel).to_contain_text("产后出血")
    await expect(panel).to_contain_text("84")
    await here.picture("room-record")
    await without_barriers(here)


async def _as_a_drawer(there: Visitor, drawer: Locator) -> None:
    """On a telephone it lies over the lower half: the picture stays in sight."""
    await expect(drawer).to_be_hidden()
    bar = there.page.get_by_role("toolbar", name="通话操作")
    await bar.get_by_role("button", name="病情").click()
    await expect(drawer).to_be_visible()
    await expect(drawer.get_by_role("tab", name="概要")).to_be_focused()
    await expect(drawer).to_contain_text(REASON)
    assert await there.page.locator(".tile.large").evaluate(IN_SIGHT) >= 200
    await there.picture("room-record-phone")
    await without_barriers(there)


async def _by_the_keyboard(there: Visitor, drawer: Locator) -> None:
    """Through what there is."""
    await there.page.keyboard.press("ArrowRight")
    await expect(drawer).to_contain_text("缩宫素")
    await there.page.keyboard.press("ArrowRight")
    await expect(drawer).to_contain_text("会诊： 申请会诊")
    await expect(drawer.locator(".line")).to_contain_text("宫缩剂首剂")
    await there.page.keyboard.press("End")
    await expect(drawer.get_by_role("tab", name="意见")).to_be_focused()
    await without_barriers(there)


async def test_her_record_lies_beside_the_call(rooms: Door, doctor: Person, expert: Person) -> None:
    consult, case = await _of_a_transfer(doctor, expert)
    here = await rooms("lj001.doctor")
    there = await rooms("yj001.expert", width=390, height=844)
    await _in(here, consult, opens=True)
    await _in(there, consult)
    for visitor in (here, there):
        await sees_the_other(visitor)
    drawer = there.page.locator("#record-panel")
    await _beside_the_call(here)
    await _as_a_drawer(there, drawer)
    await _by_the_keyboard(there, drawer)

    # An opinion half written is not lost by a look elsewhere.
    await there.press("书写意见", within=drawer)
    await there.page.locator("#advice-text").fill("双合诊压迫，备球囊")
    await _tab(there.page, "概要")
    await _tab(there.page, "意见")
    await expect(there.page.locator("#advice-text")).to_have_value("双合诊压迫，备球囊")

    # What is recorded at the bedside comes by itself.
    await _tab(there.page, "概要")
    reading = {"code": "hr_per_min", "number": 136, "unit": "/min"}
    await doctor.post(
        f"/api/pregnancies/{case['pregnancy']['id']}/observations",
        {"entries": [reading], "case_id": case["id"]},
    )
    await expect(drawer.locator(".latest")).to_contain_text("136", timeout=AT_ONCE_MS)
    await there.page.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()
    await expect(there.page.locator("[aria-controls=record-panel]")).to_be_focused()
    await here.press("结束会诊室")


async def test_about_a_woman_alone_it_says_what_there_is(
    rooms: Door, doctor: Person, expert: Person
) -> None:
    consult = await agreed(doctor, expert)
    here = await rooms("lj001.doctor", dark=True)
    await _in(here, consult, opens=True)
    panel = here.page.locator("#record-panel")
    await expect(panel).to_contain_text("胎监反复晚期减速")
    await expect(panel).to_contain_text("孕周不详")
    await _tab(here.page, "用药医嘱")
    await expect(panel).to_contain_text("还没有签署的医嘱。")
    await _tab(here.page, "时间线")
    await expect(panel).to_contain_text("会诊： 应邀")
    await _tab(here.page, "影像")
    await without_barriers(here)
    await here.press("收起病情")
    await expect(panel).to_be_hidden()
    await here.press("结束会诊室")
