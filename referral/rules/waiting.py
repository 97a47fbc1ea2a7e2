"""Which step a case waits for, and since when: what the board sorts by."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from referral.rules.facts import LIVE, CaseFacts, OfferFacts
from referral.states import LegState, OfferState, ReferralState

WaitingCode = Literal[
    "send",
    "destination",
    "acknowledgement",
    "decision",
    "answer",
    "commitment",
    "newborn_half",
    "departure",
    "arrival",
    "handover",
    "outcome",
    "feedback_reading",
    "withdrawal_acknowledgement",
    "guidance_review",
    "nothing",
]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step nobody has taken yet."""

    code: WaitingCode
    since: datetime | None


NOTHING = Waiting("nothing", None)


def waiting(case: CaseFacts) -> Waiting:
    """The oldest step that `case` waits for."""
    steps = _steps(case)
    if not steps:
        steps = [
            Waiting("withdrawal_acknowledgement", offer.withdrawn_at)
            for offer in case.offers
            if offer.state is OfferState.WITHDRAWN and not offer.withdrawal_acknowledged
        ]
    return min(steps, key=lambda step: step.since or case.created_at, default=NOTHING)


def _steps(case: CaseFacts) -> list[Waiting]:
    match case.state:
        case ReferralState.DRAFT:
            return [Waiting("send", case.created_at)]
        case ReferralState.HANDED_OVER:
            leg = case.leg
            return [Waiting("outcome", (leg and leg.handed_over_at) or case.sent_at)]
        case ReferralState.CLOSED if case.feedback_unread:
            return [Waiting("feedback_reading", case.ended_at)]
        case state if state not in LIVE:
            return []
    found = [step for offer in case.offers if (step := _of_offer(offer)) is not None]
    if case.state is ReferralState.OPEN:
        found += _of_open(case)
    elif case.state is ReferralState.GUIDED_IN_PLACE:
        found.append(Waiting("guidance_review", case.guided_since))
    elif case.state is ReferralState.COMMITTED:
        found.append(Waiting("departure", case.committed_at))
    elif case.leg is not None:
        arrived = case.leg.state is LegState.ARRIVED
        found.append(
            Waiting("handover", case.leg.arrived_at)
            if arrived
            else Waiting("arrival", case.leg.departed_at)
        )
    return found


def _of_open(case: CaseFacts) -> list[Waiting]:
    if (yes := case.accepted("transfer")) is not None:
        step: WaitingCode = "newborn_half" if case.newborn_half_missing else "commitment"
        return [Waiting(step, yes.answered_at)]
    if any(offer.live for offer in case.offers):
        return []
    last = max((o.answered_at or o.offered_at for o in case.offers), default=case.sent_at)
    return [Waiting("destination", last)]


def _of_offer(offer: OfferFacts) -> Waiting | None:
    match offer.state:
        case OfferState.OFFERED | OfferState.DELIVERED:
            return Waiting("acknowledgement", offer.offered_at)
        case OfferState.ACKNOWLEDGED:
            return Waiting("decision", offer.acknowledged_at)
        case OfferState.INFO_REQUESTED:
            return Waiting("answer", offer.asked_at or offer.acknowledged_at)
        case _:
            return None
