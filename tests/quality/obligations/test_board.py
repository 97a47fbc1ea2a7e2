"""Who owes what on the board, and who is reminded when."""

import io
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import text

from kernel.errors import NotFound
from kernel.viewer import Role, Viewer
from quality.obligations import timers
from quality.obligations.book import book_of
from quality.obligations.paper import paper_of
from quality.obligations.schemas import ObligationBoard, OwedOut, UnitOwed
from quality.returns.errors import OwnHouseOnly
from registry.people import service as people
from registry.people.service import Grant
from server.paper.handing import FONTS
from tests.fixtures.database import Clone
from tests.papers import said_in
from tests.quality.returns.conftest import HOUSE, Desk, desk, net
from tests.referral.network import SEEDER, Network
from tests.registry.world import SEALER, account, password_hash

__all__ = ["desk", "net"]
NOTICES = text(
    "SELECT person_id, data FROM inbox_item WHERE data ->> 'code' LIKE 'obligation.%' ORDER BY id"
)


def house(found: ObligationBoard, id_: UUID) -> UnitOwed:
    (one,) = [unit for unit in found.units if unit.facility_id == id_]
    return one


def owed(found: UnitOwed, obligation: str) -> dict[str, OwedOut]:
    return {one.period: one for one in found.owed if one.obligation == obligation}


async def test_a_house_sees_its_own(desk: Desk, net: Network) -> None:
    board = await desk.board()
    assert [one.facility_id for one in board.units] == [net.places["county"]]
    mine = house(board, net.places["county"])
    assert mine.mine
    plans = owed(mine, "alliance_plan")
    assert plans["2026-11"].standing == "late"
    assert plans["2026-12"].standing == "due"
    assert plans["2026-12"].due_on == date(2026, 11, 25)
    assert list(plans) == ["2026-11", "2026-12"]
    assert mine.late == sum(one.standing == "late" for one in mine.owed) == board.late
    assert not owed(mine, "outpatient_schedule")


async def test_done_in_time_and_late(desk: Desk) -> None:
    for period in ("2026-11", "2026-12"):
        made = await desk.begin("alliance_plan", period)
        begun = owed((await desk.board()).units[0], "alliance_plan")[period]
        assert begun.record_id == made
        await desk.fill(made)
        await desk.move("submit", made)
    plans = owed((await desk.board()).units[0], "alliance_plan")
    assert plans["2026-11"].standing == "done_late"
    assert (plans["2026-12"].standing, plans["2026-12"].done_on) == ("done", date(2026, 11, 22))
    assert plans["2027-01"].standing == "due"


async def test_what_is_unlocked_is_not_done(desk: Desk) -> None:
    made = await desk.begin("alliance_plan", "2026-12")
    await desk.fill(made)
    await desk.move("submit", made)
    await desk.move("reopen", made, reason="改")
    assert owed((await desk.board()).units[0], "alliance_plan")["2026-12"].standing == "due"


@pytest.mark.parametrize(
    ("by", "places"),
    [
        ("commission", {"county", "city", "province"}),
        ("coordinator", {"county", "city"}),
        ("city_expert", {"city"}),
        ("outsider", set()),
    ],
)
async def test_who_sees_which_houses(desk: Desk, net: Network, by: str, places: set[str]) -> None:
    board = await desk.board(by)
    found = {one.facility_id for one in board.units}
    assert found == {net.places[name] for name in places}


async def notices(clone: Clone) -> list[tuple[UUID, dict[str, Any]]]:
    async with clone.system.session(SEEDER) as session:
        return [(row.person_id, row.data) for row in await session.execute(NOTICES)]


