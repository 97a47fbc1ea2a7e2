"""On the way: plan, checklist, doors closed, and everything that can happen on the road."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel import parties
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, PersonId, PregnancyId
from kernel.parties import PartyRole
from kernel.viewer import Viewer
from referral.commands.fields import Act, Vitals
from referral.commands.on_leg import (
    Birth,
    Checklist,
    Depart,
    Deteriorate,
    Divert,
    Halt,
    Ready,
    Replan,
    Report,
    Resume,
)
from referral.errors import ChecklistException, Incomplete, PersonUnknown, WrongMoment
from referral.links.errors import OxygenShort
from referral.links.rules import oxygen_needed_l
from referral.models import LegRow
from referral.repository import CaseRepository
from referral.service.ask import tell
from referral.service.commit import accepted_offer, let_go_others
from referral.service.desk import Desk, at_desk
from referral.service.observe import observe
from referral.states import LegAction, ReferralAction
from registry.facilities import queries as facilities
from registry.people import queries as people
from registry.pregnancies import service as pregnancies
from registry.pregnancies.schemas import NewNewborn


@asynccontextmanager
async def on_leg(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: Act
) -> AsyncIterator[tuple[Desk, LegRow]]:
    """The desk of the leg's case, and the leg."""
    case_id = await CaseRepository(session, viewer).case_of(LegRow, leg_id)
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        yield desk, desk.leg(leg_id)


async def replan(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: Replan
) -> CaseId:
    """Name or change vehicle, escort, crew, expected arrival before departure.

    Raises:
        PersonUnknown: a crew member does not exist.
    """
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        side = desk.move_leg(leg, LegAction.REPLAN)
        leg.mode = order.mode or leg.mode
        leg.vehicle = order.vehicle or leg.vehicle
        leg.escort = order.escort or leg.escort
        leg.eta = order.eta or leg.eta
        crew = [PersonId(id_) for id_ in order.crew_person_ids]
        known = await people.get_many(session, crew)
        for person in crew:
            if person not in known:
                raise PersonUnknown(field="crew_person_ids")
            await parties.add_person(session, desk.case_id, person, PartyRole.CREW)
        facts: dict[str, object] = {"leg_id": leg.id, "mode": leg.mode, "eta": leg.eta}
        await desk.write("leg.planned", {**facts, "crew": crew}, side=side)
    return desk.case_id


async def ready(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: Ready
) -> CaseId:
    """Vehicle, escort and kit stand ready."""
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        side = desk.move_leg(leg, LegAction.READY)
        _check(leg, order.checklist)
        leg.ready_at = desk.at
        await desk.write("leg.ready", {"leg_id": leg.id}, side=side)
    return desk.case_id


def _check(leg: LegRow, checklist: Checklist) -> None:
    given = msgspec.to_builtins(checklist)
    absent = [item for item, value in given.items() if value is False]
    if absent and not checklist.exception:
        raise ChecklistException(items=", ".join(absent))
    oxygen = checklist.oxygen
    if oxygen is not None and not checklist.exception:
        needed = oxygen_needed_l(oxygen.flow_l_per_min, oxygen.trip_min)
        if oxygen.available_l < needed:
            raise OxygenShort(needed_l=round(needed), available_l=round(oxygen.available_l))
    leg.checklist = given


async def depart(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: Depart
) -> CaseId:
    """The doors close (9): leg and case move together.

    Raises:
        Incomplete: nobody went through the checklist.
        ChecklistException: an item is missing and nobody says why she travels all the same.
    """
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        side = desk.move_leg(leg, LegAction.DEPART)
        desk.move_case(ReferralAction.DEPART)
        if order.checklist is not None:
            _check(leg, order.checklist)
        elif leg.checklist is None:
            raise Incomplete(missing="checklist")
        leg.departed_at = desk.at
        expect(desk, leg, order.eta)
        facts = {"leg_id": leg.id, "facility_id": leg.destination_id, "eta": leg.eta}
        await desk.write("leg.departed", facts, side=side)
        await tell(desk, "leg.departed", [leg.destination_id], facts)
    return desk.case_id


def expect(desk: Desk, leg: LegRow, eta: datetime | None) -> None:
    """Set the arrival clock: query some time after the expected arrival."""
    leg.eta = eta or leg.eta
    leg.queried_at = None
    if leg.eta is None:
        desk.due(leg, "no_eta_arrival")
    else:
        desk.due(leg, "late_arrival", max(leg.eta, desk.at))


async def report(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: Report
) -> CaseId:
    """Vitals and expected arrival from the road."""
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        side = desk.move_leg(leg, LegAction.REPORT)
        note_transit(desk, leg, "report", order.note, order.vitals)
        await observe(desk, order.vitals)
        if order.eta is not None:
            expect(desk, leg, order.eta)
        await desk.write("leg.reported", {"leg_id": leg.id, "eta": leg.eta}, side=side)
    return desk.case_id


