"""States of a plan, as a table: draft → submitted → approved → published."""

from enum import StrEnum

from kernel.states import Edge, StateTable


class PlanActor(StrEnum):
    """Who may take an edge: whoever rosters, or 医务科."""

    ROSTERING = "rostering"
    APPROVER = "approver"


class PlanState(StrEnum):
    """草稿、待审批、已审批、已发布、已作废."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    PUBLISHED = "published"
    DISCARDED = "discarded"


class PlanAction(StrEnum):
    """What moves a plan."""

    SUBMIT = "submit"
    APPROVE = "approve"
    RETURN = "return"
    PUBLISH = "publish"
    DISCARD = "discard"


_ROSTERING = frozenset({PlanActor.ROSTERING})
_APPROVER = frozenset({PlanActor.APPROVER})
_BOTH = _ROSTERING | _APPROVER

PLAN: StateTable[PlanState, PlanAction, PlanActor] = StateTable(
    "roster_plan",
    PlanState.DRAFT,
    {PlanState.PUBLISHED, PlanState.DISCARDED},
    {
        (PlanState.DRAFT, PlanAction.SUBMIT): Edge(PlanState.SUBMITTED, _ROSTERING),
        (PlanState.DRAFT, PlanAction.DISCARD): Edge(PlanState.DISCARDED, _ROSTERING),
        (PlanState.SUBMITTED, PlanAction.APPROVE): Edge(PlanState.APPROVED, _APPROVER),
        # Whoever submitted takes it back, 医务科 sends it back; both say why.
        (PlanState.SUBMITTED, PlanAction.RETURN): Edge(PlanState.DRAFT, _BOTH),
        (PlanState.APPROVED, PlanAction.PUBLISH): Edge(PlanState.PUBLISHED, _BOTH),
        (PlanState.APPROVED, PlanAction.RETURN): Edge(PlanState.DRAFT, _BOTH),
    },
)
