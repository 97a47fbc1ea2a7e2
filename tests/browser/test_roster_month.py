"""A month is planned, filled, mended by hand, approved by another office and published."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from playwright.async_api import Locator, expect

from registry.facilities.rules import local_date
from tests.browser.conftest import Door
from tests.browser.test_pages import AXE, SERIOUS
from tests.browser.visitor import Visitor
from tests.smoke.person import Person

HOUSE = "qh001"
"""A centre that no other story pages."""

DAYS = 28
HOLE = 2
"""The day, counted from today, on which somebody is taken out."""


def day(first: date, number: int) -> str:
    return (first + timedelta(days=number)).isoformat()


async def rotated(desk: Person, today: date) -> dict[str, dict[str, Any]]:
    """Rotations of all places; whoever fills them now, by tier and specialty."""
    (group,) = await desk.get("/api/duty/today")
    places = {f"{one['tier']} {one['specialty']}": one for one in group["slots"]}
    for name, place in places.items():
        members = [place["person"]["id"]]
        if name in ("first obstetrics", "second obstetrics"):
            other = "second" if name.startswith("first") else "first"
            members.append(places[f"{other} obstetrics"]["person"]["id"])
        pattern = {"shape": "day", "members": members, "start": today.isoformat()}
        body = {"slot_id": place["slot_id"], "code": "weekly", "pattern": pattern}
        await desk.post("/api/duty/rotations", body | {"from": today.isoformat()})
    return places


async def begin(desk: Visitor, first: date) -> None:
    """A temporary plan of four weeks from today, filled from the rotations."""
    page = desk.page
    await desk.go("/roster/plans")
    await desk.press("＋ 新建计划")
    form = page.get_by_role("dialog")
    await form.get_by_label("第一天").fill(day(first, 0))
    await form.get_by_label("最后一天").fill(day(first, DAYS - 1))
    await form.get_by_text("临时", exact=True).click()
    await form.get_by_role("button", name="开始排班").click()
    await desk.press("⟳ 按轮班填充")
    await page.get_by_role("dialog").get_by_role("button", name="按轮班填充").click()
    await desk.sees("没有空岗，也没有冲突。")


async def step(visitor: Visitor, name: str, *, reason: str = "") -> None:
    """Press a step of the plan and confirm it."""
    await visitor.page.locator(".plan-steps").get_by_role("button", name=name, exact=True).click()
    form = visitor.page.get_by_role("dialog")
    if reason:
        await form.get_by_label("退回原因").fill(reason)
    await form.get_by_role("button", name=name, exact=True).click()
    await expect(form).to_have_count(0)


async def stands(visitor: Visitor, state: str) -> None:
    """Wait until the plan's tag says so."""
    await expect(visitor.page.locator(".plan-steps .plan-state")).to_contain_text(state)


async def put(desk: Visitor, cell: Locator, name: str) -> None:
    """Tap a cell and choose a person."""
    await cell.click()
    chosen = desk.page.locator(".cell-dialog .choices button", has_text=name)
    await chosen.first.click()
    await expect(desk.page.locator(".cell-dialog")).to_have_count(0)


async def moved(desk: Visitor, cell: Locator, name: str) -> None:
    """What was carried away left a hole, and is taken back."""
    note = desk.page.locator(".move-note")
    await expect(note).to_contain_text(f"{name}已移到")
    await expect(cell).to_contain_text("✕ 空岗")
    await desk.page.keyboard.press("Control+z")
    await expect(note).to_contain_text("已撤销上一步")
    await desk.sees("没有空岗，也没有冲突。")


async def carried(desk: Visitor, cell: Locator, name: str, *, on: str) -> None:
    """By the keyboard to the next day, said at each step."""
    await cell.focus()
    for key in ("Enter", on, "Enter"):
        await desk.page.keyboard.press(key)
    await moved(desk, cell, name)


