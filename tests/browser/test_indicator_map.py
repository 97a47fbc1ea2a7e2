"""A health commission goes from the province to the case, on the map and with the keyboard."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Locator, expect

from tests.browser.conftest import Door
from tests.browser.test_ctg_reading import without_barriers
from tests.browser.test_vital_signs import fits
from tests.browser.visitor import Visitor
from tests.smoke.person import Person, Refused

MAP = "/quality/online_referrals/map?days=90"
SOMEBODY = re.compile(r"n=[1-9]")


async def told(doctor: Person) -> None:
    """Wait until the region's history, which is told after the pages are up, has cases.

    While a case is told and not yet counted, no number is given at all.
    """
    for _ in range(200):
        try:
            if (await doctor.get("/api/indicators"))["scope"]["cases"] > 0:
                return
        except Refused as behind:
            if behind.problem.get("code") != "quality.facts_behind":
                raise
        await asyncio.sleep(0.2)
    raise AssertionError("no history")


def areas(here: Visitor) -> Locator:
    """Parts of the map where somebody is counted."""
    return here.page.locator("svg a.part").filter(has_text=SOMEBODY)


async def deeper(here: Visitor) -> str:
    """One level down by keyboard, to the first part that counts somebody; its name."""
    part = areas(here).first
    name = await part.locator("text").first.text_content()
    assert name is not None
    await part.focus()
    await here.page.keyboard.press("Enter")
    return name


async def test_a_commission_goes_from_the_province_to_the_case(visit: Door, doctor: Person) -> None:
    await told(doctor)
    official = await visit("yl003.officer")
    await official.go("/quality/online_referrals?days=90")
    await noted(official)
    await official.page.get_by_role("link", name="在地图上看").click()
    path = official.page.get_by_role("navigation", name="所在区域")
    await expect(path).to_have_text("云岚省")
    await official.page.wait_for_timeout(300)
    await official.picture("indicator-map")
    await without_barriers(official)
    city = await deeper(official)
    await expect(path).to_contain_text(city)
    county = await deeper(official)
    await expect(path).to_contain_text(county)
    # The table says the same as the map.
    table = official.page.get_by_role("table")
    await expect(table.get_by_role("row").last).to_contain_text(f"{county}合计")
    house = await areas(official).first.locator("text").first.text_content()
    await table.get_by_role("link", name=str(house), exact=True).click()
    await expect(official.page.locator("select").nth(2)).to_have_value(re.compile(".+"))
    case = official.page.locator(".cases a[href^='/cases/']").first
    number = await case.text_content()
    await case.click()
    await official.page.wait_for_url("**/cases/*")
    await official.sees(str(number))
    await official.page.get_by_role("button", name="全部事件（两种时钟）").click()
    await proved(official)
    await official.picture("case-proof")
    await without_barriers(official)


async def noted(here: Visitor) -> None:
    """A note beside the chart: written, marked on the plot, taken back by who wrote it."""
    notes = here.page.get_by_role("region", name="人工图注")
    await here.press("添加图注", within=notes)
    await notes.get_by_label("说明").fill("省级血站改为 24 小时供血")
    await here.press("保存图注", within=notes)
    row = notes.get_by_role("listitem")
    await expect(row).to_contain_text("省级血站改为 24 小时供血")
    await expect(row).to_contain_text("云岚省")
    await expect(here.page.locator("svg .mark text")).to_have_text("1")
    await without_barriers(here)
    await here.picture("indicator-note")
    await row.get_by_role("button", name="撤回图注").click()
    await here.press("确定撤回", within=notes)
    await expect(row).to_have_count(0)
    await expect(here.page.locator("svg .mark")).to_have_count(0)


async def proved(here: Visitor) -> None:
    """The first event of the open timeline stands in the signed log, as the browser computes."""
    dialog = here.page.get_by_role("dialog")
    seal = dialog.get_by_role("button", name="第 1 条事件的存证证明")
    holds = dialog.get_by_text("得到检查点的根")
    # A checkpoint is signed every minute; what was told last waits for it.
    for _ in range(20):
        await seal.click()
        await expect(holds.or_(dialog.get_by_text("尚待下一个检查点"))).to_be_visible()
        if await holds.is_visible():
            break
        await seal.click()
        await asyncio.sleep(5)
    await expect(holds).to_be_visible()
    await expect(dialog.get_by_text("检查点签名有效")).to_be_visible()


async def test_the_map_on_a_phone_at_night_and_on_paper(visit: Door, doctor: Person) -> None:
    await told(doctor)
    phone = await visit("yl003.officer", width=390, height=844, dark=True, language="en")
    await phone.go(MAP)
    await expect(areas(phone).first).to_be_visible()
    await fits(phone)
    await without_barriers(phone)
    await phone.picture("indicator-map-390")
    await phone.go("/quality/online_referrals?days=90")
    await phone.press("Add a note")
    await phone.page.get_by_label("What happened").fill("A second ambulance")
    await fits(phone)
    await without_barriers(phone)
    await phone.press("Save the note")
    await expect(
        phone.page.get_by_role("listitem").filter(has_text="A second ambulance")
    ).to_be_visible()
    await fits(phone)
    paper = await visit("yl003.officer")
    await paper.go(MAP)
    await expect(areas(paper).first).to_be_visible()
    await paper.page.emulate_media(media="print")
    # A4 without its margins at 96 dpi is some 700 px wide.
    await paper.page.set_viewport_size({"width": 700, "height": 1000})
    box = await paper.page.get_by_role("group", name="指标地图").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 700
    await expect(paper.page.locator(".filter")).to_be_hidden()
    await expect(paper.page.get_by_role("table")).to_be_visible()
    # The cases behind a number: every column is on the paper.
    await paper.go("/quality/online_referrals?days=90")
    cases = await paper.page.get_by_role("table", name="病例").bounding_box()
    assert cases is not None
    assert cases["x"] + cases["width"] <= 700
