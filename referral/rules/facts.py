"""What the rules need to know about a case and about who is looking."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from referral.states import (
    ASKED,
    EN_ROUTE,
    HoldState,
    LegState,
    OfferState,
    ReferralAction,
    ReferralState,
    Side,
)

LIVE = frozenset(
    {
        ReferralState.OPEN,
        ReferralState.COMMITTED,
        ReferralState.MOVING,
        ReferralState.GUIDED_IN_PLACE,
    }
)
"""Sent, and she is not yet in the receiver's care."""


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """One receiver asked."""

    id: UUID
    facility_id: UUID
    state: OfferState
    purpose: str
    designated: bool
    hop: int
    neonatal: str
    offered_at: datetime
    acknowledged_at: datetime | None = None
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawal_acknowledged: bool = False

    @property
    def live(self) -> bool:
        """Asked, or said yes."""
        return self.state in ASKED or self.state is OfferState.ACCEPTED


@dataclass(frozen=True, slots=True)
class LegFacts:
    """One journey."""

    id: UUID
    destination_id: UUID
    state: LegState
    signed: frozenset[Side] = frozenset()
    departed_at: datetime | None = None
    arrived_at: datetime | None = None
    handed_over_at: datetime | None = None

    @property
    def en_route(self) -> bool:
        """On the road."""
        return self.state in EN_ROUTE


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """One bed, cot, theatre or blood."""

    id: UUID
    facility_id: UUID
    state: HoldState
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case with everything that hangs on it."""

    id: UUID
    state: ReferralState
    version: int
    direction: str
    origin_id: UUID
    receiver_id: UUID | None
    lead_facility_id: UUID | None
    created_at: datetime
    sent_at: datetime | None = None
    committed_at: datetime | None = None
    needs_neonatal: bool = False
    guided_since: datetime | None = None
    ended_at: datetime | None = None
    feedback_unread: bool = False
    frozen_at: datetime | None = None
    offers: tuple[OfferFacts, ...] = ()
    legs: tuple[LegFacts, ...] = ()
    holds: tuple[HoldFacts, ...] = ()

    @property
    def frozen(self) -> bool:
        """The one being transferred is dead: nothing is added to the timeline any more."""
        over = self.state in (ReferralState.CLOSED, ReferralState.DIED)
        return over and self.frozen_at is not None

    @property
    def leg(self) -> LegFacts | None:
        """The journey that counts: the live one, else the last."""
        return self.legs[-1] if self.legs else None

    def accepted(self, purpose: str) -> OfferFacts | None:
        """The receiver that said yes, if one has."""
        found = (o for o in self.offers if o.state is OfferState.ACCEPTED and o.purpose == purpose)
        return next(found, None)

    @property
    def newborn_half_missing(self) -> bool:
        """A unit takes the mother, and no unit has promised her newborn a cot."""
        taken = self.accepted("transfer")
        if not self.needs_neonatal or taken is None:
            return False
        return taken.neonatal != "accepted" and self.accepted("neonatal") is None

    @property
    def receivers(self) -> frozenset[UUID]:
        """Facilities on the receiving side now; who keeps a cot does not decide for her."""
        asked = {o.facility_id for o in self.offers if o.live and o.purpose != "neonatal"}
        named = {id_ for id_ in (self.receiver_id, self.lead_facility_id) if id_ is not None}
        return frozenset(asked | named)

    def receivers_of(self, action: ReferralAction) -> frozenset[UUID]:
        """Who is the receiving side of `action`: only the facility that has her sends her back."""
        if action is not ReferralAction.BACK_REFER:
            return self.receivers
        return frozenset() if self.receiver_id is None else frozenset({self.receiver_id})


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Who is looking.

    Attributes:
        facility_ids: where this viewer has a clinical role.
        answers: holds a role that may answer for a receiving unit (expert, coordinator).
        receives: holds a role that may act for a receiving unit at all (also its duty desk).
        coordinates: coordinator of a region the case began in.
        rides: named as crew or escort of this case.
        administers: may void.
        system: a process of the platform.
    """

    facility_ids: frozenset[UUID] = frozenset()
    answers: bool = False
    receives: bool = False
    coordinates: bool = False
    rides: bool = False
    administers: bool = False
    system: bool = False


def _general(view: Viewpoint) -> set[Side]:
    found: set[Side] = set()
    if view.coordinates:
        found.add(Side.COORDINATOR)
    if view.rides:
        found.add(Side.CREW)
    if view.administers:
        found.add(Side.ADMIN)
    if view.system:
        found.add(Side.SYSTEM)
    return found


def sides(case: CaseFacts, view: Viewpoint, receivers: frozenset[UUID]) -> frozenset[Side]:
    """In which capacities `view` may act where `receivers` are the receiving facilities."""
    found = _general(view)
    if case.origin_id in view.facility_ids:
        found.add(Side.ORIGIN)
    if view.receives and not receivers.isdisjoint(view.facility_ids):
        found.add(Side.RECEIVER)
    return frozenset(found)
