"""A scan from the machine's stick: whose it is, how it plays, its lengths, what cannot be shown."""

import asyncio
import io
import zipfile
from datetime import UTC, datetime
from typing import Any

from playwright.async_api import FilePayload, Locator, expect

from server.demo.ultrasound import BPD_CM, COLUMNS, ROWS, Subject, examination
from tests.browser.conftest import Door
from tests.browser.meeting import scan_file
from tests.browser.test_ctg_reading import without_barriers
from tests.browser.test_vital_signs import fits
from tests.browser.visitor import Visitor
from tests.consult.imaging.clips import clip, grey, stream
from tests.smoke import emergency
from tests.smoke.person import Person

HALF_HEAD = BPD_CM / 0.04 / 2
MIDDLE = 215 - ROWS / 2
"""The drawn head's middle below the picture's, in its pixels."""


async def sent(doctor: Person) -> str:
    """A live case that the city's expert is asked about."""
    body = {
        "pregnancy_id": await emergency.register(doctor, 77),
        "subject": "mother",
        "condition": "eclampsia",
        "acuity": "urgent",
        "reason": "血压升高，胎儿情况待评估",
        "consent": "signed",
        "vitals": {"sbp": 150, "dbp": 98, "hr": 88},
    }
    case: dict[str, Any] = await doctor.post("/api/referrals", body)
    return f"/cases/{case['id']}"


async def brings(here: Visitor, card: Locator) -> None:
    """Three good files, one in a compression that nobody decodes, one that is no scan."""
    files = examination(Subject("YAN^SHI", "", datetime(2026, 11, 26, 2, 0, tzinfo=UTC), "2.25.77"))
    dark = (
        files[1]
        .replace(b"2.25.77.2", b"2.25.77.4")
        .replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.7\0")
    )
    names = ("clip.dcm", "still.dcm", "report.dcm")
    chosen = [scan_file(name, one) for name, one in zip(names, files, strict=True)]
    chosen += [scan_file("video.dcm", dark), scan_file("notes.txt", b"no scan at all")]
    await card.get_by_text("选择 DICOM 文件").locator("input").set_input_files(chosen)
    # Each is read in a child and sealed: seconds on a busy machine.
    await expect(card).to_contain_text("已收入 4 / 5", timeout=60_000)
    await expect(card.locator("li")).to_contain_text("不是 DICOM 文件")
    await expect(card).to_contain_text("下载原文件")
    await expect(card.get_by_role("row").filter(has_text="双顶径")).to_contain_text("9.2 cm")
    ages = card.get_by_role("row").filter(has_text="37.4 wk")
    await expect(ages).to_contain_text("BPD, Hadlock 1984 · 1984 年 ◇ 待核实")
    unsaid = card.get_by_role("row").filter(has_text="36.9 wk")
    await expect(unsaid).to_contain_text("设备未注明参考出处")
    held = card.get_by_role("alert").filter(has_text="请核对")
    await expect(held).to_contain_text("YAN^SHI")
    await expect(held).to_contain_text("演示孕妇77")
    await expect(card.locator(".scan-thumb img")).to_have_count(2)
    await card.scroll_into_view_if_needed()
    await here.picture("scan-held")
    await card.locator(".scan-measures").scroll_into_view_if_needed()
    await here.picture("scan-measures")
    await without_barriers(here)
    await here.press("已核对，是本人", within=card)
    await expect(card).to_contain_text("已核对身份")


