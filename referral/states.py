"""The four coupled machines of a transfer: case, offer, leg, hold.

One table each: `(state, action) → edge`. A case may have several offers (one per receiver asked),
legs (one per journey) and holds (bed, cot, blood, theatre). Edge numbers 1-22 are those of the
project's transition list; 22 (late entry) is not an edge but a property of every permitted one.
How long a state may last is versioned data in `timers.toml`, not part of the tables.
"""

from enum import StrEnum

from kernel.states import Edge, StateTable


class Side(StrEnum):
    """In which capacity somebody acts on a case."""

    ORIGIN = "origin"
    RECEIVER = "receiver"
    COORDINATOR = "coordinator"
    CREW = "crew"
    SYSTEM = "system"
    ADMIN = "admin"


class ReferralState(StrEnum):
    """Where the case stands."""

    DRAFT = "draft"
    OPEN = "open"
    COMMITTED = "committed"
    MOVING = "moving"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"
    GUIDED_IN_PLACE = "guided_in_place"
    CANCELLED = "cancelled"
    VOIDED = "voided"
    DIED = "died"


class ReferralAction(StrEnum):
    """What can be done to a case."""

    SEND = "send"
    ADD_OFFER = "add_offer"
    COMPLETE_RECORD = "complete_record"
    REQUEST_HOLD = "request_hold"
    COMMIT = "commit"
    DEPART = "depart"
    HAND_OVER = "hand_over"
    CLOSE = "close"
    READ_FEEDBACK = "read_feedback"
    GUIDE_IN_PLACE = "guide_in_place"
    REVIEW_GUIDANCE = "review_guidance"
    HAND_OVER_LEAD = "hand_over_lead"
    RESUME_TRANSFER = "resume_transfer"
    END_GUIDANCE = "end_guidance"
    CANCEL = "cancel"
    DIE = "die"
    RECORD_LOSS = "record_loss"
    VOID = "void"
    BACK_REFER = "back_refer"
    SELF_ARRIVE = "self_arrive"


class OfferState(StrEnum):
    """How far one receiver's answer is."""

    OFFERED = "offered"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    INFO_REQUESTED = "info_requested"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REDIRECTED = "redirected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class OfferAction(StrEnum):
    """What can be done to an offer."""

    DELIVER = "deliver"
    ACKNOWLEDGE = "acknowledge"
    ASK = "ask"
    ANSWER = "answer"
    ANSWER_NEONATAL = "answer_neonatal"
    ACCEPT = "accept"
    ACCEPT_AFTER_STABILISING = "accept_after_stabilising"
    DECLINE = "decline"
    REDIRECT = "redirect"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    ACKNOWLEDGE_WITHDRAWAL = "acknowledge_withdrawal"


class LegState(StrEnum):
    """Where the journey is."""

    PLANNED = "planned"
    READY = "ready"
    DEPARTED = "departed"
    DIVERTED = "diverted"
    DETERIORATED = "deteriorated"
    BIRTH_EN_ROUTE = "birth_en_route"
    HALTED = "halted"
    ARRIVED = "arrived"
    HANDED_OVER = "handed_over"
    NOT_ARRIVED = "not_arrived"
    DIED_IN_TRANSIT = "died_in_transit"


class LegAction(StrEnum):
    """What can be done to a leg."""

    REPLAN = "replan"
    READY = "ready"
    DEPART = "depart"
    REPORT = "report"
    DIVERT = "divert"
    DETERIORATE = "deteriorate"
    BIRTH = "birth"
    HALT = "halt"
    RESUME = "resume"
    ARRIVE = "arrive"
    SIGN_HANDOVER = "sign_handover"
    HAND_OVER = "hand_over"
    MISS = "miss"
    DIE = "die"


class HoldState(StrEnum):
    """What became of a bed, cot, theatre or blood asked for."""

    REQUESTED = "requested"
    HELD = "held"
    USED = "used"
    RELEASED = "released"
    EXPIRED = "expired"


