"""Two hands on one tracing: the same second on every paper, stopped, drawn on, and legible."""

from __future__ import annotations

import asyncio

from playwright.async_api import Locator, expect

from tests.bench.web.ward import open_ward
from tests.browser.conftest import Door
from tests.browser.meeting import agreed, drag, sees_the_other
from tests.browser.test_ctg_reading import without_barriers
from tests.browser.visitor import Visitor
from tests.smoke.person import Person

PAST_S = 900
PX_PER_CM = 96 / 2.54
"""As the paper is drawn until somebody measures their screen."""
TOLERANCE_S = 4.0
"""The paper moves on while two pages are asked one after the other."""
SAID_S = 0.3
"""A page says where it points every 70 ms at most: by then the last place was said."""
LEGIBLE_PX = 13
LINE_PX = 2.5

SIZES = """
(board) => {
  const scale = board.getScreenCTM().a
  const least = (of, name) => {
    const found = [...board.querySelectorAll(`.mark ${of}`)]
    return Math.min(...found.map((one) => scale * parseFloat(one.getAttribute(name))))
  }
  return [least('text', 'font-size'), least('path', 'stroke-width')]
}
"""
CUT_OFF = """
(board) => {
  const sheet = board.getBoundingClientRect()
  return [...board.querySelectorAll('.mark text')].filter((one) => {
    const box = one.getBoundingClientRect()
    return box.left < sheet.left - 1 || box.right > sheet.right + 1 || box.top < sheet.top - 1
  }).length
}
"""


async def _strip(visitor: Visitor) -> Locator:
    strip = visitor.page.locator(".strip-room .strip")
    await expect(strip).to_be_visible()
    await strip.evaluate("(element) => element.scrollIntoView({ block: 'center' })")
    return strip


async def _before_now(visitor: Visitor, x: float, cm_per_min: int) -> float:
    """How many seconds before the live edge lies what is `x` pixels of the page from the left."""
    box = await (await _strip(visitor)).bounding_box()
    assert box is not None
    return (box["x"] + box["width"] - x) / (cm_per_min * PX_PER_CM / 60)


async def _hand(visitor: Visitor) -> tuple[float, str]:
    """Where the other's hand is shown, and whose it is."""
    hand = visitor.page.locator(".strip-room .pointer")
    await expect(hand).to_be_visible()
    box = await hand.locator("i").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, await hand.inner_text()


async def _points(visitor: Visitor, share: float) -> float:
    """Points at the tracing there; the place in pixels of the page."""
    box = await (await _strip(visitor)).bounding_box()
    assert box is not None
    x = box["x"] + share * box["width"]
    for way in (-6, 0):
        await visitor.page.mouse.move(x + way, box["y"] + box["height"] / 3)
    await asyncio.sleep(SAID_S)
    return x


async def _same_second(one: Visitor, other: Visitor, share: float, papers: tuple[int, int]) -> None:
    """`one` points, and `other` sees the hand at that second, with its name."""
    x = await _points(one, share)
    pointed = await _before_now(one, x, papers[0])
    shown, name = await _hand(other)
    assert name.strip() == await one.name()
    seen = await _before_now(other, shown, papers[1])
    assert abs(seen - pointed) < TOLERANCE_S, (pointed, seen)


async def test_two_hands_on_one_tracing(rooms: Door, doctor: Person, expert: Person) -> None:
    consult = await agreed(doctor, expert)
    hers = (await doctor.get(f"/api/consults/{consult}"))["consult"]["pregnancy_id"]
    ward = await open_ward(rooms.region, 1, "TOGETHER", first_bed=91)
    async with ward.streaming(seed=11, past_s=PAST_S) as (monitor,):
        here = await rooms("lj001.doctor")
        there = await rooms("yj001.expert", width=390, height=844)
        await here.go(f"/consults/{consult}/room")
        await here.press("开启会诊室")
        body = {"pregnancy_id": hers, "version": 1}
        await doctor.post(f"/api/ctg/recordings/{monitor.recording}/bind", body)
        await here.press("进入会诊室")
        await there.go(f"/consults/{consult}/room")
        await there.press("进入会诊室")
        for visitor in (here, there):
            await sees_the_other(visitor)
            await expect(visitor.page.locator(".strip-room")).to_contain_text("实时")

        # The same paper at two widths, then at two speeds: the same second all the same.
        await _same_second(here, there, 0.9, (1, 1))
        speed = here.page.locator(".strip-room").get_by_label("走纸速度")
        await speed.select_option("3")
        await _same_second(here, there, 0.5, (3, 1))
        await _same_second(there, here, 0.9, (1, 3))

        # Stopped as it is drawn; its hash is said on both pages, and both hands draw on it.
        await here.press("定格监护图")
        boards = [visitor.page.locator(".still .board svg") for visitor in (here, there)]
        for board in boards:
            await expect(board).to_be_visible()
        (still,) = await doctor.get(f"/api/consults/{consult}/stills")
        assert still["source"] == "tracing"
        for visitor in (here, there):
            await expect(visitor.page.locator(".still .hash")).to_contain_text(still["sha256"][:16])
        await here.press("圈")
        await here.page.get_by_label("附注文字").fill("晚期减速")
        await drag(here, boards[0], (0.3, 0.3), (0.5, 0.6))
        await there.press("测量线")
        await there.page.get_by_label("品红").check()
        await drag(there, boards[1], (0.55, 0.5), (0.95, 0.5))
        for visitor, board in zip((here, there), boards, strict=True):
            await expect(board.locator(".mark")).to_have_count(2)
            # By the size at which it is shown, not by the picture's pixels.
            words, line = await board.evaluate(SIZES)
            assert words >= LEGIBLE_PX, words
            assert line >= LINE_PX, line
            assert await board.evaluate(CUT_OFF) == 0
            await without_barriers(visitor)
        marks = (await expert.get(f"/api/consults/{consult}/stills"))[0]["marks"]
        assert len({one["person"]["id"] for one in marks}) == 2
        await boards[1].evaluate("(element) => element.scrollIntoView({ block: 'center' })")
        await there.picture("room-tracing-still-phone")
        await here.press("结束会诊室")
