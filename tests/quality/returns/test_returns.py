"""A return from the empty form to the lock, who sees it, what it says of the system."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.errors import NotFound
from kernel.ids import CaseId
from quality.returns import queries
from quality.returns.errors import (
    AnswerUnfit,
    FormUnknown,
    OwnHouseOnly,
    PeriodUnknown,
    ReturnIncomplete,
    ReturnMoved,
    ReturnTooEarly,
)
from quality.returns.schemas import Cell, FormItem, ReturnDetail, Statement, TableRow
from referral.commands.on_case import Void
from referral.service.finish import void
from tests.quality.returns.conftest import HOUSE, Desk
from tests.referral.network import SEEDER, Network


def item(found: ReturnDetail, code: str) -> FormItem:
    (one,) = [one for section in found.sections for one in section.items if one.code == code]
    return one


async def test_handed_in_and_locked(desk: Desk, net: Network) -> None:
    plan = await desk.begin("alliance_plan", "2026-12")
    assert await desk.begin("alliance_plan", "2026-12") == plan
    draft = await desk.look(plan)
    assert (draft.quality_return.state, draft.live) == ("draft", True)
    assert draft.missing == ["works", "focus"]
    assert draft.quality_return.allowed == ["state", "submit", "withdraw"]
    with pytest.raises(ReturnIncomplete) as refused:
        await desk.move("submit", plan)
    assert refused.value.fields["items"] == ["works", "focus"]
    await desk.fill(plan)
    await desk.move("submit", plan)
    found = await desk.look(plan)
    assert (found.quality_return.state, found.live) == ("submitted", False)
    assert found.quality_return.allowed == ["reopen"]
    assert item(found, "works").stated is not None
    assert item(found, "works").stated.by.id == net.staff[HOUSE].person_id  # type: ignore[union-attr]
    with pytest.raises(ReturnMoved):
        await desk.state(plan, Statement(item="focus", text="改"))
    await desk.move("reopen", plan, reason="漏报一次培训")
    await desk.state(plan, Statement(item="focus", text="增加培训一次"))
    await desk.move("submit", plan)
    again = await desk.look(plan)
    assert [(one.n, one.reason) for one in again.issues] == [(1, "漏报一次培训"), (2, None)]
    assert again.issues[0].sha256 != again.issues[1].sha256
    assert await desk.kinds(plan) == [
        "return.opened", "return.stated", "return.submitted", "return.reopened", "return.stated",
        "return.submitted",
    ]  # fmt: skip


async def test_a_form_of_a_period_waits_for_its_end(desk: Desk) -> None:
    report = await desk.begin("alliance_report", "2026-11")
    await desk.fill(report)
    with pytest.raises(ReturnTooEarly):
        await desk.move("submit", report)
    desk.net.wait(days=9)
    await desk.move("submit", report)
    assert (await desk.look(report)).quality_return.state == "submitted"


async def test_figures_are_the_systems_and_drills_are_in_none(desk: Desk, net: Network) -> None:
    city = net.places["city"]
    sent = [await net.sent(city) for _ in range(2)]
    await net.sent(city, drill=True)
    report = await desk.begin("self_analysis", "2026-11")
    pulled = item(await desk.look(report), "sent").pulled
    assert pulled is not None
    assert (pulled.kind, pulled.n) == ("count", 2)
    assert {one.path for one in pulled.refs} == {f"/cases/{one}" for one in sent}
    indicator = item(await desk.look(report), "answered").pulled
    assert indicator is not None
    assert indicator.refs[0].path.endswith("&span=2026-11-01..2026-11-30")
    # What was handed in stays as it was; a draft of the same days moves.
    desk.net.wait(days=9)
    await desk.fill(report)
    await desk.move("submit", report)
    await net.do("admin", void, sent[0], Void(version=1, code="test", reason="测试"))
    assert item(await desk.look(report), "sent").pulled == pulled
    await desk.move("reopen", report, reason="一例作废")
    assert item(await desk.look(report), "sent").pulled.n == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("by", ["commission", "coordinator"])
async def test_the_region_reads_and_writes_nothing(desk: Desk, by: str) -> None:
    plan = await desk.begin("alliance_plan", "2026-12")
    seen = await desk.look(plan, by)
    assert (seen.quality_return.mine, seen.quality_return.allowed) == (False, [])
    with pytest.raises(OwnHouseOnly):
        await desk.state(plan, Statement(item="focus", text="改"), by=by)
    with pytest.raises(OwnHouseOnly):
        await desk.begin("alliance_plan", "2026-12", by)


async def test_strangers_see_nothing(desk: Desk) -> None:
    plan = await desk.begin("alliance_plan", "2026-12")
    for by in ("outsider", "city_expert"):
        with pytest.raises(NotFound):
            await desk.look(plan, by)
        async with desk.net.clone.app.session(desk.net.staff[by]) as session:
            listed = await queries.returns(session, desk.net.staff[by], None, None)
        assert plan not in {one.id for one in listed}


@pytest.mark.parametrize(
    ("form", "period", "refusal"),
    [
        ("nothing", "2026-11", FormUnknown),
        ("alliance_plan", "2026-Q4", PeriodUnknown),
        ("alliance_plan", "2027-06", PeriodUnknown),
        ("alliance_plan", "2020-01", PeriodUnknown),
        ("county_quarterly", "2026-11", PeriodUnknown),
    ],
)
async def test_orders_that_make_no_sense(
    desk: Desk, form: str, period: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await desk.begin(form, period)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("leadership", {"points": 8.5}),
        ("leadership", {"text": "有"}),
        ("problems", {"points": 1}),
        ("problems", {"rows": []}),
        ("nothing", {"text": "有"}),
    ],
)
async def test_answers_that_do_not_fit(desk: Desk, code: str, said: dict[str, Any]) -> None:
    form = await desk.begin("county_quarterly", "2026-Q3")
    with pytest.raises(AnswerUnfit):
        await desk.state(form, Statement(item=code, **said))


async def test_dates_and_columns_of_minutes(desk: Desk) -> None:
    minutes = await desk.begin("joint_meeting", "2026-H2")
    for said in (
        Statement(item="held_on", text="十一月"),
        Statement(item="attendance", rows=[TableRow(cells=[Cell(column="salary", value="1")])]),
    ):
        with pytest.raises(AnswerUnfit):
            await desk.state(minutes, said)
    assert await desk.begin("joint_meeting", "2026-H2") != minutes
    await desk.move("withdraw", minutes)
    assert (await desk.look(minutes)).quality_return.state == "withdrawn"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE quality_return_issue SET content = 'x'",
        "DELETE FROM quality_return_answer",
        "UPDATE quality_return_unlocking SET reason = 'x'",
    ],
)
async def test_what_was_said_stays_said(desk: Desk, statement: str) -> None:
    await desk.begin("alliance_plan", "2026-12")
    with pytest.raises(DBAPIError):
        async with desk.net.clone.system.session(SEEDER) as session:
            await session.execute(text(statement))


async def test_everything_is_on_the_chain(desk: Desk, net: Network) -> None:
    plan: UUID = await desk.begin("alliance_plan", "2026-12", "city_expert")
    await desk.fill(plan, "city_expert")
    events = await net.events(CaseId(plan))
    assert events[0].payload["period"] == "2026-12"
    assert "sha256" in events[1].payload
    assert "focus" in str(events[1].payload["items"])
    assert "已落实" not in str(events[1].payload)
