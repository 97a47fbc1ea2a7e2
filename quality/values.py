"""What a measure comes to as one number: of a group, of each centre, on the average of centres."""

from collections.abc import Sequence
from uuid import UUID

from quality.definitions import MULTIPLES, Definition
from quality.groups import Group
from quality.handbook.versions import Version
from quality.passes import Few
from quality.repository import Scope
from quality.schemas import MeanOfCentres
from quality.untold import confidential


def value_in(definition: Definition, group: Group) -> float | None:
    """A share, a median or a count, in the definition's unit."""
    if definition.fraction:
        return rate(definition, group.met, group.n)
    return group.p50_s if definition.kind == "interval" else float(group.n)


def rate(definition: Definition, n: int, of: int) -> float | None:
    """A share in the definition's unit; None where nobody stands in the denominator."""
    return n / of * MULTIPLES[definition.unit] if of else None


def of_centre(definition: Definition, group: Group | None) -> float | None:
    """What one centre comes to; None where there is nothing to take a share or a median of."""
    if definition.kind == "count":
        return float(group.n) if group else 0.0
    return None if group is None else value_in(definition, group)


def mean_of_centres(
    definition: Definition, places: Sequence[Group], scope: Scope, centres: Sequence[UUID]
) -> MeanOfCentres | None:
    """Each centre for itself, then the mean (the assessment's rule for several centres in one
    area). A count takes centres with nothing as 0; a share or a median cannot, and says so.
    """
    if not centres or not _has_mean(definition, scope):
        return None
    held = {one.key: one for one in places}
    values = [of_centre(definition, held.get(centre)) for centre in centres]
    found = [value for value in values if value is not None]
    return MeanOfCentres(
        centres=len(found),
        without=len(values) - len(found),
        value=sum(found) / len(found) if found else None,
    )


def _has_mean(definition: Definition, scope: Scope) -> bool:
    if "centre" not in definition.levels or scope.facility_id is not None:
        return False
    return not confidential(definition.measure)


def shown_of_each(
    houses: int, versions: Sequence[Version], scope: Scope, centres: Sequence[UUID]
) -> list[Few]:
    """Of each version the facilities that are named; of some, the centres whose mean is told."""
    named, meant = Few(houses, frozenset()), Few(houses, frozenset(centres))
    return [meant if _has_mean(one.definition, scope) else named for one in versions]
