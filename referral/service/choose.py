"""Whom a case is offered to when no person names a destination."""

from uuid import UUID

from kernel.ids import FacilityId
from referral.models import OfferRow
from referral.queries.candidates import Found, find, search_of
from referral.repository import CaseRepository
from referral.rules.candidates import Part
from referral.service.desk import Desk
from registry.facilities import queries as facilities
from registry.facilities.rules import AreaKind

TIERS = 4
"""Township, county, city, province: no chain of centres is longer."""


async def ranked(desk: Desk, part: Part = "mother") -> Found:
    """The houses that could take her (or her newborn), as things stand."""
    snapshot = await CaseRepository(desk.session, desk.viewer).snapshot(desk.rows.referral.id)
    gestation = None if snapshot is None else snapshot.sbar.get("gestation_days")
    search = search_of(desk.rows, part, gestation)
    return await find(desk.session, desk.clock, desk.viewer, search)


async def next_above(desk: Desk, after: OfferRow, found: Found, kind: AreaKind) -> UUID | None:
    """The nearest centre above `after` that is fit and was not asked."""
    fit = set(found.fit())
    here = FacilityId(after.facility_id)
    for _ in range(TIERS):
        above = await facilities.designated_centre(desk.session, here, kind, desk.moment.entered_at)
        if above is None:
            return None
        if above in fit:
            return above
        here = above
    return None


async def next_house(desk: Desk, after: OfferRow, kind: AreaKind, *, anywhere: bool) -> UUID | None:
    """Who is asked next: the centre above, else (if `anywhere`) the fittest house left."""
    if after.purpose == "neonatal":
        return next(iter((await ranked(desk, "newborn")).fit()), None)
    found = await ranked(desk)
    above = await next_above(desk, after, found, kind)
    if above is not None or not anywhere:
        return above
    return next(iter(found.fit()), None)
