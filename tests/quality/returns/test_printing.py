"""What leaves the platform: the Excel file parsed again, the PDF rendered and read."""

import io
from dataclasses import replace
from uuid import UUID

import pytest
from msgspec import structs
from openpyxl import load_workbook
from pypdf import PdfReader

from kernel.viewer import Role
from quality.returns.errors import FigureUnseen
from quality.returns.forms import FORMS
from quality.returns.paper import paper_of
from quality.returns.schemas import Cell, EvidenceRef, ReturnDetail, Statement, TableRow
from quality.returns.sheet import sheet_of
from server.paper.handing import FONTS
from tests.papers import said_in
from tests.quality.returns.conftest import HOUSE, Desk

SITE = "https://yunshang.example"
HOSTILE = '=HYPERLINK("http://x")\u202e #read("/etc/passwd") *x* $y$ <b>'


async def filled(desk: Desk, form: str, period: str, by: str = HOUSE) -> UUID:
    made = await desk.begin(form, period, by)
    await desk.fill(made, by, share=0.5)
    return made


def cells(found: ReturnDetail) -> list[list[object]]:
    book = load_workbook(io.BytesIO(sheet_of(found)))
    assert len(book.sheetnames) == 1
    return [[cell.value for cell in row] for row in book.active.iter_rows()]


def words(pdf: bytes) -> str:
    return said_in(PdfReader(io.BytesIO(pdf)).pages)


async def test_the_quarterly_form_opens_again(desk: Desk) -> None:
    made = await filled(desk, "county_quarterly", "2026-Q3")
    await desk.move("submit", made)
    found, form = await desk.look(made), FORMS["county_quarterly"]
    rows = cells(found)
    assert str(rows[0][0]).startswith("附件5")
    assert "石桥县医院" in str(rows[1][0])
    assert "2026-Q3" in str(rows[1][0])
    assert "已锁定" in str(rows[2][0])
    assert "待核实" in str(rows[3][0])
    assert [cell for cell in rows[4] if cell is None] or rows[5][0] == "序号"
    lines = {row[0]: row for row in rows if isinstance(row[0], int)}
    assert len(lines) == len(list(form.items()))
    for number, item in enumerate(form.items(), 1):
        line = lines[number]
        assert str(line[1]).startswith(item.zh)
        assert ("待核实" in str(line[1])) == item.to_be_verified
        assert line[2] == item.points
        assert line[3] == (None if item.points is None else item.points / 2)
    (total,) = [row for row in rows if row[1] == "合计"]
    assert total[2:4] == [100, 50]
    assert any(str(row[1]).startswith("填报人：") for row in rows)


async def test_the_quarterly_form_prints(desk: Desk) -> None:
    made = await filled(desk, "county_quarterly", "2026-Q3")
    draft = words(paper_of(await desk.look(made), SITE, FONTS))
    assert "草稿·未提交" in draft
    await desk.move("submit", made)
    found = await desk.look(made)
    printed = paper_of(found, SITE, FONTS)
    said = words(printed)
    assert "草稿" not in said
    assert found.issues[-1].sha256[:16] in said
    for item in FORMS["county_quarterly"].items():
        assert "".join(item.zh.split()) in said, item.code
    assert "合计10050" in said
    assert printed == paper_of(found, SITE, FONTS)
    box = PdfReader(io.BytesIO(printed)).pages[0].mediabox
    assert box.width > box.height


@pytest.mark.parametrize("form", sorted(FORMS))
async def test_every_form_leaves_as_both(desk: Desk, form: str) -> None:
    period = {"month": "2026-10", "quarter": "2026-Q3", "half_year": "2026-H1"}
    made = await filled(desk, form, period[FORMS[form].cadence])
    if form == "special_population":
        # Who does not keep the list would hand in a form without its one figure.
        with pytest.raises(FigureUnseen):
            await desk.move("submit", made)
    doctor = desk.net.staff[HOUSE]
    keeper = replace(doctor, roles=doctor.roles | {Role.SPECIAL_POPULATION})
    desk.net.staff["keeper"] = keeper
    await desk.move("submit", made, by="keeper")
    found = await desk.look(made)
    assert not any(
        item.pulled is not None and item.pulled.kind == "closed"
        for section in found.sections
        for item in section.items
        if item.code == "women"
    )
    said = words(paper_of(found, SITE, FONTS))
    text = "".join(str(cell) for row in cells(found) for cell in row)
    for item in FORMS[form].items():
        assert item.zh in text
        for column in item.columns:
            assert column.zh in text
            assert "".join(column.zh.split()) in said


def links(pdf: bytes) -> set[str]:
    """Where the paper's link annotations lead."""
    found = set()
    for page in PdfReader(io.BytesIO(pdf)).pages:
        for one in page.annotations or []:
            annotation = one.get_object()
            assert annotation["/Subtype"] == "/Link"
            left, low, right, high = (float(edge) for edge in annotation["/Rect"])
            assert left < right
            assert low < high
            found.add(str(annotation["/A"]["/URI"]))
    return found


async def test_the_quarterly_form_links_to_what_its_figures_rest_on(desk: Desk) -> None:
    made = await filled(desk, "county_quarterly", "2026-Q3")
    await desk.move("submit", made)
    found = await desk.look(made)
    refs = {
        ref
        for section in found.sections
        for item in section.items
        if item.pulled is not None
        for ref in item.pulled.refs
    }
    assert any(ref.path.startswith("/quality/") for ref in refs)
    printed = paper_of(found, SITE, FONTS)
    assert links(printed) == {f"{SITE}{ref.path}" for ref in refs}


async def test_of_many_cases_the_first_are_linked_and_the_rest_are_counted(desk: Desk) -> None:
    found = await desk.look(await filled(desk, "county_quarterly", "2026-Q3"))
    cases = [EvidenceRef(f"/cases/{UUID(int=n)}", f"2026-{n:04}") for n in range(15)]
    section = next(one for one in found.sections if any(item.pulled for item in one.items))
    items = [
        structs.replace(item, pulled=item.pulled and structs.replace(item.pulled, refs=cases))
        for item in section.items
    ]
    told = structs.replace(found, sections=[structs.replace(section, items=items)])
    printed = paper_of(told, SITE, FONTS)
    assert links(printed) == {f"{SITE}{one.path}" for one in cases[:12]}
    assert "等另3条" in words(printed)


async def test_what_is_stated_is_text(desk: Desk) -> None:
    made = await desk.begin("alliance_plan", "2026-12")
    row = TableRow(cells=[Cell(column="what", value=HOSTILE)])
    await desk.state(
        made, Statement(item="focus", text=HOSTILE), Statement(item="works", rows=[row])
    )
    found = await desk.look(made)
    book = load_workbook(io.BytesIO(sheet_of(found)))
    said = [cell for line in book.active.iter_rows() for cell in line if cell.value is not None]
    assert all(cell.data_type != "f" for cell in said)
    assert sum("HYPERLINK" in str(cell.value) for cell in said) == 2
    assert all("\u202e" not in str(cell.value) for cell in said)
    paper = words(paper_of(found, SITE, FONTS))
    assert '#read("/etc/passwd")*x*$y$<b>' in paper
