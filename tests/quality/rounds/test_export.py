"""A round handed on: an Excel file and a PDF, whose layout says that it is not the official one."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from msgspec.structs import replace
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import text

from quality.rounds import judging, putting_right, showing, timers
from quality.rounds.book import book_of
from quality.rounds.paper import paper_of
from quality.rounds.schemas import Assess, Demand, EntryDetail, GiveFeedback, RoundDetail
from quality.rounds.wording import LAYOUT
from server.web import STATIC
from tests.fixtures.database import Clone
from tests.papers import said_in
from tests.quality.cases import SYSTEM
from tests.quality.rounds.told import ELSEWHERE, MEDIAN, ON_SITE, Told, tell
from tests.realtime.alarms.ward import At

Whole = tuple[RoundDetail, list[EntryDetail]]


@pytest.fixture(scope="module")
async def told(module_database: Clone) -> Told:
    """A round in which the county's centre has feedback, and something to put right."""
    told = await tell(module_database)
    await told.open()
    await told.submit()
    entry = (await told.entry(told.province)).entry
    order = Assess(version=entry.version, password="-")
    await told.run(told.province, judging.assess, entry.id, order)
    words = GiveFeedback(version=entry.version + 1, words="=1+1 请补足")
    await told.run(told.province, judging.feed_back, entry.id, words)
    demand = Demand(
        version=entry.version + 2, what="增设抢救床位", due_on=date(2026, 12, 20), code=ON_SITE
    )
    await told.run(told.province, putting_right.demand, entry.id, demand)
    return told


@pytest.fixture
async def whole(told: Told) -> Whole:
    async with told.database.app.session(told.province) as session:
        return await showing.whole_round(session, told.clock, told.round_id)


def rows(page: Any) -> list[tuple[Any, ...]]:
    return [tuple(cell.value for cell in row) for row in page.iter_rows()]


async def test_the_file_holds_centres_items_means_and_meanings(told: Told, whole: Whole) -> None:
    book = load_workbook(BytesIO(book_of(*whole, told.clock.now())))
    assert book.sheetnames == [
        "评估结果", "逐项", "评估签名", "反馈", "整改", "分地区", "口径与权重",
    ]  # fmt: skip
    head = [row[0] for row in rows(book["评估结果"])]
    assert LAYOUT in head
    county = next(row for row in rows(book["评估结果"]) if row[0] == "石桥县医院")
    assert county[4:9] == ("整改中", 10, 15, 10, 66.67)
    entry = next(one for one in whole[1] if one.entry.facility.id == told.world.county_hospital)
    codes = (entry.entry.facility_code, entry.entry.region.code)
    assert (county[1], county[3], county[-1]) == (*codes, entry.submitted)
    items = {(row[0], row[2]): row for row in rows(book["逐项"])}
    # Ten minutes and thirty: a median of twenty, half way to full points.
    assert items["石桥县医院", MEDIAN][5:11] == (20, "分", None, 2, 10, 5)
    assert items["石桥县医院", ELSEWHERE][5] is None
    assert rows(book["分地区"])[1] == ("石桥县", 1, 66.67)
    meanings = {row[1]: row for row in rows(book["口径与权重"])}
    assert meanings[ELSEWHERE][9] == "待核实"
    assert "直线" in meanings[MEDIAN][8]


async def test_the_file_hands_on_what_was_signed_said_and_put_right(
    told: Told, whole: Whole
) -> None:
    book = load_workbook(BytesIO(book_of(*whole, told.clock.now())))
    entry = next(one for one in whole[1] if one.entry.facility.id == told.world.county_hospital)
    (result,) = rows(book["评估签名"])[1:]
    assert result[:5] == ("石桥县医院", "省级", 10, 15, 10)
    assert result[-1] == entry.results[0].sha256
    # The hash is the chain's: the file can be proved.
    async with told.database.system.session(SYSTEM) as session:
        said = await session.execute(
            text("SELECT convert_from(payload, 'UTF8') FROM case_event WHERE case_id = :id"),
            {"id": entry.entry.id},
        )
    chained = "".join(said.scalars())
    assert entry.submitted is not None
    assert result[-1] in chained
    assert entry.submitted in chained
    (words,) = rows(book["反馈"])[1:]
    assert words[:2] == ("石桥县医院", "=1+1 请补足")
    assert book["反馈"].cell(2, 2).data_type == "s"
    (task,) = rows(book["整改"])[1:]
    assert task[:5] == ("石桥县医院", "抢救床位", "增设抢救床位", "2026-12-20", "待确定责任人")


async def test_feedback_is_told_to_every_level_below_the_owner(told: Told) -> None:
    await timers.run_due(told.database.system, At(told.clock.now()))
    async with told.database.system.session(SYSTEM) as session:
        found = await session.execute(
            text("SELECT person_id FROM inbox_item WHERE data ->> 'code' LIKE '%feedback%'")
        )
    people = set(found.scalars())
    for viewer in (told.province, told.city, told.county, told.centre):
        assert viewer.person_id in people


async def test_the_paper_says_the_same_and_that_its_layout_is_not_official(
    told: Told, whole: Whole
) -> None:
    paper = PdfReader(BytesIO(paper_of(*whole, STATIC / "fonts", told.clock.now())))
    said = said_in(paper.pages)
    assert "表样待核实" in said
    assert "石桥县医院" in said
    assert "请补足" in said
    assert len(paper.pages) == 1 + len(whole[1])


async def test_a_centre_exports_its_own_entry_alone(told: Told) -> None:
    async with told.database.app.session(told.centre) as session:
        found, entries = await showing.whole_round(session, told.clock, told.round_id)
    assert [one.entry.facility.id for one in entries] == [told.world.county_hospital]
    assert not any(one.kind == "on_site" for one in found.items)


async def test_handed_on_it_hides_small_counts_and_the_points_that_tell_them(
    told: Told, whole: Whole
) -> None:
    """The county's median rests on two cases; its points, and their sum less others, say so."""
    book = load_workbook(BytesIO(book_of(*whole, told.clock.now(), hide=True)))
    assert any("待核实" in str(row[0]) and "<5" in str(row[0]) for row in rows(book["评估结果"]))
    items = {(row[0], row[2]): row for row in rows(book["逐项"])}
    median = items["石桥县医院", MEDIAN]
    assert (median[5], median[8], median[10]) == (None, "<5", "*")
    scored = [row for row in items.values() if row[0] == "石桥县医院" and row[10] is not None]
    assert len(scored) > 1
    assert sum(row[10] == "*" for row in scored) == 2
    county = next(row for row in rows(book["评估结果"]) if row[0] == "石桥县医院")
    assert county[5:7] == (10, 15)
    shown = load_workbook(BytesIO(book_of(*whole, told.clock.now())))
    words = [book["逐项"].cell(1, at).value for at in range(1, 15)]
    assert words == [shown["逐项"].cell(1, at).value for at in range(1, 15)]


async def test_a_sum_of_one_item_is_hidden_with_it(told: Told, whole: Whole) -> None:
    found, entries = whole
    alone = [
        replace(one, items=[row for row in one.items if row.item.code == MEDIAN]) for one in entries
    ]
    book = load_workbook(BytesIO(book_of(found, alone, told.clock.now(), hide=True)))
    county = next(row for row in rows(book["评估结果"]) if row[0] == "石桥县医院")
    assert (county[5], county[8]) == ("*", "*")
    (result,) = rows(book["评估签名"])[1:]
    assert result[2] == "*"
    assert [row[0] for row in rows(book["分地区"])] == ["地区"]
