"""Reads: what counts at a house, and what counted there before."""

from collections.abc import Iterable
from dataclasses import dataclass
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
    RegionTerms,
    TermsVersion,
    TierFactors,
)
from duty.rosters import regions
from duty.rosters.regions import RegionAround
from kernel.ids import FacilityId, PersonId, RegionId
from kernel.viewer import Viewer
from registry.people import queries as people


async def house_terms(session: AsyncSession, viewer: Viewer, facility_id: FacilityId) -> HouseTerms:
    """The rule and the weights of a facility; they are no secret."""
    rule = await rulebook.in_force(session, facility_id)
    weights = await weighing.choose(session, facility_id)
    rules = await rulebook.of_facility(session, facility_id)
    weighed = await weighing.of_facility(session, facility_id)
    above = await _regions(session, viewer, facility_id)
    written = [rule, *rules, *(one for held in above for one in (held.rule, *held.own))]
    authors = [one.added_by for one in written]
    authors += [one.added_by for one in (weights, *weighed)]
    names = await _names(session, authors, above)
    return HouseTerms(
        facility_id=facility_id,
        may_decide=facility_id == viewer.facility_id and oversees(viewer, facility_id),
        terms=_terms(rule, names),
        weights=_weights(weights, names),
        earlier_terms=[_terms(one, names) for one in rules if one.id != rule.id],
        earlier_weights=[_weights(one, names) for one in weighed if one.id != weights.id],
        regions=[
            RegionTerms(
                held.region.id,
                held.region.name,
                held.region.may_decide,
                _terms(held.rule, names),
                [_terms(one, names) for one in held.own if one.id != held.rule.id],
            )
            for held in above
            if held.own or held.region.may_decide
        ],
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """A region around the facility, what counts in it, and its own versions."""

    region: RegionAround
    rule: RuleVersion
    own: list[RuleVersion]


async def _regions(session: AsyncSession, viewer: Viewer, facility_id: FacilityId) -> list[_Held]:
    return [
        _Held(
            region,
            await rulebook.in_region(session, region.id),
            await rulebook.of_region(session, region.id),
        )
        for region in await regions.around(session, viewer, facility_id)
    ]


@dataclass(frozen=True, slots=True)
class _Names:
    """Who and what the versions mention."""

    people: dict[PersonId, SwapPerson]
    regions: dict[RegionId, str]

    def person(self, id_: UUID | None) -> SwapPerson | None:
        return None if id_ is None else self.people.get(PersonId(id_))

    def region(self, id_: UUID | None) -> str | None:
        return None if id_ is None else self.regions.get(RegionId(id_))


async def _names(
    session: AsyncSession, authors: Iterable[UUID | None], above: Iterable[_Held]
) -> _Names:
    wanted = {PersonId(one) for one in authors if one is not None}
    known = await people.get_many(session, wanted)
    return _Names(
        {id_: partners.person(ref) for id_, ref in known.items()},
        {held.region.id: held.region.name for held in above},
    )


def _terms(one: RuleVersion, names: _Names) -> TermsVersion:
    fields = {name: getattr(one.text, name) for name in DutyTerms.__struct_fields__}
    owned = "facility" if one.facility_id else "region" if one.region_id else "platform"
    return TermsVersion(
        id=one.id,
        scope=owned,  # type: ignore[arg-type]
        region=names.region(one.region_id),
        terms=DutyTerms(**fields),
        source=one.text.source,
        confidence=one.text.confidence,
        added_by=names.person(one.added_by),
        valid_from=one.valid_from,
    )


def _weights(one: WeightsVersion, names: _Names) -> DutyWeightsVersion:
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
        added_by=names.person(one.added_by),
        valid_from=one.valid_from,
    )
