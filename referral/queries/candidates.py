"""Ranks the houses that could take somebody, from what is known of them at this moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import FacilityId
from kernel.viewer import Viewer
from referral.errors import ConditionUnknown
from referral.queries import load
from referral.readmodel.choosing import Choice, ChoiceReason, Choices
from referral.readmodel.load import HouseLoad
from referral.repository import CaseRepository, CaseRows
from referral.rules.candidates import (
    RULES,
    Asked,
    Candidate,
    Count,
    HouseFacts,
    Need,
    Part,
    Reason,
    first_to_ask,
    kilometres,
    rank,
)
from referral.rules.conditions import CATALOGUE
from referral.rules.facts import CaseFacts
from referral.states import ASKED, OfferState
from registry.facilities import queries as facilities
from registry.facilities.rules import AreaKind
from registry.facilities.schemas import FacilityOut, FacilityRef
from registry.resources import queries as resources
from registry.resources.rules import CATALOGUE as KINDS
from registry.resources.rules import Closure, closed_to
from registry.resources.schemas import ResourceValue

_RECEIVING = frozenset({"maternal_centre", "neonatal_centre", "midwifery"})
_ANSWERS: dict[OfferState, Asked] = {
    OfferState.ACCEPTED: "accepted",
    OfferState.DECLINED: "declined",
    OfferState.REDIRECTED: "redirected",
    OfferState.WITHDRAWN: "withdrawn",
    OfferState.EXPIRED: "expired",
}


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, from where, and who has answered already."""

    need: Need
    origin: UUID
    near: UUID
    asked: Mapping[UUID, Asked]


@dataclass(frozen=True, slots=True)
class Found:
    """The ranked list with what it was made from."""

    search: Search
    candidates: list[Candidate]
    designated: UUID | None
    places: dict[UUID, FacilityOut]
    closed: dict[UUID, Closure]

    def first(self) -> list[UUID]:
        """Whom the rules ask when nobody names a destination."""
        return first_to_ask(self.candidates, self.search.need.acuity, self.designated, RULES)

    def fit(self) -> list[UUID]:
        """Suitable houses, the fittest first."""
        return [one.house.id for one in self.candidates if one.suitable]


def answers(facts: CaseFacts, part: Part) -> dict[UUID, Asked]:
    """Who has been asked for her (or for her newborn's cot), and how it stands."""
    found: dict[UUID, Asked] = {}
    for offer in facts.offers:
        mine = (offer.purpose == "neonatal") == (part == "newborn")
        if mine:
            found[offer.facility_id] = "asked" if offer.state in ASKED else _ANSWERS[offer.state]
        elif part == "newborn" and offer.neonatal in ("declined", "elsewhere"):
            found.setdefault(offer.facility_id, "declined")
    return found


def search_of(case: CaseRows, part: Part, gestation_days: int | None) -> Search:
    """What this case looks for; a newborn is looked for near the mother's house."""
    row, facts = case.referral, case.facts()
    if row.subject == "newborn":
        part = "newborn"
    taken = facts.accepted("transfer")
    cots = row.cots_needed if row.needs_neonatal or part == "newborn" else 0
    near = taken.facility_id if part == "newborn" and taken is not None else row.origin_id
    asked = answers(facts, "mother" if row.subject == "newborn" else part)
    need = Need(row.condition, row.acuity, part, cots, gestation_days)
    return Search(need, row.origin_id, near, asked)


async def find(session: AsyncSession, clock: Clock, viewer: Viewer, search: Search) -> Found:
    """Everything that is known now, ranked."""
    now = clock.now()
    places = {place.id: place for place in await facilities.facilities(session, now)}
    wanted = [
        place
        for place in places.values()
        if not _RECEIVING.isdisjoint(place.roles) or place.id in search.asked
    ]
    newborn = search.need.part == "newborn"
    kind = AreaKind.NEONATAL if newborn else AreaKind.MATERNAL
    designated = await facilities.designated_centre(session, FacilityId(search.origin), kind, now)
    known = _Known(
        values=await resources.newest_values(session, clock, viewer, [p.id for p in wanted]),
        capabilities=await resources.capabilities(session, clock, viewer),
        closures=await resources.closures(session, clock, viewer),
        loads=await load.by_house(session),
        here=_position(places.get(search.near)),
        designated=designated,
        now=now,
    )
    houses = [known.facts(place, search) for place in wanted]
    closed = {p.id: one for p in wanted if (one := known.closure(p.id, search)) is not None}
    return Found(search, rank(search.need, houses, RULES), designated, places, closed)


def _position(place: FacilityOut | None) -> tuple[float, float] | None:
    if place is None or place.latitude is None or place.longitude is None:
        return None
    return place.latitude, place.longitude


