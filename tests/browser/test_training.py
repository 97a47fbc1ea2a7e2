"""A course is taught: broadcast, attended on a telephone, checked, tested, certified, counted."""

from __future__ import annotations

import asyncio
import io
from uuid import uuid4

import asyncpg
import pytest
from playwright.async_api import Locator, expect
from pypdf import PdfReader

from server.embedded.layout import prepare_layout
from tests.browser.conftest import Door
from tests.browser.test_ctg_reading import without_barriers
from tests.browser.visitor import Visitor
from tests.papers import said_in
from tests.smoke.instance import Instance
from tests.smoke.person import Person, Refused

LECTURE = "第一讲 识别与分级"
QUESTIONS = (
    ("产后 24 小时内阴道分娩出血多少为产后出血？", ("≥300 mL", "≥500 mL"), (1,)),
    ("下列哪些是宫缩剂？", ("缩宫素", "卡前列素氨丁三醇", "硫酸镁"), (0, 1)),
)
FRAMES = """
() => {
  const video = document.querySelector('.class-room > video')
  return video && video.srcObject ? video.getVideoPlaybackQuality().totalVideoFrames : 0
}
"""
ASK_NOW = "UPDATE training_attendee SET next_check_at = now() WHERE class_id = $1::uuid"
"""The lot falls on this moment: minutes of waiting would show nothing more."""


def part(visitor: Visitor, name: str) -> Locator:
    """A part of the page by its name."""
    return visitor.page.get_by_role("region", name=name, exact=True)


async def writes_questions(teacher: Visitor) -> None:
    """Right options are marked; one question takes two."""
    quiz = part(teacher, "测验")
    await teacher.press("出题", within=quiz)
    for n, (words, options, right) in enumerate(QUESTIONS, 1):
        if n > 1:
            await teacher.press("＋ 加一题", within=quiz)
        box = quiz.get_by_role("group", name=f"第 {n} 题")
        await box.get_by_label(f"第 {n} 题", exact=True).last.fill(words)
        for _ in options[2:]:
            await teacher.press("＋ 加选项", within=box)
        for at, option in enumerate(options, 1):
            await box.get_by_label(f"选项 {at}", exact=True).fill(option)
        for at in right:
            await box.get_by_label(f"选项 {at + 1} 正确").check()
    await teacher.picture("training-quiz-written")
    await teacher.press("保存题目", within=quiz)
    await expect(quiz.get_by_text("共 2 题")).to_be_visible()


async def makes_a_course(teacher: Visitor, title: str) -> str:
    """A draft with its questions, published, with a class; the course's path."""
    await teacher.go("/training")
    await teacher.page.get_by_role("link", name="新建课程").click()
    await teacher.page.get_by_label("课程名称").fill(title)
    await teacher.page.get_by_label("简介").fill("识别、分级、宫缩剂与球囊、转诊时机。")
    await teacher.press("保存")
    await writes_questions(teacher)
    await teacher.press("发布课程")
    await teacher.sees("已发布")
    classes = part(teacher, "场次")
    await teacher.press("＋ 安排场次", within=classes)
    await classes.get_by_label("场次名称").fill(LECTURE)
    await teacher.press("安排场次", within=classes)
    await expect(classes.get_by_role("link", name=LECTURE)).to_be_visible()
    return teacher.page.url.removeprefix(teacher.url)


async def looks_on(learner: Visitor, frames: int = 15, seconds: float = 40) -> None:
    """The presenter's picture is decoded."""
    async with asyncio.timeout(seconds):
        while await learner.page.evaluate(FRAMES) < frames:
            await asyncio.sleep(0.2)


async def asked_now(region: Instance, class_id: str) -> None:
    """Everybody who attends is asked with their next heartbeat."""
    connection = await asyncpg.connect(prepare_layout(region.place).postgres_url("yunshang_owner"))
    try:
        await connection.execute(ASK_NOW, class_id)
    finally:
        await connection.close()


async def answers(learner: Visitor) -> None:
    """The number that is named."""
    check = learner.page.get_by_role("alertdialog", name="互动应答")
    await expect(check).to_be_visible()
    wanted = (await check.get_by_text("请点击").inner_text()).removeprefix("请点击 ")
    await learner.picture("training-check-phone")
    await check.get_by_role("button", name=wanted, exact=True).click()
    await expect(check).to_have_count(0)
    await learner.sees("互动应答 1 / 1")


