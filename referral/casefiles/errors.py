"""Every "no" of a case file, coded; the texts stand in messages.toml."""

from kernel.errors import Refusal


class FileWrongSide(Refusal):
    """Legal, but not for this viewer's side of the file. Fields: action, sides."""

    code = "casefile.wrong_side"
    status = 403


class FileExists(Refusal):
    """The pregnancy has an open file. Fields: case_id, number."""

    code = "casefile.exists"


class NoFilingFacility(Refusal):
    """The viewer has no clinical role at a facility, so cannot be responsible for a file."""

    code = "casefile.no_facility"
    status = 403


class NoUpperCentre(Refusal):
    """No rescue centre answers for this facility: name one with the plan."""

    code = "casefile.no_upper_centre"
    status = 422


class PlaceUnknown(Refusal):
    """There is no such facility, or it is the one that has the file. Fields: field."""

    code = "casefile.place_unknown"
    status = 422


class OwnerUnknown(Refusal):
    """There is no such colleague at the facility responsible. Fields: field."""

    code = "casefile.owner_unknown"
    status = 422


class PlanVersionStale(Refusal):
    """Another version of the plan was drafted since. Fields: given, current."""

    code = "casefile.plan_version_stale"


class PlanSigned(Refusal):
    """This side has signed this version of the plan. Fields: side."""

    code = "casefile.plan_signed"


class HandoverOpen(Refusal):
    """A hand-over waits for its answer already. Fields: facility."""

    code = "casefile.handover_open"


class DueOutOfRange(Refusal):
    """A task is due in the future, and before the pregnancy is long over. Fields: days."""

    code = "casefile.due_out_of_range"
    status = 422


class OutcomeIncomplete(Refusal):
    """This outcome needs one more word. Fields: missing."""

    code = "casefile.outcome_incomplete"
    status = 422


class MonthInvalid(Refusal):
    """A month is written 2026-11 and is not in the future."""

    code = "casefile.month_invalid"
    status = 422


class FieldUnknown(Refusal):
    """The list has no such field, category or option. Fields: field."""

    code = "casefile.field_unknown"
    status = 422
