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


class DraftMoved(Refusal):
    """Somebody else changed the draft since it was read. Fields: current, given."""

    code = "consult.draft_moved"


class DraftSigned(Refusal):
    """What is signed is not revised."""

    code = "consult.draft_signed"


class CitedVoid(Refusal):
    """A reading that was entered in error is no ground for advice."""

    code = "consult.cited_void"


class NothingCited(Refusal):
    """None of the cited seconds is stored. Fields: from_seq, to_seq."""

    code = "consult.nothing_cited"
    status = 422


class OwnAdvice(Refusal):
    """The author has signed already; others agree or dissent."""

    code = "consult.own_advice"


class StandTaken(Refusal):
    """One stand for each expert; more is said in an opinion of one's own."""

    code = "consult.stand_taken"


class DissentSaysWhy(Refusal):
    """Dissent without words helps nobody."""

    code = "consult.dissent_says_why"
    status = 422
