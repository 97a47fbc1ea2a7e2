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
    """Where a page's ladder stands."""

    RUNNING = "running"
    EXHAUSTED = "exhausted"
    ACKNOWLEDGED = "acknowledged"
    CANCELLED = "cancelled"


class PageAction(StrEnum):
    """What moves a ladder."""

    ESCALATE = "escalate"
    EXHAUST = "exhaust"
    ACKNOWLEDGE = "acknowledge"
    CANCEL = "cancel"


_ENGINE = frozenset({Actor.ENGINE})
_TARGET = frozenset({Actor.TARGET})
_SENDER = frozenset({Actor.SENDER})
_CHANNEL = frozenset({Actor.CHANNEL})

PAGE: StateTable[PageState, PageAction, Actor] = StateTable(
    "page",
    PageState.RUNNING,
    {PageState.ACKNOWLEDGED, PageState.CANCELLED},
    {
        (PageState.RUNNING, PageAction.ESCALATE): Edge(PageState.RUNNING, _ENGINE),
        (PageState.RUNNING, PageAction.EXHAUST): Edge(PageState.EXHAUSTED, _ENGINE),
        (PageState.RUNNING, PageAction.ACKNOWLEDGE): Edge(PageState.ACKNOWLEDGED, _TARGET),
        (PageState.RUNNING, PageAction.CANCEL): Edge(PageState.CANCELLED, _SENDER),
        (PageState.EXHAUSTED, PageAction.EXHAUST): Edge(PageState.EXHAUSTED, _ENGINE),
        (PageState.EXHAUSTED, PageAction.ACKNOWLEDGE): Edge(PageState.ACKNOWLEDGED, _TARGET),
        (PageState.EXHAUSTED, PageAction.CANCEL): Edge(PageState.CANCELLED, _SENDER),
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
