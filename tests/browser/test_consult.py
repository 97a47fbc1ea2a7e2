"""A consultation of two houses: asked by the county, answered, advised on, and decided."""

from __future__ import annotations

from playwright.async_api import expect

from server.demo import PASSWORD
from tests.browser.conftest import Door
from tests.browser.test_ctg_reading import without_barriers
from tests.browser.visitor import Visitor
from tests.smoke.person import Person

PURPOSE = "产后出血约 1500 mL，是否需要介入？"


async def asks(here: Visitor, woman: str, colleague: str) -> str:
    """About a woman who has no case, of whoever is on call in the province and a colleague."""
    await here.go("/consults/ask")
    await here.page.locator("#woman-search").fill(woman)
    await here.page.locator("#woman-search").press("Enter")
    await here.page.locator(".choices button").filter(has_text=woman).click()
    await here.press("普通会诊")
    await here.page.locator("#invited-0-house").select_option(label="省妇幼")
    await here.press("＋ 再邀请一方")
    await here.page.locator("#invited-1-house").select_option(label="云江市妇幼")
    named = here.page.locator("#invited-1-whom option").filter(has_text=colleague)
    await here.page.locator("#invited-1-whom").select_option(
        value=await named.get_attribute("value")
    )
    await here.page.locator("#consult-purpose").fill(PURPOSE)
    await here.page.locator("#consult-summary").fill("宫缩乏力，已予缩宫素、卡前列素，仍有出血。")
    await here.picture("consult-ask")
    await without_barriers(here)
    await here.press("发出申请")
    await here.page.wait_for_url("**/consults/0*")
    await here.sees("多学科（多机构）会诊")
    await expect(here.page.get_by_role("timer")).to_contain_text("答复剩余")
    return here.page.url


async def advises(there: Visitor) -> None:
    """Finds it in the list, comes, begins, writes and signs with the password."""
    await there.go("/consults")
    row = there.page.locator(".consult-row").filter(has_text=PURPOSE)
    await expect(row).to_contain_text("待答复")
    await row.locator("a").click()
    await there.press("应邀参加")
    await there.press("开始会诊")
    await there.press("书写意见")
    await there.page.get_by_label("检查所见").fill("宫底脐上两指，活动性出血")
    await there.page.locator("#advice-text").fill("双合诊压迫，立即备球囊，30 分钟无效即转诊")
    await there.press("就地救治")
    await there.press("引用数据…")
    await there.page.locator(".advice-choices button").filter(has_text="收缩压 84 mmHg").click()
    await there.page.get_by_text("共同起草").click()
    await there.picture("consult-opinion")
    await without_barriers(there)
    await there.press("保存，待签署")
    await there.sees("共同起草，未签署")
    await there.page.get_by_label("再次输入密码以签署").fill(PASSWORD)
    await there.press("签署")
    await there.sees("已签署")


async def dissents(phone: Visitor, address: str) -> None:
    """A colleague of another house sees it otherwise, and says so by phone."""
    await phone.page.goto(address)
    await phone.press("保留不同意见…")
    await phone.page.get_by_label("不同意见及理由").fill("血源不足，建议同时准备转诊")
    await phone.page.get_by_label("再次输入密码以签署").fill(PASSWORD)
    await phone.press("签署不同意见")
    await expect(phone.page.locator(".stands .dissents")).to_contain_text("血源不足")


async def rates_and_prints(here: Visitor) -> None:
    """Says how it was, and issues the form."""
    await here.press("评价这次会诊")
    for aspect in ("及时", "清楚", "对处理有帮助"):
        await here.page.get_by_role("group", name=aspect, exact=True).get_by_text("4 较好").click()
    await here.press("提交评价")
    await expect(here.page.locator(".rating")).to_contain_text("对处理有帮助 4/5")
    await here.page.locator(".documents").get_by_role("button", name="签发").click()
    await expect(here.page.locator(".documents")).to_contain_text("与病例一致")
    await here.picture("consult-done")
    await without_barriers(here)


async def test_two_houses_are_consulted_and_the_county_decides(visit: Door, doctor: Person) -> None:
    woman = "演示会诊一"
    hers = await doctor.post(
        "/api/patients", {"name": woman, "age": 29, "pregnancy": {"gravida": 2}}
    )
    reading = {"code": "sbp_mmhg", "number": 84, "unit": "mm[Hg]"}
    await doctor.post(
        f"/api/pregnancies/{hers['pregnancy_id']}/observations", {"entries": [reading]}
    )
    here = await visit("lj001.doctor")
    there = await visit("yl001.expert")
    phone = await visit("yj001.second", width=390, height=844)
    address = await asks(here, woman, await phone.name())
    await advises(there)
    await dissents(phone, address)

    # The colleague, whom an ordinary question rings not, answers on a phone: no, and why.
    await phone.press("不能参加")
    form = phone.page.locator(".invitations form")
    await form.get_by_role("button", name="正在抢救或手术").click()
    await phone.picture("consult-phone")
    await without_barriers(phone)
    await form.get_by_role("button", name="不能参加", exact=True).click()
    await expect(phone.page.locator(".invitations article.declined")).to_contain_text(
        "正在抢救或手术"
    )

    await there.press("结束会诊")
    await there.page.locator(".consult-steps form").get_by_role("button", name="结束会诊").click()
    await there.sees("已结束，待邀请方决定")

    await here.page.reload()
    await here.page.locator("#decision-words").fill("按意见压迫并备球囊，暂不转诊")
    await here.page.locator("#decision-password").fill(PASSWORD)
    await here.picture("consult-decide")
    await without_barriers(here)
    await here.press("签名确认")
    await expect(here.page.locator(".decision article")).to_contain_text("采纳")
    await here.sees("已决定")
    over = await doctor.get("/api/consults", which="done")
    (done,) = [one for one in over if one["purpose"] == PURPOSE]
    assert (done["state"], done["outcome"]) == ("closed", "advised")
    assert [one["state"] for one in done["invited"]] == ["accepted", "declined"]
    await rates_and_prints(here)
