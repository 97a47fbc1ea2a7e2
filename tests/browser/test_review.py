"""A death is reviewed: pack, recusal, twelve cells, conclusion, measure, closed; and on paper."""

import io
import re
from datetime import timedelta

from playwright.async_api import Locator, expect
from pypdf import PdfReader

from kernel.clock import SystemClock
from registry.facilities.rules import local_date
from tests.browser.conftest import Door
from tests.browser.crew import on_the_road
from tests.browser.test_obligations import saved
from tests.browser.visitor import Visitor
from tests.papers import said_in
from tests.smoke.emergency import act
from tests.smoke.person import Person

PANEL = ("second", "neonatal", "anaesthesia")


async def test_a_death_is_reviewed_until_the_loop_is_closed(
    visit: Door, doctor: Person, expert: Person
) -> None:
    case, _ = await on_the_road(
        doctor, expert, 84, departed=timedelta(minutes=12), drill=False,
        condition="pph", reason="产后出血约 1500 mL，血压 84/50，已压迫止血",
    )  # fmt: skip
    await act(expert, case["id"], "leg", "arrive")
    await act(expert, case["id"], "referral", "die", place="手术室", certifier="何静")
    office = await visit("yj001.coordinator")
    await office.go("/case-reviews")
    row = (
        office.page.get_by_role("listitem")
        .filter(has_text=case["number"])
        .filter(has_text="院内评审")
    )
    await row.get_by_role("link").click()
    await office.press("开启评审")
    await office.press("生成资料包")
    await office.press("阅读资料包")
    pack = office.page.get_by_role("region", name="资料包")
    await expect(pack.get_by_text("产后出血约 1500 mL")).to_be_visible()
    await expect(pack.get_by_role("cell", name="+0:00").first).to_be_visible()
    await office.picture("review-pack")
    said = words(await saved(office, "⇩ 打印资料包 (PDF)"))
    assert "SBAR" in said
    assert "时间线" in said
    for hidden in (case["number"], case["pregnancy"]["name"], "云江", "临江"):
        assert hidden not in said

    await panel(visit, office)
    await office.press("现在召开")
    for person in PANEL:
        member = await Person(visit.region.url, f"yj001.{person}").log_in()
        await member.post(f"/api{path(office)}/votes", {"conclusion": "avoidable"})
        await member.leave()
    await found(office)
    await concluded(office)
    await put_right(visit, office)
    await told_in_numbers(visit, office)
    said = words(await saved(office, "⇩ 打印十二格表 (PDF)"))
    for part in ("大量输血方案启动晚", "可避免3票", "每季度开展一次大量输血演练", "已核实"):
        assert part in said, part


def path(visitor: Visitor) -> str:
    """The review's path, on the page as at the API."""
    return visitor.page.url.removeprefix(visitor.url)


