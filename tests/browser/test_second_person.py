"""Rules entered without a release: by one person, compared by another, then in force."""

import re

from playwright.async_api import Locator, expect

from tests.browser.conftest import Door
from tests.browser.test_indicator_map import told
from tests.browser.test_vital_signs import fits
from tests.browser.visitor import Visitor
from tests.smoke.person import Person

ACCEPTED = "线上转诊接收率"
PAGE = "/quality/referrals_accepted?days=90"
ANNEX = "演示文件：假想的正式附件，第 21 项"
SCHEME = "演示文件：假想的县实施细则"
PLAN = "医联体月度工作计划"


async def figure(here: Visitor) -> str:
    """What the indicator's page says first."""
    await here.go(PAGE)
    return str(await here.page.locator(".numbers dd").first.text_content())


def entry(here: Visitor) -> Locator:
    """The indicator in the handbook."""
    return here.page.locator("li.entry", has_text=ACCEPTED)


async def test_the_annex_is_entered_compared_and_counts(visit: Door, doctor: Person) -> None:
    await told(doctor)
    officer = await visit("yl003.officer")
    before = await figure(officer)
    assert "%" in before
    admin = await visit("yl003.system")
    await admin.go("/quality/definitions")
    await admin.press("录入新版本", within=entry(admin))
    dialog = admin.page.get_by_role("dialog")
    await dialog.get_by_label("启用日期").fill("2026-01-01")
    await dialog.get_by_label("单位").select_option("per_1000")
    await dialog.get_by_label("含义").fill("发出求助的转诊病例中，已有人应答的比例。")
    await dialog.get_by_label("依据").fill(ANNEX)
    await dialog.get_by_label("目标").fill("≥950‰（演示）")
    await dialog.get_by_text("计算方法", exact=True).click()
    await dialog.get_by_label("分子").fill("其中已有人应答的病例")
    measure = dialog.get_by_label("计算方法（JSON）")
    await measure.fill("{")
    await dialog.get_by_role("button", name="录入新版本").click()
    await expect(dialog.get_by_text("不是有效的 JSON")).to_be_visible()
    await measure.fill(
        '{"kind": "share", "of": "cases", "met": [{"reached": "first_acknowledged"}],'
        ' "where": [{"field": "self_arrived", "one_of": [false]}]}'
    )
    await dialog.get_by_role("button", name="录入新版本").click()
    waiting = entry(admin).get_by_role("region", name="待核实，尚未生效")
    await expect(waiting).to_contain_text("v2")
    await expect(waiting.get_by_role("button", name="核实")).to_have_count(0)
    assert await figure(officer) == before

    await officer.go("/quality/definitions")
    theirs = entry(officer).get_by_role("region", name="待核实，尚未生效")
    await theirs.scroll_into_view_if_needed()
    await officer.page.wait_for_timeout(300)
    await officer.picture("definition-waits")
    await officer.press("核实", within=theirs)
    await officer.page.get_by_label("对照的正式文件").fill(ANNEX)
    await officer.page.get_by_role("dialog").get_by_role("button", name="核实").click()
    await officer.sees("已核实，自启用日期起生效")
    after = await figure(officer)
    assert "‰" in after
    await officer.sees("referrals_accepted v2")
    await officer.sees(ANNEX)
    await officer.page.evaluate("window.scrollTo(0, 0)")
    await officer.picture("definition-counts")


async def test_a_county_enters_its_own_calendar(visit: Door) -> None:
    county = await visit("lj009.officer")
    await county.go("/quality/rules")
    await county.page.get_by_label("规则").select_option("calendar")
    await county.press("录入本地区版本")
    await county.page.get_by_label("依据的文件").fill(SCHEME)
    await county.page.locator("summary", has_text=PLAN).click()
    line = county.page.locator("details[open]", has_text=PLAN)
    await line.get_by_label(re.compile("^截止日（")).fill("22")
    await county.press("看变化")
    changes = county.page.get_by_role("list", name="变化")
    await expect(changes).to_contain_text(re.compile(r"25\s*→\s*22"))
    await changes.scroll_into_view_if_needed()
    await county.picture("region-rules")
    await county.press("提交，待核实")
    await expect(county.page.locator("li.waits")).to_contain_text(SCHEME)
    await expect(county.page.get_by_role("button", name="撤回")).to_be_visible()
    narrow = await visit("lj009.officer", width=390, height=844, dark=True)
    await narrow.go("/quality/rules")
    await narrow.page.get_by_label("规则").select_option("calendar")
    await expect(narrow.page.locator("li.waits")).to_be_visible()
    await fits(narrow)

    city = await visit("yj009.officer")
    await city.go("/quality/rules")
    await city.page.get_by_label("规则").select_option("calendar")
    await city.press("核实")
    await city.page.get_by_label("对照的正式文件").fill(SCHEME)
    await city.page.get_by_role("dialog").get_by_role("button", name="核实").click()
    await city.sees("已核实，自启用日期起生效")
    await county.go("/quality/obligations")
    row = county.page.get_by_role("listitem").filter(has_text=PLAN).filter(has_text="待办").first
    await expect(row).to_contain_text("22 前")
