"""The duty pages with their forms open: nothing is cut off, and they pass axe.

What is opened here is never sent; the one leave is taken back.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from playwright.async_api import Page

from tests.browser.conftest import Door
from tests.browser.test_pages import AXE, SERIOUS, settle
from tests.browser.visitor import Visitor
from tests.smoke.person import Person

HOUSE = "ls002"
"""Also the house of the hole in a roster: a leave there is nobody else's."""

PHONE = (390, 844, "zh-CN", True)
DESK = (1440, 900, "en", False)


async def _as_it_stands(page: Page) -> None:
    """Nothing to open."""


async def _a_place(page: Page) -> None:
    await page.locator(".setup-acts .el-button").first.click()
    await page.get_by_role("dialog").wait_for()


async def _a_weekly_pattern(page: Page) -> None:
    form = page.locator("form.setup-form")
    await form.locator("select").nth(1).select_option("weekly")
    for box in (await form.locator("fieldset").first.get_by_role("checkbox").all())[:2]:
        await box.check()
    await form.get_by_role("group").nth(1).wait_for()


async def _a_qualification(page: Page) -> None:
    await page.locator("form.setup-form").wait_for()
    await page.locator(".setup-acts .el-button").first.click()
    await page.get_by_role("dialog").wait_for()


async def _terms_of_a_region(page: Page) -> None:
    await page.locator("section.card").nth(1).get_by_role("button").last.click()
    await page.locator("form.setup-form").wait_for()


async def _a_monthly_plan(page: Page) -> None:
    await page.locator(".monthly-plans > .el-button").click()
    await page.locator(".monthly-plans form").wait_for()


async def _a_new_ladder(page: Page) -> None:
    await page.locator(".policy-page > header .el-button").click()
    await page.get_by_role("dialog").wait_for()


async def _a_colleague(page: Page) -> None:
    await page.locator(".buttons .el-button").nth(1).click()
    await page.get_by_role("dialog").get_by_role("combobox").wait_for()


@dataclass(frozen=True)
class Look:
    """A page, and what is opened on it."""

    name: str
    path: str
    open: Callable[[Page], Awaitable[None]] = _as_it_stands


AT_REST = """() => document.getAnimations().every(
  (one) => one.playState !== 'running' || one.effect.getTiming().iterations === Infinity)"""
SEEN = {
    "yj001.desk": (
        Look("setup-places", "/duty/setup", _a_place),
        Look("setup-weekly", "/duty/setup?tab=rotations", _a_weekly_pattern),
        Look("setup-qualifications", "/duty/setup?tab=qualifications", _a_qualification),
        Look("reachability", "/duty/reachability"),
    ),
    "lj002.coordinator": (
        Look("setup-terms", "/duty/setup?tab=terms", _terms_of_a_region),
        Look("drills", "/duty/drills", _a_monthly_plan),
        Look("policies", "/duty/policies", _a_new_ladder),
    ),
    "yj001.expert": (
        Look("change-substitute", "/duty/changes", _a_colleague),
        Look("takeover", "/duty/takeover"),
        Look("fairness", "/duty/fairness"),
        Look("contacts", "/contacts"),
    ),
    "yj001.affairs": (Look("phones", "/phones"), Look("approvals", "/duty/approvals")),
}


async def _stands(visitor: Visitor, name: str) -> None:
    """Whatever was opened has arrived and come to rest, fits and passes axe."""
    await visitor.page.wait_for_function("() => !document.querySelector('.blocks')")
    await visitor.page.wait_for_function(AT_REST)
    over = await visitor.page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert over <= 0, f"{name} is {over} px too wide"
    problems = await visitor.page.evaluate(SERIOUS)
    assert not problems, f"{name}: {problems}"


@pytest.mark.parametrize(
    ("login", "look"),
    [(login, PHONE) for login in SEEN] + [(login, DESK) for login in list(SEEN)[:2]],
    ids=lambda value: value if isinstance(value, str) else f"{value[0]}-{value[2]}",
)
async def test_duty_pages_fit_and_are_accessible(
    visit: Door, login: str, look: tuple[int, int, str, bool]
) -> None:
    width, height, language, dark = look
    visitor = await visit(login, width=width, height=height, language=language, dark=dark)
    await visitor.context.add_init_script(path=AXE)
    for one in SEEN[login]:
        await visitor.go(one.path)
        await settle(visitor)
        await one.open(visitor.page)
        await _stands(visitor, one.name)
        if language == "zh-CN":
            await visitor.picture(f"{one.name}-{width}")


async def test_a_substitute_is_looked_for(visit: Door) -> None:
    office = await Person(visit.region.url, f"{HOUSE}.desk").log_in()
    (today,) = await office.get("/api/duty/today")
    holder = today["slots"][0]["person"]
    begin = datetime.fromisoformat(office.me["server_time"]) + timedelta(days=10)
    absence = {
        "person_id": holder["id"],
        "kind": "annual",
        "from": begin.isoformat(),
        "to": (begin + timedelta(days=3)).isoformat(),
        "substitute_id": None,
        "hand_over": False,
    }
    leave = await office.post("/api/duty/leave", absence)
    desk = await visit(f"{HOUSE}.desk", width=390, height=844)
    await desk.context.add_init_script(path=AXE)
    await desk.go("/duty/setup?tab=leave")
    await desk.press("找替班")
    await desk.page.locator(".leave-shifts li").first.wait_for()
    await _stands(desk, "substitute")
    await desk.picture("setup-substitute-390")
    await office.post(f"/api/duty/leave/{leave['id']}/cancel")
    await office.leave()
