"""A woman is graded on a telephone: unknown, then red and purple, then decided otherwise."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Door
from tests.smoke import emergency
from tests.smoke.person import Person


@pytest.fixture
async def doctor(visit: Door) -> AsyncIterator[Person]:
    """The county doctor, at the API: she has registered the woman before."""
    person = await Person(visit.region.url, "lj001.doctor").log_in()
    yield person
    await person.leave()


async def test_from_unknown_to_red_and_purple(visit: Door, doctor: Person) -> None:
    pregnancy = await emergency.register(doctor, 91)
    visitor = await visit("lj001.doctor", width=390, height=844)
    page = visitor.page
    await visitor.go(f"/pregnancies/{pregnancy}/risk")
    await visitor.sees("尚不能判定")
    await expect(page.get_by_text("绿色：低风险")).to_have_count(0)

    form = page.get_by_role("region", name="还需了解")
    await form.get_by_label("预产期时年龄").fill("31")
    await form.get_by_role("button", name="只记录已填 1 项").tap()
    await visitor.sees("已记录 1 项")

    heart = form.get_by_role("group", name="心脏")
    await heart.get_by_label("肺动脉高压（各种原因）").check()
    await heart.get_by_role("button", name="已勾 1 项，其余均无").tap()
    # Only now is there a reason to ask how high it is.
    await heart.get_by_label("肺动脉压", exact=False).fill("55")
    await heart.get_by_role("button", name="只记录已填 1 项").tap()
    infection = form.get_by_role("group", name="传染病", exact=False)
    await infection.get_by_label("梅毒", exact=False).first.check()
    await infection.get_by_role("button", name="其余均无", exact=False).tap()

    decision = page.get_by_role("region", name="待您确认")
    await expect(decision.get_by_role("img", name="红色：高风险")).to_be_visible()
    await expect(decision.get_by_role("img", name="紫色：传染病")).to_be_visible()
    await decision.get_by_role("button", name="确认这一分级").tap()
    await visitor.sees("已记录分级")
    stands = page.locator("p.stands")
    await expect(stands.get_by_role("img", name="红色：高风险")).to_be_visible()

    await decision.get_by_role("button", name="改定为其他颜色…").tap()
    await decision.get_by_label("橙色：较高风险").check()
    save = decision.get_by_role("button", name="改定并记录")
    await expect(save).to_be_disabled()
    await decision.get_by_label("理由").fill("复查超声肺动脉压 42 mmHg，多学科会诊意见")
    await save.tap()
    history = page.get_by_role("region", name="评估记录")
    await expect(history.get_by_text("人工改定", exact=False).first).to_be_visible()
    await expect(history.get_by_text("按表为 红色：高风险")).to_be_visible()
    await expect(history.get_by_text("复查超声", exact=False)).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_a_table_can_be_tried_and_says_why(visit: Door) -> None:
    visitor = await visit("lj001.doctor")
    page = visitor.page
    await visitor.go("/risk/try")
    await visitor.sees("尚不能判定")
    table = page.get_by_label("用表")
    name = await table.locator("option", has_text="广州").first.inner_text()
    await table.select_option(label=name)
    form = page.get_by_role("region", name="还需了解")
    heart = form.get_by_role("group", name="心脏")
    await heart.get_by_label("肺动脉高压（各种原因）").check()
    await heart.get_by_role("button", name="已勾 1 项，其余均无").click()
    result = page.get_by_role("region", name="按现有资料")
    await expect(result.get_by_role("img").first).to_be_visible()
    await expect(result.get_by_text("依据：").first).to_be_visible()
    await expect(result.get_by_text("出处：").first).to_be_visible()
    await visitor.picture("try-risk")


async def test_early_warning_can_be_tried_and_says_what_it_lacks(visit: Door) -> None:
    visitor = await visit("lj001.doctor")
    page = visitor.page
    await visitor.go("/observations/try")
    pressure, heart = page.locator("[name=sbp_mmhg]"), page.locator("[name=hr_per_min]")
    await pressure.fill("84")
    await heart.fill("134")
    answers = page.get_by_role("region", name="早期预警")
    shock = answers.get_by_role("listitem").filter(has_text="休克指数")
    await expect(shock.get_by_text("▲ 触发")).to_be_visible()
    mewt = answers.get_by_role("listitem").filter(has_text="MEWT")
    await expect(mewt.get_by_text("? 资料不足")).to_be_visible()
    await expect(mewt.get_by_text("后复测", exact=False)).to_be_visible()
    await page.get_by_role("button", name="加一组更早的读数").click()
    await pressure.last.fill("86")
    await heart.last.fill("132")
    await expect(mewt.get_by_text("▲ 触发")).to_be_visible()
