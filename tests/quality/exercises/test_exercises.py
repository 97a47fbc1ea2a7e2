"""A drill on the clock of the real thing: planned, run, debriefed, acted upon, never counted."""

import io
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import text

from kernel.errors import NotFound
from quality import indicators
from quality.actions import queries as actions
from quality.actions import service as acting
from quality.actions import timers
from quality.actions.errors import (
    ActionDuePassed,
    ActionMoved,
    ActionOwnHouse,
    CheckedByAnother,
    OwnerUnknown,
)
from quality.actions.schemas import (
    ActionChecked,
    ActionDone,
    ActionNote,
    RecordActions,
    SetAction,
)
from quality.exercises import queries, service
from quality.exercises.book import book_of
from quality.exercises.errors import (
    CaseTaken,
    ExerciseMoved,
    ExerciseOwnHouse,
    NotADrill,
    ScenarioUnknown,
)
from quality.exercises.paper import report_of
from quality.exercises.schemas import (
    BeginExercise,
    CancelExercise,
    DebriefExercise,
    ExerciseDetail,
    MoveExercise,
    Participant,
    PlanExercise,
)
from quality.repository import Scope
from referral.commands.on_offer import Accept
from referral.service.accept import accept
from server.paper.handing import FONTS
from tests.papers import said_in
from tests.quality.returns.conftest import HOUSE, Desk, desk, net
from tests.referral.network import SEEDER, Network

__all__ = ["desk", "net"]
STEPS = {
    "begin": (service.begin, BeginExercise),
    "end": (service.end, MoveExercise),
    "debrief": (service.debrief, DebriefExercise),
    "cancel": (service.cancel, CancelExercise),
}
PEOPLE = [Participant(name="测试甲", post="产科"), Participant(name="测试乙", passed=True)]


async def plan(net: Network, kind: str = "emergency", by: str = HOUSE, **more: Any) -> UUID:
    viewer = net.staff[by]
    fields = {"scenario": "pph", "title": "第四季度急救演练", "planned_at": net.clock.now()} | more
    async with net.clone.app.session(viewer) as session:
        return await service.plan(session, net.clock, viewer, PlanExercise(kind=kind, **fields))


async def look(net: Network, id_: UUID, by: str = HOUSE) -> ExerciseDetail:
    async with net.clone.app.session(net.staff[by]) as session:
        return await queries.one(session, net.clock, net.staff[by], id_)


async def step(net: Network, what: str, id_: UUID, by: str = HOUSE, **fields: Any) -> None:
    command, order = STEPS[what]
    version = fields.pop("version", None) or (await look(net, id_)).exercise.version
    await net.do(by, command, id_, order(version=version, **fields))


async def practised(net: Network) -> UUID:
    """A transfer sent as a drill, accepted four minutes later."""
    case = await net.sent(net.places["city"], drill=True)
    net.wait(minutes=4)
    seen = await net.see("city_expert", case)
    await net.do("city_expert", accept, seen.offers[0].id, Accept(version=seen.version, bed="1"))
    return case


async def test_from_the_plan_to_the_report(desk: Desk, net: Network) -> None:
    exercise = await plan(net)
    case = await practised(net)
    planned = await look(net, exercise)
    assert [one.id for one in planned.candidates] == [case]
    await step(net, "begin", exercise, case_id=case)
    running = await look(net, exercise)
    assert running.timings is not None
    assert (running.exercise.state, running.candidates) == ("running", [])
    net.wait(minutes=30)
    await step(net, "end", exercise)
    await step(net, "debrief", exercise, text="接收确认偏慢。", people=PEOPLE)
    found = await look(net, exercise)
    assert found.exercise.state == "debriefed"
    assert found.timings is not None
    names = [one.name for one in found.timings.milestones]
    assert names[0] == "request"
    assert found.timings.milestones[0].after_s == 0
    to_accept = next(one for one in found.timings.milestones if one.name == "accepted")
    assert to_accept.after_s == pytest.approx(240, abs=1)
    assert any(one.elapsed_s == pytest.approx(240, abs=1) for one in found.timings.intervals)
    net.wait(hours=5)
    assert (await look(net, exercise)).timings == found.timings
    assert [str(one) for one in await desk.kinds(exercise)] == [
        "exercise.planned", "exercise.begun", "exercise.ended", "exercise.debriefed",
    ]  # fmt: skip
    async with net.clone.app.session(net.staff[HOUSE]) as session:
        follows = await actions.of_record(session, net.clock, net.staff[HOUSE], exercise)
    pdf = PdfReader(io.BytesIO(report_of(found, follows, FONTS, net.clock.now())))
    said = said_in(pdf.pages)
    for words in (
        "快速反应团队急救演练报告",
        "演练·不计入任何指标",
        "接收确认偏慢",
        "4分00秒",
        "测试甲",
    ):
        assert words in said
    book = load_workbook(io.BytesIO(book_of(found, follows, net.clock.now())))
    assert book.sheetnames == ["演练记录", "参加人员", "时间节点", "绿色通道时钟", "整改措施"]
    sheets = {
        name: [[cell.value for cell in row] for row in book[name].iter_rows()]
        for name in book.sheetnames
    }
    assert sheets["演练记录"][1][0] == "演练 · 不计入任何指标"
    record = {str(row[0]): row[1] for row in sheets["演练记录"]}
    assert (record["名称"], record["复盘"]) == ("第四季度急救演练", "接收确认偏慢。")
    assert [row[0] for row in sheets["参加人员"][1:]] == ["测试甲", "测试乙"]
    assert sheets["参加人员"][2][2] == "合格"
    assert len(sheets["时间节点"]) == 1 + len(found.timings.milestones)
    assert any(row[1] == "4 分 00 秒" for row in sheets["绿色通道时钟"][1:])
    assert all(
        cell.data_type != "f"
        for page in book.worksheets
        for row in page.iter_rows()
        for cell in row
    )


