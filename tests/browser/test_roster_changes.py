"""A swap with both consents and an approval; a sudden illness taken over from a phone."""

from typing import Any

from playwright.async_api import Locator, expect

from tests.browser.conftest import Door
from tests.browser.visitor import Visitor
from tests.smoke import emergency
from tests.smoke.person import Person

HOUSE = "ls001"
"""A centre that no other story needs: its roster may be changed."""

MINE = "我的班次（两个月内）"


async def own_shifts(person: Person) -> list[dict[str, Any]]:
    """The shifts that are still to come, soonest first."""
    found = await person.get("/api/duty/my-shifts")
    return [one["shift"] for one in found if not one["running"]]


def first_card(visitor: Visitor, kind: str) -> Locator:
    """The change of this kind that stands first."""
    return visitor.page.get_by_role("article", name=kind, exact=True).first


async def test_two_agree_to_swap_and_the_coordinator_approves(visit: Door) -> None:
    url = visit.region.url
    first = await Person(url, f"{HOUSE}.expert").log_in()
    before = (await own_shifts(first))[0]
    second = await visit(f"{HOUSE}.second")
    await second.go("/duty/changes")
    mine = second.page.get_by_label(MINE).get_by_role("listitem")
    await (
        mine.filter(has=second.page.get_by_role("button", name="换班…"))
        .first.get_by_role("button", name="换班…")
        .click()
    )
    form = second.page.get_by_role("dialog")
    await (
        form.locator("label.partner", has_text=first.me["name"])
        .first.get_by_role("checkbox")
        .check()
    )
    await form.get_by_role("button", name="发出申请", exact=True).click()
    await expect(form).to_have_count(0)
    await expect(first_card(second, "换班")).to_contain_text("待同事同意")
    await second.picture("roster-swap")

    colleague = await visit(f"{HOUSE}.expert", width=390, height=844)
    await colleague.go("/duty/changes")
    asked = colleague.page.get_by_role("region", name="待我答复")
    await asked.get_by_role("button", name="同意", exact=True).click()
    await expect(first_card(colleague, "换班")).to_contain_text("待审批")
    assert (await own_shifts(first))[0] == before, "nothing moves before the approval"

    coordinator = await visit(f"{HOUSE}.coordinator")
    await coordinator.go("/duty/approvals")
    await expect(first_card(coordinator, "换班")).to_contain_text("待审批")
    await first_card(coordinator, "换班").get_by_role("button", name="批准", exact=True).click()
    await expect(first_card(coordinator, "换班")).to_contain_text("已生效")
    await expect(first_card(second, "换班")).to_contain_text("已生效")
    after = await own_shifts(first)
    assert before["shift_id"] not in {one["shift_id"] for one in after}
    assert any(one["from"] == before["from"] and one["tier"] == "second" for one in after)
    await first.leave()


async def test_somebody_falls_ill_and_a_colleague_takes_over_from_a_phone(visit: Door) -> None:
    url = visit.region.url
    relief = await visit(f"{HOUSE}.coordinator", width=390, height=844, called=True)
    ill = await Person(url, f"{HOUSE}.expert").log_in()
    # Two taps from anywhere: 值班, 立即接替.
    await relief.page.get_by_role("navigation", name="主菜单").get_by_text("值班").last.click()
    await relief.page.get_by_role("link", name="立即接替").click()
    row = relief.page.get_by_role("listitem").filter(has_text=ill.me["name"]).first
    await row.get_by_role("button", name="立即接替", exact=True).click()
    form = relief.page.get_by_role("dialog")
    await expect(form).to_contain_text("从现在起")
    await form.get_by_role("button", name="立即接替", exact=True).click()
    await expect(form).to_have_count(0)
    await expect(row).to_have_count(0)
    await relief.picture("roster-takeover-phone")

    doctor = await Person(url, "lj001.doctor").log_in()
    await doctor.post(
        "/api/referrals",
        {
            "pregnancy_id": await emergency.register(doctor, 82),
            "subject": "mother",
            "condition": "pph",
            "acuity": "critical",
            "reason": "产后出血约 1200 mL，宫缩乏力",
            "consent": "verbal",
            "drill": True,
            "destinations": [ill.me["facility"]["id"]],
        },
    )
    ring = relief.page.get_by_role("alertdialog")
    await expect(ring).to_be_visible()
    await ring.get_by_role("button", name="接听").click()
    await relief.page.wait_for_url("**/cases/*")

    office = await visit(f"{HOUSE}.lead")
    await office.go("/duty/approvals")
    await first_card(office, "突发替班").get_by_role("button", name="补批通过", exact=True).click()
    await expect(first_card(office, "突发替班")).to_contain_text("已补批")
    for person in (ill, doctor):
        await person.leave()
