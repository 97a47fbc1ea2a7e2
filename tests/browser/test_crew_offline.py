"""The crew's phone loses its network for three minutes; nothing is lost, doubled or re-timed."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Door
from tests.browser.crew import crew_path, on_the_road, open_sheet, phone, record
from tests.browser.visitor import Visitor
from tests.smoke.person import Json, Person

MINUTE = timedelta(minutes=1)


async def test_three_minutes_without_a_network(visit: Door, doctor: Person, expert: Person) -> None:
    case, leg = await on_the_road(doctor, expert, 81, departed=12 * MINUTE)
    crew = await phone(visit, await crew_path(doctor, leg))
    assert "#" not in crew.page.url

    await crew.context.set_offline(True)
    await enter_three_things(crew)
    await expect(crew.page.locator(".bar.offline")).to_contain_text("3 条待同步")

    # The battery cover comes off: the page opens again, without a network, with everything.
    await crew.page.reload()
    await expect(crew.page.locator(".bar.offline")).to_contain_text("3 条待同步")
    await expect(crew.page.locator(".queued")).to_have_count(3)
    await open_sheet(crew, "继续行驶")
    await record(crew)
    await expect(crew.page.locator(".bar.offline")).to_contain_text("4 条待同步")
    await crew.picture("crew-offline")
    assert await kinds(doctor, case) == []

    await crew.context.set_offline(False)
    await expect(crew.page.locator(".bar.fine")).to_contain_text("全部已同步")
    await expect(crew.page.locator(".queued")).to_have_count(0)
    assert await kinds(doctor, case) == [
        "leg.reported",
        "treatment.given",
        "leg.halted",
        "leg.resumed",
    ]
    happened = [at for _, at in await said(doctor, case)]
    gaps = [(after - before) / MINUTE for before, after in pairwise(happened)]
    assert gaps[:2] == pytest.approx([1, 1], abs=0.4)
    assert gaps[2] == pytest.approx(1, abs=0.9)


async def enter_three_things(crew: Visitor) -> None:
    """Vital signs, a drug, a stop; a minute passes after each."""
    await open_sheet(crew, "生命体征")
    await crew.page.get_by_label("收缩压").fill("92")
    await crew.page.get_by_label("舒张压").fill("58")
    await record(crew)
    await crew.page.clock.fast_forward("01:00")
    await open_sheet(crew, "用药处置")
    await crew.page.get_by_role("button", name="宫缩剂", exact=True).tap()
    await crew.page.get_by_role("button", name="缩宫素", exact=True).tap()
    await crew.page.get_by_label("剂量").fill("10")
    await crew.page.get_by_role("button", name="肌注", exact=True).tap()
    await record(crew, "已给")
    await crew.page.clock.fast_forward("01:00")
    await open_sheet(crew, "停车")
    await crew.page.get_by_role("button", name="道路不通", exact=True).tap()
    await record(crew)
    await crew.page.clock.fast_forward("01:00")


OURS = ("leg.reported", "treatment.given", "leg.halted", "leg.resumed")


async def said(doctor: Person, case: Json) -> list[tuple[str, datetime]]:
    """What the phone added to the case's history, in the order of the chain."""
    timeline = await doctor.get(f"/api/cases/{case['id']}/timeline")
    return [
        (event["kind"], datetime.fromisoformat(event["at"]))
        for event in timeline["events"]
        if event["kind"] in OURS
    ]


async def kinds(doctor: Person, case: Json) -> list[str]:
    """The kinds alone."""
    return [kind for kind, _ in await said(doctor, case)]