def note_transit(
    desk: Desk, leg: LegRow, what: str, note: str | None, vitals: Vitals | None
) -> None:
    seen = None if vitals is None else msgspec.to_builtins(vitals)
    desk.remember("transit", {"what": what, "note": note, "vitals": seen}, leg_id=leg.id)


async def divert(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: Divert
) -> CaseId:
    """To another unit that said yes (10); the old receiver must say that it knows."""
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        chosen = await accepted_offer(desk, order.offer_id)
        if chosen.purpose != "diversion":
            raise WrongMoment(machine="leg", action=str(LegAction.DIVERT))
        side = desk.move_leg(leg, LegAction.DIVERT)
        former = leg.destination_id
        await let_go_others(desk, chosen, "diverted")
        chosen.purpose = "transfer"
        leg.offer_id, leg.destination_id = chosen.id, chosen.facility_id
        desk.rows.referral.receiver_id = chosen.facility_id
        desk.rest(desk.rows.referral)
        leg.eta = leg.estimated_eta = leg.near_at = None
        expect(desk, leg, order.eta)
        note_transit(desk, leg, "diverted", order.reason, None)
        facts = {"leg_id": leg.id, "from_facility": former, "to_facility": chosen.facility_id}
        await desk.write("leg.diverted", facts, side=side)
        await tell(desk, "leg.diverted", [chosen.facility_id], facts)
    return desk.case_id


async def deteriorate(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: Deteriorate
) -> CaseId:
    """She gets worse on the road (11)."""
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        side = desk.move_leg(leg, LegAction.DETERIORATE)
        note_transit(desk, leg, "deteriorated", order.note, order.vitals)
        await observe(desk, order.vitals)
        facts = {"leg_id": leg.id}
        await desk.write("leg.deteriorated", facts, side=side)
        both = [leg.destination_id, desk.rows.referral.origin_id]
        await tell(desk, "leg.deteriorated", both, facts)
        await ring(desk, leg, "leg.deteriorated")
    return desk.case_id


async def ring(desk: Desk, leg: LegRow, event: str) -> None:
    """Page the receiver's people for `event`; a unit outside the network has nobody to ring."""
    destination = FacilityId(leg.destination_id)
    if await facilities.is_outside(desk.session, destination):
        return
    case = desk.rows.referral
    await duty.page(
        desk.session,
        desk.clock,
        desk.viewer,
        case_id=desk.case_id,
        facility_id=destination,
        event=event,
        level="resuscitation" if case.acuity == "resuscitation" else "critical",
        req_key=f"{event}:{leg.id}:{case.version}",
        title=case.number,
        colour=case.risk_colour,
        condition=case.condition,
    )


async def birth(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: Birth
) -> CaseId:
    """A child is born on the road (12): a record of its own, and the receiver is told."""
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        side = desk.move_leg(leg, LegAction.BIRTH)
        case = desk.rows.referral
        born = await pregnancies.add_newborn(
            session,
            clock,
            viewer,
            PregnancyId(case.pregnancy_id),
            NewNewborn(
                birth_order=order.birth_order,
                born_at=desk.at,
                sex=order.sex,
                weight_g=order.weight_g,
                apgar_1=order.apgar_1,
                apgar_5=order.apgar_5,
            ),
            facility_id=FacilityId(case.origin_id),
        )
        case.subject = "dyad" if case.subject == "mother" else case.subject
        note_transit(desk, leg, "birth", order.note, None)
        facts = {"leg_id": leg.id, "newborn_id": born.id, "birth_order": order.birth_order}
        await desk.write("leg.birth_en_route", facts, side=side)
        await desk.write("milestone.birth", {"newborn_id": born.id, "en_route": True})
        await tell(desk, "leg.birth_en_route", [leg.destination_id, case.origin_id], facts)
        await ring(desk, leg, "leg.birth_en_route")
    return desk.case_id


async def halt(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: Halt
) -> CaseId:
    """The vehicle stands still."""
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        side = desk.move_leg(leg, LegAction.HALT)
        note_transit(desk, leg, "halted", order.reason, None)
        facts = {"leg_id": leg.id}
        await desk.write("leg.halted", facts, side=side)
        await tell(desk, "leg.halted", [leg.destination_id], facts)
    return desk.case_id


async def resume(
    session: AsyncSession, clock: Clock, viewer: Viewer, leg_id: UUID, order: Resume
) -> CaseId:
    """Moving again, or found again."""
    async with on_leg(session, clock, viewer, leg_id, order) as (desk, leg):
        side = desk.move_leg(leg, LegAction.RESUME)
        expect(desk, leg, order.eta)
        note_transit(desk, leg, "resumed", order.note, None)
        await desk.write("leg.resumed", {"leg_id": leg.id, "eta": leg.eta}, side=side)
    return desk.case_id
