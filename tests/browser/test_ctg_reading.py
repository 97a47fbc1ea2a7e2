"""An alarm is taken, the tracing is read at the centre, and the county sees what to do."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import expect

from realtime.alarms.kinds import AlarmKind
from realtime.replay import replay
from server.demo import PASSWORD
from tests.bench.web.ward import open_ward
from tests.browser.conftest import Door
from tests.browser.test_pages import AXE, SERIOUS
from tests.browser.visitor import Visitor
from tests.smoke.person import Person

BED = "产房 88 床"
SECONDS = 300


async def traced(visit: Door, doctor: Person) -> dict[str, Any]:
    """Five minutes with a prolonged deceleration, sent in a moment; then bound to a woman.

    Of this seed the rate stays below the demo house's limit for longer than its delay.
    """
    ward = await open_ward(visit.region, 1, "READ")
    await replay(
        ward.gateway_url,
        ward.token,
        ward.serials,
        synth=["prolonged"],
        beds=[BED],
        seconds=SECONDS,
        speed=60,
        seed=30,
    )
    made = await doctor.post(
        "/api/patients", {"name": "演示判读一", "age": 31, "pregnancy": {"gravida": 1}}
    )
    found = await doctor.get("/api/ctg/recordings", unbound=True)
    (recording,) = [one for one in found if one["device"] in ward.serials]
    body = {"pregnancy_id": made["pregnancy_id"], "version": recording["version"]}
    await doctor.post(f"/api/ctg/recordings/{recording['id']}/bind", body)
    answer: dict[str, Any] = recording
    return answer


async def without_barriers(visitor: Visitor) -> None:
    """Nothing serious that axe would object to."""
    await visitor.page.evaluate(AXE.read_text("utf-8"))
    found = await visitor.page.evaluate(SERIOUS)
    assert found == [], found


async def takes_the_alarm(here: Visitor) -> None:
    """At the bedside: by name, with a reason."""
    await here.go("/ctg/alarms")
    row = here.page.locator(".ctg-alarm").filter(has_text=BED).filter(has_text="胎心过缓")
    await expect(row).to_contain_text("待确认")
    await here.picture("ctg-alarms")
    await without_barriers(here)
    await row.get_by_role("button", name="确认", exact=True).click()
    form = here.page.get_by_role("dialog")
    await form.get_by_text("已通知医生").click()
    await form.get_by_role("button", name="确认", exact=True).click()
    await expect(row).to_have_count(0)  # it was over already: taken, it is closed


async def asks(here: Visitor, recording: str) -> None:
    """The last twenty minutes, urgently, of the city's centre."""
    await here.go(f"/ctg/readings/ask?recording={recording}")
    await here.page.get_by_label("判读单位").select_option(label="云江市妇幼")
    await here.page.get_by_text("紧急：10 分钟内签名").click()
    await here.page.get_by_label("判读要求").fill("延长减速后恢复，是否需要转诊？")
    await here.press("申请判读")
    await here.sees("待认领")


async def reads(there: Visitor) -> None:
    """Claims, cites what the strip shows, signs with the password."""
    await there.go("/ctg/readings")
    mine = there.page.locator(".reading-row").filter(has_text="延长减速后恢复")
    await expect(mine.get_by_role("timer")).to_contain_text("签名剩余")
    await mine.locator("a").click()
    await there.press("认领判读")
    form = there.page.locator("form.report-form")
    await form.get_by_role("combobox", name="变异").select_option("moderate")
    await form.get_by_role("combobox", name="加速").select_option("absent")
    await form.get_by_role("checkbox", name="延长减速").check()
    classes = form.locator("select").filter(has=there.page.locator("option[value=atypical]"))
    await classes.select_option("atypical")
    await form.get_by_role("textbox", name="结论").fill("一次延长减速，已恢复，不典型")
    await form.get_by_role("textbox", name="建议").fill("左侧卧位吸氧，持续监护，20 分钟后复查")
    await there.press("❝ 引用当前可见段")
    await expect(form.locator(".cited-list li")).to_have_count(1)
    await there.page.evaluate("scrollTo(0, 0)")
    await there.picture("ctg-reading")
    await without_barriers(there)
    await form.get_by_label("登录密码").fill(PASSWORD)
    await form.get_by_role("button", name="签名并发回", exact=True).click()
    await there.sees("已签名，待签收")
    await expect(there.page.locator("form.report-form")).to_have_count(0)


async def test_an_alarm_is_taken_read_and_answered_at_the_bedside(
    visit: Door, doctor: Person
) -> None:
    recording = await traced(visit, doctor)
    here, there = await visit("lj001.doctor"), await visit("yj001.second")
    for one in (here, there):
        await one.lets_calls_wait()
    await takes_the_alarm(here)
    await asks(here, recording["id"])
    reading = here.page.url
    await reads(there)
    await here.page.goto(reading)
    await here.sees("左侧卧位吸氧")
    await expect(here.page.get_by_role("timer")).to_contain_text("签收剩余")
    await here.press("签收，按建议处理")
    await here.sees("已签收")
    taken = await doctor.get("/api/ctg/alarms", recording_id=recording["id"], closed=True)
    (alarm,) = [one for one in taken if one["kind"] == AlarmKind.BRADYCARDIA]
    assert alarm["acknowledged_by"]["name"] == await here.name()
    await asyncio.gather(*(one.page.wait_for_load_state() for one in (here, there)))
