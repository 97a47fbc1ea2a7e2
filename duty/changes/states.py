"""States of a change of the roster, as tables.

A swap or a substitution needs both consents and then an approval; nothing on the roster moves
before. Taking over, and an assignment by the desk, is the other way round: it holds from the moment
it is pressed, and the approval comes after.
"""

from enum import StrEnum

from kernel.states import Edge, StateTable


class Side(StrEnum):
    """Who may take an edge. `rule`: a region's pre-authorisation; `engine`: time has passed."""

    REQUESTER = "requester"
    COLLEAGUE = "colleague"
    APPROVER = "approver"
    DESK = "desk"
    RULE = "rule"
    ENGINE = "engine"


class ChangeState(StrEnum):
    """待同事同意、待审批、已生效、同事拒绝、审批退回、已撤回、已过期、已终止；已接替待补批、已追认、未追认."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    APPLIED = "applied"
    REFUSED = "refused"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    ENDED = "ended"
    IN_FORCE = "in_force"
    RATIFIED = "ratified"
    DISAPPROVED = "disapproved"


class ChangeAction(StrEnum):
    """What moves a change. `end`: the desk ends what its own people can end no more."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    REJECT = "reject"
    EXPIRE = "expire"
    END = "end"


_S, _A = ChangeState, ChangeAction


def _edge(to: ChangeState, *sides: Side) -> Edge[ChangeState, Side]:
    return Edge(to, frozenset(sides))


CHANGE: StateTable[ChangeState, ChangeAction, Side] = StateTable(
    "change",
    _S.PROPOSED,
    {_S.APPLIED, _S.REFUSED, _S.REJECTED, _S.WITHDRAWN, _S.EXPIRED, _S.ENDED},
    {
        (_S.PROPOSED, _A.ACCEPT): _edge(_S.AGREED, Side.COLLEAGUE),
        (_S.PROPOSED, _A.REFUSE): _edge(_S.REFUSED, Side.COLLEAGUE),
        (_S.PROPOSED, _A.WITHDRAW): _edge(_S.WITHDRAWN, Side.REQUESTER),
        (_S.PROPOSED, _A.EXPIRE): _edge(_S.EXPIRED, Side.ENGINE),
        (_S.PROPOSED, _A.END): _edge(_S.ENDED, Side.DESK, Side.APPROVER),
        (_S.AGREED, _A.APPROVE): _edge(_S.APPLIED, Side.APPROVER, Side.RULE),
        (_S.AGREED, _A.REJECT): _edge(_S.REJECTED, Side.APPROVER),
        (_S.AGREED, _A.WITHDRAW): _edge(_S.WITHDRAWN, Side.REQUESTER, Side.COLLEAGUE),
        (_S.AGREED, _A.EXPIRE): _edge(_S.EXPIRED, Side.ENGINE),
        (_S.AGREED, _A.END): _edge(_S.ENDED, Side.DESK, Side.APPROVER),
    },
)
OPEN = frozenset({_S.PROPOSED, _S.AGREED})

TAKEOVER: StateTable[ChangeState, ChangeAction, Side] = StateTable(
    "takeover",
    _S.IN_FORCE,
    {_S.RATIFIED, _S.DISAPPROVED},
    {
        (_S.IN_FORCE, _A.APPROVE): _edge(_S.RATIFIED, Side.APPROVER),
        (_S.IN_FORCE, _A.REJECT): _edge(_S.DISAPPROVED, Side.APPROVER),
    },
)
"""A take-over or an assignment that is not approved afterwards stays what it was: duty that was
done. Who stands there from now on is the roster's question, answered by the desk."""

AT_ONCE = frozenset({"takeover", "assignment"})
"""Kinds that hold before they are approved."""


def table_of(kind: str) -> StateTable[ChangeState, ChangeAction, Side]:
    """The table that a kind of change follows."""
    return TAKEOVER if kind in AT_ONCE else CHANGE
