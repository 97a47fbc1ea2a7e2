"""A red grade opens a case file; its plan is signed by both; what is overdue reaches 孕管中心."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from registry.facilities.rules import CHINA
from server.demo import PASSWORD
from tests.browser.conftest import Door
from tests.browser.test_vital_signs import fits
from tests.browser.visitor import Visitor
from tests.smoke import emergency
from tests.smoke.instance import Instance
from tests.smoke.person import Person

PARTS = {
    "管理方案": "每周产检，每日测血压两次，家属陪护。",
    "诊疗方案": "拉贝洛尔 100 mg 每 8 小时，每周复查血小板。",
    "应急预案": "抽搐或收缩压 ≥160 mmHg：硫酸镁，呼叫 120，直送市妇幼。",
}


@pytest.fixture
async def doctor(visit: Door) -> AsyncIterator[Person]:
    """The county doctor, at the API: grading has a story of its own."""
    person = await Person(visit.region.url, "lj001.doctor").log_in()
    yield person
    await person.leave()


async def graded_red(doctor: Person, number: int) -> str:
    """She is graded red; the path of the file that opened by itself."""
    pregnancy = await emergency.register(doctor, number)
    order = {"colour": "red", "purple": False, "reason": "重度子痫前期，医师复核判定"}
    await doctor.post(f"/api/pregnancies/{pregnancy}/risk/override", order)
    for _ in range(100):
        found = await doctor.get(f"/api/pregnancies/{pregnancy}/case-file")
        if found["case_id"] is not None:
            return f"/case-files/{found['case_id']}"
        await asyncio.sleep(0.1)
    raise AssertionError("no case file opened")


async def fill(visitor: Visitor, opener: str, fields: dict[str, str], *, send: str = "") -> None:
    """Open the form of an action, fill it in, send it, wait until it is recorded."""
    await visitor.press(opener)
    form = visitor.page.get_by_role("dialog")
    for label, value in fields.items():
        await form.get_by_label(label).fill(value)
    await visitor.press(send or opener, within=form)
    await expect(form).to_be_hidden()


async def test_red_opens_a_file_that_both_sign_and_overdue_reaches_the_county(
    visit: Door, doctor: Person
) -> None:
    path = await graded_red(doctor, 131)
    owner = await visit("lj001.doctor", height=1200)
    await owner.go("/case-files")
    await expect(owner.page.locator(f"a[href='{path}']")).to_be_visible()
    await owner.go(path)
    await owner.sees("由评估自动建立")
    report = owner.page.get_by_role("region", name="风险评估报告单")
    await expect(report).to_contain_text("还有 23 小时")
    await expect(report).to_contain_text("待核实")
    await fill(owner, "填写报告单", {"风险因素": "重度子痫前期", "处理意见": "已联系市妇幼"})
    await expect(report).to_contain_text("已上报，待签收")
    await fill(owner, "起草方案", PARTS)
    await fill(owner, "签署方案", {"登录密码": PASSWORD})

    centre = await visit("yj001.expert")
    await centre.go(path)
    await centre.sees(PARTS["应急预案"])
    await fill(centre, "签署方案", {"登录密码": PASSWORD})
    await owner.sees("双方已签署")

    county = await visit("lj002.coordinator")
    await county.go(path)
    await fill(county, "签收", {})
    await expect(report).to_contain_text("已签收")
    due = datetime.now(UTC) + timedelta(seconds=3)  # noqa: TID251
    file = await doctor.get(f"/api{path}")
    order = {"version": file["version"], "due_at": due.isoformat(), "text": "复查血小板"}
    await doctor.post(f"/api{path}/actions/add_task", order)
    await expect(county.page.get_by_text("专案随访逾期").first).to_be_visible()
    await expect(county.page.get_by_text("已上报孕管中心").first).to_be_visible()
    await county.go("/case-files?view=overdue")
    await expect(county.page.locator(f"a[href='{path}']")).to_be_visible()
    await owner.page.wait_for_timeout(300)
    await owner.picture("case-file")
    await fits(owner)

    phone = await visit("lj001.doctor", width=390, height=844, dark=True)
    await phone.go(path)
    visits = phone.page.get_by_role("region", name="随访与任务")
    await visits.get_by_role("button", name="记录随访").first.click()
    form = phone.page.get_by_role("dialog")
    await form.get_by_role("button", name="面访").click()
    await form.get_by_label("地点").fill("产科门诊")
    await form.get_by_label("收缩压").fill("142")
    await form.get_by_label("舒张压").fill("92")
    await form.get_by_label("随访所见").fill("无头痛，胎动好")
    await form.get_by_label("指导意见").fill("继续服药")
    await fits(phone)
    await phone.press("记录随访", within=form)
    await expect(form).to_be_hidden()
    await expect(visits).to_contain_text("已完成或取消 1 项")
    record = phone.page.get_by_role("region", name="记录")
    await expect(record).to_contain_text("收缩压 142")


async def test_a_file_is_opened_by_hand_for_what_no_grade_covers(
    visit: Door, doctor: Person
) -> None:
    await emergency.register(doctor, 133)
    owner = await visit("lj001.doctor")
    await owner.go("/case-files")
    await owner.press("＋ 建立专案")
    form = owner.page.get_by_role("dialog")
    await form.get_by_label("孕产妇").fill("演示孕妇133")
    await owner.press("查找", within=form)
    await form.get_by_role("button", name="演示孕妇133").click()
    await form.get_by_label("建立原因").fill("独居，距医院 3 小时车程，既往急产")
    await fits(owner)
    await owner.press("建立", within=form)
    await owner.page.wait_for_url("**/case-files/*-*")
    await owner.sees("演示孕妇133")
    await owner.sees("既往急产")


async def told(region: Instance) -> None:
    """Wait until the region's history, which is told after the pages are up, has her list."""
    person = await Person(region.url, "lj002.midwife").log_in()
    month = f"{datetime.now(CHINA):%Y-%m}"  # noqa: TID251
    try:
        for _ in range(200):
            if (await person.get("/api/special-population", month=month))["lists"]:
                return
            await asyncio.sleep(0.3)
    finally:
        await person.leave()


def said(path: Path) -> str:
    """What a sheet says."""
    return path.read_text("utf-8-sig")


async def test_the_confidential_list_is_there_for_its_keeper_only(visit: Door) -> None:
    await told(visit.region)
    keeper = await visit("lj002.midwife")
    await keeper.go("/special-population")
    await keeper.sees("每次查阅都有记录")
    await keeper.sees("待核实")
    await keeper.sees("流动人口")
    await fits(keeper)
    async with keeper.page.expect_download() as taken:
        await keeper.press("导出表格")
    sheet = said(await (await taken.value).path())
    assert sheet.startswith("重点人群月度名册（保密）")
    assert "待核实" in sheet
    await keeper.page.emulate_media(media="print")
    await keeper.sees(f"打印人 {await keeper.name()}")
    await expect(keeper.page.get_by_role("button", name="导出表格")).to_be_hidden()
    other = await visit("lj001.doctor")
    await other.go("/special-population")
    await other.sees("没有找到")
    await expect(other.page.get_by_role("link", name="重点人群")).to_have_count(0)
