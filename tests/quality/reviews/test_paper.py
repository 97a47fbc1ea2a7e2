"""The pack and 十二格表 on paper: what the page says, nobody's identity, and no date."""

import io
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from pypdf import PdfReader

from kernel.errors import NotFound
from quality.reviews import paper, queries
from quality.reviews.pack import MEASURED, TOLD
from quality.reviews.schemas import ReviewDetail
from quality.reviews.wording import FIELDS, MEASURES, TIERS
from referral.commands.fields import Vitals
from server.paper.handing import FONTS
from tests.papers import said_in
from tests.quality.reviews.conftest import Board

PAGES = Path("web/src/locales/zh-CN/case_reviews.json")
HOSTILE = '=1+1 #read("/etc/passwd") *粗* $x$ <b>'


def words(pdf: bytes) -> str:
    return said_in(PdfReader(io.BytesIO(pdf)).pages)


async def look(board: Board, review: UUID, by: str) -> ReviewDetail:
    viewer = board.net.staff[by]
    async with board.net.clone.app.session(viewer) as session:
        return await queries.one(session, board.net.clock, viewer, review, "pdf")


async def taken(board: Board, review: UUID, by: str) -> bytes:
    viewer = board.net.staff[by]
    async with board.net.clone.app.session(viewer) as session:
        pack = await queries.pack_of(session, board.net.clock, viewer, review, "pdf")
        return paper.pack_of(
            await queries.shown(session, board.net.clock, viewer, review), pack, FONTS
        )


async def test_the_pack_prints_what_the_panel_reads_and_names_nobody(board: Board) -> None:
    case = await board.death(reason=f"林测试，产后出血约1500 mL，11月22日10:05 起 {HOSTILE}")
    review = await board.of(case)
    await board.held(review)
    printed = await taken(board, review, "chair")
    said = words(printed)
    for part in (
        "SBAR",
        "时间线",
        "时限",
        "胎心监护判读",
        "专家意见",
        "1500mL",
        "+0:00",
        "38周2天",
    ):
        assert part in said, part
    assert "".join(HOSTILE.split()) in said
    seen = await board.net.see("city_expert", case)
    for hidden in ("林测试", "石桥县", "清江", "10:05", "11月", "2026", seen.number):
        assert hidden not in said.replace("2026-11-27", ""), hidden
    assert printed == await taken(board, review, "second")
    reader = PdfReader(io.BytesIO(printed))
    assert "2026" not in str(reader.metadata)
    assert reader.pages[0].mediabox.width == pytest.approx(595, abs=1)
    taken_by = {
        (one.person.name, one.what) for one in (await board.look(review)).viewings if one.person
    }
    assert {("chair", "pdf"), ("second", "pdf")} <= taken_by
    with pytest.raises(NotFound):
        await taken(board, review, "city_expert")


async def test_the_sheet_has_room_for_the_pen_and_then_what_was_found(board: Board) -> None:
    review = await board.of(await board.death())
    await board.held(review)
    empty = words(paper.sheet_of(await look(board, review, "chair"), FONTS))
    for part in (
        "知识技能",
        "社会其他部门",
        "创造条件可避免",
        "待核实",
        "评审未形成结论",
        "可表决3人",
    ):
        assert part in empty, part
    assert "票" not in empty
    await board.find("chair", review, f"输血启动晚 {HOSTILE}")
    await board.vote(review, "avoidable", "chair", "second")
    await board.step(
        "office", review, "conclude", cause="haemorrhage", delays=["receiving"],
        summary="失血评估不足",
    )  # fmt: skip
    due = board.net.clock.now().date() + timedelta(days=30)
    owner = board.net.staff["second"].person_id
    await board.step("office", review, "add_measure", words="演练", owner_id=owner, due_on=due)
    found = await look(board, review, "chair")
    printed = paper.sheet_of(found, FONTS)
    said = words(printed)
    for part in (
        "输血启动晚",
        "可避免2票",
        "失血评估不足",
        "演练second",
        due.isoformat(),
        "待完成",
    ):
        assert part in said, part
    assert "".join(HOSTILE.split()) in said
    assert "未形成结论" not in said
    box = PdfReader(io.BytesIO(printed)).pages[0].mediabox
    assert box.width > box.height


def test_paper_and_page_say_the_same_words() -> None:
    page = json.loads(PAGES.read_text("utf-8"))
    assert page["pack"]["field"] == FIELDS
    assert page["pack"]["tier"] == TIERS
    assert page["measure"]["state"] == MEASURES
    assert {*TOLD, *MEASURED, *Vitals.__struct_fields__} - {*FIELDS} == {"taken_at"}