def words(pdf: bytes) -> str:
    """What a PDF says, without spaces."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return said_in(pages)


async def panel(visit: Door, office: Visitor) -> None:
    """Three who may vote, and whoever treated her, who is kept out."""
    names = [await called(visit, f"yj001.{one}") for one in (*PANEL, "expert")]
    await office.press("指定评审组")
    dialog = office.page.get_by_role("dialog")
    rows = [await chosen(dialog, name) for name in names]
    await rows[0].get_by_role("radio").check()
    await expect(rows[-1].get_by_text("回避：参与救治")).to_be_visible()
    await dialog.get_by_role("button", name="保存名单").click()
    await office.sees("可表决 3 人")
    seats = office.page.get_by_role("region", name="评审组")
    await expect(seats.get_by_text("回避：参与救治")).to_be_visible()
    await seats.scroll_into_view_if_needed()
    await office.picture("review-panel")
    treated = await visit("yj001.expert")
    await treated.go(path(office))
    await expect(treated.page.get_by_role("region", name="资料包")).to_have_count(0)
    chair = await visit(f"yj001.{PANEL[0]}")
    await chair.go(path(office))
    await expect(chair.page.get_by_role("region", name="资料包")).to_be_visible()
    await expect(chair.page.get_by_text(re.compile("期限|发生于"))).to_have_count(0)


async def called(visit: Door, login: str) -> str:
    """The name of whoever logs in so."""
    person = await Person(visit.region.url, login).log_in()
    name = str(person.me["name"])
    await person.leave()
    return name


async def chosen(dialog: Locator, name: str) -> Locator:
    """Their row in the list of who might sit on the panel, ticked."""
    row = dialog.get_by_role("listitem").filter(has_text=name).first
    await row.get_by_role("checkbox").check()
    return row


async def found(office: Visitor) -> None:
    """What the panel found, in its cell."""
    cells = office.page.get_by_role("region", name="十二格表").first
    await cells.get_by_label("环节").select_option("health")
    await cells.get_by_label("方面").select_option("management")
    await cells.get_by_label(re.compile("发现的问题")).fill("大量输血方案启动晚")
    await cells.get_by_role("button", name="加入表格").click()
    await expect(cells.get_by_role("cell", name="大量输血方案启动晚")).to_be_visible()


async def concluded(office: Visitor) -> None:
    """What most voted for, with its cause and delay."""
    form = office.page.get_by_role("region", name="表决与结论")
    await form.get_by_label("主要原因").select_option("haemorrhage")
    await form.get_by_label("第三延误：得到恰当救治").check()
    await form.get_by_label("评审意见").fill("失血评估不足，输血方案启动晚。")
    await form.get_by_role("button", name="形成结论").click()
    await expect(form.get_by_text("产科出血")).to_be_visible()
    await form.scroll_into_view_if_needed()
    await office.picture("review-conclusion")


async def put_right(visit: Door, office: Visitor) -> None:
    """A measure with owner and day, done, verified by another; then the loop is closed."""
    measures = office.page.get_by_role("region", name="整改措施")
    await measures.get_by_label("做什么").fill("每季度开展一次大量输血演练")
    owner = await called(visit, "yj001.second")
    option = measures.get_by_label("责任人").locator("option").filter(has_text=owner).first
    await measures.get_by_label("责任人").select_option(await option.get_attribute("value"))
    due = local_date(SystemClock().now()) + timedelta(days=30)
    await measures.get_by_label("完成期限").fill(due.isoformat())
    await measures.get_by_role("button", name="添加措施").click()
    await expect(measures.get_by_text("待完成")).to_be_visible()
    second = await visit("yj001.second", width=390, height=844)
    await second.go("/case-reviews")
    mine = second.page.get_by_role("region", name="由我负责的整改")
    await mine.get_by_role("button", name="报告完成").click()
    await mine.get_by_role("textbox").fill("演练记录与签到表")
    await mine.get_by_role("button", name="报告完成").click()
    await expect(mine.get_by_text("待核实", exact=True)).to_be_visible()
    await second.picture("review-measure-phone")
    await measures.get_by_role("button", name="核实通过").click()
    await expect(measures.get_by_text("已核实")).to_be_visible()
    await office.press("结束评审")
    await office.press("结束评审")
    await expect(office.page.get_by_role("listitem").filter(has_text="已闭环")).to_have_attribute(
        "aria-current", "step"
    )
    await measures.scroll_into_view_if_needed()
    await office.picture("review-closed")


async def told_in_numbers(visit: Door, office: Visitor) -> None:
    """Exactly to those who convene, without small counts to the commission."""
    review = office.page.url.removeprefix(office.url)
    await office.go("/case-reviews/statistics")
    cause = office.page.get_by_role("row").filter(has_text="产科出血")
    await expect(cause.get_by_role("cell")).to_have_text("1")
    text = (await saved(office, "⇩ 导出 CSV")).decode("utf-8-sig")
    assert '"产科出血","1"' in text
    await office.picture("review-statistics")
    await office.go("/quality/avoidable_deaths_share")
    await expect(office.page.get_by_text("1/1", exact=True).first).to_be_visible()
    away = await visit("yj009.officer")
    await away.go("/case-reviews/statistics")
    hidden = away.page.get_by_role("row").filter(has_text="产科出血")
    await expect(hidden.get_by_role("cell")).to_have_text("<5")
    await away.go("/quality/avoidable_deaths_share")
    await away.sees("不由您参加的评审只按整季度给出合计")
    await office.go(review)
