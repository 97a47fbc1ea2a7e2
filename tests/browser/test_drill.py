"""The scripted emergency: anyone can start it, and the CTG is live on the case page."""

import re

from playwright.async_api import expect

from tests.browser.conftest import Door


async def test_drill_rings_and_shows_the_tracing_live(visit: Door) -> None:
    expert = await visit("yj001.expert", width=1920, height=1080, called=True)
    await expert.page.get_by_role("button", name="上岗").click()
    doctor = await visit("lj001.doctor")
    await doctor.go("/demo")
    await doctor.sees("演练: 产后出血转诊")
    await doctor.page.get_by_label(re.compile("无人操作时")).uncheck()
    await doctor.page.get_by_role("button", name="开始演练").click()
    await doctor.sees("演练已开始")

    ring = expert.page.get_by_role("alertdialog")
    await expect(ring).to_be_visible()
    await expect(expert.page).to_have_title(re.compile(r"^\(1\) ☎ "))
    await expert.page.reload()
    await expect(ring).to_be_visible()  # unanswered is unanswered, whatever the browser does
    await expert.page.get_by_role("button", name="先看病例").click()
    await expert.page.wait_for_url("**/cases/*")
    await expert.page.get_by_role("alertdialog").get_by_role("button", name="应答并打开").click()
    await expert.page.wait_for_url("**/cases/*")
    await expert.sees("演练")
    strip = expert.page.locator("section", has_text="走纸速度").last
    await expect(strip.get_by_text("实时").first).to_be_visible()
    await expect(expert.page.locator("div.strip canvas").first).to_be_visible()
    described = expert.page.locator("div.strip")
    await expect(described).to_have_attribute("aria-label", re.compile(r"胎心中位数 \d+"))
    await expert.page.wait_for_timeout(12_000)  # let the pen draw something worth a picture
    await expert.picture("case-ctg")
    await cancel(expert.page.url, visit)


async def cancel(url: str, visit: Door) -> None:
    """Leave no open drill behind for the other stories."""
    origin = await visit("lj001.doctor")
    await origin.page.goto(url)
    await origin.page.get_by_text("其他操作（不能撤回）").click()
    await origin.page.get_by_role("button", name="取消转诊", exact=True).click()
    form = origin.page.get_by_role("dialog")
    await form.get_by_text("病情好转").click()
    await form.get_by_role("button", name="取消转诊", exact=True).click()
    await expect(form).to_have_count(0)
