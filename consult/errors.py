"""Every "no" of help at a distance, coded; the texts stand in messages.toml."""

from kernel.errors import Refusal


class NotTheAuthor(Refusal):
    """Advice is signed by whoever wrote it."""

    code = "consult.not_the_author"
    status = 403


class ExpertWrites(Refusal):
    """Advice is an expert's."""

    code = "consult.expert_writes"
    status = 403


class NotSigned(Refusal):
    """Orders count once the advice is signed."""

    code = "consult.not_signed"


class BedsideReports(Refusal):
    """The author of an order does not report it done."""

    code = "consult.bedside_reports"
    status = 403


class ReasonNeeded(Refusal):
    """An order that was not executed is explained."""

    code = "consult.reason_needed"
    status = 422


class AddendumElsewhere(Refusal):
    """An addendum follows signed advice of the same case."""

    code = "consult.addendum_elsewhere"
    status = 422
