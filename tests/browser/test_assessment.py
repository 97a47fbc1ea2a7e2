"""A whole round: planned, checked, visited, assessed, fed back, put right, closed, exported."""

import io
import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from openpyxl import load_workbook
from playwright.async_api import Locator, expect
from pypdf import PdfReader

from kernel.clock import SystemClock
from registry.facilities.rules import local_date
from server.demo import PASSWORD
from tests.browser.conftest import Door
from tests.browser.test_obligations import saved
from tests.browser.visitor import Visitor
from tests.kernel.media.pictures import png
from tests.papers import said_in
from tests.smoke.person import Person

CENTRE = "云江市妇幼"
BEDS = "抢救床位"


async def closed_days(url: str) -> str:
    """The day before yesterday is closed: the round that the region began with is of other days."""
    day = str(local_date(SystemClock().now() - timedelta(days=2)))
    officer = await Person(url, "yl003.officer").log_in()
    found = await officer.get("/api/quality/periods")
    period = await officer.post(
        "/api/quality/periods",
        {"region_id": found["overseen"][0]["id"], "first_day": day, "last_day": day},
    )
    await officer.leave()
    return str(period["id"])


async def sign(visitor: Visitor, button: str) -> None:
    """The password, then the button that signs."""
    form = visitor.page.locator("form", has=visitor.page.get_by_role("button", name=button))
    await form.get_by_label("登录密码（签名）").fill(PASSWORD)
    await form.get_by_role("button", name=button).click()


async def plan(officer: Visitor, title: str, period: str) -> None:
    await officer.go("/quality/rounds")
    await officer.page.get_by_role("link", name="制定方案").click()
    await officer.page.get_by_label("统计期").select_option(period)
    await officer.page.get_by_label("名称").fill(title)
    await officer.sees(BEDS)
    for box in await officer.page.locator("fieldset input[type=checkbox]").all():
        await box.uncheck()
    await with_weight(officer, BEDS, "20")
    await with_weight(officer, "线上转诊例数", "10")
    await (
        officer.page.locator("fieldset", has_text="线上转诊例数")
        .get_by_label(re.compile("不低于"))
        .fill("1")
    )
    await officer.picture("assessment-plan")
    await officer.press("确定方案")
    await officer.sees("方案已定")
    await officer.press("开始自查")
    await officer.sees("自查中")
    await officer.picture("assessment-round")


async def with_weight(officer: Visitor, name: str, weight: str) -> None:
    box = officer.page.locator("fieldset", has=officer.page.get_by_label(name, exact=True))
    await box.get_by_role("checkbox").check()
    await box.get_by_label("权重", exact=True).fill(weight)
    await box.get_by_label("权重与计分依据（文件）").fill("演示权重，非官方")


async def test_a_whole_assessment_round(visit: Door, tmp_path: Path) -> None:
    period = await closed_days(visit.region.url)
    title = f"试评 {uuid4().hex[:6]}"
    officer = await visit("yl003.officer")
    await plan(officer, title, period)

    affairs = await visit("yj001.affairs")
    await affairs.go("/quality/rounds")
    await affairs.page.get_by_role("link", name=title).click()
    await affairs.page.get_by_role("link", name=CENTRE).click()
    await affairs.page.wait_for_url("**/quality/assessments/*")
    await affairs.sees("自查中")
    entry = affairs.page.url
    await expect(affairs.page.get_by_text(BEDS)).to_have_count(0)
    await affairs.page.get_by_label("本中心说明").fill("与科室登记核对一致。")
    await affairs.page.get_by_label("本中心说明").blur()
    await affairs.sees("已保存")
    photo = tmp_path / "evidence.png"
    photo.write_bytes(png(width=64, height=48))
    await affairs.page.locator("input[type=file]").first.set_input_files(photo)
    await affairs.sees("撤回")
    await affairs.picture("assessment-self-check")
    await sign(affairs, "签名提交自查")
    await affairs.sees("自查已提交")

    phone = await visit("yl003.officer", width=390, height=844)
    await phone.page.goto(entry)
    await phone.press("安排现场评估")
    await phone.press("安排现场评估")
    await phone.sees("到达现场，开始")
    await affairs.page.reload()
    await affairs.sees("自查已提交")
    await expect(affairs.page.get_by_text("现场评估")).to_have_count(0)
    await phone.press("到达现场，开始")
    await phone.press("未达到")
    item = phone.page.get_by_role("article", name=BEDS)
    await item.get_by_label("发现").fill("清点 1 张，不足市级 6 张")
    await item.get_by_label("发现").blur()
    await item.locator("input[type=file]").set_input_files(photo)
    await expect(item.get_by_role("button", name=re.compile("^图片"))).to_be_visible()
    await phone.picture("assessment-visit-phone")
    await sign(phone, "签名")
    await phone.sees("已签名")
    await affairs.page.reload()
    await affairs.sees("清点 1 张，不足市级 6 张")

    await judged(officer, affairs, entry)
    await put_right(officer, affairs, photo)
    await handed_on(officer, title)


