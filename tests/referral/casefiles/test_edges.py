"""Every edge, by every actor, in every state: the service says what the tables say."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from kernel.errors import IllegalTransition, NotFound
from kernel.ids import CaseId
from kernel.states import StateTable
from referral.casefiles import commands as c
from referral.casefiles.errors import FileWrongSide
from referral.casefiles.service import ending, followup, handover, plan, report
from referral.casefiles.states import (
    FILE,
    HANDOVER,
    REPORT,
    TASK,
    FileAction,
    FileSide,
    FileState,
    HandoverAction,
    HandoverState,
    ReportAction,
    ReportState,
    TaskAction,
    TaskState,
)
from tests.referral.casefiles import filing
from tests.referral.network import SEEDER, Network

ACTORS: dict[str, frozenset[FileSide]] = {
    "county_doctor": frozenset({FileSide.OWNER}),
    "county_expert": frozenset({FileSide.OWNER}),
    "city_expert": frozenset({FileSide.UPPER}),
    "city_desk": frozenset(),
    "province_expert": frozenset({FileSide.HEIR}),
    "coordinator": frozenset({FileSide.COUNTY}),
    "commission": frozenset(),
    "outsider": frozenset(),
    "admin": frozenset({FileSide.ADMIN}),
}
"""Who is what to a file of the county hospital whose hand-over to the province is proposed."""

STRANGERS = {"outsider", "admin", "commission"}
"""To whom a file is closed, or open to look at only: their commands find nothing."""

FIELDS: dict[Any, dict[str, Any]] = {
    FileAction.DRAFT_PLAN: filing.PLAN,
    FileAction.COMMENT_PLAN: {"text": "建议加用阿司匹林"},
    FileAction.SIGN_PLAN: {"plan_no": 1, "password": "-"},
    FileAction.ADD_TASK: {"text": "复查血小板"},
    FileAction.FOLLOW_UP: filing.SEEN,
    FileAction.ADD_NOTE: {"text": "家属来电"},
    FileAction.CLOSE: {"outcome": "resolved", "reason": "风险解除"},
    FileAction.VOID: {"code": "test", "reason": "误建"},
}
ON_FILE: dict[FileAction, tuple[Any, Any]] = {
    FileAction.DRAFT_PLAN: (plan.draft_plan, c.DraftPlan),
    FileAction.COMMENT_PLAN: (plan.comment_plan, c.CommentPlan),
    FileAction.SIGN_PLAN: (plan.sign_plan, c.SignPlan),
    FileAction.ADD_TASK: (followup.add_task, c.AddTask),
    FileAction.FOLLOW_UP: (followup.follow_up, c.FollowUp),
    FileAction.ADD_NOTE: (followup.add_note, c.AddFileNote),
    FileAction.PROPOSE_HANDOVER: (handover.propose_handover, c.ProposeHandover),
    FileAction.ASSIGN: (handover.assign_owner, c.AssignOwner),
    FileAction.CLOSE: (ending.close_file, c.CloseFile),
    FileAction.VOID: (ending.void_file, c.VoidFile),
}
ON_PART: dict[Any, tuple[Any, Any, dict[str, Any]]] = {
    ReportAction.SUBMIT: (report.submit_report, c.SubmitReport, filing.FORM),
    ReportAction.RECEIVE: (report.receive_report, c.ReceiveReport, {}),
    ReportAction.RETURN: (report.return_report, c.ReturnReport, {"reason": "缺检验结果"}),
    TaskAction.CANCEL: (followup.cancel_task, c.CancelTask, {"reason": "已住院"}),
    HandoverAction.ACCEPT: (handover.accept_handover, c.AcceptHandover, {}),
    HandoverAction.DECLINE: (handover.decline_handover, c.DeclineHandover, {"reason": "辖区不符"}),
    HandoverAction.WITHDRAW: (handover.withdraw_handover, c.WithdrawHandover, {"reason": "误提"}),
}


class Undone(Exception):
    """Raised to roll a trial back: every trial begins from the same file."""


@dataclass(slots=True)
class Stage:
    """One file in which everything is possible."""

    net: Network
    case_id: CaseId
    report_id: UUID
    task_id: UUID
    handover_id: UUID

    async def tried(
        self, who: str, command: Any, target: UUID, order: Any, *states: tuple[str, UUID, str]
    ) -> type[Exception] | None:
        """What `who` is answered, with the rows put into these states; nothing is kept."""
        viewer = self.net.staff[who]
        async with self.net.clone.system.session(SEEDER) as session:
            for table, id_, state in states:
                await session.execute(text(_PUT[table]), {"id": id_, "state": state})
        try:
            async with self.net.clone.app.session(viewer) as session:
                await command(session, self.net.clock, viewer, target, order)
                raise Undone
        except Undone:
            return None
        except (IllegalTransition, FileWrongSide, NotFound) as refused:
            return type(refused)


_PUT = {
    "case_file": "UPDATE case_file SET state = :state,"
    " plan_no = CASE WHEN :state = 'agreed' THEN 1 END,"
    " outcome = CASE WHEN :state = 'closed' THEN 'resolved' END,"
    " ended_at = CASE WHEN :state IN ('closed', 'voided') THEN now() END WHERE id = :id",
    "case_file_report": "UPDATE case_file_report SET state = :state WHERE id = :id",
    "case_file_task": "UPDATE case_file_task SET state = :state,"
    " done_at = CASE WHEN :state = 'done' THEN now() END WHERE id = :id",
    "case_file_handover": "UPDATE case_file_handover SET state = :state,"
    " to_person_id = CASE WHEN :state = 'accepted' THEN from_person_id END WHERE id = :id",
}


@pytest.fixture(scope="module")
async def stage(net: Network) -> Stage:
    """A file with a plan, a report, a task and a proposed hand-over to the province."""
    case_id = await filing.opened(net, "red")
    await filing.planned(net, case_id)
    await filing.asked(net, case_id, "province")
    file = await filing.look(net, "county_doctor", case_id)
    return Stage(net, case_id, file.reports[0].id, file.tasks[0].id, file.handovers[0].id)


def _answer(
    who: str, table: StateTable[Any, Any, FileSide], state: Any, action: Any
) -> type[Exception] | None:
    """What the table says; strangers are told nothing at all."""
    if who in STRANGERS and action is not FileAction.VOID:
        return NotFound
    try:
        edge = table.edge(state, action)
    except IllegalTransition:
        return IllegalTransition
    return None if ACTORS[who] & edge.actors else FileWrongSide


@pytest.mark.parametrize("state", [s for s in FileState if s is not FileState.VOIDED])
@pytest.mark.parametrize("action", list(ON_FILE))
async def test_the_file(stage: Stage, action: FileAction, state: FileState) -> None:
    command, order_type = ON_FILE[action]
    fields = dict(FIELDS.get(action, {}))
    if action is FileAction.ADD_TASK:
        fields["due_at"] = stage.net.clock.now() + timedelta(days=3)
    elif action is FileAction.ASSIGN:
        fields |= {"owner_id": stage.net.staff["county_expert"].person_id, "reason": "换班"}
    elif action is FileAction.PROPOSE_HANDOVER:
        fields |= {"facility_id": stage.net.places["city_two"], "reason": "转片区"}
    proposed = "withdrawn" if action is FileAction.PROPOSE_HANDOVER else "proposed"
    if action is not FileAction.ADD_NOTE:
        fields["version"] = await _version(stage)
    order = order_type(**fields)
    for who in ACTORS:
        if action is FileAction.VOID and who != "admin":
            continue  # only an administrator is let in at all
        got = await stage.tried(
            who,
            command,
            stage.case_id,
            order,
            ("case_file", stage.case_id, state),
            ("case_file_handover", stage.handover_id, proposed),
        )
        assert got is _answer(who, FILE, state, action), (who, got)


async def _version(stage: Stage) -> int:
    async with stage.net.clone.system.session(SEEDER) as session:
        found = text("SELECT version FROM case_file WHERE id = :id")
        return int((await session.execute(found, {"id": stage.case_id})).scalar_one())


PARTS: list[tuple[str, StateTable[Any, Any, FileSide], Any, Any]] = [
    ("case_file_report", REPORT, state, action)
    for state in ReportState
    for action in (ReportAction.SUBMIT, ReportAction.RECEIVE, ReportAction.RETURN)
]
PARTS += [("case_file_task", TASK, state, TaskAction.CANCEL) for state in TaskState]
PARTS += [
    ("case_file_handover", HANDOVER, state, action)
    for state in HandoverState
    for action in (HandoverAction.ACCEPT, HandoverAction.DECLINE, HandoverAction.WITHDRAW)
]


@pytest.mark.parametrize(("table", "machine", "state", "action"), PARTS)
async def test_its_parts(stage: Stage, table: str, machine: Any, state: Any, action: Any) -> None:
    command, order_type, fields = ON_PART[action]
    target = {
        "case_file_report": stage.report_id,
        "case_file_task": stage.task_id,
        "case_file_handover": stage.handover_id,
    }[table]
    states = [("case_file", stage.case_id, "planned"), (table, target, str(state))]
    if table != "case_file_handover":
        states.append(("case_file_handover", stage.handover_id, "proposed"))
    order = order_type(version=await _version(stage), **fields)
    for who in ACTORS:
        got = await stage.tried(who, command, target, order, *states)
        assert got is _answer(who, machine, state, action), (who, got)


@pytest.mark.parametrize("state", list(TaskState))
async def test_a_follow_up_does_the_task(stage: Stage, state: TaskState) -> None:
    order = c.FollowUp(version=await _version(stage), task_id=stage.task_id, **filing.SEEN)
    states = (
        ("case_file", stage.case_id, "agreed"),
        ("case_file_task", stage.task_id, str(state)),
    )
    caring = FILE.edge(FileState.AGREED, FileAction.FOLLOW_UP).actors
    for who in ACTORS:
        if who not in STRANGERS and not ACTORS[who] & caring:
            continue  # already refused at the file
        got = await stage.tried(who, followup.follow_up, stage.case_id, order, *states)
        assert got is _answer(who, TASK, state, TaskAction.DO), (who, got)


@pytest.mark.parametrize("action", list(ON_PART))
async def test_parts_of_a_closed_file_do_not_move(stage: Stage, action: Any) -> None:
    command, order_type, fields = ON_PART[action]
    target = stage.report_id
    if action in TaskAction:
        target = stage.task_id
    elif action in HandoverAction:
        target = stage.handover_id
    order = order_type(version=await _version(stage), **fields)
    states = (("case_file", stage.case_id, "closed"),)
    for who in ("county_doctor", "coordinator", "province_expert"):
        got = await stage.tried(who, command, target, order, *states)
        assert got is IllegalTransition, (who, got)


async def test_a_voided_file_is_gone(stage: Stage) -> None:
    order = c.AddFileNote(text="?")
    states = (("case_file", stage.case_id, "voided"),)
    for who in ACTORS:
        got = await stage.tried(who, followup.add_note, stage.case_id, order, *states)
        assert got is NotFound, (who, got)


async def test_an_unknown_part_does_not_exist(stage: Stage) -> None:
    for action, (command, order_type, fields) in ON_PART.items():
        got = await stage.tried("county_doctor", command, uuid4(), order_type(version=1, **fields))
        assert got is NotFound, action
