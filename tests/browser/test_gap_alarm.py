"""A roster with a hole ahead: desk and 医务科 see the alarm until somebody fills it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Locator, expect

from tests.browser.conftest import Door
from tests.browser.test_pages import AXE, SERIOUS
from tests.browser.visitor import Visitor
from tests.smoke.person import Person

HOUSE = "ls002"
"""A hospital that no other story needs: a hole in its roster is nobody else's alarm."""

DAY = timedelta(days=1)
HOLE = 9
"""The day, counted from now, on which the new place stands empty."""


def shift(slot_id: str, person_id: str, begin: datetime, days: tuple[int, int]) -> dict[str, Any]:
    """From handover to handover, which is midnight of UTC; the first day has begun already."""
    today = begin.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start, end = (max(begin, today + number * DAY) for number in days)
    return {
        "slot_id": slot_id,
        "person_id": person_id,
        "from": start.isoformat(),
        "to": end.isoformat(),
        "reason": "other",
        "cover": True,
    }


async def a_place_with_a_hole(desk: Person) -> tuple[str, str, str]:
    """A required third line, filled for a month but for one day: the place, that day, who could."""
    (group,) = (await desk.get("/api/duty/groups"))["groups"]
    (today,) = await desk.get("/api/duty/today")
    general = next(one for one in today["slots"] if one["tier"] == "general_duty")
    holder = general["person"]
    made = await desk.post(
        f"/api/duty/groups/{group['id']}/slots",
        {"specialty": "midwifery", "tier": "third", "required": True},
    )
    # Begun already: whoever covers it stands there from now on.
    begin = datetime.fromisoformat(desk.me["server_time"])
    for days in ((0, HOLE), (HOLE + 1, 30)):
        await desk.post("/api/duty/shifts", shift(made["id"], holder["id"], begin, days))
    missing = shift(made["id"], holder["id"], begin, (HOLE, HOLE + 1))
    return made["id"], missing["from"][:10], holder["name"]


def alarm(visitor: Visitor) -> Locator:
    return visitor.page.locator(".gap-alarm")


async def test_a_hole_ahead_alarms_until_it_is_filled(visit: Door) -> None:
    office = await Person(visit.region.url, f"{HOUSE}.desk").log_in()
    place, day, name = await a_place_with_a_hole(office)
    affairs = await visit(f"{HOUSE}.office")
    desk = await visit(f"{HOUSE}.desk", width=390, height=844)
    for visitor, path in ((affairs, "/duty"), (desk, "/board")):
        await visitor.go(path)
        await expect(alarm(visitor)).to_contain_text("未来 14 天必设岗位有")
        await expect(alarm(visitor)).to_contain_text("三线")
        await visitor.page.evaluate(AXE.read_text("utf-8"))
        assert await visitor.page.evaluate(SERIOUS) == []
    await affairs.picture("gap-alarm")

    # From a telephone: to the month, to the hole, to a name; and both pages fall silent.
    await alarm(desk).get_by_role("link").click()
    await desk.page.wait_for_url("**/roster?**")
    hole = desk.page.locator(f'[data-cell="{place}@{day}"] button')
    await expect(hole).to_contain_text("✕ 空岗")
    await expect(hole).to_be_focused()
    await desk.page.keyboard.press("Space")
    await desk.page.locator(".cell-dialog .choices button", has_text=name).first.tap()
    await desk.sees("记录后立即生效")
    await desk.picture("gap-filled-390")
    await desk.press("记录替班")
    await expect(hole).to_contain_text(name)
    for visitor, path in ((affairs, "/duty"), (desk, "/board")):
        async with visitor.page.expect_response("**/api/duty/gaps"):
            await visitor.go(path)
        await expect(alarm(visitor)).to_have_count(0)
    await office.post(f"/api/duty/slots/{place}/retire")
    await office.leave()
