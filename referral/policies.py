"""Who a viewer is to a case, and why something is refused."""

from typing import Any
from uuid import UUID

from kernel.states import Edge
from kernel.viewer import Role, Viewer
from referral.errors import PhysicianDecides, WrongMoment, WrongSide
from referral.rules.allowed import DECIDING, fits_leg, fits_offer, side_for
from referral.rules.facts import CaseFacts, LegFacts, OfferFacts, Viewpoint
from referral.states import LegAction, OfferAction, Side

_ANSWERS = (Role.EXPERT, Role.COORDINATOR)
_RECEIVES = (Role.EXPERT, Role.COORDINATOR, Role.DUTY_DESK, Role.REFERRING_CLINICIAN)


def viewpoint(
    viewer: Viewer, *, coordinates: bool, rides: bool, stands_for: UUID | None = None
) -> Viewpoint:
    """How `viewer` looks at a case.

    Args:
        viewer: who asks.
        coordinates: the case began in a region this viewer coordinates.
        rides: named as crew or escort of the case.
        stands_for: the unit outside the network whose named doctor this is, on this case only.
    """
    if viewer.is_process:
        return Viewpoint(system=True)
    if stands_for is not None:
        return Viewpoint(facility_ids=frozenset({stands_for}), answers=True, receives=True)
    return Viewpoint(
        facility_ids=frozenset(UUID(str(id_)) for id_ in viewer.facility_ids),
        answers=viewer.has(*_ANSWERS),
        receives=viewer.has(*_RECEIVES),
        coordinates=coordinates and viewer.has(Role.COORDINATOR),
        rides=rides,
        administers=viewer.has(Role.SYSTEM_ADMIN),
    )


def side_or_refuse(edge: Edge[Any, Side], mine: frozenset[Side], action: str) -> Side:
    """As which side the viewer takes `edge`, or why not.

    Raises:
        WrongSide: the edge belongs to others.
    """
    side = side_for(edge, mine)
    if side is None:
        owners = sorted(str(actor) for actor in edge.actors)
        raise WrongSide(action=action, sides="/".join(owners))
    return side


def check_offer(
    case: CaseFacts, offer: OfferFacts, action: OfferAction, view: Viewpoint, side: Side
) -> None:
    """What the state table cannot know about an offer.

    Raises:
        PhysicianDecides: a duty desk wants to decide.
        WrongMoment: the rest of the case is elsewhere.
    """
    if action in DECIDING and side is Side.RECEIVER and not view.answers:
        raise PhysicianDecides(action=str(action))
    if not fits_offer(case, offer, action):
        raise WrongMoment(machine="offer", action=str(action))


def check_leg(case: CaseFacts, leg: LegFacts, action: LegAction) -> None:
    """What the state table cannot know about a leg.

    Raises:
        WrongMoment: the rest of the case is elsewhere.
    """
    if not fits_leg(case, leg, action):
        raise WrongMoment(machine="leg", action=str(action))