async def test_a_drill_is_no_care(desk: Desk, net: Network) -> None:
    """Every indicator but that of drills, every form's figures: the same with it as without."""
    now = net.clock.now()
    scope = Scope(now - timedelta(days=30), now + timedelta(days=30))

    async def numbers() -> tuple[list[Any], int, int]:
        async with net.clone.system.session(SEEDER) as session:
            found = await indicators.overview(session, scope, "with")
        values = [(one.definition.code, one.value) for one in found.indicators]
        return values, found.scope.cases, found.scope.drills_left_out

    real = await net.sent(net.places["city"])
    before, cases, drills = await numbers()
    exercise = await plan(net)
    await step(net, "begin", exercise, case_id=await practised(net))
    await step(net, "end", exercise)
    await step(net, "debrief", exercise, text="好", people=PEOPLE)
    after, cases_after, drills_after = await numbers()
    held = [dict(values)["quarterly_drills"].n for values in (before, after)]
    assert held == [0, 1]
    assert [one for one in after if one[0] != "quarterly_drills"] == [
        one for one in before if one[0] != "quarterly_drills"
    ]
    assert (cases_after, drills_after) == (cases, drills + 1)
    assert any(getattr(value, "n", 0) for _, value in before), "nothing was counted at all"
    report = await desk.begin("alliance_report", "2026-11")
    pulled = {
        one.code: one.pulled
        for section in (await desk.look(report)).sections
        for one in section.items
        if one.pulled is not None
    }
    assert [one.path for one in pulled["sent"].refs] == [f"/cases/{real}"]
    assert [one.path for one in pulled["drills"].refs] == [f"/quality/exercises/{exercise}"]


async def test_only_what_began_as_a_drill(net: Network) -> None:
    exercise, real = await plan(net), await net.sent(net.places["city"])
    strange = await net.sent(net.places["province"], sender="outsider", drill=True)
    for case in (real, strange, None):
        with pytest.raises(NotADrill):
            await step(net, "begin", exercise, case_id=case)
    drill = await net.sent(net.places["city"], drill=True)
    with pytest.raises(NotADrill):
        await step(net, "begin", await plan(net, "skills"), case_id=drill)
    await step(net, "begin", exercise, case_id=drill)
    with pytest.raises(CaseTaken):
        await step(net, "begin", await plan(net), case_id=drill)


async def test_it_meets_what_is_owed(desk: Desk, net: Network) -> None:
    def stands(board: Any) -> dict[str, str]:
        return {one.obligation: one.standing for one in board.units[0].owed}

    assert stands(await desk.board())["skills_drill"] == "due"
    exercise = await plan(net, "skills", scenario="neonatal_asphyxia")
    await step(net, "begin", exercise)
    await step(net, "end", exercise)
    assert stands(await desk.board())["skills_drill"] == "due"
    await step(net, "debrief", exercise, text="全部合格", people=PEOPLE)
    assert "done" in {
        one.standing
        for one in (await desk.board()).units[0].owed
        if one.obligation == "skills_drill"
    }
    assert stands(await desk.board())["emergency_drill"] == "due"


