"""Behind a number stand rows, and each leads to its own page, for whoever may open it."""

import asyncio
import io

import pytest
from openpyxl import load_workbook
from playwright.async_api import expect
from pypdf import PdfReader

from tests.browser.conftest import Door
from tests.browser.test_indicator_map import proved, told
from tests.browser.test_obligations import saved
from tests.browser.test_vital_signs import fits
from tests.papers import said_in
from tests.smoke import emergency
from tests.smoke.person import Person


async def asks_for_help(doctor: Person) -> str:
    """The county asks the city about a woman who has no case; the consultation's id."""
    houses = {one["short_name"]: one["id"] for one in await doctor.get("/api/facilities")}
    order = {
        "pregnancy_id": await emergency.register(doctor, 171),
        "urgency": "ordinary",
        "purpose": "妊娠期血压升高，如何用药？",
        "summary": "孕 34 周，血压 146/94 mmHg，尿蛋白阴性。",
        "consent": "spoken",
        "invite": [{"facility_id": houses["云江市妇幼"]}],
    }
    return str((await doctor.post("/api/consults", order))["consult"]["id"])


async def test_a_consultation_leads_to_its_own_page(visit: Door, doctor: Person) -> None:
    consult = await asks_for_help(doctor)
    county = await visit("lj001.doctor")
    await county.go("/quality/remote_consults?days=7")
    row = county.page.locator(f"a[href='/consults/{consult}']")
    await row.click()
    await county.sees("妊娠期血压升高，如何用药？")
    official = await visit("yl003.officer")
    await official.go("/quality/remote_consults?days=7")
    await official.sees(consult[:8])
    # A commission counts what it may not read.
    await expect(official.page.locator("a[href^='/consults/']")).to_have_count(0)


async def test_events_and_proof_are_one_click_from_a_number(visit: Door, doctor: Person) -> None:
    async with asyncio.timeout(60):
        while len(await doctor.get("/api/guidance", which="done")) < 3:
            await asyncio.sleep(0.2)
    county = await visit("lj001.doctor", width=390, height=844)
    await county.go("/quality/responsible_area_guidance?days=90")
    await county.page.locator(".cases").get_by_role("button", name="事件与存证").first.click()
    dialog = county.page.get_by_role("dialog")
    await expect(dialog.get_by_text("远程业务指导").first).to_be_visible()
    await proved(county)
    await fits(county)


async def test_the_set_is_taken_along_as_excel_and_on_paper(visit: Door, doctor: Person) -> None:
    await told(doctor)
    official = await visit("yl003.officer")
    await official.go("/quality?days=90")
    book = load_workbook(io.BytesIO(await saved(official, "⇩ 导出 Excel")))
    rows = [[cell.value for cell in row] for row in book["指标"].iter_rows()]
    heads = next(row for row in rows if "基线" in row)
    names = [row[0] for row in rows if row[heads.index("代码")]]
    pages = PdfReader(io.BytesIO(await saved(official, "⇩ 导出 PDF"))).pages
    said = said_in(pages)
    for name in names[1:]:
        assert "".join(str(name).split()) in said
    await official.page.locator(".export").scroll_into_view_if_needed()


@pytest.mark.parametrize(
    ("code", "path", "heading"),
    [
        ("responsible_area_guidance", "/guidance/", "带教球囊放置与拔除指征。"),
        ("case_files_plan_agreed", "/case-files/", "风险评估报告单"),
        ("request_to_accept", "/cases/", "孕产史与孕周"),
    ],
)
async def test_every_kind_of_row_leads_to_its_page(
    visit: Door, doctor: Person, code: str, path: str, heading: str
) -> None:
    # The region's history is told after the pages are up.
    async with asyncio.timeout(60):
        while len(await doctor.get("/api/guidance", which="done")) < 3:
            await asyncio.sleep(0.2)
    county = await visit("lj001.doctor")
    await county.go(f"/quality/{code}?days=90")
    rows = county.page.locator(f".cases a[href^='{path}']")
    await expect(rows.first).to_be_visible()
    # The session of four days ago is the second newest of three.
    await (rows.nth(1) if path == "/guidance/" else rows.first).click()
    await county.page.wait_for_url(f"**{path}*")
    await county.sees(heading)
