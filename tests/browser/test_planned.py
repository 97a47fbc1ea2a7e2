"""预约日程: a week, a list, on a phone, on paper, and as a calendar file without her."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from playwright.async_api import expect

from kernel.clock import SystemClock
from tests.browser.conftest import Door
from tests.browser.test_ctg_reading import without_barriers
from tests.browser.test_wall import fits
from tests.browser.visitor import Visitor
from tests.smoke.person import Person

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
PURPOSES: Final = ("羊水过少，是否终止妊娠", "胎儿心脏异常，转诊时机", "双胎生长不一致")


def _this_hour() -> datetime:
    return SystemClock().now().astimezone(SHANGHAI).replace(minute=0, second=0, microsecond=0)


async def _to_their_week(visitor: Visitor) -> None:
    """On a Sunday night they are next week's."""
    hour = _this_hour()
    if (hour + timedelta(hours=3)).isocalendar().week != hour.isocalendar().week:
        await visitor.press("下一周")


async def _planned(doctor: Person, expert: Person) -> list[str]:
    """Three consultations at agreed times, two of them at once; the women's names."""
    names = []
    hour = _this_hour()
    for n, purpose in enumerate(PURPOSES):
        name = f"预约{uuid4().hex[:4]}"
        names.append(name)
        woman = await doctor.post("/api/patients", {"name": name, "age": 30 + n})
        asked = {
            "pregnancy_id": woman["pregnancy_id"],
            "urgency": "urgent" if n == 1 else "ordinary",
            "purpose": purpose,
            "summary": "G2P1，33 周。",
            "consent": "spoken",
            "invite": [{"facility_id": expert.me["facility"]["id"]}],
        }
        made = (await doctor.post("/api/consults", asked))["consult"]
        path = f"/api/consults/{made['id']}"
        accept = f"{path}/invitations/{made['invited'][0]['id']}/accept"
        made = (await expert.post(accept, {"version": made["version"]}))["consult"]
        starts_at = hour + timedelta(hours=2 + n // 2, minutes=15 * (n % 2))
        time = {"version": made["version"], "starts_at": starts_at.isoformat(), "minutes": 30}
        made = (await expert.post(f"{path}/proposals", time))["consult"]
        await doctor.post(f"{path}/proposals/1/agree", {"version": made["version"]})
    return names


async def test_what_is_planned_is_seen_printed_and_taken_along(
    visit: Door, doctor: Person, expert: Person, tmp_path: Path
) -> None:
    names = await _planned(doctor, expert)
    here = await visit("lj001.doctor", height=800)
    await here.go("/consults")
    await here.page.get_by_label("显示哪些会诊").get_by_text("预约日程").click()
    await _to_their_week(here)
    await expect(here.page.locator(".week-days .planned")).to_have_count(3)
    await expect(here.page.locator(".week-days .clash")).to_have_count(2)
    await here.picture("consults-week")
    await without_barriers(here)

    bar = here.page.get_by_role("toolbar", name="预约日程")
    for _ in range(2):
        await bar.get_by_role("button", name="本周").press("ArrowRight")
    await here.sees("没有预约的会诊")
    await bar.get_by_role("button", name="本周").press("Home")
    await here.press("列表")
    await expect(here.page.locator(".planned-list tbody tr")).to_have_count(3)
    await without_barriers(here)

    async with here.page.expect_download() as saving:
        await here.press("导出日历")
    saved = tmp_path / "consults.ics"
    await (await saving.value).save_as(saved)
    calendar = saved.read_bytes().decode().replace("\r\n ", "")
    assert calendar.count("BEGIN:VEVENT") == 3
    assert "急会诊 " in calendar
    assert not [hers for hers in (*names, *PURPOSES) if hers in calendar]

    # On paper: the table alone, on one sheet, whichever view is open.
    for view in ("周", "列表"):
        await here.press(view)
        if view == "周":
            await _to_their_week(here)
        await expect(here.page.locator(".planned-list tbody tr")).to_have_count(3)
        await here.page.emulate_media(media="print")
        await expect(here.page.locator(".planned-list")).to_be_visible()
        await expect(bar).to_be_hidden()
        paper = await here.page.pdf(prefer_css_page_size=True)
        assert paper.count(b"/Type /Page\n") == 1
        (tmp_path / f"{view}.pdf").write_bytes(paper)
        await here.page.screenshot(path=tmp_path / f"{view}.png")
        await here.page.emulate_media(media="screen")

    phone = await visit("yj001.expert", width=390, height=844, dark=True)
    await phone.go("/consults")
    await phone.page.get_by_label("显示哪些会诊").get_by_text("预约日程").click()
    await _to_their_week(phone)
    await expect(phone.page.locator(".week-days .planned")).to_have_count(3)
    await fits(phone)
    await phone.press("列表")
    await expect(phone.page.locator(".planned-list tbody tr")).to_have_count(3)
    await phone.picture("consults-list-phone")
    await fits(phone)
