"""Refusals of returns."""

from typing import ClassVar

from kernel.errors import Refusal


class FormUnknown(Refusal):
    """There is no such form. Fields: form."""

    code: ClassVar[str] = "returns.form_unknown"
    status: ClassVar[int] = 422


class PeriodUnknown(Refusal):
    """Not a period of this form, or one far ahead or long past. Fields: period."""

    code: ClassVar[str] = "returns.period_unknown"
    status: ClassVar[int] = 422


class ReturnMoved(Refusal):
    """The state table has no such edge, or somebody else changed it. Fields: state, action."""

    code: ClassVar[str] = "returns.moved"


class OwnHouseOnly(Refusal):
    """People of the house fill in its returns; others read them."""

    code: ClassVar[str] = "returns.own_house_only"
    status: ClassVar[int] = 403


class AnswerUnfit(Refusal):
    """An answer does not fit its item. Fields: item, reason."""

    code: ClassVar[str] = "returns.answer_unfit"
    status: ClassVar[int] = 422


class ReturnIncomplete(Refusal):
    """Items that must be stated are not. Fields: items (their codes), count."""

    code: ClassVar[str] = "returns.incomplete"
    status: ClassVar[int] = 422


class ReturnTooEarly(Refusal):
    """The form is handed in once its period is over. Fields: last."""

    code: ClassVar[str] = "returns.too_early"
    status: ClassVar[int] = 422


class FigureUnseen(Refusal):
    """A figure of the confidential list, to be handed in by who keeps it. Fields: items."""

    code: ClassVar[str] = "returns.figure_unseen"
    status: ClassVar[int] = 403