async def test_who_may_what(net: Network) -> None:
    exercise = await plan(net)
    assert (await look(net, exercise, "commission")).exercise.allowed == []
    with pytest.raises(ExerciseOwnHouse):
        await step(net, "cancel", exercise, by="coordinator", note="？")
    for by in ("outsider", "city_expert"):
        with pytest.raises(NotFound):
            await look(net, exercise, by)
    with pytest.raises(ScenarioUnknown):
        await plan(net, scenario="picnic")
    for what in ("end", "debrief"):
        with pytest.raises(ExerciseMoved):
            fields = {"text": "？", "people": PEOPLE} if what == "debrief" else {}
            await step(net, what, exercise, **fields)
    await step(net, "cancel", exercise, note="台风")
    with pytest.raises(ExerciseMoved):
        await step(net, "cancel", exercise, note="台风")
    assert (await look(net, exercise)).note == "台风"


async def acts(net: Network, record: UUID, by: str = HOUSE) -> RecordActions:
    async with net.clone.app.session(net.staff[by]) as session:
        return await actions.of_record(session, net.clock, net.staff[by], record)


async def test_actions_are_checked_by_another(desk: Desk, net: Network) -> None:
    record, owner = await plan(net), net.staff[HOUSE].person_id
    day = date(2026, 12, 1)
    await net.do(
        HOUSE, acting.set_action, record, SetAction(what="补充药品", owner_id=owner, due_on=day)
    )
    (one,) = (await acts(net, record)).actions
    assert (one.state, one.late, one.allowed) == ("open", False, ["done", "drop"])
    done = ActionDone(version=1, evidence="已补充并拍照")
    await net.do(HOUSE, acting.done, one.id, done)
    with pytest.raises(ActionMoved):
        await net.do(HOUSE, acting.done, one.id, done)
    with pytest.raises(CheckedByAnother):
        await net.do(HOUSE, acting.verify, one.id, ActionChecked(version=2))
    assert (await acts(net, record)).actions[0].allowed == ["return"]
    await net.do("county_expert", acting.give_back, one.id, ActionNote(version=2, note="缺批号"))
    await net.do(HOUSE, acting.done, one.id, ActionDone(version=3, evidence="补批号"))
    await net.do("county_expert", acting.verify, one.id, ActionChecked(version=4))
    (one,) = (await acts(net, record)).actions
    assert (one.state, one.evidence, one.allowed) == ("verified", "补批号", [])
    assert one.checked_by is not None
    kinds = await desk.kinds(record)
    assert kinds[1:] == [
        "action.set", "action.done", "action.returned", "action.done", "action.verified",
    ]  # fmt: skip


async def test_actions_of_others_and_nonsense(net: Network) -> None:
    record, mine = await plan(net), net.staff[HOUSE].person_id
    day, far = date(2026, 12, 1), net.staff["city_expert"].person_id
    for refusal, by, order in (
        (OwnerUnknown, HOUSE, SetAction(what="？", owner_id=far, due_on=day)),
        (ActionDuePassed, HOUSE, SetAction(what="？", owner_id=mine, due_on=date(2026, 11, 1))),
        (ActionOwnHouse, "coordinator", SetAction(what="？", owner_id=mine, due_on=day)),
        (NotFound, "outsider", SetAction(what="？", owner_id=mine, due_on=day)),
    ):
        with pytest.raises(refusal):
            await net.do(by, acting.set_action, record, order)
    assert not (await acts(net, record, "commission")).may_set


async def test_owners_are_reminded(net: Network) -> None:
    record, owner = await plan(net), net.staff[HOUSE].person_id
    order = SetAction(what="补充药品", owner_id=owner, due_on=date(2026, 11, 25))
    await net.do(HOUSE, acting.set_action, record, order)
    found = text(
        "SELECT data ->> 'code' FROM inbox_item WHERE person_id = :owner"
        " AND data ->> 'code' LIKE 'obligation.action%' ORDER BY id"
    )

    async def told() -> list[str]:
        for _ in range(2):
            await timers.run_due(net.clone.system, net.clock)
        async with net.clone.system.session(SEEDER) as session:
            return list((await session.execute(found, {"owner": owner})).scalars())

    assert await told() == []
    net.wait(days=1)
    assert await told() == ["obligation.action_due"]
    net.wait(days=3)
    assert await told() == ["obligation.action_due", "obligation.action_late"]
    (one,) = (await acts(net, record)).actions
    assert one.late
    await net.do(HOUSE, acting.drop, one.id, ActionNote(version=1, note="不需要"))
    net.wait(days=8)
    assert len(await told()) == 2
