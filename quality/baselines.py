"""Pure: a number beside the interval that a province compares with.

A count grows with its period, and baselines are of the data year: it is compared over whole years
alone. Shares, rates and medians are compared over any.
"""

from quality.definitions import Definition
from quality.repository import Scope
from quality.schemas import Beside
from quality.untold import whole_year

Bounds = tuple[float | None, float | None]


def baseline(definition: Definition, scope: Scope) -> Bounds:
    """The province's interval, in the definition's unit; open where None."""
    said = definition.baseline
    if said is None or (definition.kind == "count" and not whole_year(scope.start, scope.end)):
        return None, None
    return said.low, said.high


def bounds(definition: Definition, scope: Scope) -> Bounds:
    """The baseline; where the province has none, an interval's target."""
    if definition.baseline is not None:
        return baseline(definition, scope)
    target = definition.target
    if definition.kind == "interval" and target is not None and target.seconds is not None:
        return None, float(target.seconds)
    return None, None


def beside(
    definition: Definition, value: float | None, within: Bounds
) -> tuple[Beside | None, bool | None]:
    """Where a value lies, and whether that is worse; what lies within is neither."""
    low, high = within
    if value is None or (low is None and high is None):
        return None, None
    if high is not None and value > high:
        return "above", {"lower": True, "higher": False}.get(definition.direction)
    if low is not None and value < low:
        return "below", {"lower": False, "higher": True}.get(definition.direction)
    return "within", None
