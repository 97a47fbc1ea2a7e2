"""Offering a case to receivers, one after the other or several at once."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel import parties
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, PageId, new_id
from kernel.parties import PartyRole
from kernel.viewer import Viewer
from referral.commands.on_case import AddOffer
from referral.errors import (
    AlreadyAsked,
    CotNotNeeded,
    DestinationIsOrigin,
    DestinationUnknown,
    NoDesignatedCentre,
)
from referral.models import OfferRow
from referral.rules.candidates import RULES
from referral.service.choose import next_house, ranked
from referral.service.desk import Desk, at_desk
from referral.states import OfferState, ReferralAction, ReferralState
from registry.facilities import queries as facilities
from registry.facilities.rules import AreaKind, FacilityRole


async def add_offer(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: AddOffer
) -> CaseId:
    """Offer the case to one more unit; once a receiver is taken, as a diversion.

    Raises:
        CotNotNeeded: it is asked for a cot that nobody looks for.
    """
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        desk.move_case(ReferralAction.ADD_OFFER)
        if order.purpose == "neonatal" and not desk.facts().needs_neonatal:
            raise CotNotNeeded()
        await make_offer(desk, order.facility_id, cots=order.purpose == "neonatal")
        # Whoever was called because there was no destination has found one.
        await duty.joined_case(session, clock, viewer, desk.case_id)
    return desk.case_id


async def make_offer(
    desk: Desk,
    facility_id: UUID,
    *,
    hop: int = 1,
    from_offer: OfferRow | None = None,
    cots: bool = False,
) -> OfferRow:
    """Ask one unit: offer, party, event, page step 0, timer; `cots` asks for the newborn alone.

    Raises:
        DestinationIsOrigin: she is there already.
        DestinationUnknown: there is no such facility.
        AlreadyAsked: the unit has a live offer.
    """
    case = desk.rows.referral
    await _may_be_asked(desk, facility_id, cots=cots)
    committed = case.state in (ReferralState.COMMITTED, ReferralState.MOVING)
    needs_answer = case.needs_neonatal and case.direction == "up" and not cots
    row = OfferRow(
        id=new_id(),
        case_id=case.id,
        facility_id=facility_id,
        state=OfferState.OFFERED,
        purpose="neonatal" if cots else ("diversion" if committed else "transfer"),
        designated=await _is_centre(desk, facility_id, cots=cots),
        hop=hop,
        from_offer_id=from_offer and from_offer.id,
        neonatal="awaited" if needs_answer else "not_needed",
        after_stabilising=False,
        offered_at=desk.at,
        pause_used=False,
    )
    desk.session.add(row)
    desk.rows.offers.append(row)
    await desk.session.flush()  # the one-live-offer index refuses here
    await parties.add_facility(
        desk.session, desk.case_id, FacilityId(facility_id), PartyRole.RECEIVER
    )
    facts = {
        "offer_id": row.id,
        "facility_id": facility_id,
        "purpose": row.purpose,
        "hop": hop,
        "designated": row.designated,
        "from_offer_id": row.from_offer_id,
    }
    await desk.write("offer.offered", facts)
    if not await facilities.is_outside(desk.session, FacilityId(facility_id)):
        row.page_id = await _ring(desk, row)
    desk.due(row, "acknowledge" if case.direction == "up" else "back_referral")
    return row


async def _may_be_asked(desk: Desk, facility_id: UUID, *, cots: bool) -> None:
    if facility_id == desk.rows.referral.origin_id:
        raise DestinationIsOrigin()
    known = await facilities.get_many(desk.session, [FacilityId(facility_id)])
    if not known:
        raise DestinationUnknown(facility_id=str(facility_id))
    facts = desk.facts()
    if any(
        offer.live and offer.facility_id == facility_id and (offer.purpose == "neonatal") == cots
        for offer in facts.offers
    ):
        raise AlreadyAsked(facility=known[FacilityId(facility_id)].short_name)


async def _is_centre(desk: Desk, facility_id: UUID, *, cots: bool) -> bool:
    newborn = cots or desk.rows.referral.subject == "newborn"
    role = FacilityRole.NEONATAL_CENTRE if newborn else FacilityRole.MATERNAL_CENTRE
    return await facilities.has_role(desk.session, FacilityId(facility_id), role, desk.at)


async def _ring(desk: Desk, offer: OfferRow) -> PageId:
    """Page step 0 in this transaction; where a cot is needed the neonatal line rings too."""
    case = desk.rows.referral
    events = ["referral.offered"]
    if case.direction == "back":
        events = ["referral.back_offered"]
    elif case.subject == "newborn" or offer.purpose == "neonatal":
        events = ["referral.neonatal_offered"]
    elif case.needs_neonatal:
        events.append("referral.neonatal_offered")
    pages = [
        await duty.page(
            desk.session,
            desk.clock,
            desk.viewer,
            case_id=desk.case_id,
            facility_id=FacilityId(offer.facility_id),
            event=event,
            level=case.acuity,
            req_key=f"offer:{offer.id}:{event}",
            title=case.number,
            colour=case.risk_colour,
            condition=case.condition,
        )
        for event in events
    ]
    return pages[0]


def area_kind(desk: Desk) -> AreaKind:
    """Which network answers for this case."""
    return AreaKind.NEONATAL if desk.rows.referral.subject == "newborn" else AreaKind.MATERNAL


async def designated_for_origin(desk: Desk) -> UUID:
    """The centre that answers for where she is.

    Raises:
        NoDesignatedCentre: nobody is designated.
    """
    origin = FacilityId(desk.rows.referral.origin_id)
    found = await facilities.designated_centre(
        desk.session, origin, area_kind(desk), desk.moment.entered_at
    )
    if found is None:
        raise NoDesignatedCentre()
    return found


async def ask_next(desk: Desk, after: OfferRow, *, beside: bool = False) -> None:
    """A unit fell out: ask the centre above it, else call the coordinator. Never silence.

    `beside`: a limit ran out. Whoever was asked may still say yes, and the next is asked beside
    them, up to as many as the rules ask at once.
    """
    facts = desk.facts()
    live = [offer for offer in facts.offers if offer.live and offer.purpose == after.purpose]
    most = RULES.parallel_count if beside and RULES.after_breach else 1
    if len(live) >= most or any(offer.state is OfferState.ACCEPTED for offer in live):
        return
    cots = after.purpose == "neonatal"
    following = await next_house(desk, after, area_kind(desk), anywhere=beside)
    if following is not None:
        await make_offer(desk, following, from_offer=after, cots=cots)
    elif not live:
        event = "referral.no_cot" if cots else "referral.no_destination"
        await call_coordinator(desk, event, f"{event.partition('.')[2]}:{after.id}")


async def ask_for_cots(desk: Desk, mother: OfferRow) -> None:
    """She is taken, her newborn is not: ask for cots elsewhere, near where she goes.

    One house after the other, several at once where the acuity says so; nobody: the coordinator.
    """
    facts = desk.facts()
    if any(offer.live for offer in facts.offers if offer.purpose == "neonatal"):
        return
    critical = desk.rows.referral.acuity in RULES.parallel_acuities
    fit = (await ranked(desk, "newborn")).fit()[: RULES.parallel_count if critical else 1]
    for facility_id in fit:
        await make_offer(desk, facility_id, from_offer=mother, cots=True)
    if not fit:
        await call_coordinator(desk, "referral.no_cot", f"no_cot:{mother.id}")


async def call_coordinator(desk: Desk, event: str, key: str) -> list[PageId]:
    """Page the region's coordinating institute; where there is none, tell the sender's desk."""
    case = desk.rows.referral
    region = await facilities.region_of(desk.session, FacilityId(case.origin_id))
    found = await facilities.with_role(
        desk.session, FacilityRole.MCH_INSTITUTE, desk.moment.entered_at, region
    )
    pages = []
    for facility_id in found:
        await parties.add_facility(desk.session, desk.case_id, facility_id, PartyRole.COORDINATOR)
        page = await duty.page(
            desk.session,
            desk.clock,
            desk.viewer,
            case_id=desk.case_id,
            facility_id=facility_id,
            event=event,
            level=case.acuity,
            req_key=f"{key}:{facility_id}",
            title=case.number,
            colour=case.risk_colour,
            condition=case.condition,
        )
        pages.append(page)
    await tell(desk, event, [case.origin_id], {})
    return pages


async def tell(
    desk: Desk, kind: str, facility_ids: Iterable[UUID], data: Mapping[str, object]
) -> None:
    """A notice to everybody at post in these facilities."""
    await duty.notify_people(
        desk.session,
        desk.clock,
        case_id=desk.case_id,
        kind=kind,
        data={"number": desk.rows.referral.number, **data},
        facility_ids={FacilityId(id_) for id_ in facility_ids},
    )