async def judged(officer: Visitor, affairs: Visitor, entry: str) -> None:
    """Points and words are the centre's to read after feedback, not before."""
    await officer.page.goto(entry)
    await officer.page.get_by_label("评语").fill("总体较好，床位不足")
    await sign(officer, "签名评估")
    await officer.sees("省级已评估")
    await affairs.page.reload()
    await expect(affairs.page.get_by_text("总体较好")).to_have_count(0)
    await officer.page.get_by_label("反馈意见（中心和下级可见）").fill("请增设抢救床位。")
    await officer.press("反馈结果")
    await officer.sees("已反馈")
    await officer.press("提出整改")
    await officer.page.get_by_label("整改内容").fill("增设抢救床位至 6 张")
    await officer.press("提出整改")
    await officer.sees("待确定责任人")


async def put_right(officer: Visitor, affairs: Visitor, photo: Path) -> None:
    """Somebody answers for it, shows what was done; it is verified and the centre closed."""
    await affairs.page.reload()
    await affairs.sees("请增设抢救床位。")
    await affairs.press("确定责任人")
    task = affairs.page.get_by_role("article", name="增设抢救床位至 6 张")
    await reported(task, photo)
    await affairs.picture("assessment-rectification")
    await officer.page.reload()
    await officer.press("核实通过")
    await officer.sees("已核实")
    await officer.press("办结")
    await officer.sees("已办结")


async def handed_on(officer: Visitor, title: str) -> None:
    """The round as files: what the centre was told and put right stands in both."""
    await officer.go("/quality/rounds")
    await officer.page.get_by_role("link", name=title).click()
    await officer.sees(CENTRE)
    await officer.page.get_by_label("Excel 隐去 1–4 例").check()
    book = load_workbook(io.BytesIO(await saved(officer, "⇩ 导出 Excel")))
    cells = {
        name: [str(cell.value) for row in book[name].iter_rows() for cell in row if cell.value]
        for name in book.sheetnames
    }
    assert CENTRE in "".join(cells["评估结果"])
    assert "请增设抢救床位。" in cells["反馈"]
    assert "增设抢救床位至 6 张" in cells["整改"]
    pages = PdfReader(io.BytesIO(await saved(officer, "⇩ 导出 PDF"))).pages
    said = said_in(pages)
    for words in (title, "表样待核实", "请增设抢救床位", "清点1张"):
        assert "".join(words.split()) in said, words


async def reported(task: Locator, photo: Path) -> None:
    """Evidence, then words."""
    await task.locator("input[type=file]").set_input_files(photo)
    await expect(task.get_by_role("button", name=re.compile("^图片"))).to_be_visible()
    await task.get_by_label("整改情况").fill("已增设至 6 张")
    await task.get_by_role("button", name="提交整改情况").click()
    await expect(task.get_by_text("待核实整改")).to_be_visible()
