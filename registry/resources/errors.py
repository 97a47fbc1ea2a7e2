"""Refusals about what a house has."""

from kernel.errors import Refusal


class NotYourHouse(Refusal):
    """Only the house itself, or its region's coordinator, says what it has."""

    code = "registry.not_your_house"
    status = 403


class KindUnknown(Refusal):
    """Not in the catalogue. Fields: kind."""

    code = "registry.kind_unknown"
    status = 422


class MoreFreeThanThere(Refusal):
    """More free than there are. Fields: kind, free, total."""

    code = "registry.more_free_than_there"
    status = 422


class ReportSuperseded(Refusal):
    """Somebody has counted since: look again before confirming. Fields: kind."""

    code = "registry.report_superseded"


class DiversionTooLong(Refusal):
    """A diversion ends in the future, and within the limit. Fields: hours."""

    code = "registry.diversion_too_long"
    status = 422


class DiversionOver(Refusal):
    """This diversion has ended already."""

    code = "registry.diversion_over"


class StockTooSmall(Refusal):
    """More is issued than there is. Fields: kind, subkey, free, units."""

    code = "registry.stock_too_small"
