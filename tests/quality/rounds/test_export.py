"""A round handed on: an Excel file and a PDF, whose layout says that it is not the official one."""

from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from quality.rounds import judging, showing
from quality.rounds.book import book_of
from quality.rounds.paper import paper_of
from quality.rounds.schemas import Assess, EntryDetail, GiveFeedback, RoundDetail
from quality.rounds.wording import LAYOUT
from server.web import STATIC
from tests.fixtures.database import Clone
from tests.quality.rounds.told import ELSEWHERE, MEDIAN, Told, tell

Whole = tuple[RoundDetail, list[EntryDetail]]


@pytest.fixture(scope="module")
async def told(module_database: Clone) -> Told:
    """A round in which the county's centre is assessed and has feedback."""
    told = await tell(module_database)
    await told.open()
    await told.submit()
    entry = (await told.entry(told.province)).entry
    order = Assess(version=entry.version, password="-")
    await told.run(told.province, judging.assess, entry.id, order)
    words = GiveFeedback(version=entry.version + 1, words="=1+1 请补足")
    await told.run(told.province, judging.feed_back, entry.id, words)
    return told


@pytest.fixture
async def whole(told: Told) -> Whole:
    async with told.database.app.session(told.province) as session:
        return await showing.whole_round(session, told.clock, told.round_id)


def rows(page: Any) -> list[tuple[Any, ...]]:
    return [tuple(cell.value for cell in row) for row in page.iter_rows()]


async def test_the_file_holds_centres_items_means_and_meanings(told: Told, whole: Whole) -> None:
    book = load_workbook(BytesIO(book_of(*whole, told.clock.now())))
    assert book.sheetnames == ["评估结果", "逐项", "分地区", "口径与权重"]
    head = [row[0] for row in rows(book["评估结果"])]
    assert LAYOUT in head
    county = next(row for row in rows(book["评估结果"]) if row[0] == "石桥县医院")
    assert county[2:7] == ("已反馈", 10, 15, 10, 66.67)
    items = {(row[0], row[2]): row for row in rows(book["逐项"])}
    # Ten minutes and thirty: a median of twenty, half way to full points.
    assert items["石桥县医院", MEDIAN][4:10] == (20, "分", None, 2, 10, 5)
    assert items["石桥县医院", ELSEWHERE][4] is None
    assert rows(book["分地区"])[1] == ("石桥县", 1, 66.67)
    meanings = {row[1]: row for row in rows(book["口径与权重"])}
    assert meanings[ELSEWHERE][9] == "待核实"
    assert "直线" in meanings[MEDIAN][8]


async def test_the_paper_says_the_same_and_that_its_layout_is_not_official(
    told: Told, whole: Whole
) -> None:
    paper = PdfReader(BytesIO(paper_of(*whole, STATIC / "fonts", told.clock.now())))
    said = "".join("".join(page.extract_text().split()) for page in paper.pages)
    assert "表样待核实" in said
    assert "石桥县医院" in said
    assert "请补足" in said
    assert len(paper.pages) == 1 + len(whole[1])


async def test_a_centre_exports_its_own_entry_alone(told: Told) -> None:
    async with told.database.app.session(told.centre) as session:
        found, entries = await showing.whole_round(session, told.clock, told.round_id)
    assert [one.entry.facility.id for one in entries] == [told.world.county_hospital]
    assert not any(one.kind == "on_site" for one in found.items)
