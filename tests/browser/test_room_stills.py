"""Two people at one picture: pointed at, frozen at its source, drawn on; or they telephone."""

from __future__ import annotations

from datetime import datetime, timedelta

from playwright.async_api import expect

from tests.browser.conftest import Door
from tests.browser.meeting import agreed, drag, meet
from tests.browser.test_ctg_reading import without_barriers
from tests.smoke.person import Person


async def test_a_picture_is_frozen_at_its_source_and_drawn_on_by_both(
    rooms: Door, doctor: Person, expert: Person
) -> None:
    consult = await agreed(doctor, expert)
    here = await rooms("lj001.doctor")
    there = await rooms("yj001.expert", width=390, height=844)
    await meet(here, there, consult)

    # Where one hand is, the other page shows it with its owner's name.
    large = here.page.locator(".tile.large svg.points")
    await large.hover(position={"x": 200, "y": 150})
    await large.hover(position={"x": 240, "y": 180})

    await here.press("定格画面")
    boards = [visitor.page.locator(".still .board svg") for visitor in (here, there)]
    for board in boards:
        await expect(board).to_be_visible()
    await expect(here.page.locator(".still .received")).to_have_count(0)
    for visitor in (here, there):
        loaded = "() => document.querySelector('.still img')?.naturalWidth === 640"
        await visitor.page.wait_for_function(loaded)

    await here.press("箭头")
    await here.page.get_by_label("附注文字").fill("颈内口")
    name = await here.name()
    await drag(here, boards[0], (0.2, 0.2), (0.5, 0.5))
    # The hand first: it is shown for a moment only.
    await expect(boards[1].locator(".pointer text")).to_have_text(name)
    await expect(boards[1].locator(".mark.arrow text")).to_have_text("颈内口")
    await here.press("测量线")
    await drag(here, boards[0], (0.3, 0.7), (0.8, 0.7))
    await expect(boards[1].locator(".mark.caliper text")).to_contain_text("px （未标定）")
    await there.press("圈")
    await there.page.get_by_label("青").check()
    await drag(there, boards[1], (0.4, 0.3), (0.7, 0.6))
    for board in boards:
        await expect(board.locator(".mark")).to_have_count(3)
    await here.picture("room-still")
    await there.picture("room-still-phone")
    for visitor in (here, there):
        await without_barriers(visitor)

    # One takes back one's own; the other's stays.
    await there.press("撤销")
    for board in boards:
        await expect(board.locator(".mark")).to_have_count(2)
    await expect(there.page.get_by_role("button", name="撤销")).to_be_disabled()
    (still,) = await doctor.get(f"/api/consults/{consult}/stills")
    assert (still["source"], still["at_source"], still["version"]) == ("camera", True, 4)
    assert [one["undone_by"] for one in still["marks"]] == [None, None, 4]
    # The hand went straight across: nothing moved under it while it drew.
    assert abs(still["marks"][1]["ay"] - still["marks"][1]["by"]) < 2

    # The room is over; what was seen in it is not.
    await here.press("结束会诊室")
    await here.page.locator(".stills button").first.click()
    await expect(boards[0].locator(".mark")).to_have_count(2)
    await expect(here.page.get_by_role("toolbar", name="标注工具")).to_have_count(0)


async def test_a_call_is_entered_late_and_corrected(
    rooms: Door, doctor: Person, expert: Person
) -> None:
    consult = await agreed(doctor, expert)
    here = await rooms("lj001.doctor", width=390, height=844)
    await here.go(f"/consults/{consult}")
    await here.press("补记电话会诊")
    calls = here.page.locator("#phone")
    await calls.get_by_label("拨打的号码").fill("19900000503")
    await calls.get_by_label("与谁通话").fill("卓雨棠 主任")
    await here.press("视频断续", within=calls)
    await calls.get_by_label("告知的病情").fill("G1P0，38 周，反复晚期减速")
    await calls.get_by_label("对方的意见").fill("停缩宫素，准备剖宫产")
    at = calls.get_by_label("通话开始时间")
    begun = datetime.fromisoformat(await at.input_value()) - timedelta(hours=2)
    await at.fill(begun.isoformat(timespec="minutes"))
    await here.press("保存记录")
    await expect(calls.locator("article")).to_have_count(1)
    await expect(calls.locator("article .late")).to_contain_text("补录")
    await without_barriers(here)
    await calls.scroll_into_view_if_needed()
    await here.picture("consult-call-phone")
    await here.press("更正", within=calls)
    await calls.get_by_label("对方的意见").fill("停缩宫素，立即剖宫产")
    await here.press("保存记录")
    await expect(calls.locator("article")).to_have_count(2)
    await expect(calls.locator("article.gone")).to_have_count(1)
    told = (await expert.get(f"/api/consults/{consult}/calls"))["calls"]
    assert [one["corrected_by"] for one in told] == [2, None]
