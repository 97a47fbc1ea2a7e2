"""The five coupled machines of a case file: the file, its reports, tasks and hand-overs, its plan.

A file is open from the first orange, red or purple grade until it is closed with an outcome.
Handing it over does not move the file's own state: until the other side takes it by name, the
former owner stays responsible. How long a step may last is data (`rulesets/`), not part of these
tables.
"""

from enum import StrEnum

from kernel.states import Edge, StateTable


class FileSide(StrEnum):
    """In which capacity somebody acts on a file."""

    OWNER = "owner"
    UPPER = "upper"
    COUNTY = "county"
    HEIR = "heir"
    SYSTEM = "system"
    ADMIN = "admin"


class FileState(StrEnum):
    """Where the file stands."""

    OPENED = "opened"
    PLANNED = "planned"
    AGREED = "agreed"
    CLOSED = "closed"
    VOIDED = "voided"


class FileAction(StrEnum):
    """What can be done to a file."""

    DRAFT_PLAN = "draft_plan"
    COMMENT_PLAN = "comment_plan"
    SIGN_PLAN = "sign_plan"
    AGREE = "agree"
    ADD_TASK = "add_task"
    FOLLOW_UP = "follow_up"
    ADD_NOTE = "add_note"
    PROPOSE_HANDOVER = "propose_handover"
    ASSIGN = "assign"
    REGRADE = "regrade"
    CLOSE = "close"
    VOID = "void"


class ReportState(StrEnum):
    """How far the report form (妊娠风险评估分级报告单) is."""

    DUE = "due"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    RECEIVED = "received"
    SUPERSEDED = "superseded"


class ReportAction(StrEnum):
    """What can be done to a report."""

    SUBMIT = "submit"
    RECEIVE = "receive"
    RETURN = "return"
    SUPERSEDE = "supersede"


class TaskState(StrEnum):
    """What became of a follow-up task."""

    DUE = "due"
    DONE = "done"
    CANCELLED = "cancelled"


class TaskAction(StrEnum):
    """What can be done to a task."""

    DO = "do"
    CANCEL = "cancel"
    DROP = "drop"


