"""Refusals of assessment rounds; texts in quality/messages.toml."""

from kernel.errors import Refusal


class RoundStands(Refusal):
    """This period of this region is being assessed already."""

    code = "assessment.round_stands"


class NothingToAssess(Refusal):
    """The closed period holds no rescue centre of the region."""

    code = "assessment.nothing_to_assess"
    status = 422


class StepMoved(Refusal):
    """It is no longer where the viewer saw it. Fields: state, action."""

    code = "assessment.moved"


class OtherSide(Refusal):
    """The step is another side's. Fields: action."""

    code = "assessment.other_side"
    status = 403


class NotAnswered(Refusal):
    """A self-check says something to every item. Fields: codes."""

    code = "assessment.not_answered"
    status = 422


class ItemUnknown(Refusal):
    """The round has no such item. Fields: code."""

    code = "assessment.item_unknown"
    status = 404


class EntriesOpen(Refusal):
    """A round is closed when every centre's entry is. Fields: entries."""

    code = "assessment.entries_open"


class TasksOpen(Refusal):
    """An entry is closed when everything was put right. Fields: tasks."""

    code = "assessment.tasks_open"


class NotFoundOnSite(Refusal):
    """A visit is signed when every on-site item was looked at, or said not to be. Fields: codes."""

    code = "assessment.not_looked_at"
    status = 422


class PhotoMissing(Refusal):
    """A visit that checked something has at least one photo."""

    code = "assessment.photo_missing"
    status = 422


class DayPassed(Refusal):
    """A deadline or a visit does not lie in the past. Fields: field."""

    code = "assessment.day_passed"
    status = 422