async def test_the_office_is_reminded_before_and_after(desk: Desk, net: Network) -> None:
    async with net.clone.system.session(SEEDER) as session:
        office = (
            await people.create_person_with_account(
                session,
                net.clock,
                SEALER,
                facility_id=net.places["county"],
                name="测试医务科",
                login="county_office",
                password_hash=password_hash(),
                grants=[Grant(Role.MEDICAL_AFFAIRS, facility_id=net.places["county"])],
            )
        )[0]

    async def remind() -> list[dict[str, Any]]:
        before = len(await notices(net.clone))
        for _ in range(2):  # a second engine, or the same one again, sends nothing more
            await timers.run_due(net.clone.system, net.clock)
        fresh = (await notices(net.clone))[before:]
        assert {person for person, _ in fresh} <= {office}
        return [data for _, data in fresh if data["obligation"] == "alliance_plan"]

    # 22 November: the plan of December is due on the 25th; that of November is long late.
    (soon,) = await remind()
    assert (soon["code"], soon["period"], soon["due_on"]) == (
        "obligation.due", "2026-12", "2026-11-25",
    )  # fmt: skip
    net.wait(days=1)
    assert len(await remind()) == 1  # two days before
    net.wait(days=1)
    assert await remind() == []
    net.wait(days=2)
    assert [one["code"] for one in await remind()] == ["obligation.late"]
    made = await desk.begin("alliance_plan", "2026-12", HOUSE)
    await desk.fill(made)
    await desk.move("submit", made)
    net.wait(days=3)
    assert await remind() == []


async def test_the_office_that_is_reminded_reads_what_was_handed_in(
    desk: Desk, net: Network
) -> None:
    here = net.places["county"]
    grant = Grant(Role.MEDICAL_AFFAIRS, facility_id=here)
    person, account_id = await account(net.clone.system, net.clock, "county_office", here, grant)
    net.staff["office"] = Viewer(
        account_id=account_id,
        person_id=person,
        session_id=None,
        facility_id=here,
        facility_ids=frozenset(),
        region_ids=frozenset(),
        roles=frozenset({Role.MEDICAL_AFFAIRS}),
    )
    made, begun = [await desk.begin("alliance_plan", one) for one in ("2026-11", "2026-12")]
    await desk.fill(made)
    await desk.move("submit", made)
    mine = house(await desk.board("office"), here)
    assert not mine.mine
    plans = owed(mine, "alliance_plan")
    assert (plans["2026-11"].standing, plans["2026-11"].record_id) == ("done_late", made)
    assert (plans["2026-12"].standing, plans["2026-12"].record_id) == ("due", None)
    found = await desk.look(made, "office")
    assert found.issues
    assert found.sections == (await desk.look(made)).sections
    assert found.quality_return.allowed == []
    with pytest.raises(NotFound):
        await desk.look(begun, "office")
    with pytest.raises(OwnHouseOnly):
        await desk.move("reopen", made, by="office", version=2, reason="改")


async def test_the_board_leaves_as_excel_and_on_paper(desk: Desk) -> None:
    """Drills and meetings with everything else; parsed again, each says what the board says."""
    for form, period in (("alliance_plan", "2026-12"), ("joint_meeting", "2026-H2")):
        made = await desk.begin(form, period)
        await desk.fill(made)
        await desk.move("submit", made)
    board = await desk.board()
    book = load_workbook(io.BytesIO(book_of(board)))
    assert book.sheetnames == ["应办事项", "规则与依据"]
    rows = [[cell.value for cell in row] for row in book["应办事项"].iter_rows()]
    assert f"逾期 {board.late} 项" in str(rows[2][0])
    start = next(at for at, row in enumerate(rows) if row[0] == "机构")
    lines = rows[start + 1 :]
    assert len(lines) == sum(len(unit.owed) for unit in board.units)
    said = {(row[2], row[3]): row for row in lines}
    assert said["医联体月度工作计划", "2026 年 12 月"][6:8] == ["已完成", "2026-11-22"]
    assert said["多部门联席会议", "2026 年下半年"][6] == "已完成"
    drill = said["快速反应团队急救演练", "2026 年第 4 季度"]
    assert drill[4:7] == ["2026-12-31", "待核实", "待办"]
    rules = [[cell.value for cell in row] for row in book["规则与依据"].iter_rows()][1:]
    assert len(rules) == sum(len(one.obligations) for one in board.calendars)
    assert all(row[-1] for row in rules)
    printed = paper_of(board, FONTS, datetime(2026, 11, 22, tzinfo=UTC))
    assert printed == paper_of(board, FONTS, datetime(2026, 11, 22, tzinfo=UTC))
    pages = PdfReader(io.BytesIO(printed)).pages
    words = said_in(pages)
    assert "应办事项情况表" in words
    for row in lines:
        assert "".join(str(row[2]).split()) in words
    assert words.count("已完成") >= 2
