"""Two people at one scan, each in their own viewer: a hand on a frame, and the way to it."""

from __future__ import annotations

from datetime import UTC, datetime

from playwright.async_api import Locator, expect

from server.demo.ultrasound import Subject, examination
from tests.browser.conftest import Door
from tests.browser.meeting import agreed, meet, scan_file
from tests.browser.test_ctg_reading import without_barriers
from tests.browser.visitor import Visitor
from tests.smoke.person import Person

AT = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)


async def _scans(visitor: Visitor) -> Locator:
    """Her scans, beside the call."""
    panel = visitor.page.locator("#record-panel")
    if not await panel.is_visible():
        bar = visitor.page.get_by_role("toolbar", name="通话操作")
        await bar.get_by_role("button", name="病情").click()
    await panel.get_by_role("tab", name="影像").click()
    return panel


async def _opens(visitor: Visitor, panel: Locator) -> Locator:
    await panel.locator(".scan-thumb").first.click()
    viewer = visitor.page.get_by_role("dialog", name="影像浏览")
    await expect(viewer.get_by_text("已载入")).to_have_count(0)
    return viewer


async def _points(visitor: Visitor, viewer: Locator) -> None:
    """At the middle of the picture."""
    box = await viewer.locator(".scan-stage canvas").bounding_box()
    assert box is not None
    for way in (-8, 0):
        await visitor.page.mouse.move(
            box["x"] + box["width"] / 2 + way, box["y"] + box["height"] / 2
        )


async def test_a_hand_on_a_frame_is_seen_on_the_same_frame_and_leads_there(
    rooms: Door, doctor: Person, expert: Person
) -> None:
    consult = await agreed(doctor, expert)
    here = await rooms("lj001.doctor")
    there = await rooms("yj001.expert", width=390, height=844)
    await meet(here, there, consult)
    panel = await _scans(here)
    files = examination(Subject("YAN^SHI", "", AT, "2.25.91"))
    chosen = [scan_file(f"{n}.dcm", one) for n, one in enumerate(files)]
    await panel.get_by_text("选择 DICOM 文件").locator("input").set_input_files(chosen)
    await expect(panel.locator(".scan-thumb img").first).to_be_visible(timeout=60_000)
    viewer = await _opens(here, panel)
    other = await _opens(there, await _scans(there))

    # The clip is at its first frame on both pages.
    await _points(here, viewer)
    hand = other.locator(".scan-stage .pointer")
    await expect(hand.locator("text")).to_have_text(await here.name())
    box, stage = await hand.bounding_box(), await other.locator(".scan-stage canvas").bounding_box()
    assert box is not None
    assert stage is not None
    assert abs(box["y"] + box["height"] / 2 - stage["y"] - stage["height"] / 2) < 20

    # Eleven frames further nobody's hand lies on what the other sees; one press leads there.
    for _ in range(11):
        await here.page.keyboard.press("ArrowRight")
    await _points(here, viewer)
    follow = other.get_by_role("button", name="正指着第 12 帧")
    await expect(follow).to_be_visible()
    await there.picture("room-scan-follow-phone")
    await without_barriers(there)
    await _points(here, viewer)  # a hand that rests is shown for four seconds
    await follow.click()
    await expect(other.locator(".cine .num").first).to_have_text("12 / 30")
    await _points(here, viewer)
    await expect(hand).to_be_visible()
    await expect(follow).to_have_count(0)
    await here.page.keyboard.press("Escape")
    await here.press("结束会诊室")