async def passes(learner: Visitor) -> None:
    """Once wrong, once right."""
    quiz = part(learner, "测验")
    for marks, outcome in (
        (((0,), (0,)), "未通过：答对 0 / 2 题"),
        (((1,), (0, 1)), "已通过：答对 2 / 2 题"),
    ):
        for n, options in enumerate(marks):
            box = quiz.get_by_role("group", name=QUESTIONS[n][0])
            for at in options:
                await box.get_by_label(QUESTIONS[n][1][at]).check()
        await learner.press("提交答案", within=quiz)
        await expect(quiz.get_by_text(outcome)).to_be_visible()


async def certificate(learner: Visitor, title: str) -> str:
    """The paper says whose it is, of what, by which rules; its code."""
    card = part(learner, "培训合格证书")
    await learner.press("领取证书", within=card)
    link = card.get_by_role("link", name="打开 PDF")
    await expect(link).to_be_visible()
    answer = await learner.context.request.get(
        learner.url + (await link.get_attribute("href") or "")
    )
    assert answer.headers["content-type"] == "application/pdf"
    pages = PdfReader(io.BytesIO(await answer.body())).pages
    said = said_in(pages)
    for words in ("培训合格证书", await learner.name(), title, LECTURE, "2/2题正确", "待核实"):
        assert "".join(words.split()) in said, words
    check = card.get_by_role("link", name="核验真伪")
    return (await check.get_attribute("href") or "").partition("#")[2]


async def anybody_checks(rooms: Door, code: str, name: str) -> None:
    """It is genuine; whose it is is not said."""
    anybody = await rooms(None, width=390, height=844)
    await anybody.go(f"/verify#{code}")
    await anybody.sees("真实有效")
    await anybody.sees("培训合格证书")
    assert await anybody.page.get_by_text(name).count() == 0


async def is_counted(rooms: Door) -> None:
    """For whoever oversees the house of those who attended."""
    overseer = await rooms("lj002.coordinator")
    await overseer.go("/training/statistics")
    row = overseer.page.get_by_role("row").filter(has_text="临江县医院")
    await expect(row).to_be_visible()
    people, attendances, verified, certificates = [
        int(one) for one in (await row.get_by_role("cell").all_inner_texts())[1:]
    ]
    assert attendances >= verified >= people == certificates == 1
    await overseer.picture("training-units")
    await without_barriers(overseer)


async def test_attended_in_the_room_checked_tested_certified_and_counted(
    rooms: Door, region: Instance
) -> None:
    title = f"产后出血急救培训{uuid4().hex[:4]}"
    teacher = await rooms("yj001.expert")
    course = await makes_a_course(teacher, title)
    await part(teacher, "场次").get_by_role("link", name=LECTURE).click()
    await teacher.page.wait_for_url("**/training/classes/*")
    class_id = teacher.page.url.rpartition("/")[2]
    idler = await Person(region.url, "yj002.expert").log_in()
    learner = await rooms("lj001.doctor", width=390, height=844)
    await learner.go("/training")
    await learner.page.get_by_role("link", name=title).click()
    await learner.page.get_by_role("link", name=LECTURE).click()
    await learner.page.wait_for_url("**/training/classes/*")
    await learner.sees("未开始")

    await teacher.press("开始上课")
    await teacher.sees("进行中")
    await learner.page.reload()
    await learner.press("进入课堂")
    await idler.post(f"/api/training/classes/{class_id}/presence", {})
    await teacher.press("进入课堂")
    for source in ("打开麦克风", "打开摄像头"):
        await teacher.press(source)
    await looks_on(learner)
    await teacher.sees("1 人正在收听")
    assert await learner.page.get_by_role("toolbar", name="直播操作").count() == 0
    await teacher.picture("training-class")
    await without_barriers(teacher)
    await without_barriers(learner)
    await asked_now(region, class_id)
    await answers(learner)
    await idler.post(f"/api/training/classes/{class_id}/presence", {})
    await teacher.press("下课")
    await teacher.press("确认下课")
    await expect(teacher.page.get_by_role("row", name=await learner.name())).to_contain_text(
        "已核验"
    )
    await teacher.picture("training-attendance")
    await learner.sees("出勤已核验")
    await learner.picture("training-verified-phone")

    await learner.go(course)
    await passes(learner)
    code = await certificate(learner, title)
    await learner.picture("training-course-phone")
    await without_barriers(learner)
    with pytest.raises(Refused) as refused:  # there, and never answered
        await idler.post(f"/api{course}/certificate", {})
    assert refused.value.problem["code"] == "training.not_earned"
    await idler.leave()
    await anybody_checks(rooms, code, await learner.name())
    await is_counted(rooms)