class HoldAction(StrEnum):
    """What can be done to a hold."""

    GRANT = "grant"
    EXTEND = "extend"
    USE = "use"
    RELEASE = "release"
    EXPIRE = "expire"


def _by(*sides: Side) -> frozenset[Side]:
    return frozenset(sides)


_O, _R, _C, _CREW = Side.ORIGIN, Side.RECEIVER, Side.COORDINATOR, Side.CREW
_SYS, _ADM = Side.SYSTEM, Side.ADMIN

_ReferralEdges = dict[tuple[ReferralState, ReferralAction], Edge[ReferralState, Side]]


def _referral_edges() -> _ReferralEdges:
    s, a = ReferralState, ReferralAction
    edges: _ReferralEdges = {
        (s.DRAFT, a.SEND): Edge(s.OPEN, _by(_O), 1),
        (s.DRAFT, a.SELF_ARRIVE): Edge(s.HANDED_OVER, _by(_R), 21),
        (s.OPEN, a.COMMIT): Edge(s.COMMITTED, _by(_O, _C), 8),
        # Before departure the receiver may change; the first one must say that it knows.
        (s.COMMITTED, a.COMMIT): Edge(s.COMMITTED, _by(_O, _C), 8),
        (s.COMMITTED, a.DEPART): Edge(s.MOVING, _by(_O, _CREW, _C), 9),
        (s.MOVING, a.HAND_OVER): Edge(s.HANDED_OVER, _by(_SYS), 14),
        (s.HANDED_OVER, a.CLOSE): Edge(s.CLOSED, _by(_R), 15),
        (s.OPEN, a.GUIDE_IN_PLACE): Edge(s.GUIDED_IN_PLACE, _by(_O, _R, _C), 16),
        (s.COMMITTED, a.GUIDE_IN_PLACE): Edge(s.GUIDED_IN_PLACE, _by(_O, _R, _C), 16),
        (s.GUIDED_IN_PLACE, a.REVIEW_GUIDANCE): Edge(s.GUIDED_IN_PLACE, _by(_O, _R, _C), 16),
        (s.GUIDED_IN_PLACE, a.HAND_OVER_LEAD): Edge(s.GUIDED_IN_PLACE, _by(_O, _R, _C), 16),
        (s.GUIDED_IN_PLACE, a.RESUME_TRANSFER): Edge(s.OPEN, _by(_O, _C), 16),
        (s.GUIDED_IN_PLACE, a.END_GUIDANCE): Edge(s.CLOSED, _by(_O, _R), 16),
        # The sender says that the feedback was read; until then it stays on the sender's board.
        (s.CLOSED, a.READ_FEEDBACK): Edge(s.CLOSED, _by(_O), 15),
        (s.CLOSED, a.BACK_REFER): Edge(s.CLOSED, _by(_R), 20),
    }
    for state in (s.OPEN, s.COMMITTED, s.MOVING):
        edges[state, a.ADD_OFFER] = Edge(state, _by(_O, _C))
        edges[state, a.REQUEST_HOLD] = Edge(state, _by(_O, _C))
    for state in (s.DRAFT, s.OPEN, s.COMMITTED, s.MOVING, s.GUIDED_IN_PLACE):
        edges[state, a.CANCEL] = Edge(s.CANCELLED, _by(_O, _C), 17)
    edges[s.DRAFT, a.COMPLETE_RECORD] = Edge(s.DRAFT, _by(_O))
    for state in (s.OPEN, s.COMMITTED, s.MOVING, s.GUIDED_IN_PLACE, s.HANDED_OVER):
        edges[state, a.COMPLETE_RECORD] = Edge(state, _by(_O, _R, _CREW))
        edges[state, a.DIE] = Edge(s.DIED, _by(_O, _R, _CREW), 18)
        # A fetus or newborn dies while the mother is still being treated: the case goes on.
        edges[state, a.RECORD_LOSS] = Edge(state, _by(_O, _R, _CREW), 18)
    for state in s:
        if state is not s.VOIDED:
            edges[state, a.VOID] = Edge(s.VOIDED, _by(_ADM), 19)
    return edges


