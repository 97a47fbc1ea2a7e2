"""A township doctor with a phone: a red case leaves in three taps, the rest follows."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Door
from tests.browser.visitor import IMAGES, Visitor
from tests.smoke.person import Person

NAME = "演示孕妇镇一"


@pytest.fixture
async def midwife(visit: Door) -> AsyncIterator[Person]:
    """The township's doctor, at the API: she has registered the woman before."""
    person = await Person(visit.region.url, "lj101.doctor").log_in()
    await person.post(
        "/api/patients",
        {"name": NAME, "age": 36, "pregnancy": {"gravida": 3, "para": 2}},
    )
    yield person
    await person.leave()


class Taps:
    """Counts what a finger does."""

    def __init__(self) -> None:
        self.count = 0

    async def on(self, target: Locator) -> None:
        """One tap."""
        await target.tap()
        self.count += 1


async def test_three_taps_and_the_rest_follows(visit: Door, midwife: Person) -> None:
    doctor = await visit("lj101.doctor", width=390, height=844)
    page = doctor.page
    await doctor.go("/referrals/new")
    await page.locator("#nr-search").fill(NAME)
    await page.keyboard.press("Enter")
    await expect(page.locator("label.tile", has_text="产后出血")).to_be_visible()

    taps = Taps()
    await taps.on(page.locator("label.tile", has_text="产后出血"))
    await taps.on(page.locator("label.choice", has_text="先救后签").last)
    await taps.on(page.get_by_role("button", name="发送转诊", exact=True).last)
    await page.wait_for_url("**/cases/*")
    assert taps.count == 3
    await page.locator("#tab-papers").tap()
    await expect(page.get_by_role("button", name="孕产妇 待补")).to_be_visible()
    await complete(doctor)

    expert = await visit("yj001.expert")
    await expert.go(page.url.removeprefix(doctor.url))
    await expert.sees("发出后变化")
    changes = expert.page.get_by_role("region", name="转诊资料")
    await expect(changes.get_by_text("诊断")).to_be_visible()
    await expect(changes.get_by_role("button", name="已阅", exact=False)).to_be_visible()


async def complete(doctor: Visitor) -> None:
    """On its way already: form, treatment with its time, photograph, who authorised."""
    page = doctor.page
    card = page.get_by_role("region", name="转诊资料")
    await card.locator("[id$=-diagnosis]").fill("产后出血，胎盘残留待排")
    await card.locator("[id$=-hb_g_per_l]").fill("72")
    await page.reload()
    await page.locator("#tab-papers").tap()
    await expect(card.locator("[id$=-diagnosis]")).to_have_value("产后出血，胎盘残留待排")
    await card.get_by_role("button", name="保存（2 项）").tap()
    await doctor.sees("已记录")
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390

    await card.get_by_role("button", name="治疗", exact=True).tap()
    await card.get_by_label("缩宫素 剂量", exact=True).fill("20")
    await card.get_by_role("button", name="缩宫素 已给，现在", exact=True).tap()
    await expect(card.get_by_role("button", name="治疗 1")).to_be_visible()

    await card.get_by_role("button", name="附件", exact=True).tap()
    await card.locator("input[capture]").set_input_files(IMAGES / "board.png")
    await expect(card.get_by_role("button", name="附件 1")).to_be_visible()

    await card.get_by_role("button", name="知情同意", exact=False).tap()
    await card.get_by_role("button", name="紧急", exact=False).first.tap()
    await card.get_by_label("授权负责人姓名").fill("演示院长")
    await card.get_by_label("职务").fill("院长")
    await card.get_by_label("豁免理由").fill("患者休克，家属未到")
    await card.get_by_role("button", name="记录知情同意").tap()
    await expect(card.get_by_text("演示院长")).to_be_visible()
