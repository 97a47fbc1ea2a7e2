"""What is owed by the calendar: the quarterly form exported and opened, a plan handed in late."""

import asyncio
import io
import re
from pathlib import Path

from openpyxl import load_workbook
from playwright.async_api import expect
from pypdf import PdfReader

from tests.browser.conftest import Door
from tests.browser.visitor import Visitor


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
    said = "".join("".join(page.extract_text().split()) for page in pages)
    assert "县级母婴安全季度自查评分表" in said
    assert "草稿" not in said
    narrow = await visit("lj001.expert", width=390, height=844, called=True)
    await narrow.page.goto(expert.page.url)
    await narrow.sees("已提交并锁定")
    await narrow.picture("quarterly-form-390")
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
