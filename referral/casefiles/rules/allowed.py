"""What a viewer may do to a file now: the list the API returns, so that no client guesses."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from kernel.states import Edge
from referral.casefiles.rules.facts import FileFacts, FileViewpoint, sides
from referral.casefiles.states import (
    FILE,
    HANDOVER,
    REPORT,
    TASK,
    FileAction,
    FileSide,
    FileState,
)

ORDER = (
    FileSide.OWNER,
    FileSide.HEIR,
    FileSide.UPPER,
    FileSide.COUNTY,
    FileSide.ADMIN,
    FileSide.SYSTEM,
)


@dataclass(frozen=True, slots=True)
class FileAllowed:
    """One thing this viewer may do."""

    machine: str
    target_id: UUID
    action: str
    side: FileSide
    danger: bool = False
    primary: bool = False


_DANGER = {"close", "cancel", "decline", "void"}

URGENCY: tuple[tuple[str, str, frozenset[FileSide]], ...] = (
    ("handover", "accept", frozenset({FileSide.HEIR})),
    ("report", "submit", frozenset({FileSide.OWNER})),
    ("report", "receive", frozenset({FileSide.COUNTY})),
    ("file", "draft_plan", frozenset({FileSide.OWNER})),
    ("file", "sign_plan", frozenset({FileSide.OWNER, FileSide.UPPER})),
    ("task", "do", frozenset({FileSide.OWNER})),
)
"""Most urgent first, with the sides that it is up to."""


def side_for(edge: Edge[Any, FileSide], mine: frozenset[FileSide]) -> FileSide | None:
    """As which side somebody who stands on `mine` takes `edge`; None if not at all."""
    return next((side for side in ORDER if side in mine and side in edge.actors), None)


def allowed(file: FileFacts, view: FileViewpoint) -> list[FileAllowed]:
    """Everything `view` may do to `file`, the most urgent marked primary."""
    found = [*_on_file(file, view), *_on_parts(file, view)]
    for machine, action, owners in URGENCY:
        for index, item in enumerate(found):
            if (item.machine, item.action) == (machine, action) and item.side in owners:
                if action == "draft_plan" and file.state is not FileState.OPENED:
                    continue
                found[index] = replace(item, primary=True)
                return found
    return found


def _item(
    machine: str, target: UUID, action: str, edge: Edge[Any, FileSide], mine: frozenset[FileSide]
) -> FileAllowed | None:
    side = side_for(edge, mine)
    if side is None or side is FileSide.SYSTEM:
        return None
    return FileAllowed(machine, target, action, side, danger=action in _DANGER)


def _on_file(file: FileFacts, view: FileViewpoint) -> Iterator[FileAllowed]:
    mine = sides(file, view)
    for action in FILE.actions(file.state):
        item = _item("file", file.id, action, FILE.edge(file.state, action), mine)
        if item is not None and _fits(file, action, mine):
            yield item


def _fits(file: FileFacts, action: FileAction, mine: frozenset[FileSide]) -> bool:
    match action:
        case FileAction.SIGN_PLAN:
            return may_sign(file, mine) is not None
        case FileAction.PROPOSE_HANDOVER:
            return file.proposed is None
        case _:
            return True


def may_sign(file: FileFacts, mine: frozenset[FileSide]) -> FileSide | None:
    """The half of the plan's agreement that is still open to somebody who stands on `mine`."""
    halves = (FileSide.OWNER, FileSide.UPPER)
    return next((side for side in halves if side in mine and side not in file.signed), None)


def _on_parts(file: FileFacts, view: FileViewpoint) -> Iterator[FileAllowed]:
    if file.state in (FileState.CLOSED, FileState.VOIDED):
        return
    mine = sides(file, view)
    for report in file.reports:
        for act in REPORT.actions(report.state):
            item = _item("report", report.id, act, REPORT.edge(report.state, act), mine)
            if item is not None:
                yield item
    for task in sorted(file.open_tasks, key=lambda one: one.due_at):
        for move in TASK.actions(task.state):
            item = _item("task", task.id, move, TASK.edge(task.state, move), mine)
            if item is not None:
                yield item
    for handover in file.handovers:
        heirs = sides(file, view, handover.to_id)
        for step in HANDOVER.actions(handover.state):
            item = _item("handover", handover.id, step, HANDOVER.edge(handover.state, step), heirs)
            if item is not None:
                yield item
