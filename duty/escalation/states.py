"""States of a page's ladder and of one person's reach, as tables."""

from enum import StrEnum

from kernel.states import Edge, StateTable


class Actor(StrEnum):
    """Who may take an edge."""

    ENGINE = "engine"
    TARGET = "target"
    SENDER = "sender"
    CHANNEL = "channel"


class PageState(StrEnum):
    """Where a page's ladder stands.

    `acknowledged`: as many said yes as the policy asks for. While the ladder still has a due
    moment, somebody must join until then, or it goes on.
    """

    RUNNING = "running"
    EXHAUSTED = "exhausted"
    ACKNOWLEDGED = "acknowledged"
    CANCELLED = "cancelled"


class PageAction(StrEnum):
    """What moves a ladder.

    `answer`: one of several who are needed said yes, ringing goes on for the others. `join`:
    enough of them are there. `repage`: they said yes and were silent. `settle`: what the page
    asked has an owner or an end, nobody waits for anybody to join.
    """

    ESCALATE = "escalate"
    EXHAUST = "exhaust"
    ANSWER = "answer"
    ACKNOWLEDGE = "acknowledge"
    JOIN = "join"
    REPAGE = "repage"
    SETTLE = "settle"
    CANCEL = "cancel"


_ENGINE = frozenset({Actor.ENGINE})
_TARGET = frozenset({Actor.TARGET})
_SENDER = frozenset({Actor.SENDER})
_CHANNEL = frozenset({Actor.CHANNEL})

_P, _A = PageState, PageAction

PAGE: StateTable[PageState, PageAction, Actor] = StateTable(
    "page",
    _P.RUNNING,
    {_P.CANCELLED},
    {
        (_P.RUNNING, _A.ESCALATE): Edge(_P.RUNNING, _ENGINE),
        (_P.RUNNING, _A.EXHAUST): Edge(_P.EXHAUSTED, _ENGINE),
        (_P.RUNNING, _A.ANSWER): Edge(_P.RUNNING, _TARGET),
        (_P.RUNNING, _A.ACKNOWLEDGE): Edge(_P.ACKNOWLEDGED, _TARGET),
        (_P.RUNNING, _A.CANCEL): Edge(_P.CANCELLED, _SENDER),
        (_P.EXHAUSTED, _A.EXHAUST): Edge(_P.EXHAUSTED, _ENGINE),
        (_P.EXHAUSTED, _A.ANSWER): Edge(_P.EXHAUSTED, _TARGET),
        (_P.EXHAUSTED, _A.ACKNOWLEDGE): Edge(_P.ACKNOWLEDGED, _TARGET),
        (_P.EXHAUSTED, _A.CANCEL): Edge(_P.CANCELLED, _SENDER),
        (_P.ACKNOWLEDGED, _A.JOIN): Edge(_P.ACKNOWLEDGED, _TARGET),
        (_P.ACKNOWLEDGED, _A.SETTLE): Edge(_P.ACKNOWLEDGED, _SENDER),
        (_P.ACKNOWLEDGED, _A.REPAGE): Edge(_P.RUNNING, _ENGINE),
    },
)
LIVE = frozenset({PageState.RUNNING, PageState.EXHAUSTED})


class ReachState(StrEnum):
    """How far a page got with one person.

    排队、已发出、已送达、已看到、已应答、已拒绝、未联系上。
    """

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    SEEN = "seen"
    ACKNOWLEDGED = "acknowledged"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"


class ReachAction(StrEnum):
    """What changes how far it got."""

    SEND = "send"
    DELIVER = "deliver"
    SEE = "see"
    ACKNOWLEDGE = "acknowledge"
    DECLINE = "decline"
    GIVE_UP = "give_up"


_Reach = Edge[ReachState, Actor]


def _reach_edges() -> dict[tuple[ReachState, ReachAction], _Reach]:
    """Receipts only move forward; an answer is possible from anywhere, and a decline may still
    turn into an acknowledgement. `unreachable` is a verdict, not an end: a phone that comes back
    delivers late."""
    forward = [
        (ReachAction.SEND, ReachState.SENT, _CHANNEL),
        (ReachAction.DELIVER, ReachState.DELIVERED, _TARGET),
        (ReachAction.SEE, ReachState.SEEN, _TARGET),
    ]
    order = [ReachState.QUEUED, ReachState.SENT, ReachState.DELIVERED, ReachState.SEEN]
    edges: dict[tuple[ReachState, ReachAction], _Reach] = {}
    for state in (*order, ReachState.UNREACHABLE):
        behind = 0 if state == ReachState.UNREACHABLE else order.index(state)
        for action, to, actors in forward:
            if order.index(to) > behind:
                edges[state, action] = Edge(to, actors)
        edges[state, ReachAction.ACKNOWLEDGE] = Edge(ReachState.ACKNOWLEDGED, _TARGET)
        edges[state, ReachAction.DECLINE] = Edge(ReachState.DECLINED, _TARGET)
    for state in (ReachState.QUEUED, ReachState.SENT):
        edges[state, ReachAction.GIVE_UP] = Edge(ReachState.UNREACHABLE, _ENGINE)
    edges[ReachState.DECLINED, ReachAction.ACKNOWLEDGE] = Edge(ReachState.ACKNOWLEDGED, _TARGET)
    return edges


REACH: StateTable[ReachState, ReachAction, Actor] = StateTable(
    "reach", ReachState.QUEUED, {ReachState.ACKNOWLEDGED}, _reach_edges()
)


def sources(action: ReachAction) -> list[str]:
    """States from which `action` leads on: for `WHERE state = ANY(...)`, so that the table alone
    decides which rows a bulk update moves."""
    return [str(state) for state, act, _ in REACH if act == action]
