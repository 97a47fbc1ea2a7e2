"""Giving out links, taking them back, and asking units that nobody registered."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import parties
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, PersonId, RegionId, new_id
from kernel.parties import PartyRole
from kernel.sealing import Sealer
from kernel.tokens import token_hash
from kernel.viewer import Viewer
from referral.commands.fields import Act
from referral.errors import DestinationUnknown, WrongMoment, WrongSide
from referral.links.commands import AskOutside, Holder
from referral.links.errors import LinkSpent, NotALink
from referral.links.models import LinkRow
from referral.links.repository import LinkRepository
from referral.links.rules import DATA
from referral.models import LegRow, OfferRow
from referral.repository import CaseRepository
from referral.rules.facts import sides
from referral.service.ask import make_offer
from referral.service.desk import Desk, at_desk
from referral.states import LegState, OfferState, ReferralAction, Side
from registry.facilities import queries as facilities
from registry.people.rules import PHONE_FIELD

NAME_PREFIX = "链接："
"""Stands before a holder's name wherever it is read: nobody takes the holder for a colleague."""

_ADD_HOLDER = text(
    "SELECT link_holder_add(:id, :case_id, :facility, :name, :title, :phone, :demo, :at)"
)
_ADD_OUTSIDE = text("SELECT outside_facility_add(:id, :case_id, :region, :name, :phone, :demo)")
_ISSUERS = (Side.ORIGIN, Side.RECEIVER, Side.COORDINATOR)
_OVER = (LegState.HANDED_OVER, LegState.DIED_IN_TRANSIT)
_PAGES = {"crew": "/crew", "outside_unit": "/outside", "outside_door": "/outside"}


@dataclass(frozen=True, slots=True)
class Issued:
    """A link and its token, which exists here and with the holder only."""

    link: LinkRow
    token: str

    @property
    def path(self) -> str:
        """Where it leads; the fragment stays in the browser."""
        return f"{_PAGES[self.link.purpose]}#{self.token}"


def _still(version: int = 0) -> Act:
    """An order that changes no state: version and moment do not matter."""
    return Act(version=version)


def _issuing_side(desk: Desk, *allowed: Side) -> Side:
    facts = desk.facts()
    mine = sides(facts, desk.view, facts.receivers)
    side = next((side for side in allowed if side in mine), None)
    if side is None:
        raise WrongSide(action="issue_link", sides="/".join(str(side) for side in allowed))
    return side


async def for_crew(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    leg_id: UUID,
    holder: Holder,
) -> Issued:
    """A link for who rides with her.

    Raises:
        NotFound: the leg is not open to the viewer.
        WrongMoment: the journey is over.
        WrongSide: neither origin, receiver nor coordinator asks.
    """
    case_id = await CaseRepository(session, viewer).case_of(LegRow, leg_id)
    at = at_desk(session, clock, viewer, case_id, _still(), check_version=False, bump=False)
    async with at as desk:
        side = _issuing_side(desk, *_ISSUERS)
        leg = desk.leg(leg_id)
        if leg.state in _OVER:
            raise WrongMoment(machine="leg", action="issue_link")
        origin = FacilityId(desk.rows.referral.origin_id)
        rule = DATA.links
        issued = await _issue(
            desk, sealer, side, holder, origin, "crew", rule.crew_longest, rule.crew_grace,
            leg_id=leg.id,
        )  # fmt: skip
        person = PersonId(issued.link.id)
        await parties.add_person(session, desk.case_id, person, PartyRole.CREW)
    return issued


async def ask_outside(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    case_id: UUID,
    order: AskOutside,
) -> Issued:
    """Offer the case to a unit outside the network, by a link for one answer.

    Raises:
        DestinationUnknown: no such region.
    """
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        side = desk.move_case(ReferralAction.ADD_OFFER)
        region = order.region_id or await facilities.region_of(
            session, FacilityId(desk.rows.referral.origin_id)
        )
        if not await facilities.has_region(session, RegionId(region)):
            raise DestinationUnknown(facility_id=str(region))
        unit = {
            "id": new_id(),
            "case_id": desk.case_id,
            "region": region,
            "name": order.name.strip(),
            "phone": order.phone,
            "demo": desk.rows.referral.demo,
        }
        facility_id = (await session.execute(_ADD_OUTSIDE, unit)).scalar_one()
        offer = await make_offer(desk, facility_id)
        return await _for_offer(desk, sealer, side, order.holder, offer)


