"""After the handover: feedback is owed and given, she goes back down, the township receives her.

On the way a paper is issued, opened, and checked by somebody who is not logged in.
"""

import io
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
from playwright.async_api import Locator, expect
from pypdf import PdfReader

from tests.browser.conftest import Door
from tests.browser.test_emergency import confirm, dialog
from tests.browser.visitor import Visitor
from tests.papers import said_in
from tests.smoke import emergency
from tests.smoke.person import Json, Person

PLAN = "每周复查血常规，产后 42 天检查"
FLAGS = "发热、出血增多、头晕心慌，立即返诊"


@pytest.fixture
async def handed_over(visit: Door) -> AsyncIterator[Json]:
    """Sent by the township, treated by the city; outcome and feedback are owed."""
    url = visit.region.url
    midwife = await Person(url, "lj101.doctor").log_in()
    expert = await Person(url, "yj001.expert").log_in()
    case = await midwife.post(
        "/api/referrals",
        {
            "pregnancy_id": await emergency.register(midwife, 81),
            "subject": "mother",
            "condition": "pph",
            "acuity": "critical",
            "reason": "产后出血约 1200 mL，宫缩乏力",
            "consent": "verbal",
            "drill": True,
            "destinations": [expert.me["facility"]["id"]],
        },
    )
    await emergency.act(expert, case["id"], "offer", "accept", bed="产科 ICU 2 床")
    offer = (await midwife.get(f"/api/referrals/{case['id']}"))["offers"][0]["id"]
    await emergency.act(midwife, case["id"], "referral", "commit", offer_id=offer)
    await emergency.act(midwife, case["id"], "leg", "depart", checklist=emergency.CHECKLIST)
    await emergency.act(expert, case["id"], "leg", "arrive")
    for person in (midwife, expert):
        await emergency.act(person, case["id"], "leg", "sign_handover", **emergency.HANDOVER)
    yield await midwife.get(f"/api/referrals/{case['id']}")
    await midwife.leave()
    await expert.leave()


async def test_feedback_then_back_down_received_with_a_paper(
    visit: Door, handed_over: Json
) -> None:
    expert = await visit("yj001.expert")
    await gives_feedback(expert, handed_over)
    midwife = await visit("lj101.doctor", width=390, height=844)
    await reads_it(midwife, handed_over)
    await sends_back(expert)
    await midwife.go(expert.page.url.removeprefix(expert.url))
    await midwife.sees(FLAGS)
    await midwife.page.get_by_role("button", name="签收下转", exact=True).first.tap()
    await midwife.sees("已签收")
    await expert.sees("已签收")
    code = await issues_paper(expert)
    await checks(visit, code)


async def gives_feedback(expert: Visitor, case: Json) -> None:
    """From the list of what is owed, with its clock."""
    page = expert.page
    await expert.go("/feedback")
    row = page.locator("article", has_text=case["number"])
    await expect(row.get_by_text("剩余")).to_be_visible()
    await row.get_by_role("link", name="填写结局与反馈").click()
    form = page.get_by_role("dialog")
    await form.get_by_text("抢救成功", exact=True).click()
    await form.get_by_label("诊断").fill("产后出血，子宫收缩乏力")
    await form.get_by_label("给转出方的反馈").fill("转运及时，途中处理得当")
    await form.get_by_label("需要改正之处").fill("出发前可先备血")
    await confirm(expert, form, "填写结局并关闭")
    await expert.sees("转出方尚未阅读")


async def reads_it(midwife: Visitor, case: Json) -> None:
    """On a phone, from the list of what came back."""
    page = midwife.page
    await midwife.go("/feedback")
    await midwife.sees("已收到，尚未阅读")
    await page.locator("article", has_text=case["number"]).get_by_role("link").tap()
    await midwife.sees("出发前可先备血")
    await page.get_by_role("button", name="已阅反馈", exact=True).first.tap()
    await midwife.sees("转出方已阅")


async def sends_back(expert: Visitor) -> None:
    """Plan, drugs, red flags, a new colour, the day of the follow-up."""
    await expert.sees("转出方已阅")
    form = await dialog(expert, "下转")
    await form.get_by_label("后续管理计划").fill(PLAN)
    await form.get_by_label("用药").fill("琥珀酸亚铁 0.1 g 每日 3 次")
    await form.get_by_label("需立即返诊的情况").fill(FLAGS)
    await form.get_by_text("橙 较高风险", exact=True).first.click()
    day = date.today() + timedelta(days=7)  # noqa: DTZ011
    await form.get_by_label("随访日期").fill(day.isoformat())
    await confirm(expert, form, "下转")
    await expert.sees("签收（24 小时内")


def documents(visitor: Visitor) -> Locator:
    """The card of papers."""
    return visitor.page.get_by_role("region", name="文书")


async def issues_paper(expert: Visitor) -> str:
    """The back-referral form: its PDF says what the plan says; its code."""
    card = documents(expert)
    await card.get_by_role("button", name="签发 下转（回转）单").click()
    link = card.get_by_role("link", name="打开 / 打印 PDF 下转（回转）单")
    await expect(link).to_be_visible()
    await expect(card.get_by_text("与病例一致")).to_be_visible()
    answer = await expert.context.request.get(expert.url + (await link.get_attribute("href") or ""))
    assert answer.headers["content-type"] == "application/pdf"
    pages = PdfReader(io.BytesIO(await answer.body())).pages
    said = said_in(pages)
    for words in ("下转（回转）单", "演练", FLAGS, "琥珀酸亚铁0.1g每日3次", "✓橙", "第1页/共1页"):
        assert words in said, words
    check = card.get_by_role("link", name="核验")
    return (await check.first.get_attribute("href") or "").partition("#")[2]


async def checks(visit: Door, code: str) -> None:
    """Without a login, by the address in the QR code; then with a slip of the finger."""
    anybody = await visit(None, width=390, height=844)
    await anybody.go(f"/verify#{code}")
    await anybody.sees("真实有效")
    await anybody.sees("下转（回转）单")
    assert await anybody.page.get_by_text("演示孕妇").count() == 0
    await anybody.picture("verify-paper")
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    await anybody.page.get_by_label("核验码").fill(wrong)
    await anybody.press("核验")
    await anybody.sees("核验码有误")