class HandoverState(StrEnum):
    """What became of a proposed hand-over."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class HandoverAction(StrEnum):
    """What can be done to a proposed hand-over."""

    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"


def _by(*sides: FileSide) -> frozenset[FileSide]:
    return frozenset(sides)


_O, _U, _C, _H = FileSide.OWNER, FileSide.UPPER, FileSide.COUNTY, FileSide.HEIR
_SYS, _ADM = FileSide.SYSTEM, FileSide.ADMIN
_CARING = _by(_O, _U, _C)

OPEN = (FileState.OPENED, FileState.PLANNED, FileState.AGREED)
"""Files that still need somebody."""

_FileEdges = dict[tuple[FileState, FileAction], Edge[FileState, FileSide]]


def _file_edges() -> _FileEdges:
    s, a = FileState, FileAction
    edges: _FileEdges = {
        (s.PLANNED, a.COMMENT_PLAN): Edge(s.PLANNED, _by(_O, _U)),
        (s.PLANNED, a.SIGN_PLAN): Edge(s.PLANNED, _by(_O, _U)),
        # Follows the second of the two signatures, in the same transaction.
        (s.PLANNED, a.AGREE): Edge(s.AGREED, _by(_SYS)),
    }
    for state in OPEN:
        # A new version needs new signatures; the agreed one counts until then.
        edges[state, a.DRAFT_PLAN] = Edge(s.PLANNED, _by(_O))
        edges[state, a.ADD_TASK] = Edge(state, _CARING)
        edges[state, a.FOLLOW_UP] = Edge(state, _CARING)
        edges[state, a.ADD_NOTE] = Edge(state, _CARING)
        edges[state, a.PROPOSE_HANDOVER] = Edge(state, _by(_O, _C))
        edges[state, a.ASSIGN] = Edge(state, _by(_O))
        edges[state, a.REGRADE] = Edge(state, _by(_SYS))
        edges[state, a.CLOSE] = Edge(s.CLOSED, _by(_O, _C))
    for state in (*OPEN, s.CLOSED):
        edges[state, a.VOID] = Edge(s.VOIDED, _by(_ADM))
    return edges


FILE: StateTable[FileState, FileAction, FileSide] = StateTable(
    "case_file", FileState.OPENED, [FileState.VOIDED], _file_edges()
)

REPORT: StateTable[ReportState, ReportAction, FileSide] = StateTable(
    "case_file_report",
    ReportState.DUE,
    [ReportState.RECEIVED, ReportState.SUPERSEDED],
    {
        (ReportState.DUE, ReportAction.SUBMIT): Edge(ReportState.SUBMITTED, _by(_O)),
        (ReportState.RETURNED, ReportAction.SUBMIT): Edge(ReportState.SUBMITTED, _by(_O)),
        (ReportState.SUBMITTED, ReportAction.RECEIVE): Edge(ReportState.RECEIVED, _by(_C)),
        (ReportState.SUBMITTED, ReportAction.RETURN): Edge(ReportState.RETURNED, _by(_C)),
        # A higher grade asks for a new report; the file's end asks for none.
        (ReportState.DUE, ReportAction.SUPERSEDE): Edge(ReportState.SUPERSEDED, _by(_SYS)),
        (ReportState.RETURNED, ReportAction.SUPERSEDE): Edge(ReportState.SUPERSEDED, _by(_SYS)),
    },
)

TASK: StateTable[TaskState, TaskAction, FileSide] = StateTable(
    "case_file_task",
    TaskState.DUE,
    [TaskState.DONE, TaskState.CANCELLED],
    {
        (TaskState.DUE, TaskAction.DO): Edge(TaskState.DONE, _CARING),
        (TaskState.DUE, TaskAction.CANCEL): Edge(TaskState.CANCELLED, _by(_O, _C)),
        # The file was closed over it.
        (TaskState.DUE, TaskAction.DROP): Edge(TaskState.CANCELLED, _by(_SYS)),
    },
)

HANDOVER: StateTable[HandoverState, HandoverAction, FileSide] = StateTable(
    "case_file_handover",
    HandoverState.PROPOSED,
    [HandoverState.ACCEPTED, HandoverState.DECLINED, HandoverState.WITHDRAWN],
    {
        (HandoverState.PROPOSED, HandoverAction.ACCEPT): Edge(HandoverState.ACCEPTED, _by(_H)),
        (HandoverState.PROPOSED, HandoverAction.DECLINE): Edge(HandoverState.DECLINED, _by(_H)),
        (HandoverState.PROPOSED, HandoverAction.WITHDRAW): Edge(
            HandoverState.WITHDRAWN, _by(_O, _C)
        ),
        (HandoverState.PROPOSED, HandoverAction.LAPSE): Edge(HandoverState.WITHDRAWN, _by(_SYS)),
    },
)


class ListState(StrEnum):
    """Whether a month's special-population list was handed in."""

    DRAFT = "draft"
    SUBMITTED = "submitted"


class ListAction(StrEnum):
    """What can be done to a month's list."""

    CHANGE = "change"
    SUBMIT = "submit"
    REOPEN = "reopen"


class ListSide(StrEnum):
    """Who keeps the list; whoever oversees it only reads."""

    KEEPER = "keeper"


_KEEPER = frozenset({ListSide.KEEPER})

SPECIAL_LIST: StateTable[ListState, ListAction, ListSide] = StateTable(
    "special_list",
    ListState.DRAFT,
    [],
    {
        (ListState.DRAFT, ListAction.CHANGE): Edge(ListState.DRAFT, _KEEPER),
        (ListState.DRAFT, ListAction.SUBMIT): Edge(ListState.SUBMITTED, _KEEPER),
        (ListState.SUBMITTED, ListAction.REOPEN): Edge(ListState.DRAFT, _KEEPER),
    },
)
