"""Advice and its orders, as tables."""

from enum import StrEnum

from kernel.states import Edge, StateTable


class Party(StrEnum):
    """Who acts on advice."""

    AUTHOR = "author"
    BEDSIDE = "bedside"


class AdviceState(StrEnum):
    """Written, or signed for good."""

    DRAFT = "draft"
    SIGNED = "signed"


class AdviceAction(StrEnum):
    """What can be done to advice."""

    SIGN = "sign"


class OrderState(StrEnum):
    """What became of one order."""

    PENDING = "pending"
    READ_BACK = "read_back"
    EXECUTED = "executed"
    NOT_EXECUTED = "not_executed"


class OrderAction(StrEnum):
    """What the bedside says about an order."""

    READ_BACK = "read_back"
    EXECUTE = "execute"
    EXPLAIN = "explain"


ADVICE: StateTable[AdviceState, AdviceAction, Party] = StateTable(
    "advice",
    AdviceState.DRAFT,
    [AdviceState.SIGNED],
    {(AdviceState.DRAFT, AdviceAction.SIGN): Edge(AdviceState.SIGNED, frozenset({Party.AUTHOR}))},
)

_BEDSIDE = frozenset({Party.BEDSIDE})

ORDER: StateTable[OrderState, OrderAction, Party] = StateTable(
    "order",
    OrderState.PENDING,
    [OrderState.EXECUTED, OrderState.NOT_EXECUTED],
    {
        (OrderState.PENDING, OrderAction.READ_BACK): Edge(OrderState.READ_BACK, _BEDSIDE),
        # In a resuscitation the read-back is spoken; what is entered is that it was done.
        (OrderState.PENDING, OrderAction.EXECUTE): Edge(OrderState.EXECUTED, _BEDSIDE),
        (OrderState.PENDING, OrderAction.EXPLAIN): Edge(OrderState.NOT_EXECUTED, _BEDSIDE),
        (OrderState.READ_BACK, OrderAction.EXECUTE): Edge(OrderState.EXECUTED, _BEDSIDE),
        (OrderState.READ_BACK, OrderAction.EXPLAIN): Edge(OrderState.NOT_EXECUTED, _BEDSIDE),
    },
)

ACTION_FOR = {
    OrderState.READ_BACK: OrderAction.READ_BACK,
    OrderState.EXECUTED: OrderAction.EXECUTE,
    OrderState.NOT_EXECUTED: OrderAction.EXPLAIN,
}
"""The action by which the bedside reports a state."""
