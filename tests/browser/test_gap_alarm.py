"""A roster with a hole ahead: desk and 医务科 see the alarm until somebody fills it."""

from datetime import datetime, timedelta
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
    start, end = (begin + number * DAY for number in days)
    return {
        "slot_id": slot_id,
        "person_id": person_id,
        "from": start.isoformat(),
        "to": end.isoformat(),
        "cover": True,
    }


async def a_place_with_a_hole(desk: Person) -> dict[str, Any]:
    """A required third line, filled for a month but for one day; what would fill that day."""
    (group,) = (await desk.get("/api/duty/groups"))["groups"]
    (today,) = await desk.get("/api/duty/today")
    general = next(one for one in today["slots"] if one["tier"] == "general_duty")
    holder = general["person"]["id"]
    made = await desk.post(
        f"/api/duty/groups/{group['id']}/slots",
        {"specialty": "midwifery", "tier": "third", "required": True},
    )
    # Begun already: whoever covers it stands there from now on.
    begin = datetime.fromisoformat(desk.me["server_time"])
    for days in ((0, HOLE), (HOLE + 1, 30)):
        await desk.post("/api/duty/shifts", shift(made["id"], holder, begin, days))
    return shift(made["id"], holder, begin, (HOLE, HOLE + 1))


def alarm(visitor: Visitor) -> Locator:
    return visitor.page.locator(".gap-alarm")


async def test_a_hole_ahead_alarms_until_it_is_filled(visit: Door) -> None:
    office = await Person(visit.region.url, f"{HOUSE}.desk").log_in()
    missing = await a_place_with_a_hole(office)
    affairs = await visit(f"{HOUSE}.office")
    desk = await visit(f"{HOUSE}.desk", width=390, height=844)
    for visitor, path in ((affairs, "/duty"), (desk, "/board")):
        await visitor.go(path)
        await expect(alarm(visitor)).to_contain_text("未来 14 天必设岗位有")
        await expect(alarm(visitor)).to_contain_text("三线")
        await visitor.page.evaluate(AXE.read_text("utf-8"))
        assert await visitor.page.evaluate(SERIOUS) == []
    await affairs.picture("gap-alarm")

    # One tap leads to the month; the desk fills the hole, and both pages fall silent.
    await alarm(desk).get_by_role("link").click()
    await desk.page.wait_for_url("**/roster?**")
    await office.post("/api/duty/shifts", missing)
    for visitor, path in ((affairs, "/duty"), (desk, "/board")):
        async with visitor.page.expect_response("**/api/duty/gaps"):
            await visitor.go(path)
        await expect(alarm(visitor)).to_have_count(0)
    await office.post(f"/api/duty/slots/{missing['slot_id']}/retire")
    await office.leave()
