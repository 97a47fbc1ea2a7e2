"""A call that rings once more says why; who answers for a case file says when they are there."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import expect

from tests.browser.conftest import Door
from tests.browser.test_case_file import graded_red
from tests.smoke import emergency
from tests.smoke.person import Json, Person

HOUSE = "ls002"
"""A hospital whose general duty alone is rung by the ladder of this story."""

LADDER = {
    "event": "referral.offered",
    "level": "critical",
    "mode": "first",
    "steps": [{"delay_s": 0, "tiers": ["general_duty"], "specialties": ["*"]}],
    "repeat_s": 15,
    "join_within_s": 180,
    "source": "演示：只呼总值班",
    "confidence": "待核实",
}


async def sent_to(doctor: Person, facility_id: str) -> Json:
    order = {
        "pregnancy_id": await emergency.register(doctor, 271),
        "subject": "mother",
        "condition": "pph",
        "acuity": "critical",
        "reason": "产后出血约 1000 mL",
        "consent": "verbal",
        "drill": True,
        "destinations": [facility_id],
    }
    case: Json = await doctor.post("/api/referrals", order)
    return case


async def test_who_said_no_is_rung_again_and_told_why(visit: Door, doctor: Person) -> None:
    office = await Person(visit.region.url, f"{HOUSE}.office").log_in()
    ladder = await office.post("/api/duty/policies", LADDER)
    phone = await visit(f"{HOUSE}.desk", width=390, height=844, called=True)
    case = await sent_to(doctor, office.me["facility"]["id"])
    ring = phone.page.get_by_role("alertdialog")
    await expect(ring).to_contain_text("请求接收病例")
    await expect(ring).not_to_contain_text("再次呼叫")
    # By the keys of a telephone call: 2 is no, 1 is the first reason.
    await phone.page.keyboard.press("2")
    await expect(ring.get_by_role("button", name="手术中")).to_be_visible()
    await phone.page.keyboard.press("1")
    await expect(ring).to_contain_text("不能应答，至今无人接替：再次呼叫")
    await phone.picture("rung-again-390")
    await phone.page.keyboard.press("1")
    await phone.page.wait_for_url("**/cases/*")
    await emergency.act(doctor, case["id"], "referral", "cancel", code="improved")
    await office.post(f"/api/duty/policies/{ladder['policy_id']}/withdraw", {"reason": "演示结束"})
    await office.leave()


async def _alone_on_call(county: Person) -> Json:
    """孕管中心 has no roster in the demo: one place, filled by its coordinator for a day."""
    group = await county.post("/api/duty/groups", {"code": "files", "name": "专案值班"})
    place: Json = await county.post(
        f"/api/duty/groups/{group['id']}/slots",
        {"specialty": "general_duty", "tier": "general_duty", "required": False},
    )
    begin = datetime.fromisoformat(county.me["server_time"])
    shift = {
        "slot_id": place["id"],
        "person_id": county.me["person_id"],
        "from": begin.isoformat(),
        "to": (begin + timedelta(days=1)).isoformat(),
        "reason": "other",
        "cover": True,
    }
    await county.post("/api/duty/shifts", shift)
    return place


async def test_who_answers_for_a_file_says_that_they_are_there(visit: Door, doctor: Person) -> None:
    office = await Person(visit.region.url, "lj002.coordinator").log_in()
    place = await _alone_on_call(office)
    path = await graded_red(doctor, 272)
    county = await visit("lj002.coordinator", called=True)
    await county.go(path)
    due = datetime.now(UTC) + timedelta(seconds=2)  # noqa: TID251
    file = await doctor.get(f"/api{path}")
    order = {"version": file["version"], "due_at": due.isoformat(), "text": "复查血小板"}
    await doctor.post(f"/api{path}/actions/add_task", order)
    ring = county.page.get_by_role("alertdialog")
    await ring.get_by_role("button", name="应答并打开").click()
    await county.page.wait_for_url(f"**{path}")
    calls = county.page.get_by_role("region", name="呼叫")
    await expect(calls).to_contain_text("专案随访逾期")
    await county.press("已到场 / 已接手", within=calls)
    await expect(calls.locator(".join-done")).to_contain_text("到场")
    await expect(calls.get_by_role("button")).to_have_count(0)
    await calls.evaluate("element => element.scrollIntoView({ block: 'center' })")
    await county.picture("file-call-1920")
    await office.post(f"/api/duty/slots/{place['id']}/retire")
    await office.leave()