async def unpacks(here: Visitor, card: Locator) -> None:
    """The same stick as one archive: what is in already is known, what is no scan says so."""
    files = examination(Subject("YAN^SHI", "", datetime(2026, 11, 26, 2, 0, tzinfo=UTC), "2.25.77"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for n, one in enumerate(files):
            archive.writestr(f"DICOM/IM{n}", one)
        archive.writestr("README.TXT", "no scan")
    chosen: FilePayload = {
        "name": "stick.zip", "mimeType": "application/zip", "buffer": packed.getvalue(),
    }  # fmt: skip
    await card.get_by_text("选择 DICOM 文件").locator("input").set_input_files([chosen])
    await expect(card.locator("li").filter(has_text="README.TXT")).to_contain_text(
        "不是 DICOM 文件", timeout=60_000
    )
    await expect(card.locator(".scan-thumb img")).to_have_count(2)


async def from_the_machine(here: Visitor, card: Locator) -> None:
    """What the county's machine sent is of another woman, says so, and is put away."""
    waiting = card.locator("details").filter(has_text="设备传来的检查")
    await waiting.locator("summary").click()
    one = waiting.get_by_role("article").filter(has_text="YANSHI^LAIYUAN")
    # The demo's history begins with it; pages look every quarter of a minute.
    await expect(one).to_contain_text("姓名无法自动比对", timeout=60_000)
    await expect(one).to_contain_text("彩超一号 · 3 个文件")
    await waiting.scroll_into_view_if_needed()
    await here.picture("scan-arrivals")
    await without_barriers(here)
    await here.press("不归入病例…", within=one)
    await one.get_by_label("不归入的原因").fill("不是本病例孕妇")
    await here.press("移除", within=one)
    await expect(one).to_have_count(0)


async def measures(viewer: Locator, there: Visitor) -> None:
    """From bone to bone, by the file's own calibration."""
    await viewer.get_by_role("button", name="测量", exact=True).click()
    box = await viewer.locator(".scan-stage").bounding_box()
    assert box is not None
    fit = min(box["width"] / COLUMNS, box["height"] / ROWS)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for end in (-HALF_HEAD, HALF_HEAD):
        await there.page.mouse.click(x, y + (MIDDLE + end) * fit)
    said = (await viewer.locator("svg text").first.text_content() or "").removesuffix(" mm")
    assert abs(float(said) - BPD_CM * 10) < 1.5, said


GREY = """
(canvas) => {
  const seen = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
  return seen.reduce((sum, value, at) => (at % 4 === 0 ? sum + value : sum), 0) / (seen.length / 4)
}
"""


async def turns(viewer: Locator, there: Visitor) -> None:
    """Larger by the wheel, brighter by dragging, and back as the file says."""
    canvas, stage = viewer.locator("canvas"), await viewer.locator(".scan-stage").bounding_box()
    assert stage is not None
    x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    before, grey = await canvas.bounding_box(), await canvas.evaluate(GREY)
    assert before is not None
    await there.page.mouse.move(x, y)
    await there.page.mouse.wheel(0, -400)
    larger = await canvas.bounding_box()
    assert larger is not None
    assert larger["width"] > before["width"] * 1.2
    await viewer.get_by_role("button", name="亮度对比", exact=True).click()
    await there.page.mouse.move(x, y)
    await there.page.mouse.down()
    await there.page.mouse.move(x, y + 120, steps=6)
    await there.page.mouse.up()
    assert abs(await canvas.evaluate(GREY) - grey) > 5
    await viewer.get_by_role("button", name="复位").click()
    assert await canvas.bounding_box() == before
    assert await canvas.evaluate(GREY) == grey


async def cites(there: Visitor) -> None:
    """The frame that was looked at last is the one that is offered."""
    await there.press("书写意见")
    await there.page.locator("#advice-text").fill("双顶径与孕周相符，继续观察")
    await there.press("引用数据…")
    choices = there.page.locator(".cite-scan")
    await choices.get_by_role("button").filter(has_text="30 帧").click()
    offered = int(await choices.get_by_label("帧").input_value())
    await choices.get_by_role("button", name=f"引用第 {offered} 帧").click()
    await without_barriers(there)
    await there.press("保存，待签署")
    await expect(there.page.locator(".cited")).to_contain_text(f"第 {offered} 帧")


COVERED = """
(viewer) => {
  const boxes = [...document.querySelectorAll('.toast')].map((one) => one.getBoundingClientRect())
  return [...viewer.querySelectorAll('button, input, select')].filter((one) => {
    const box = one.getBoundingClientRect()
    return boxes.some((over) => over.left < box.right && over.right > box.left
      && over.top < box.bottom && over.bottom > box.top)
  }).map((one) => one.innerText || one.ariaLabel)
}
"""


async def works_beside_a_notice(viewer: Locator, there: Visitor) -> None:
    """Every tool can be pressed all the while, and the picture does not move."""
    stage = viewer.locator(".scan-stage")
    before = await stage.bounding_box()
    notice = await there.gets_a_notice()
    for button in await viewer.locator("button:enabled, input, select").all():
        await button.click(trial=True)
    assert await viewer.evaluate(COVERED) == []
    await expect(notice).to_be_in_viewport(ratio=1)
    assert await stage.bounding_box() == before
    await notice.get_by_role("button", name="关闭").click()


async def on_a_phone(phone: Visitor, path: str) -> None:
    """Nothing is cut off, and the way out is in sight."""
    await phone.go(path)
    await phone.page.locator("#tab-woman").click()
    card = phone.page.locator(".scan-card")
    await expect(card.locator(".scan-thumb img")).to_have_count(2)
    await card.scroll_into_view_if_needed()
    await fits(phone)
    await card.locator(".scan-thumb").nth(1).click()
    viewer = phone.page.get_by_role("dialog", name="影像浏览")
    await expect(viewer.locator("canvas")).to_be_visible()
    await fits(phone)
    close = viewer.get_by_role("button", name="关闭")
    await expect(close).to_be_in_viewport(ratio=1)
    await works_beside_a_notice(viewer, phone)
    await close.click()


async def test_from_the_machine_to_the_expert(visit: Door, doctor: Person) -> None:
    path = await sent(doctor)
    here = await visit("lj001.doctor", height=1400)
    await here.go(path)
    card = here.page.get_by_role("region", name="影像", exact=True)
    await expect(card).to_contain_text("尚无影像")
    await brings(here, card)
    await unpacks(here, card)

    await from_the_machine(here, card)

    there = await visit("yj001.expert")
    await there.go(path)
    await there.page.locator(".scan-card .scan-thumb").first.click()
    viewer = there.page.get_by_role("dialog", name="影像浏览")
    await expect(viewer).to_contain_text("非诊断级显示")
    count = viewer.locator(".cine .num").first
    await expect(count).to_have_text("1 / 30")
    await expect(viewer.get_by_text("已载入")).to_have_count(0)
    await there.page.keyboard.press("ArrowLeft")
    await expect(count).to_have_text("30 / 30")
    await there.page.keyboard.press("Home")
    await there.page.keyboard.press(" ")
    await expect(count).not_to_have_text("1 / 30")
    await there.page.keyboard.press(" ")
    await turns(viewer, there)
    await works_beside_a_notice(viewer, there)
    await measures(viewer, there)
    await there.picture("scan-viewer")
    await without_barriers(there)
    await there.page.keyboard.press("Escape")
    await expect(viewer).to_have_count(0)
    await cites(there)
    await on_a_phone(await visit("yj001.expert", width=390, height=844, dark=True), path)


async def test_a_clip_in_h264_is_stepped_and_a_broken_one_says_why(
    visit: Door, doctor: Person
) -> None:
    path = await sent(doctor)
    here = await visit("lj001.doctor")
    await here.go(path)
    card = here.page.get_by_role("region", name="影像", exact=True)
    chosen = [scan_file("clip.dcm", clip()), scan_file("broken.dcm", clip(stream()[:60]))]
    await card.get_by_text("选择 DICOM 文件").locator("input").set_input_files(chosen)
    await expect(card).to_contain_text("已收入 2 / 2", timeout=60_000)
    await expect(card).to_contain_text("图像数据已损坏")
    await card.locator(".scan-thumb img").click()
    viewer = here.page.get_by_role("dialog", name="影像浏览")
    count = viewer.locator(".cine .num").first
    await expect(viewer.get_by_text("已载入")).to_have_count(0)
    canvas = viewer.locator("canvas")
    for n, keys in ((0, ["Home"]), (3, ["ArrowRight"] * 3), (2, ["ArrowLeft"]), (11, ["End"])):
        for key in keys:
            await here.page.keyboard.press(key)
        await expect(count).to_have_text(f"{n + 1} / 12")
        async with asyncio.timeout(10):
            while abs(await canvas.evaluate(GREY) - grey(n)) > 3:
                await asyncio.sleep(0.05)
    await here.page.keyboard.press(" ")
    await expect(count).not_to_have_text("12 / 12")
    await here.page.keyboard.press("Escape")
