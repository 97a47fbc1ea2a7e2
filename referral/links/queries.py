"""What the holders of links see, and what those who issue links see of them."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import FacilityId, PersonId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.links.models import EntryRow, LinkRow
from referral.links.readmodel import (
    Child,
    CrewNow,
    CrewView,
    CrewWoman,
    Diversion,
    EntryOut,
    Given,
    Hospital,
    LinkOut,
    OutsideView,
    Place,
    PositionOut,
    RefusedEntry,
    Track,
)
from referral.links.repository import LinkRepository
from referral.links.rules import DATA, distance_km
from referral.models import LegRow
from referral.papers import Papers
from referral.queries.case import referral
from referral.queries.catalogue import treatment_kinds
from referral.readmodel.parts import Leg
from referral.readmodel.whole import Referral
from referral.repository import CaseRepository
from referral.rules.conditions import CATALOGUE
from referral.rules.treatments import TREATMENTS
from registry.facilities import queries as facilities
from registry.facilities.rules import FacilityRole
from registry.people import queries as people

NEAREST = 30
"""Hospitals that a phone carries with it: the nearest to both ends of the journey."""

RECENT = 30


async def crew_view(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer
) -> CrewView:
    """Everything that the crew's page needs; opening it is logged with the patient.

    Raises:
        NotFound: the viewer came by no crew link.
    """
    link = await LinkRepository(session, viewer).own("crew")
    case = await referral(session, clock, viewer, sealer, link.case_id)
    me = (await people.get_many(session, [PersonId(link.id)]))[PersonId(link.id)]
    now = await _now(session, clock, viewer, link, case)
    origin = await _place(session, case.origin.id)
    condition = CATALOGUE[case.condition]
    leg = next(leg for leg in case.legs if leg.id == link.leg_id)
    offer = next((offer for offer in case.offers if offer.id == leg.offer_id), None)
    return CrewView(
        link_id=link.id,
        holder=me.name,
        post=me.title,
        expires_at=link.expires_at,
        number=case.number,
        drill=case.drill,
        demo=case.demo,
        acuity=case.acuity,
        condition=case.condition,
        condition_zh=condition.zh,
        condition_en=condition.en,
        risk_colour=case.risk_colour,
        purple=case.purple,
        subject=case.subject,
        woman=_woman(case),
        conditions=None if offer is None else offer.conditions,
        origin=origin,
        now=now,
        hospitals=await _hospitals(session, clock, origin, now.destination),
        kit=DATA.kit,
        documents=DATA.documents,
        cylinders=DATA.oxygen.cylinders,
        treatments=treatment_kinds(),
        margin_min=DATA.oxygen.margin_min,
        sample_s=DATA.position.sample_s,
        poll_s=DATA.sync.poll_s,
        data_version=DATA.version,
    )


def _woman(case: Referral) -> CrewWoman:
    who, record = case.pregnancy, case.record
    return CrewWoman(
        name=None if who is None else who.name,
        age=case.patient.age,
        gestation_days=case.patient.gestation_days,
        plurality=None if who is None else who.plurality,
        allergies=record.allergies,
        blood_group=record.blood_group,
        rh=record.rh,
        treatment=record.treatment,
        drugs=record.drugs,
        blood_given=record.blood_given,
        infection=record.infection,
        vitals=record.vitals,
    )


async def crew_now(session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer) -> CrewNow:
    """What has changed on the road."""
    link = await LinkRepository(session, viewer).own("crew")
    case = await referral(session, clock, viewer, sealer, link.case_id)
    return await _now(session, clock, viewer, link, case)


async def _now(
    session: AsyncSession, clock: Clock, viewer: Viewer, link: LinkRow, case: Referral
) -> CrewNow:
    leg = next(leg for leg in case.legs if leg.id == link.leg_id)
    row = await session.get_one(LegRow, leg.id)
    refused = await LinkRepository(session, viewer).refused(link.case_id, leg_id=leg.id)
    return CrewNow(
        server_time=clock.now(),
        version=case.version,
        state=case.state,
        leg_id=leg.id,
        leg_state=leg.state,
        destination=await _place(session, leg.destination.id),
        eta=leg.eta,
        estimated_eta=row.estimated_eta,
        queried_at=row.queried_at,
        ready_at=leg.ready_at,
        departed_at=leg.departed_at,
        arrived_at=leg.arrived_at,
        signed=[signature.side for signature in leg.signatures],
        documents_on_board=_documents(leg),
        actions=[item.action for item in case.allowed if item.target_id == leg.id],
        diversions=[
            Diversion(offer_id=offer.id, facility=offer.facility)
            for offer in case.offers
            if offer.purpose == "diversion" and offer.state == "accepted"
        ],
        entries=leg.entries[-RECENT:],
        given=await _given(session, viewer, link.case_id),
        children=[
            Child(
                birth_order=child.birth_order,
                born_at=child.born_at,
                sex=child.sex,
                weight_g=child.weight_g,
                apgar_1=child.apgar_1,
                apgar_5=child.apgar_5,
            )
            for child in case.newborns
        ],
        refused=[_refused(entry) for entry in refused if entry.link_id == link.id],
    )


def _documents(leg: Leg) -> list[str]:
    """Codes of the documents that the checklist named."""
    return [] if leg.checklist is None else [item.code for item in leg.checklist.documents]


async def _given(session: AsyncSession, viewer: Viewer, case_id: UUID) -> list[Given]:
    """What she has had, without what was struck through."""
    papers = Papers(session, viewer)
    struck = await papers.withdrawals(case_id)
    return [
        Given(
            at=row.given_at,
            code=row.code,
            zh=TREATMENTS.entries[row.code].zh,
            en=TREATMENTS.entries[row.code].en,
            dose=row.dose,
            unit=row.unit,
            route=row.route,
            note=row.note,
            on_the_way=row.phase == "during_transport",
        )
        for row in await papers.treatments(case_id)
        if row.id not in struck and row.code in TREATMENTS.entries
    ]


def _refused(row: EntryRow) -> RefusedEntry:
    return RefusedEntry(
        id=row.id,
        kind=row.kind,
        at=row.happened_at or row.device_at,
        data=row.data,
        code=row.code or "",
        fields=row.fields or {},
    )


async def _place(session: AsyncSession, facility_id: UUID) -> Place:
    id_ = FacilityId(facility_id)
    latitude, longitude = await facilities.place_of(session, id_)
    return Place(
        facility=await facilities.get(session, id_),
        latitude=latitude,
        longitude=longitude,
        phones=await facilities.contacts(session, id_),
    )


async def _hospitals(session: AsyncSession, clock: Clock, *ends: Place) -> list[Hospital]:
    """Midwifery units with a known place, the nearest to either end of the journey first."""
    found = await facilities.facilities(session, clock.now(), role=FacilityRole.MIDWIFERY)
    points = [
        (end.latitude, end.longitude)
        for end in ends
        if end.latitude is not None and end.longitude is not None
    ]
    placed = [
        Hospital(
            id=unit.id,
            name=unit.name,
            tier=unit.tier,
            latitude=unit.latitude,
            longitude=unit.longitude,
            phones=unit.contacts,
        )
        for unit in found
        if unit.latitude is not None and unit.longitude is not None
    ]

    def away(unit: Hospital) -> float:
        here = (unit.latitude, unit.longitude)
        return min((distance_km(point, here) for point in points), default=0.0)

    return sorted(placed, key=away)[:NEAREST]


async def outside_view(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer
) -> OutsideView:
    """The case as far as a unit outside the network may know it: no name before its yes.

    Raises:
        NotFound: the viewer came by no such link.
    """
    links = LinkRepository(session, viewer)
    link = await links.own("outside_unit", "outside_door")
    case = await referral(session, clock, viewer, sealer, link.case_id)
    offer = next(offer for offer in case.offers if offer.id == link.offer_id)
    accepted = offer.state == "accepted"
    spent = link.purpose == "outside_unit" and link.answered_at is not None
    open_ = link.purpose == "outside_unit" and not spent
    me = (await people.get_many(session, [PersonId(link.id)]))[PersonId(link.id)]
    leg = next((leg for leg in reversed(case.legs) if leg.offer_id == offer.id), None)
    condition = CATALOGUE[case.condition]
    known = open_ or accepted
    door = {item.action for item in case.allowed if leg is not None and item.target_id == leg.id}
    answers = {item.action for item in case.allowed if item.target_id == offer.id}
    closing = {item.action for item in case.allowed if item.action == "close"}
    may = answers if open_ else (door | closing if link.purpose == "outside_door" else set())
    return OutsideView(
        purpose=link.purpose,  # type: ignore[arg-type]
        holder=me.name,
        post=me.title,
        unit=offer.facility,
        expires_at=link.expires_at,
        server_time=clock.now(),
        spent=spent,
        number=case.number,
        drill=case.drill,
        demo=case.demo,
        version=case.version,
        state=case.state,
        offer_id=offer.id,
        offer_state=offer.state,
        neonatal=offer.neonatal,
        acuity=case.acuity,
        condition_zh=condition.zh,
        condition_en=condition.en,
        risk_colour=case.risk_colour,
        purple=case.purple,
        origin=await _place(session, case.origin.id),
        snapshot=case.snapshot if known else None,
        vitals=case.record.vitals if known else None,
        name=case.pregnancy.name if accepted and case.pregnancy is not None else None,
        questions=offer.questions,
        leg_id=None if leg is None else leg.id,
        leg_state=None if leg is None else leg.state,
        eta=None if leg is None else leg.eta,
        signed=[] if leg is None else [signature.side for signature in leg.signatures],
        may=sorted(may & _MAY),
    )


_MAY = {
    "acknowledge",
    "ask",
    "accept",
    "accept_after_stabilising",
    "decline",
    "redirect",
    "arrive",
    "sign_handover",
    "close",
}


async def links_of(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    case_id: UUID,
    *,
    only: UUID | None = None,
) -> list[LinkOut]:
    """The case's links, oldest first.

    Raises:
        NotFound: unknown or foreign case.
    """
    await CaseRepository(session, viewer).get(case_id)
    repository = LinkRepository(session, viewer)
    rows = [row for row in await repository.of_case(case_id) if only in (None, row.id)]
    return [await _link(session, clock, sealer, repository, row) for row in rows]


async def _link(
    session: AsyncSession,
    clock: Clock,
    sealer: Sealer,
    repository: LinkRepository,
    row: LinkRow,
) -> LinkOut:
    ids = [PersonId(row.id), PersonId(row.issued_by)]
    names = await people.get_many(session, ids)
    phones = await people.phones(session, sealer, ids[:1])
    places = await facilities.get_many(session, [FacilityId(row.facility_id)])
    return LinkOut(
        id=row.id,
        purpose=row.purpose,  # type: ignore[arg-type]
        leg_id=row.leg_id,
        offer_id=row.offer_id,
        holder=names.get(ids[0]),
        phone=phones.get(ids[0]),
        facility=places.get(FacilityId(row.facility_id)),
        issued_by=names.get(ids[1]),
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        opened_at=row.opened_at,
        opened=row.opened,
        answered_at=row.answered_at,
        revoked_at=row.revoked_at,
        live=await repository.lives(row, clock.now()),
    )


async def track(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, leg_id: UUID
) -> Track:
    """A journey as followed from the case page.

    Raises:
        NotFound: unknown or foreign leg.
    """
    case_id = await CaseRepository(session, viewer).case_of(LegRow, leg_id)
    leg = await session.get_one(LegRow, leg_id)
    repository = LinkRepository(session, viewer)
    positions = await repository.positions(leg_id, limit=1)
    last = positions[0] if positions else None
    end = await facilities.place_of(session, FacilityId(leg.destination_id))
    away = None
    if last is not None and end[0] is not None and end[1] is not None:
        away = round(distance_km((last.latitude, last.longitude), (end[0], end[1])), 1)
    refused = await repository.refused(case_id, leg_id=leg_id)
    names = await people.get_many(session, [PersonId(row.link_id) for row in refused])
    return Track(
        leg_id=leg_id,
        last=None
        if last is None
        else PositionOut(
            at=last.at,
            latitude=last.latitude,
            longitude=last.longitude,
            accuracy_m=last.accuracy_m,
        ),
        distance_km=away,
        eta=leg.eta,
        estimated_eta=leg.estimated_eta,
        estimated_at=leg.estimated_at,
        near_at=leg.near_at,
        queried_at=leg.queried_at,
        unreviewed=[_entry(row, names) for row in refused if row.reviewed_at is None],
        links=await links_of(session, clock, viewer, sealer, case_id),
        given=await _given(session, viewer, case_id),
        documents_on_board=[item["code"] for item in (leg.checklist or {}).get("documents", [])],
        confidence=DATA.position.confidence,
    )


def _entry(row: EntryRow, names: Any) -> EntryOut:
    return EntryOut(
        link_id=row.link_id,
        id=row.id,
        kind=row.kind,
        at=row.happened_at or row.device_at,
        received_at=row.received_at,
        data=row.data,
        code=row.code or "",
        fields=row.fields or {},
        by=names.get(PersonId(row.link_id)),
        reviewed_at=row.reviewed_at,
    )