@dataclass(frozen=True, slots=True)
class _Known:
    values: dict[UUID, dict[str, ResourceValue]]
    capabilities: dict[UUID, frozenset[str]]
    closures: list[Closure]
    loads: dict[UUID, HouseLoad]
    here: tuple[float, float] | None
    designated: UUID | None
    now: datetime

    def facts(self, place: FacilityOut, search: Search) -> HouseFacts:
        """What is known of one house."""
        there = _position(place)
        near = self.here is not None and there is not None
        inbound = self.loads.get(place.id)
        return HouseFacts(
            id=place.id,
            code=place.code,
            tier=place.tier,
            designated=place.id == self.designated,
            origin=place.id == search.origin,
            capabilities=self.capabilities.get(place.id),
            counts={
                kind: self._count(value, inbound)
                for kind, value in self.values.get(place.id, {}).items()
            },
            km=kilometres(self.here, there) if near else None,  # type: ignore[arg-type]
            inbound=0 if inbound is None else inbound.inbound,
            diverted=self.closure(place.id, search) is not None,
            asked=search.asked.get(place.id),
        )

    def closure(self, facility_id: UUID, search: Search) -> Closure | None:
        """The declared diversion that turns this search away there."""
        mine = [one for one in self.closures if one.facility_id == facility_id]
        newborn = search.need.part == "newborn"
        part: Literal["maternal", "neonatal"] = "neonatal" if newborn else "maternal"
        return closed_to(mine, search.need.condition, part, self.now)

    def _count(self, value: ResourceValue, inbound: HouseLoad | None) -> Count:
        hold = KINDS.kinds[value.kind].hold if value.kind in KINDS.kinds else None
        held = sum(h.held for h in inbound.held if h.kind == hold) if inbound and hold else 0
        age = None
        if value.reported_at is not None:
            age = max(0, int((self.now - value.reported_at).total_seconds() // 60))
        return Count(value.free or 0, held, value.standing, age)


def shown(found: Found, now: datetime, case_id: UUID | None = None) -> Choices:
    """The list as the screen gets it."""
    first = set(found.first())
    return Choices(
        part=found.search.need.part,
        cots=found.search.need.cots,
        parallel=found.search.need.acuity in RULES.parallel_acuities,
        version=RULES.version,
        source=RULES.source,
        confidence=RULES.confidence,
        status=RULES.status,
        candidates=[
            _choice(one, found.places[one.house.id], first, found.closed.get(one.house.id))
            for one in found.candidates
        ],
        server_time=now,
        case_id=case_id,
    )


def _choice(one: Candidate, place: FacilityOut, first: set[UUID], closed: Closure | None) -> Choice:
    return Choice(
        rank=one.rank,
        suitable=one.suitable,
        designated=one.house.designated,
        asked_first=one.house.id in first,
        facility=FacilityRef(place.id, place.name, place.short_name, place.tier),
        region_name=place.region_name,
        contacts=place.contacts,
        minutes=one.minutes,
        reasons=[_reason(reason, closed) for reason in one.reasons],
    )


def _reason(reason: Reason, closed: Closure | None) -> ChoiceReason:
    declared: dict[str, Any] = {}
    if reason.code == "diverted" and closed is not None:
        declared = {"said": closed.reason, "until": closed.until}
    return ChoiceReason(code=reason.code, favourable=reason.favourable, **reason.values, **declared)


async def for_case(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, part: Part
) -> Choices:
    """Where this case could go next.

    Raises:
        NotFound: unknown or foreign.
    """
    repository = CaseRepository(session, viewer)
    case = await repository.get(case_id)
    snapshot = await repository.snapshot(case_id)
    gestation = None if snapshot is None else snapshot.sbar.get("gestation_days")
    found = await find(session, clock, viewer, search_of(case, part, gestation))
    return shown(found, clock.now(), case_id)


async def for_draft(
    session: AsyncSession, clock: Clock, viewer: Viewer, wanted: Mapping[str, Any]
) -> Choices:
    """Where a case that is being written could go.

    Raises:
        ConditionUnknown: not in the catalogue.
        NotFound: there is no such origin.
    """
    if wanted["condition"] not in CATALOGUE:
        raise ConditionUnknown(condition=wanted["condition"])
    origin = wanted["origin"] or viewer.facility_id
    if not await facilities.get_many(session, [FacilityId(origin)]):
        raise NotFound()
    part: Part = "newborn" if wanted["subject"] == "newborn" else "mother"
    cots = wanted["cots"] if wanted["needs_neonatal"] or part == "newborn" else 0
    need = Need(wanted["condition"], wanted["acuity"], part, cots, wanted["gestation_days"])
    found = await find(session, clock, viewer, Search(need, origin, origin, {}))
    return shown(found, clock.now())