async def fingered(desk: Visitor, key: str, name: str) -> None:
    """A finger rests on a name, carries it to the next place and lets go."""
    page = desk.page
    here = page.locator(f'.day-list [data-cell="{key}"]')
    there = page.locator(f'.day-list [data-cell="{key}"] + li')
    await here.evaluate("element => element.scrollIntoView({ block: 'center' })")
    hand = await desk.context.new_cdp_session(page)

    async def touch(what: str, spot: Locator | None) -> None:
        box = None if spot is None else await spot.bounding_box()
        middle = box and {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        points = [middle] if middle else []
        await hand.send("Input.dispatchTouchEvent", {"type": what, "touchPoints": points})

    await touch("touchStart", here.locator(".duty-piece"))
    await expect(page.locator(".drag-ghost")).to_have_text(name)
    await touch("touchMove", there)
    await expect(there).to_have_class(re.compile("over"))
    await desk.picture("roster-drag-390")
    await touch("touchEnd", None)
    await moved(desk, here, name)


async def by_hand_on_a_telephone(desk: Visitor, key: str, name: str) -> None:
    """The same plan in a telephone's width: carried by keys, and by a finger."""
    await desk.page.set_viewport_size({"width": 390, "height": 844})
    cell = desk.page.locator(f'.day-list [data-cell="{key}"] button')
    await carried(desk, cell, name, on="ArrowRight")
    await fingered(desk, key, name)
    await desk.page.set_viewport_size({"width": 1440, "height": 860})


async def test_a_month_is_planned_approved_and_published(visit: Door) -> None:
    office = await Person(visit.region.url, f"{HOUSE}.desk").log_in()
    first = local_date(datetime.fromisoformat(office.me["server_time"]) - timedelta(hours=8))
    places = await rotated(office, first)
    desk = await visit(f"{HOUSE}.desk", width=1440, height=860)
    await begin(desk, first)
    cells = desk.page.locator(".roster-table")
    newborn, lead = places["first neonatology"], places["lead obstetrics"]
    key = f"{newborn['slot_id']}@{day(first, HOLE)}"
    hole = cells.locator(f'[data-cell="{key}"] button')

    await carried(desk, hole, newborn["person"]["name"], on="ArrowDown")
    await by_hand_on_a_telephone(desk, key, newborn["person"]["name"])
    # Taken out by the keyboard: the hole is hatched, named, listed, and stops publishing.
    await hole.focus()
    await desk.page.keyboard.press("Delete")
    await expect(hole).to_contain_text("✕ 空岗")
    await expect(desk.page.locator(".wrong-list li")).to_have_count(1)
    await desk.picture("roster-plan")
    await step(desk, "提交审批")
    await stands(desk, "待审批")
    affairs = await visit(f"{HOUSE}.affairs", width=390, height=844)
    await affairs.go(desk.page.url.removeprefix(visit.region.url))
    await step(affairs, "审批通过")
    await stands(affairs, "已审批")
    await desk.page.reload()
    await step(desk, "发布")
    refused = desk.page.locator(".plan-steps").get_by_role("alert")
    await expect(refused).to_contain_text("必设岗位有空缺，不能发布")
    await step(desk, "退回修改", reason="新生儿科缺一天")
    await stands(desk, "草稿")

    # Mended by a tap; a clash is shown, refused, and taken back.
    await put(desk, hole, newborn["person"]["name"])
    await desk.sees("没有空岗，也没有冲突。")
    twice = cells.locator(f'[data-cell="{lead["slot_id"]}@{day(first, 3)}"] button')
    await put(desk, twice, newborn["person"]["name"])
    await expect(twice).to_contain_text("⚠ 重复排班")
    await step(desk, "提交审批")
    await expect(refused).to_contain_text("排班表有冲突")
    await stands(desk, "草稿")
    await desk.press("↶ 撤销")
    await desk.sees("没有空岗，也没有冲突。")

    await step(desk, "提交审批")
    await stands(desk, "待审批")
    await affairs.page.reload()
    await step(affairs, "审批通过")
    await stands(affairs, "已审批")
    await affairs.picture("roster-plan-390")
    await desk.page.reload()
    await step(desk, "发布")
    await stands(desk, "已发布")
    await seen(desk, affairs, places, first)
    await office.leave()


async def seen(
    desk: Visitor, affairs: Visitor, places: dict[str, dict[str, Any]], first: date
) -> None:
    """The month hangs on the wall and on paper, and today's page says the same."""
    page = desk.page
    await desk.go(f"/roster?view=month&date={day(first, 0)}")
    today = page.locator(
        f'.roster-table [data-cell="{places["first obstetrics"]["slot_id"]}@{day(first, 0)}"]'
    )
    holder = places["first obstetrics"]["person"]["name"]
    await expect(today).to_contain_text(holder)
    await page.evaluate(AXE.read_text("utf-8"))
    assert await page.evaluate(SERIOUS) == []
    await desk.picture("roster-month")
    await page.emulate_media(media="print")
    sheet = page.locator(".print-sheet").first
    await expect(sheet).to_be_visible()
    await expect(sheet).to_contain_text("审批（医务科）")
    paper = await page.pdf(prefer_css_page_size=True)
    assert paper.count(b"/Type /Page\n") == 1, "a month is one side of paper"
    assert b"/MediaBox [0 0 841.9" in paper, "A4, across"
    await page.emulate_media(media="screen")
    await desk.go("/duty")
    await expect(page.locator(".group li", has_text="一线 产科")).to_contain_text(holder)
    await affairs.go("/roster")
    await expect(affairs.page.locator(".day-list .roster-day").first).to_contain_text(holder)
    await affairs.picture("roster-list-390")
