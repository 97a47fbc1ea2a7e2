"""多学科会诊呼叫: one button, a whole house rings; it goes on for the specialty that is missing."""

import asyncio

from playwright.async_api import Locator, expect

from tests.browser.conftest import Door
from tests.browser.visitor import Visitor
from tests.smoke import emergency
from tests.smoke.person import Person

TEAM = "多学科会诊呼叫"


def row(visitor: Visitor, specialty: str) -> Locator:
    """What the panel says of one specialty."""
    return visitor.page.locator(f".team-progress tr[data-specialty='{specialty}']")


async def sent(doctor: Person) -> str:
    """A woman who bleeds, on her way to the city's centre; the case's path."""
    order = {
        "pregnancy_id": await emergency.register(doctor, 262),
        "subject": "mother",
        "condition": "pph",
        "acuity": "critical",
        "reason": "产后出血，新生儿窒息复苏后，需多学科会诊",
        "consent": "verbal",
    }
    case = await doctor.post("/api/referrals", order)
    return f"/cases/{case['id']}"


async def answers(visitor: Visitor) -> None:
    """Take the call that rings about the team."""
    ring = visitor.page.get_by_role("alertdialog")
    await expect(ring).to_contain_text(TEAM)
    await ring.get_by_role("button", name="应答并打开").click()
    await visitor.page.wait_for_url("**/cases/*")


async def test_a_team_is_rung_until_each_specialty_has_answered(
    visit: Door, doctor: Person
) -> None:
    path = await sent(doctor)
    # The case has been taken already: only the team is still to come.
    case = await doctor.get("/api" + path.replace("/cases/", "/referrals/"))
    taker = await Person(visit.region.url, "yj001.expert").log_in()
    await emergency.act(taker, case["id"], "offer", "accept", bed="产科 ICU 2 床")
    neonatal = await visit("yj001.neonatal", called=True)
    here = await visit("lj001.doctor")
    await here.go(path)
    await here.press(TEAM)
    form = here.page.get_by_role("dialog")
    await expect(form).to_contain_text("将同时呼叫")
    await expect(form).to_contain_text("新生儿科 1")
    await form.get_by_role("button", name="立即呼叫", exact=True).click()
    await expect(here.page.get_by_role("dialog")).to_have_count(0)
    for specialty in ("obstetrics", "neonatology", "anaesthesia"):
        await expect(row(here, specialty)).to_contain_text("0/1")

    # Obstetrics and anaesthesia say yes; the newborn's doctor is still rung.
    anaesthetist = await Person(visit.region.url, "yj001.anaesthesia").log_in()
    for person in (taker, anaesthetist):
        pages = await person.get("/api/pages/mine")
        (page,) = [one for one in pages if one["reason"] == "consult.mdt"]
        assert page["case_id"] == case["id"]
        await person.post(f"/api/pages/{page['id']}/acknowledge")
        await person.leave()
    for specialty in ("obstetrics", "anaesthesia"):
        await expect(row(here, specialty)).to_contain_text("1/1")
    await expect(row(here, "neonatology")).to_contain_text("正在呼叫")
    panel = here.page.locator("[data-page='consult.mdt']")
    await expect(panel).to_contain_text("后升级")
    await expect(neonatal.page.get_by_role("alertdialog")).to_be_visible()
    await panel.evaluate("element => element.scrollIntoView({ block: 'center' })")
    await here.picture("team-call")

    await answers(neonatal)
    await expect(row(here, "neonatology")).to_contain_text("1/1")
    await expect(panel).to_contain_text("已应答")
    await expect(panel).to_contain_text("内到场")
    # Who said yes is expected: one press says that they are there.
    await neonatal.press("已到场 / 已接手")
    await expect(row(here, "neonatology")).to_contain_text("已到场")
    await asyncio.gather(*(one.page.wait_for_load_state() for one in (here, neonatal)))
