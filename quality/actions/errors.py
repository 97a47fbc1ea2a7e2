"""Refusals of actions."""

from typing import ClassVar

from kernel.errors import Refusal


class ActionMoved(Refusal):
    """The state table has no such edge, or somebody else changed it. Fields: state, action."""

    code: ClassVar[str] = "actions.moved"


class ActionOwnHouse(Refusal):
    """People of the house whose record it hangs on set and check actions."""

    code: ClassVar[str] = "actions.own_house_only"
    status: ClassVar[int] = 403


class CheckedByAnother(Refusal):
    """Whoever did it does not check it."""

    code: ClassVar[str] = "actions.checked_by_another"
    status: ClassVar[int] = 403


class OwnerUnknown(Refusal):
    """Nobody of the house by that id."""

    code: ClassVar[str] = "actions.owner_unknown"
    status: ClassVar[int] = 422


class ActionDuePassed(Refusal):
    """An action is due on a day to come, or today."""

    code: ClassVar[str] = "actions.due_passed"
    status: ClassVar[int] = 422
