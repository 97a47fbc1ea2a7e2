"""医务科 of a county hospital reads its house's numbers and notes, and meets no closed door."""

from __future__ import annotations

from io import BytesIO

from openpyxl import load_workbook
from playwright.async_api import Response, expect

from tests.browser.conftest import Door
from tests.browser.test_ctg_reading import without_barriers
from tests.browser.test_indicator_map import told
from tests.browser.visitor import Visitor
from tests.smoke.person import Person

PAGE = "/quality/online_referrals?days=90"
SAID = "新病房启用，床位增加 6 张"


async def test_the_office_of_a_house_writes_beside_its_own_chart(
    visit: Door, doctor: Person
) -> None:
    await told(doctor)
    office = await visit("lj001.office")
    refused: list[str] = []
    office.page.on("response", lambda answer: refused.extend(closed(answer)))
    # Going to the first page closes whatever is open in the menu.
    await expect(office.page.get_by_role("heading", level=1)).to_be_visible()
    menu = office.page.get_by_role("navigation", name="主菜单")
    await menu.get_by_role("button", name="质量").click()
    await menu.get_by_role("link", name="指标", exact=True).click()
    await expect(office.page.get_by_role("heading", name="质量指标", level=1)).to_be_visible()
    ways = office.page.locator(".ways a")
    await expect(ways).to_have_count(3)
    for path in [await one.get_attribute("href") for one in await ways.all()]:
        await office.go(str(path))
        await expect(office.page.get_by_role("heading", level=1)).to_be_visible()
        await office.page.wait_for_load_state("networkidle")
    await office.go(PAGE)
    await expect(office.page.get_by_text("例已计入以上数字")).to_be_visible()
    await expect(office.page.locator("a[href*='/referrals/'], a[href*='/cases/']")).to_have_count(0)
    await wrote(office)
    await office.page.get_by_role("link", name="在地图上看").click()
    await expect(office.page.get_by_role("navigation", name="所在区域")).to_be_visible()
    await office.go(f"{PAGE}&facility={await other_house(office)}")
    await expect(office.page.locator(".cases").get_by_text("本期没有病例")).to_be_visible()
    assert refused == []


async def wrote(office: Visitor) -> None:
    """A note: written, marked, in the file that it takes, and taken back."""
    notes = office.page.get_by_role("region", name="人工图注")
    await office.press("添加图注", within=notes)
    await notes.get_by_label("说明").fill(SAID)
    await office.press("保存图注", within=notes)
    row = notes.get_by_role("listitem").filter(has_text=SAID)
    await expect(row).to_contain_text("医务科主任")
    await expect(office.page.locator("svg .mark text")).to_have_text("1")
    await without_barriers(office)
    answer = await office.page.request.get(f"{office.url}/api/quality/export")
    assert SAID in {cell.value for cell in load_workbook(BytesIO(await answer.body()))["图注"]["D"]}
    await row.get_by_role("button", name="撤回图注").click()
    await office.press("确定撤回", within=notes)
    await expect(row).to_have_count(0)


async def other_house(office: Visitor) -> str:
    """One of another city, with which the county has no case together."""
    answer = await office.page.request.get(f"{office.url}/api/facilities")
    houses = {one["code"].lower(): one["id"] for one in await answer.json()}
    return str(houses["ls002"])


def closed(answer: Response) -> list[str]:
    """What the server refused to this role."""
    return [answer.url] if answer.status == 403 else []
