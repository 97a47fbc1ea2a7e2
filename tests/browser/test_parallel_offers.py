"""Two houses are asked side by side; she goes to one, her newborn's cot is kept at another."""

from datetime import datetime, timedelta

from playwright.async_api import expect

from registry.facilities.rules import CHINA
from tests.browser.conftest import Door
from tests.browser.test_emergency import confirm, dialog
from tests.browser.visitor import Visitor
from tests.smoke import emergency
from tests.smoke.person import Person


async def written(doctor: Visitor) -> None:
    """A resuscitation that needs a cot, up to the last step."""
    page = doctor.page
    await doctor.go("/referrals/new")
    await page.get_by_role("button", name="＋ 快速新建").click()
    await page.get_by_label("姓名").fill("演示孕妇丙")
    await page.get_by_label("孕周（周）").fill("33")
    await page.locator("label.tile", has_text="胎盘早剥").click()
    cot = page.get_by_label("需要新生儿科同时答复")
    if not await cot.is_checked():
        await cot.check()
    await page.get_by_label("转诊理由").fill("腹痛、板状腹，胎心 90，出血约 600 ml")
    await page.locator("label.choice", has_text="紧急情况，先救后签").click()


async def takes(expert: Visitor, path: str, *, bed: str, cot: bool) -> None:
    """Accept her, with or without the cot."""
    await expert.go(path)
    await expert.sees("胎盘早剥")
    form = await dialog(expert, "接收")
    await form.get_by_label("床位", exact=False).first.fill(bed)
    answer = form.get_by_text("是" if cot else "否", exact=True)
    if await answer.count():
        await answer.first.click()
    await confirm(expert, form, "接收")


async def test_asked_side_by_side_her_bed_here_the_cot_there(visit: Door) -> None:
    doctor = await visit("lj001.doctor", width=1440, height=1100)
    await written(doctor)
    page = doctor.page
    await page.get_by_role("button", name="自行选择…").click()
    # The list says why: the designated centre first, who is closed below with the reason.
    centre = page.locator(".candidate", has_text="云江市妇幼").first
    await expect(centre).to_contain_text("责任片区救治中心")
    await expect(centre).to_contain_text("NICU 床位可用 1")
    stale = page.locator(".candidate", has_text="岚山市妇幼")
    await expect(stale).to_contain_text("已超时限")
    await page.get_by_text("不适合的").click()
    await expect(page.locator(".candidate.bad", has_text="岚山市医院")).to_contain_text(
        "已公告分流"
    )
    await page.get_by_text("不适合的").click()
    await page.locator(".candidate").first.scroll_into_view_if_needed()
    await page.evaluate("window.scrollTo(0, 0)")
    await doctor.picture("choosing-where")
    await page.get_by_role("button", name="责任片区救治中心").click()
    await doctor.sees("同时询问两家")
    await page.get_by_role("button", name="发送转诊", exact=True).click()
    await page.wait_for_url("**/cases/*")
    path = page.url.removeprefix(doctor.url)

    offers = page.get_by_label("接收机构", exact=True)
    await expect(offers.locator("article")).to_have_count(2)

    expert = await visit("yj001.expert")
    await takes(expert, path, bed="产科 ICU 2 床", cot=False)
    # Her bed stands; cots are asked for elsewhere without anybody pressing a button.
    await expect(offers.locator("article", has_text="新生儿床位").first).to_be_visible()
    neonatal = await visit("yl001.neonatal")
    await takes(neonatal, path, bed="NICU 7", cot=True)

    await doctor.sees("NICU 7")
    form = await dialog(doctor, "确定转往该院")
    if await form.get_by_role("combobox").count():
        await form.get_by_role("combobox").first.select_option(index=1)
    await confirm(doctor, form, "确定转往该院")
    await doctor.sees("已预留")
    # Both who were asked in vain are told, and stay listed until they say that they know.
    await expect(offers.locator("article", has_text="已撤回")).to_have_count(2)
    await doctor.go(path)  # what is written stays; what flew by is gone
    await expect(offers.locator("article")).to_have_count(4)
    await doctor.sees("发出后变化")
    await offers.evaluate("element => element.scrollIntoView({ block: 'center' })")
    await doctor.picture("parallel-offers")


async def test_a_theatre_is_asked_for_and_kept_until_a_time(visit: Door) -> None:
    sender = await Person(visit.region.url, "lj001.doctor").log_in()
    order = {
        "pregnancy_id": await emergency.register(sender, 141),
        "subject": "mother",
        "condition": "placenta_previa",
        "acuity": "critical",
        "reason": "前置胎盘出血，需急诊剖宫产",
        "consent": "verbal",
    }
    case = await sender.post("/api/referrals", order)
    taker = await Person(visit.region.url, "yj001.expert").log_in()
    await emergency.act(taker, case["id"], "offer", "accept", bed="产科 6 床")
    await taker.leave()
    await sender.leave()
    path = f"/cases/{case['id']}"

    doctor = await visit("lj001.doctor")
    await doctor.go(path)
    form = await dialog(doctor, "请求预留")
    await form.get_by_text("手术室", exact=True).click()
    await confirm(doctor, form, "请求预留")
    offers = doctor.page.get_by_label("接收机构", exact=True)
    await expect(offers).to_contain_text("手术室 已请求")

    expert = await visit("yj001.expert", width=390, height=844)
    await expert.go(path)
    form = await dialog(expert, "同意预留… · 手术室")
    until = datetime.now(CHINA) + timedelta(hours=1)  # noqa: TID251
    await form.get_by_label("保留至").fill(f"{until:%Y-%m-%dT%H:%M}")
    await form.get_by_label("床号或说明").fill("3 号手术间")
    await confirm(expert, form, "同意预留…")
    await expect(offers).to_contain_text("3 号手术间")
    await expect(offers).to_contain_text("剩 ")
