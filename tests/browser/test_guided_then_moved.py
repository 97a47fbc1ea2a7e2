"""She cannot be moved: led from a distance, a team comes to her; then she can, and she goes."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, expect

from server.demo import PASSWORD
from tests.browser.conftest import Door
from tests.browser.test_emergency import confirm, dialog
from tests.browser.test_other_answers import sent
from tests.browser.visitor import Visitor
from tests.smoke.person import Person

STORM = "血压 200/120，抽搐未控制，途中风险高于就地救治"


@pytest.fixture
async def sender(visit: Door) -> AsyncIterator[Person]:
    """The county doctor, at the API: sending has its own story."""
    person = await Person(visit.region.url, "lj001.doctor").log_in()
    yield person
    await person.leave()


@pytest.fixture
async def lead(visit: Door) -> AsyncIterator[Person]:
    """The expert, at the API: writing advice has its own story."""
    person = await Person(visit.region.url, "yj001.expert").log_in()
    yield person
    await person.leave()


def panel(visitor: Visitor) -> Locator:
    """The card of the rescue in place."""
    return visitor.page.get_by_role("region", name="就地指导")


async def guide(expert: Visitor) -> None:
    """The expert takes the lead under their own name."""
    form = await dialog(expert, "无法转运·就地指导")
    await form.get_by_label("原因").fill(STORM)
    await form.get_by_role("combobox").first.select_option(index=1)
    await confirm(expert, form, "无法转运·就地指导")
    await expect(panel(expert)).to_contain_text("距下次复评")


async def name_a_team(expert: Visitor) -> None:
    """Who comes, how to reach them, when; then where they are."""
    card = panel(expert)
    await card.get_by_role("button", name="登记专家组…").click()
    await card.get_by_label("姓名 1").fill("演示专家乙")
    await card.get_by_label("职务或专业 1").fill("麻醉科")
    await card.get_by_label("随行电话").fill("000-0000 0042")
    await card.get_by_label("预计多少分钟后到达").fill("40")
    await card.get_by_role("button", name="登记专家组", exact=True).click()
    await expect(card).to_contain_text("已组队")
    await card.get_by_role("button", name="已出发").click()
    await expect(card).to_contain_text("出发后还没有报告位置")
    await card.get_by_role("button", name="报告位置…").click()
    await card.get_by_label("目前在哪里").fill("高速临江出口")
    await card.get_by_role("button", name="报告", exact=True).click()
    await expect(card.get_by_text("高速临江出口")).to_be_visible()


async def order(lead: Person, case_id: str) -> None:
    """Two orders, signed with the password."""
    orders = [{"text": "硫酸镁 4 g 静脉推注，再 1 g/h 维持"}, {"text": "拉贝洛尔 20 mg 静脉推注"}]
    advice = await lead.post(
        f"/api/cases/{case_id}/advice", {"text": "就地解痉降压", "orders": orders}
    )
    await lead.post(f"/api/advice/{advice['id']}/sign", {"revision": 1, "password": PASSWORD})


async def carry_out(doctor: Visitor) -> None:
    """One order read back and done, the other not, with its code."""
    advice, name = doctor.page.get_by_role("region", name="专家意见"), await doctor.name()
    await expect(advice).to_contain_text("硫酸镁 4 g")
    await advice.get_by_role("button", name="复述无误").first.click()
    await expect(advice).to_contain_text("已复述")
    await advice.get_by_role("button", name="已执行").first.click()
    await expect(advice.get_by_text(f"已执行 {name}")).to_be_visible()
    await advice.get_by_role("button", name="未能执行…").click()
    await advice.get_by_role("button", name="本院没有").click()
    await advice.get_by_role("button", name="确认").click()
    await expect(advice.get_by_text(f"未执行 {name}")).to_be_visible()


async def test_guided_in_place_then_moved(visit: Door, sender: Person, lead: Person) -> None:
    path = await sent(sender, 74)
    expert = await visit("yj001.expert")
    await expert.go(path)
    await guide(expert)
    await name_a_team(expert)

    doctor = await visit("lj001.doctor")
    await doctor.go(path)
    await expect(panel(doctor)).to_contain_text("高速临江出口")
    await order(lead, path.rsplit("/", 1)[1])
    await carry_out(doctor)

    form = await dialog(expert, "更换远程负责人")
    await form.get_by_role("combobox").first.select_option(index=2)
    await form.get_by_role("textbox").first.fill("交接班：抽搐已止，血压仍高")
    await confirm(expert, form, "更换远程负责人")
    await expect(panel(doctor)).to_contain_text("负责人交接给")
    form = await dialog(doctor, "复评：仍不能转运")
    await form.get_by_role("textbox").first.fill("血压 170/105，再观察")
    await confirm(doctor, form, "复评：仍不能转运")
    await panel(doctor).scroll_into_view_if_needed()
    await doctor.picture("guided-in-place")

    form = await dialog(doctor, "恢复转运")
    await form.get_by_role("textbox").first.fill("抽搐停止，血压 150/95，可以转运")
    await confirm(doctor, form, "恢复转运")
    for seen in (doctor, expert):
        await expect(panel(seen)).to_contain_text("复评：可以转运")
        await expect(panel(seen)).to_contain_text("已结束")
    form = await dialog(expert, "接收")
    await form.get_by_label("床位").fill("产科 ICU 3 床")
    yes = form.get_by_text("是", exact=True)
    if await yes.count():
        await yes.first.click()
    await confirm(expert, form, "接收")
    form = await dialog(doctor, "确定转往该院")
    if await form.get_by_role("combobox").count():
        await form.get_by_role("combobox").first.select_option(index=1)
    await confirm(doctor, form, "确定转往该院")
    await expect(doctor.page.get_by_role("button", name="出发", exact=True).first).to_be_visible()


async def test_the_wall_clock_by_keyboard(visit: Door, sender: Person) -> None:
    """In the delivery room: a decision, its class and place, a slip taken back, birth."""
    path = await sent(sender, 75)
    wall = await visit("lj001.doctor", width=1920, height=1080)
    await wall.go(path.replace("/cases/", "/clock/"))
    page = wall.page
    keys = page.get_by_role("region", name="时间节点按键")
    await expect(keys).to_be_visible()
    while not await keys.get_by_role("button", name="决定剖宫产").count():
        await page.keyboard.press("0")
        await expect(keys).to_be_visible()
    names = await keys.locator("button.key span").all_inner_texts()
    await page.keyboard.press(str(names.index("决定剖宫产") + 1))
    await wall.sees("哪一类？")
    await page.keyboard.press("1")
    await wall.sees("在哪里决定？")
    await page.keyboard.press("1")
    await wall.sees("DDI（1 类）")
    await wall.sees("剩余")
    other = names[1 if names.index("决定剖宫产") != 1 else 2]
    await page.keyboard.press(str(names.index(other) + 1))
    await wall.sees(f"已登记：{other}")
    await wall.sees(f"撤回“{other}”")
    await page.keyboard.press("z")
    await wall.sees("已撤回")
    await expect(keys.get_by_role("button", name=other)).not_to_contain_text("✔")
    await expect(keys.get_by_role("button", name="决定剖宫产")).to_contain_text("✔")
    await wall.picture("big-clock")
