"""What is owed by the calendar: the quarterly form exported and opened, a plan handed in late."""

import asyncio
import io
import re
from pathlib import Path

from openpyxl import load_workbook
from playwright.async_api import expect
from pypdf import PdfReader

from tests.browser.conftest import Door
from tests.browser.test_drill import cancel
from tests.browser.visitor import Visitor
from tests.papers import said_in
from tests.smoke.person import Person


async def saved(visitor: Visitor, button: str) -> bytes:
    """The file that a button saves."""
    async with visitor.page.expect_download() as waiting:
        await visitor.press(button)
    place = await (await waiting.value).path()
    return await asyncio.to_thread(Path(place).read_bytes)


async def test_the_quarterly_form_exported_and_opened(visit: Door) -> None:
    expert = await visit("lj001.expert", called=True)
    await expert.go("/quality/obligations")
    row = expert.page.get_by_role("listitem").filter(has_text="县级季度自查评分").first
    await expect(row.get_by_text("2026年第3季度")).to_be_visible()
    await expect(row.get_by_role("link", name=re.compile("查看"))).to_be_visible()  # told by now
    await expert.picture("obligations")
    await row.get_by_role("link", name=re.compile("查看")).click()
    await expert.sees("已提交并锁定")
    await expert.sees("自评得分")
    await expert.picture("quarterly-form")
    book = load_workbook(io.BytesIO(await saved(expert, "⇩ Excel")))
    cells = [str(cell.value) for row in book.active.iter_rows() for cell in row if cell.value]
    assert any("附件5" in one for one in cells)
    assert any("临江县医院" in one for one in cells)
    assert "合计" in cells
    pages = PdfReader(io.BytesIO(await saved(expert, "⇩ PDF"))).pages
    said = said_in(pages)
    assert "县级母婴安全季度自查评分表" in said
    assert "草稿" not in said
    narrow = await visit("lj001.expert", width=390, height=844, called=True)
    await narrow.page.goto(expert.page.url)
    await narrow.sees("已提交并锁定")
    wide = await narrow.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390


async def test_a_plan_is_begun_from_the_board_and_handed_in(visit: Door) -> None:
    expert = await visit("lj001.expert", called=True)
    await expert.go("/quality/obligations")
    row = expert.page.get_by_role("listitem").filter(has_text="医联体月度工作计划")
    await row.get_by_role("button", name="填报").first.click()
    await expert.page.wait_for_url("**/quality/returns/*")
    await expert.page.get_by_role("button", name=re.compile("增加一行")).click()
    await expert.page.get_by_role("textbox", name="日期 1").fill("第一周")
    await expert.page.get_by_role("textbox", name=re.compile("^内容.* 1$")).fill("教学查房")
    await expert.page.get_by_role("textbox", name=re.compile("本月重点")).fill("新生儿复苏")
    await expert.press("保存")
    await expert.sees("已保存")
    await expert.press("提交并锁定")
    await expert.sees("提交后锁定")
    await expert.press("提交并锁定")
    await expert.sees("已提交并锁定")
    await expert.go("/quality/returns")
    done = expert.page.get_by_role("listitem").filter(has_text="医联体月度工作计划").first
    await expect(done.get_by_text("已提交并锁定")).to_be_visible()


async def test_a_drill_from_the_plan_to_the_report(visit: Door, doctor: Person) -> None:
    expert = await visit("lj001.expert", called=True)
    await expert.go("/quality/exercises?kind=emergency")
    await expert.page.get_by_label("演练名称").fill("产后出血快速反应演练（复训）")
    await expert.press("安排演练")
    await expert.page.wait_for_url("**/quality/exercises/*-*")
    place = expert.page.url
    await doctor.post("/api/demo/emergency", {"autoplay": False})
    await expert.page.reload()
    case = expert.page.get_by_label("演练转诊")
    await case.select_option(index=1)
    await expert.press("开始演练")
    await expert.sees("时间节点")
    await expert.sees("发出求助")
    await expert.press("结束演练")
    await expert.page.get_by_label("姓名 1").fill("测试甲")
    await expert.page.get_by_label("发现的问题与体会").fill("接收确认偏慢。")
    await expert.press("完成复盘")
    await expert.sees("已复盘")
    await expert.press("＋ 增加措施")
    await expert.page.get_by_label("要做什么").fill("总值班复训接听流程")
    await expert.page.get_by_label("责任人").select_option(index=1)
    await expert.press("增加措施")
    await expert.sees("总值班复训接听流程")
    await expert.page.evaluate("window.scrollTo(0, 0)")
    await expert.picture("exercise")
    pages = PdfReader(io.BytesIO(await saved(expert, "⇩ 演练报告 PDF"))).pages
    said = said_in(pages)
    for words in ("快速反应团队急救演练报告", "不计入任何指标", "接收确认偏慢", "总值班复训"):
        assert words in said
    narrow = await visit("lj001.expert", width=390, height=844, called=True)
    await narrow.page.goto(place)
    await narrow.sees("总值班复训接听流程")
    assert await narrow.page.evaluate("document.documentElement.scrollWidth") <= 390
    await expert.page.get_by_role("link", name=re.compile("查看演练病例")).click()
    await expert.page.wait_for_url("**/cases/*")
    await cancel(expert.page.url, visit)
