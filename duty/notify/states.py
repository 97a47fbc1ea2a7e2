"""States of one message over one channel. Every message reaches a final state."""

from enum import StrEnum

from kernel.states import Edge, StateTable


class By(StrEnum):
    """Who takes an edge."""

    SENDER = "sender"
    CHANNEL = "channel"
    RECEIVER = "receiver"
    PAGE = "page"


class MessageState(StrEnum):
    """Where a message stands.

    `sent`: the channel took it over; a receipt ends it, or silence. `in_doubt`: it may or may not
    have gone out (the sender died, or the peer never answered); it goes out again under the same
    id, and receivers collapse it. `dropped`: the page ended before it went out. A receipt may
    overtake the sender's own note of what it did.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    UNREACHABLE = "unreachable"
    DROPPED = "dropped"


class MessageAction(StrEnum):
    """What happens to a message."""

    CLAIM = "claim"
    ACCEPT = "accept"
    REFUSE = "refuse"
    LOSE = "lose"
    CONFIRM = "confirm"
    GIVE_UP = "give_up"
    DROP = "drop"


_S, _A = MessageState, MessageAction


def _edge(to: MessageState, by: By) -> Edge[MessageState, By]:
    return Edge(to, frozenset({by}))


MESSAGE: StateTable[MessageState, MessageAction, By] = StateTable(
    "message",
    _S.QUEUED,
    {_S.DELIVERED, _S.FAILED, _S.UNREACHABLE, _S.DROPPED},
    {
        (_S.QUEUED, _A.CLAIM): _edge(_S.SENDING, By.SENDER),
        (_S.QUEUED, _A.ACCEPT): _edge(_S.SENT, By.CHANNEL),
        (_S.QUEUED, _A.CONFIRM): _edge(_S.DELIVERED, By.RECEIVER),
        (_S.QUEUED, _A.GIVE_UP): _edge(_S.UNREACHABLE, By.SENDER),
        (_S.QUEUED, _A.DROP): _edge(_S.DROPPED, By.PAGE),
        (_S.SENDING, _A.CLAIM): _edge(_S.SENDING, By.SENDER),
        (_S.SENDING, _A.ACCEPT): _edge(_S.SENT, By.CHANNEL),
        (_S.SENDING, _A.REFUSE): _edge(_S.FAILED, By.CHANNEL),
        (_S.SENDING, _A.LOSE): _edge(_S.IN_DOUBT, By.CHANNEL),
        (_S.SENDING, _A.GIVE_UP): _edge(_S.UNREACHABLE, By.SENDER),
        (_S.SENDING, _A.CONFIRM): _edge(_S.DELIVERED, By.RECEIVER),
        (_S.SENDING, _A.DROP): _edge(_S.DROPPED, By.PAGE),
        (_S.IN_DOUBT, _A.CLAIM): _edge(_S.SENDING, By.SENDER),
        (_S.IN_DOUBT, _A.GIVE_UP): _edge(_S.UNREACHABLE, By.SENDER),
        (_S.IN_DOUBT, _A.CONFIRM): _edge(_S.DELIVERED, By.RECEIVER),
        (_S.IN_DOUBT, _A.DROP): _edge(_S.DROPPED, By.PAGE),
        (_S.SENT, _A.CONFIRM): _edge(_S.DELIVERED, By.RECEIVER),
        (_S.SENT, _A.GIVE_UP): _edge(_S.UNREACHABLE, By.SENDER),
    },
)

UNSETTLED = frozenset({_S.QUEUED, _S.SENDING, _S.IN_DOUBT})
"""States that may not last: somebody still has to act. `sent` waits for a receipt instead."""


def sources(action: MessageAction) -> list[str]:
    """States from which `action` leads on, for `WHERE state = ANY(...)`."""
    return [str(state) for state, act, _ in MESSAGE if act == action]
