"""What a viewer may do to a case now: the list the API returns, so that no client guesses.

The state tables say what is legal and for whom; the conditions here are those that depend on the
rest of the case. The service checks the same tables again when the action comes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from kernel.states import Edge
from referral.rules.facts import LIVE, CaseFacts, HoldFacts, LegFacts, OfferFacts, Viewpoint, sides
from referral.states import (
    HOLD,
    LEG,
    OFFER,
    REFERRAL,
    LegAction,
    LegState,
    OfferAction,
    OfferState,
    ReferralAction,
    ReferralState,
    Side,
)

MAX_HOPS = 3
"""A case is passed on at most so often by receivers; then a coordinator owns it."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """One thing this viewer may do."""

    machine: str
    target_id: UUID
    action: str
    side: Side
    number: int
    danger: bool = False
    primary: bool = False
    needs: tuple[str, ...] = ()


_DANGER = {
    "cancel",
    "decline",
    "die",
    "record_loss",
    "void",
    "miss",
    "divert",
    "release",
    "end_guidance",
}

_NEEDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("referral", "send"): ("consent",),
    ("referral", "add_offer"): ("facility_id",),
    ("referral", "commit"): ("offer_id",),
    ("referral", "guide_in_place"): ("reason", "remote_lead_id"),
    ("referral", "review_guidance"): ("note",),
    ("referral", "hand_over_lead"): ("remote_lead_id", "note"),
    ("referral", "resume_transfer"): ("note",),
    ("referral", "end_guidance"): ("outcome", "diagnosis", "feedback"),
    ("referral", "close"): ("outcome", "diagnosis", "feedback"),
    ("referral", "cancel"): ("code",),
    ("referral", "die"): ("place", "certifier"),
    ("referral", "record_loss"): ("who", "place", "certifier"),
    ("referral", "void"): ("code", "reason"),
    ("referral", "back_refer"): ("plan", "red_flags"),
    ("referral", "request_hold"): ("offer_id", "kind"),
    ("offer", "ask"): ("question",),
    ("offer", "answer"): ("answer",),
    ("offer", "answer_neonatal"): ("accepted",),
    ("offer", "accept"): ("bed|no_bed_accept_to",),
    ("offer", "accept_after_stabilising"): ("conditions", "bed|no_bed_accept_to"),
    ("offer", "decline"): ("code",),
    ("offer", "redirect"): ("facility_id", "reason"),
    ("leg", "ready"): ("checklist",),
    ("leg", "divert"): ("offer_id", "reason"),
    ("leg", "deteriorate"): ("note",),
    ("leg", "birth"): ("sex",),
    ("leg", "halt"): ("reason",),
    ("leg", "sign_handover"): ("condition", "drugs", "blood", "documents"),
    ("leg", "miss"): ("note",),
    ("leg", "die"): ("place", "certifier"),
    ("hold", "grant"): ("until",),
    ("hold", "extend"): ("until",),
}

AFTER_DEATH = frozenset({ReferralAction.READ_FEEDBACK, ReferralAction.VOID})
"""All that may still happen to a case whose timeline a death has frozen."""

_COUPLED = {ReferralAction.DEPART, ReferralAction.HAND_OVER, ReferralAction.SELF_ARRIVE}
"""Moves of the case that follow a move of its leg, or that create it."""

_BOTH = frozenset({Side.ORIGIN, Side.CREW, Side.RECEIVER})
URGENCY: tuple[tuple[str, str, frozenset[Side]], ...] = (
    ("offer", "acknowledge", frozenset({Side.RECEIVER})),
    ("offer", "answer", frozenset({Side.ORIGIN})),
    ("offer", "accept", frozenset({Side.RECEIVER})),
    ("referral", "commit", frozenset({Side.ORIGIN})),
    ("leg", "sign_handover", _BOTH),
    ("leg", "depart", frozenset({Side.ORIGIN, Side.CREW})),
    ("referral", "review_guidance", _BOTH),
    ("hold", "grant", frozenset({Side.RECEIVER})),
    ("offer", "acknowledge_withdrawal", frozenset({Side.RECEIVER})),
    ("referral", "close", frozenset({Side.RECEIVER})),
    ("referral", "read_feedback", frozenset({Side.ORIGIN})),
    ("referral", "send", frozenset({Side.ORIGIN})),
    ("referral", "add_offer", frozenset({Side.ORIGIN, Side.COORDINATOR})),
)
"""Most urgent first, with the sides that it is up to."""


def allowed(case: CaseFacts, view: Viewpoint) -> list[Allowed]:
    """Everything `view` may do to `case`, the most urgent marked primary."""
    found = [
        *_on_case(case, view),
        *(a for offer in case.offers for a in _on_offer(case, offer, view)),
        *(a for leg in case.legs for a in _on_leg(case, leg, view)),
        *(a for hold in case.holds for a in _on_hold(case, hold, view)),
    ]
    for machine, action, owners in URGENCY:
        for index, item in enumerate(found):
            if (item.machine, item.action) == (machine, action) and item.side in owners:
                if action == "add_offer" and any(offer.live for offer in case.offers):
                    continue
                found[index] = replace(item, primary=True)
                return found
    return found


def side_for(edge: Edge[Any, Side], mine: frozenset[Side]) -> Side | None:
    """As which side somebody who stands on `mine` takes `edge`; None if not at all."""
    order = (Side.ORIGIN, Side.RECEIVER, Side.CREW, Side.COORDINATOR, Side.ADMIN, Side.SYSTEM)
    return next((side for side in order if side in mine and side in edge.actors), None)


def _item(
    machine: str, target: UUID, action: str, edge: Edge[Any, Side], mine: frozenset[Side]
) -> Allowed | None:
    side = side_for(edge, mine)
    if side is None:
        return None
    return Allowed(
        machine=machine,
        target_id=target,
        action=action,
        side=side,
        number=edge.number,
        danger=action in _DANGER,
        needs=_NEEDS.get((machine, action), ()),
    )


def _on_case(case: CaseFacts, view: Viewpoint) -> Iterator[Allowed]:
    for action in REFERRAL.actions(case.state):
        if action in _COUPLED or not _fits_case(case, action):
            continue
        mine = sides(case, view, case.receivers_of(action))
        item = _item("referral", case.id, action, REFERRAL.edge(case.state, action), mine)
        if item is None:
            continue
        if action is ReferralAction.COMMIT and case.newborn_half_missing:
            item = replace(item, needs=(*item.needs, "newborn_override"))
        yield item


def _fits_case(case: CaseFacts, action: ReferralAction) -> bool:
    if case.frozen and action not in AFTER_DEATH:
        return False
    leg = case.leg
    match action:
        case ReferralAction.READ_FEEDBACK:
            return case.feedback_unread
        case ReferralAction.COMMIT:
            purpose = "transfer" if case.state is ReferralState.OPEN else "diversion"
            return case.accepted(purpose) is not None
        case ReferralAction.CANCEL:
            return leg is None or leg.state is not LegState.ARRIVED
        case ReferralAction.DIE:
            return leg is None or not leg.en_route
        case ReferralAction.REQUEST_HOLD:
            return any(offer.live for offer in case.offers)
        case _:
            return True


def _on_offer(case: CaseFacts, offer: OfferFacts, view: Viewpoint) -> Iterator[Allowed]:
    mine = sides(case, view, frozenset({offer.facility_id}))
    for action in OFFER.actions(offer.state):
        if not fits_offer(case, offer, action):
            continue
        if action in DECIDING and not view.answers and Side.COORDINATOR not in mine:
            continue
        item = _item("offer", offer.id, action, OFFER.edge(offer.state, action), mine)
        if item is None or item.side is Side.SYSTEM:
            continue
        if exhausted(offer, action) and item.side is not Side.COORDINATOR:
            continue
        if action is OfferAction.DECLINE and offer.designated:
            item = replace(item, needs=("code", "supervisor", "remote_advice"))
        if action in ACCEPTING and offer.neonatal in ("awaited", "declined"):
            item = replace(item, needs=(*item.needs, "neonatal_accepted"))
        yield item


DECIDING = frozenset(
    {
        OfferAction.ACCEPT,
        OfferAction.ACCEPT_AFTER_STABILISING,
        OfferAction.DECLINE,
        OfferAction.REDIRECT,
        OfferAction.ANSWER_NEONATAL,
    }
)
"""A physician's or coordinator's word; the duty desk may only acknowledge and ask."""

ACCEPTING = frozenset({OfferAction.ACCEPT, OfferAction.ACCEPT_AFTER_STABILISING})


def exhausted(offer: OfferFacts, action: OfferAction) -> bool:
    """A receiver may not pass the case on any further."""
    return action is OfferAction.REDIRECT and offer.hop >= MAX_HOPS


def fits_offer(case: CaseFacts, offer: OfferFacts, action: OfferAction) -> bool:
    """Whether the rest of the case lets `action` happen to `offer`."""
    if action is OfferAction.ACKNOWLEDGE_WITHDRAWAL:
        return not offer.withdrawal_acknowledged
    if case.state not in LIVE or asked_anew(case, offer):
        return False
    if action in ACCEPTING:
        return case.accepted(offer.purpose) is None
    if action is OfferAction.ANSWER_NEONATAL:
        return offer.neonatal in ("awaited", "declined")
    return True


def asked_anew(case: CaseFacts, offer: OfferFacts) -> bool:
    """The unit let this offer run out and has been asked again: it answers the newer one."""
    return offer.state is OfferState.EXPIRED and any(
        other.live
        and other.facility_id == offer.facility_id
        and (other.purpose == "neonatal") == (offer.purpose == "neonatal")
        for other in case.offers
    )


def _on_leg(case: CaseFacts, leg: LegFacts, view: Viewpoint) -> Iterator[Allowed]:
    mine = sides(case, view, frozenset({leg.destination_id}))
    for action in LEG.actions(leg.state):
        if not fits_leg(case, leg, action):
            continue
        item = _item("leg", leg.id, action, LEG.edge(leg.state, action), mine)
        if item is None or item.side is Side.SYSTEM:
            continue
        if action is LegAction.SIGN_HANDOVER and not open_signatures(leg, item.side):
            continue
        yield item


_BEFORE = {LegAction.REPLAN, LegAction.READY, LegAction.DEPART}


def fits_leg(case: CaseFacts, leg: LegFacts, action: LegAction) -> bool:
    """Whether the rest of the case lets `action` happen to `leg`."""
    if action in _BEFORE:
        return case.state is ReferralState.COMMITTED
    if case.state is not ReferralState.MOVING:
        return False
    return action is not LegAction.DIVERT or case.accepted("diversion") is not None


def open_signatures(leg: LegFacts, side: Side) -> frozenset[Side]:
    """The halves of the handover that `side` may still sign (crew sign for the sender)."""
    halves = {
        Side.ORIGIN: {Side.ORIGIN},
        Side.CREW: {Side.ORIGIN},
        Side.RECEIVER: {Side.RECEIVER},
        Side.COORDINATOR: {Side.ORIGIN, Side.RECEIVER},
    }.get(side, set())
    return frozenset(halves - leg.signed)


def _on_hold(case: CaseFacts, hold: HoldFacts, view: Viewpoint) -> Iterator[Allowed]:
    if case.state not in LIVE and case.state is not ReferralState.HANDED_OVER:
        return
    mine = sides(case, view, frozenset({hold.facility_id}))
    for action in HOLD.actions(hold.state):
        item = _item("hold", hold.id, action, HOLD.edge(hold.state, action), mine)
        if item is not None and item.side is not Side.SYSTEM:
            yield item