REFERRAL: StateTable[ReferralState, ReferralAction, Side] = StateTable(
    "referral", ReferralState.DRAFT, [ReferralState.VOIDED], _referral_edges()
)

_OfferEdges = dict[tuple[OfferState, OfferAction], Edge[OfferState, Side]]


def _offer_edges() -> _OfferEdges:
    s, a = OfferState, OfferAction
    edges: _OfferEdges = {
        (s.OFFERED, a.DELIVER): Edge(s.DELIVERED, _by(_SYS), 2),
        (s.OFFERED, a.ACKNOWLEDGE): Edge(s.ACKNOWLEDGED, _by(_R, _SYS), 3),
        (s.DELIVERED, a.ACKNOWLEDGE): Edge(s.ACKNOWLEDGED, _by(_R, _SYS), 3),
        (s.EXPIRED, a.ACKNOWLEDGE): Edge(s.ACKNOWLEDGED, _by(_R, _SYS), 3),
        (s.INFO_REQUESTED, a.ANSWER): Edge(s.ACKNOWLEDGED, _by(_O, _C), 4),
        (s.ACCEPTED, a.WITHDRAW): Edge(s.WITHDRAWN, _by(_SYS), 8),
        (s.WITHDRAWN, a.ACKNOWLEDGE_WITHDRAWAL): Edge(s.WITHDRAWN, _by(_R), 8),
    }
    for state in (s.OFFERED, s.DELIVERED, s.ACKNOWLEDGED, s.INFO_REQUESTED):
        # Answering at once is an acknowledgement too; the service records both.
        edges[state, a.ANSWER_NEONATAL] = Edge(state, _by(_R), 5)
        edges[state, a.EXPIRE] = Edge(s.EXPIRED, _by(_SYS), 3)
        edges[state, a.WITHDRAW] = Edge(s.WITHDRAWN, _by(_SYS), 8)
    for state in (s.OFFERED, s.DELIVERED, s.ACKNOWLEDGED):
        edges[state, a.ASK] = Edge(s.INFO_REQUESTED, _by(_R), 4)
    # A late yes is never refused for lateness: it may be the only one.
    for state in (s.OFFERED, s.DELIVERED, s.ACKNOWLEDGED, s.INFO_REQUESTED, s.EXPIRED):
        edges[state, a.ACCEPT] = Edge(s.ACCEPTED, _by(_R), 5)
        edges[state, a.ACCEPT_AFTER_STABILISING] = Edge(s.ACCEPTED, _by(_R), 5)
        edges[state, a.DECLINE] = Edge(s.DECLINED, _by(_R), 6)
        edges[state, a.REDIRECT] = Edge(s.REDIRECTED, _by(_R, _C), 7)
    edges[s.EXPIRED, a.WITHDRAW] = Edge(s.WITHDRAWN, _by(_SYS), 8)
    return edges


OFFER: StateTable[OfferState, OfferAction, Side] = StateTable(
    "offer", OfferState.OFFERED, [OfferState.DECLINED, OfferState.REDIRECTED], _offer_edges()
)

EN_ROUTE = (
    LegState.DEPARTED,
    LegState.DIVERTED,
    LegState.DETERIORATED,
    LegState.BIRTH_EN_ROUTE,
    LegState.HALTED,
)
"""States of a woman on the road."""

_LegEdges = dict[tuple[LegState, LegAction], Edge[LegState, Side]]


