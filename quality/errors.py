"""Refusals of the read side."""

from kernel.errors import Refusal


class IndicatorUnknown(Refusal):
    """No indicator of this code is in force on the period's last day. Fields: code."""

    code = "quality.indicator_unknown"
    status = 404


class PeriodInvalid(Refusal):
    """The period ends before it begins, or is longer than can be answered at once."""

    code = "quality.period_invalid"
    status = 422


class FactsBehind(Refusal):
    """Numbers are not given out while many cases wait to be counted. Fields: cases."""

    code = "quality.facts_behind"
    status = 503


class DefinitionMoved(Refusal):
    """Another version of the indicator counts than the one that was read. Fields: code."""

    code = "quality.definition_moved"


class PeriodNotOver(Refusal):
    """A period is closed after its last day, not before."""

    code = "quality.period_not_over"
    status = 422


class NothingInForce(Refusal):
    """No indicator was in force on the period's last day: there is nothing to keep."""

    code = "quality.nothing_in_force"
    status = 422


class ImportTooLong(Refusal):
    """A file has more rows than are taken at once. Fields: most."""

    code = "quality.import_too_long"
    status = 422


class PeriodFrozen(Refusal):
    """These days of this region are closed already."""

    code = "quality.period_frozen"
