"""Vital signs typed at the case by keyboard: early warning fires, the trend shows it."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Door
from tests.browser.test_pages import AXE, SERIOUS, settle
from tests.browser.visitor import Visitor
from tests.smoke import emergency
from tests.smoke.person import Person


@pytest.fixture
async def doctor(visit: Door) -> AsyncIterator[Person]:
    """The county doctor, at the API."""
    person = await Person(visit.region.url, "lj001.doctor").log_in()
    yield person
    await person.leave()


async def sent(doctor: Person, number: int) -> tuple[str, str]:
    """A live case with a first set of vital signs; its path and the pregnancy."""
    pregnancy = await emergency.register(doctor, number)
    case = await doctor.post(
        "/api/referrals",
        {
            "pregnancy_id": pregnancy,
            "subject": "mother",
            "condition": "eclampsia",
            "acuity": "urgent",
            "reason": "血压升高待排",
            "consent": "signed",
            "vitals": {"sbp": 128, "dbp": 82, "hr": 88},
        },
    )
    return f"/cases/{case['id']}", pregnancy


async def fits(visitor: Visitor) -> None:
    """Nothing is cut off, and axe finds nothing serious."""
    await settle(visitor)
    over = await visitor.page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert over <= 0, f"{over} px too wide"
    await visitor.page.evaluate(AXE.read_text("utf-8"))
    problems = await visitor.page.evaluate(SERIOUS)
    assert not problems, problems


async def test_typed_by_keyboard_meows_fires_and_the_trend_shows_it(
    visit: Door, doctor: Person
) -> None:
    path, pregnancy = await sent(doctor, 91)
    visitor = await visit("lj001.doctor", height=1280)
    await visitor.go(path)
    card = visitor.page.get_by_role("region", name="生命体征")
    meows = card.locator("li", has_text="MEOWS")
    await expect(meows).to_contain_text("资料不足")
    await expect(meows).to_contain_text("缺：")
    form = card.get_by_role("form", name="录入一组")
    await form.locator("input[name=sbp_mmhg]").focus()
    keyboard = visitor.page.keyboard
    await keyboard.type("999")
    await expect(form).to_contain_text("不可能：应在 0–320")
    await keyboard.press("Enter")
    await expect(form.locator("input[name=sbp_mmhg]")).to_be_focused()
    await keyboard.press("Control+a")
    for value in ("166", "104", "96", "22", "96", "36.9"):
        await keyboard.type(value)
        await keyboard.press("Tab")
    await expect(form).to_contain_text("超出通常范围")
    await form.locator("input[name=temp_c]").focus()
    await keyboard.press("Enter")
    await expect(form).to_contain_text("已记录")
    await expect(meows).to_contain_text("触发")
    await expect(meows).to_contain_text("收缩压 166")
    trend = card.get_by_role("img").last
    await expect(trend).to_have_attribute("aria-label", re.compile("128.*166"))
    await visitor.sees("早期预警新触发")
    # Toasts of other stories may stand beside it and go by themselves.
    toasts = visitor.page.locator(".toast").get_by_role("button", name="关闭")
    await toasts.evaluate_all("all => all.forEach(one => one.click())")
    await card.evaluate("element => element.scrollIntoView({block: 'start'})")
    await visitor.page.mouse.wheel(0, -130)
    await visitor.page.wait_for_timeout(200)
    await visitor.picture("vital-signs")
    await fits(visitor)

    phone = await visit("lj001.doctor", width=390, height=844, dark=True)
    await phone.go(f"/pregnancies/{pregnancy}/observations")
    await phone.sees("院内记录")
    await fits(phone)
    await phone.page.get_by_role("button", name="误录").first.click()
    dialog = phone.page.get_by_role("dialog")
    await dialog.get_by_text("数值错").click()
    await dialog.get_by_role("button", name="确认误录").click()
    await expect(phone.page.locator("tr.void").first).to_contain_text("数值错")