def _leg_edges() -> _LegEdges:
    s, a = LegState, LegAction
    riders = _by(_O, _CREW, _C)
    treating = _by(_O, _CREW)  # a death is certified by who treats her, not for a silent unit
    edges: _LegEdges = {
        (s.PLANNED, a.REPLAN): Edge(s.PLANNED, riders),
        (s.READY, a.REPLAN): Edge(s.PLANNED, riders),
        (s.PLANNED, a.READY): Edge(s.READY, riders),
        (s.PLANNED, a.DEPART): Edge(s.DEPARTED, riders, 9),
        (s.READY, a.DEPART): Edge(s.DEPARTED, riders, 9),
        (s.NOT_ARRIVED, a.ARRIVE): Edge(s.ARRIVED, _by(_R, _C), 13),
        (s.NOT_ARRIVED, a.DIE): Edge(s.DIED_IN_TRANSIT, treating, 18),
        (s.NOT_ARRIVED, a.RESUME): Edge(s.DEPARTED, riders, 13),
        (s.ARRIVED, a.SIGN_HANDOVER): Edge(s.ARRIVED, _by(_O, _CREW, _R, _C), 14),
        (s.ARRIVED, a.HAND_OVER): Edge(s.HANDED_OVER, _by(_SYS), 14),
    }
    for state in EN_ROUTE:
        edges[state, a.REPORT] = Edge(state, _by(_O, _CREW), 11)
        edges[state, a.DIVERT] = Edge(s.DIVERTED, riders, 10)
        edges[state, a.DETERIORATE] = Edge(s.DETERIORATED, _by(_O, _CREW), 11)
        edges[state, a.BIRTH] = Edge(s.BIRTH_EN_ROUTE, _by(_O, _CREW), 12)
        edges[state, a.ARRIVE] = Edge(s.ARRIVED, _by(_R, _C), 13)
        edges[state, a.MISS] = Edge(s.NOT_ARRIVED, _by(_R, _C, _SYS), 13)
        edges[state, a.DIE] = Edge(s.DIED_IN_TRANSIT, treating, 18)
        if state is not s.HALTED:
            edges[state, a.HALT] = Edge(s.HALTED, _by(_O, _CREW), 11)
        if state is not s.DEPARTED:
            edges[state, a.RESUME] = Edge(s.DEPARTED, riders, 11)
    return edges


LEG: StateTable[LegState, LegAction, Side] = StateTable(
    "leg", LegState.PLANNED, [LegState.HANDED_OVER, LegState.DIED_IN_TRANSIT], _leg_edges()
)

HOLD: StateTable[HoldState, HoldAction, Side] = StateTable(
    "hold",
    HoldState.REQUESTED,
    [HoldState.USED, HoldState.RELEASED],
    {
        (HoldState.REQUESTED, HoldAction.GRANT): Edge(HoldState.HELD, _by(_R)),
        (HoldState.EXPIRED, HoldAction.GRANT): Edge(HoldState.HELD, _by(_R)),
        (HoldState.HELD, HoldAction.EXTEND): Edge(HoldState.HELD, _by(_R)),
        (HoldState.HELD, HoldAction.USE): Edge(HoldState.USED, _by(_R, _SYS)),
        (HoldState.REQUESTED, HoldAction.RELEASE): Edge(HoldState.RELEASED, _by(_R, _SYS)),
        (HoldState.HELD, HoldAction.RELEASE): Edge(HoldState.RELEASED, _by(_R, _SYS)),
        (HoldState.EXPIRED, HoldAction.RELEASE): Edge(HoldState.RELEASED, _by(_SYS)),
        (HoldState.REQUESTED, HoldAction.EXPIRE): Edge(HoldState.EXPIRED, _by(_SYS)),
        (HoldState.HELD, HoldAction.EXPIRE): Edge(HoldState.EXPIRED, _by(_SYS)),
    },
)

LIVE_REFERRAL = frozenset(
    {
        ReferralState.DRAFT,
        ReferralState.OPEN,
        ReferralState.COMMITTED,
        ReferralState.MOVING,
        ReferralState.GUIDED_IN_PLACE,
        ReferralState.HANDED_OVER,
    }
)
"""Cases that still need somebody."""

ASKED = frozenset(
    {
        OfferState.OFFERED,
        OfferState.DELIVERED,
        OfferState.ACKNOWLEDGED,
        OfferState.INFO_REQUESTED,
    }
)
"""Offers that wait for an answer."""
