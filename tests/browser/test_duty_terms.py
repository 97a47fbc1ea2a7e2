"""A region decides how changes are handled; a house without rules of its own reads it there."""

from playwright.async_api import Locator, expect

from tests.browser.conftest import Door
from tests.browser.visitor import Visitor

REST = "两次值班之间至少休息"
SOURCE = "临江县孕产妇救治中心排班约定（演示，虚构）"


async def terms(visitor: Visitor) -> Locator:
    """The cards of rules."""
    await visitor.go("/duty/setup?tab=terms")
    cards = visitor.page.get_by_role("region", name="换班、替班与交接规则")
    await cards.first.wait_for()
    return cards


async def test_a_house_follows_the_rule_of_its_region(visit: Door) -> None:
    county = await visit("lj002.coordinator")
    region = (await terms(county)).filter(has_text="本地区内没有自己规则的单位都按此执行").first
    await county.press("修改（新版本）", within=region)
    form = region.locator("form")
    await form.get_by_label(REST).fill("9")
    await form.get_by_label("来源（文件名称、文号或网址）").fill(SOURCE)
    await county.press("保存为新版本", within=form)
    await expect(form).to_have_count(0)
    await expect(region).to_contain_text(f"{REST}9 小时")
    await expect(region).to_contain_text(SOURCE)

    member = await visit("lj001.desk", width=390, height=844)
    own = (await terms(member)).first
    await expect(own).to_contain_text("临江县")
    await expect(own).to_contain_text(f"{REST}9 小时")
    await expect(own).to_contain_text(SOURCE)
    await expect(own.get_by_role("button", name="修改（新版本）")).to_have_count(0)
    await member.picture("terms-390")
