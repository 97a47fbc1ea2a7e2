"""Refusals about places."""

from kernel.errors import Refusal


class AreaOverlaps(Refusal):
    """Another centre already answers for this region in that period. Fields: region, kind."""

    code = "registry.area_overlaps"


class RegionUnknown(Refusal):
    """There is no such region. Fields: region."""

    code = "registry.region_unknown"
    status = 422
