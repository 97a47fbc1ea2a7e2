"""The emergency, lived in two browsers: a county doctor and the on-call expert.

Half-way through, Valkey and the Celery worker are killed: the page must arrive all the same.
"""

import os
import signal
import time

from playwright.async_api import Locator, expect

from tests.browser.conftest import Door
from tests.browser.visitor import Visitor
from tests.smoke.instance import Instance

CHECKS = (
    "气道与呼吸稳定",
    "循环稳定",
    "静脉通路通畅",
    "氧气够全程再加 30 分钟",
    "急救箱（含接产包）",
    "病历资料与同意书",
    "已告知家属",
)


def kill(region: Instance, name: str) -> int:
    """SIGKILL a child of the demo by the id that the supervisor wrote down."""
    pid = region.child(name)["pid"]
    os.kill(pid, signal.SIGKILL)
    return int(pid)


def restarted(region: Instance, name: str, old_pid: int, patience_s: float = 60) -> None:
    """Wait until the supervisor has replaced a child that was killed."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        child = region.child(name)
        if child["state"] == "running" and child["pid"] not in (old_pid, None):
            return
        time.sleep(0.2)
    raise AssertionError(f"{name} was not restarted: {region.child(name)}")


async def dialog(visitor: Visitor, action: str) -> Locator:
    """Press an action and return its form."""
    await visitor.page.get_by_role("button", name=action, exact=True).first.click()
    form = visitor.page.get_by_role("dialog")
    await expect(form).to_be_visible()
    return form


async def confirm(visitor: Visitor, form: Locator, action: str) -> None:
    """Send the form and wait until it has closed: recorded."""
    await form.get_by_role("button", name=action, exact=True).click()
    await expect(visitor.page.get_by_role("dialog")).to_have_count(0)


async def send_in_three_taps(doctor: Visitor) -> None:
    """Who, what, send."""
    page = doctor.page
    await doctor.go("/referrals/new")
    await page.get_by_role("button", name="＋ 快速新建").click()
    await page.get_by_label("姓名").fill("演示孕妇甲")
    await page.get_by_label("年龄").fill("27")
    await page.get_by_label("孕周（周）").fill("39")
    await page.get_by_label("加（天）").fill("1")
    await page.locator("label.tile", has_text="产后出血").click()
    await page.get_by_label("收缩压").fill("88")
    await page.get_by_label("舒张压").fill("52")
    await page.get_by_label("心率", exact=False).first.fill("128")
    await page.get_by_label("出血量").fill("1300")
    await page.get_by_label("转诊理由").fill("胎盘滞留，出血约 1300 ml，本院备血不足")
    await page.locator("label.choice", has_text="紧急情况，先救后签").click()
    await doctor.picture("new-referral")
    await page.get_by_role("button", name="发送转诊", exact=True).click()
    await page.wait_for_url("**/cases/*")


async def test_from_the_request_to_the_handover(visit: Door) -> None:
    expert = await visit("yj001.expert", width=1920, height=1080, called=True)
    await expert.page.get_by_role("button", name="上岗").click()
    doctor = await visit("lj001.doctor")
    await doctor.sees("进行中")
    await doctor.picture("board")

    killed = {name: kill(visit.region, name) for name in ("valkey", "worker")}
    await send_in_three_taps(doctor)
    ring = expert.page.get_by_role("alertdialog")
    await expect(ring).to_be_visible()
    await expect(ring).to_contain_text("抢救")
    await expert.picture("page-rings")
    for name, pid in killed.items():
        restarted(visit.region, name, pid)

    await ring.get_by_role("button", name="应答并打开").click()
    await expert.page.wait_for_url("**/cases/*")
    await expect(expert.page.get_by_role("alertdialog")).to_have_count(0)
    # Answering the page is answering the case: nobody is asked to press twice.
    again = expert.page.get_by_role("button", name="应答", exact=True)
    await expect(again).to_have_count(0)
    await doctor.sees("首次应答")
    await expect(doctor.page.get_by_text("已应答").first).to_be_visible()

    await ask_and_answer(expert, doctor)

    form = await dialog(expert, "接收")
    await form.get_by_label("床位").fill("产科 ICU 2 床")
    await confirm(expert, form, "接收")

    await doctor.sees("同意接收")
    form = await dialog(doctor, "确定转往该院")
    if await form.get_by_role("combobox").count():
        await form.get_by_role("combobox").first.select_option(index=1)
    await confirm(doctor, form, "确定转往该院")

    form = await dialog(doctor, "出发")
    for check in CHECKS:
        await form.get_by_label(check).check()
    await confirm(doctor, form, "出发")
    await expert.sees("已出发")
    await expert.picture("case-expert")

    await expert.press("已到达")
    await doctor.sees("等待双方签署交接")
    await sign(doctor)
    await expert.sees("转出方已签")
    await sign(expert)
    await doctor.sees("交接")
    form = await dialog(expert, "填写结局并关闭")
    await form.get_by_text("抢救成功").click()
    await form.get_by_label("诊断").fill("产后出血")
    await form.get_by_label("给转出方的反馈").fill("转诊及时，途中处理规范")
    await form.get_by_text("及时", exact=True).click()
    await confirm(expert, form, "填写结局并关闭")
    await doctor.sees("结案")
    await doctor.picture("case-doctor")
    await same_clock(doctor, expert)


async def ask_and_answer(expert: Visitor, doctor: Visitor) -> None:
    """One specific question, answered."""
    form = await dialog(expert, "询问…")
    await form.get_by_label("问题").fill("血红蛋白多少？用过缩宫素吗？")
    await confirm(expert, form, "询问…")
    await doctor.sees("血红蛋白多少？")
    form = await dialog(doctor, "回答询问…")
    await form.get_by_label("回答").fill("78 g/L；缩宫素 20 U 已用")
    await confirm(doctor, form, "回答询问…")
    await expert.sees("78 g/L")


async def sign(visitor: Visitor) -> None:
    """One side's half of the handover."""
    form = await dialog(visitor, "签署交接")
    await form.get_by_label("病情").fill("神志清，血压 102/60")
    await form.get_by_label("用药").fill("缩宫素、氨甲环酸")
    await form.get_by_label("血液制品").fill("红细胞 2 U 输注中")
    await form.get_by_label("资料").fill("病历摘要、检验单")
    await confirm(visitor, form, "签署交接")


async def same_clock(*visitors: Visitor) -> None:
    """Every screen shows the same milestones at the same times."""
    columns = [
        visitor.page.get_by_role("region", name="绿色通道时钟").first for visitor in visitors
    ]
    for column in columns:
        await expect(column.get_by_text("结案").first).to_be_visible()
        # Reached marks have a time; the last one to appear is the outcome's.
        await expect(column.locator("li", has_text="结案").locator("time")).to_be_visible()
    shown = [sorted(await column.locator("time").all_inner_texts()) for column in columns]
    assert len(shown[0]) > 6
    assert shown[0] == shown[1]
