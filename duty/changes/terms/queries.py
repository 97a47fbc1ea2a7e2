"""Reads: what counts at a house, and what counted there before."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes import partners, rulebook
from duty.changes.fairness import weighing
from duty.changes.fairness.weighing import WeightsVersion
from duty.changes.policies import oversees
from duty.changes.rulebook import RuleVersion
from duty.changes.schemas import SwapPerson
from duty.changes.terms.schemas import (
    DayPoints,
    DutyTerms,
    DutyWeights,
    DutyWeightsVersion,
    HouseTerms,
    TermsVersion,
    TierFactors,
)
from kernel.ids import FacilityId, PersonId
from kernel.viewer import Viewer
from registry.people import queries as people

People = dict[PersonId, SwapPerson]


async def house_terms(session: AsyncSession, viewer: Viewer, facility_id: FacilityId) -> HouseTerms:
    """The rule and the weights of a facility; they are no secret."""
    rule = await rulebook.in_force(session, facility_id)
    weights = await weighing.choose(session, facility_id)
    rules = await rulebook.of_facility(session, facility_id)
    weighed = await weighing.of_facility(session, facility_id)
    authors = [one.added_by for one in (rule, *rules)]
    authors += [one.added_by for one in (weights, *weighed)]
    known = await people.get_many(session, {PersonId(one) for one in authors if one is not None})
    named = {id_: partners.person(ref) for id_, ref in known.items()}
    return HouseTerms(
        facility_id=facility_id,
        may_decide=facility_id == viewer.facility_id and oversees(viewer, facility_id),
        terms=_terms(rule, named),
        weights=_weights(weights, named),
        earlier_terms=[_terms(one, named) for one in rules if one.id != rule.id],
        earlier_weights=[_weights(one, named) for one in weighed if one.id != weights.id],
    )


def _terms(one: RuleVersion, named: People) -> TermsVersion:
    fields = {name: getattr(one.text, name) for name in DutyTerms.__struct_fields__}
    owned = "facility" if one.facility_id else "region" if one.region_id else "platform"
    return TermsVersion(
        id=one.id,
        scope=owned,  # type: ignore[arg-type]
        terms=DutyTerms(**fields),
        source=one.text.source,
        confidence=one.text.confidence,
        added_by=_author(one.added_by, named),
        valid_from=one.valid_from,
    )


def _weights(one: WeightsVersion, named: People) -> DutyWeightsVersion:
    weights = one.weights
    return DutyWeightsVersion(
        id=one.id,
        scope="platform" if one.facility_id is None else "facility",
        weights=DutyWeights(
            night_from=f"{weights.night_from:%H:%M}",
            night_to=f"{weights.night_to:%H:%M}",
            night_counts_from_h=weights.night_counts_from_h,
            day=DayPoints(**weights.day),
            night=DayPoints(**weights.night),
            tiers=TierFactors(**weights.tiers),
        ),
        source=one.source,
        confidence=one.confidence,
        added_by=_author(one.added_by, named),
        valid_from=one.valid_from,
    )


def _author(id_: UUID | None, named: People) -> SwapPerson | None:
    return None if id_ is None else named.get(PersonId(id_))