async def for_offer(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    offer_id: UUID,
    holder: Holder,
) -> Issued:
    """Another link for an outside unit: to answer, or, once it said yes, to receive and sign.

    Raises:
        NotALink: the unit is inside the network.
        LinkSpent: it said no; ask it anew.
    """
    case_id = await CaseRepository(session, viewer).case_of(OfferRow, offer_id)
    at = at_desk(session, clock, viewer, case_id, _still(), check_version=False, bump=False)
    async with at as desk:
        side = _issuing_side(desk, Side.ORIGIN, Side.COORDINATOR)
        return await _for_offer(desk, sealer, side, holder, desk.offer(offer_id))


async def _for_offer(
    desk: Desk, sealer: Sealer, side: Side, holder: Holder, offer: OfferRow
) -> Issued:
    unit = FacilityId(offer.facility_id)
    if not await facilities.is_outside(desk.session, unit):
        raise NotALink()
    if offer.state in (OfferState.DECLINED, OfferState.REDIRECTED, OfferState.WITHDRAWN):
        raise LinkSpent()
    accepted = offer.state == OfferState.ACCEPTED
    purpose = "outside_door" if accepted else "outside_unit"
    rule = DATA.links
    lifetime = rule.outside_door if accepted else rule.outside_unit
    issued = await _issue(
        desk, sealer, side, holder, unit, purpose, lifetime, rule.outside_grace, offer_id=offer.id
    )
    person = PersonId(issued.link.id)
    await parties.add_person(desk.session, desk.case_id, person, PartyRole.RECEIVER)
    return issued


async def _issue(
    desk: Desk,
    sealer: Sealer,
    side: Side,
    holder: Holder,
    facility_id: FacilityId,
    purpose: str,
    lifetime_s: int,
    grace_s: int,
    *,
    leg_id: UUID | None = None,
    offer_id: UUID | None = None,
) -> Issued:
    token, at = secrets.token_urlsafe(32), desk.clock.now()
    row = LinkRow(
        id=new_id(),
        case_id=desk.case_id,
        purpose=purpose,
        leg_id=leg_id,
        offer_id=offer_id,
        facility_id=facility_id,
        token_hash=token_hash(token),
        issued_by=desk.viewer.person_id,
        issued_at=at,
        expires_at=at + timedelta(seconds=lifetime_s),
        grace=timedelta(seconds=grace_s),
    )
    person = {
        "id": row.id,
        "case_id": desk.case_id,
        "facility": facility_id,
        "name": NAME_PREFIX + holder.name.strip(),
        "title": holder.post.strip(),
        "phone": None if holder.phone is None else sealer.seal(holder.phone, PHONE_FIELD),
        "demo": desk.rows.referral.demo,
        "at": at,
    }
    await desk.session.execute(_ADD_HOLDER, person)
    desk.session.add(row)
    await desk.session.flush()
    facts = {
        "link_id": row.id,
        "purpose": purpose,
        "leg_id": leg_id,
        "offer_id": offer_id,
        "facility_id": facility_id,
        "expires_at": row.expires_at,
    }
    await desk.write("link.issued", facts, side=side)
    return Issued(row, token)


async def revoke(session: AsyncSession, clock: Clock, viewer: Viewer, link_id: UUID) -> CaseId:
    """End a link at once, with every session opened by it.

    Raises:
        NotFound: unknown or foreign.
    """
    link = await LinkRepository(session, viewer).get(link_id)
    at = at_desk(session, clock, viewer, link.case_id, _still(), check_version=False, bump=False)
    async with at as desk:
        side = _issuing_side(desk, *_ISSUERS)
        if link.revoked_at is None:
            link.revoked_at, link.revoked_by = clock.now(), viewer.person_id
            await desk.write("link.revoked", {"link_id": link.id}, side=side)
    return desk.case_id
