"""What a viewer may do, from facts alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from referral.rules.allowed import allowed
from referral.rules.facts import CaseFacts, LegFacts, OfferFacts, Viewpoint
from referral.rules.waiting import waiting
from referral.states import LegState, OfferState, ReferralState, Side

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
ORIGIN, CITY, PROVINCE = uuid4(), uuid4(), uuid4()
SENDER = Viewpoint(facility_ids=frozenset({ORIGIN}), answers=False, receives=True)
EXPERT = Viewpoint(facility_ids=frozenset({CITY}), answers=True, receives=True)
DESK = Viewpoint(facility_ids=frozenset({CITY}), answers=False, receives=True)
COORDINATOR = Viewpoint(coordinates=True, answers=True, receives=True)


def _offer(state: OfferState, facility: UUID = CITY, **changes: object) -> OfferFacts:
    plain = OfferFacts(
        id=uuid4(),
        facility_id=facility,
        state=state,
        purpose="transfer",
        designated=True,
        hop=1,
        neonatal="not_needed",
        offered_at=AT,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def _case(state: ReferralState, *offers: OfferFacts, **changes: object) -> CaseFacts:
    plain = CaseFacts(
        id=uuid4(),
        state=state,
        version=3,
        direction="up",
        origin_id=ORIGIN,
        receiver_id=None,
        lead_facility_id=None,
        created_at=AT,
        sent_at=AT,
        offers=offers,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def _names(case: CaseFacts, view: Viewpoint) -> set[str]:
    return {f"{item.machine}.{item.action}" for item in allowed(case, view)}


def _primary(case: CaseFacts, view: Viewpoint) -> list[str]:
    return [f"{item.machine}.{item.action}" for item in allowed(case, view) if item.primary]


def test_the_most_urgent_thing_is_marked_once() -> None:
    case = _case(ReferralState.OPEN, _offer(OfferState.OFFERED))
    assert _primary(case, EXPERT) == ["offer.acknowledge"]
    assert _primary(case, SENDER) == []
    accepted = _case(ReferralState.OPEN, _offer(OfferState.ACCEPTED))
    assert _primary(accepted, SENDER) == ["referral.commit"]


def test_a_stranger_may_do_nothing() -> None:
    case = _case(ReferralState.OPEN, _offer(OfferState.OFFERED))
    assert allowed(case, Viewpoint(facility_ids=frozenset({uuid4()}))) == []


def test_once_somebody_said_yes_nobody_else_is_offered_to() -> None:
    case = _case(
        ReferralState.OPEN,
        _offer(OfferState.ACCEPTED, PROVINCE),
        _offer(OfferState.ACKNOWLEDGED),
    )
    assert "offer.accept" not in _names(case, EXPERT)
    assert "offer.decline" in _names(case, EXPERT)


def test_a_unit_asked_again_answers_the_newer_offer() -> None:
    old, new = _offer(OfferState.EXPIRED), _offer(OfferState.OFFERED)
    listed = allowed(_case(ReferralState.OPEN, old, new), EXPERT)
    assert {item.target_id for item in listed if item.machine == "offer"} == {new.id}
    alone = allowed(_case(ReferralState.OPEN, old), EXPERT)
    assert old.id in {item.target_id for item in alone if item.action == "accept"}


def test_a_duty_desk_acknowledges_and_asks() -> None:
    case = _case(ReferralState.OPEN, _offer(OfferState.OFFERED))
    names = _names(case, DESK)
    assert {"offer.acknowledge", "offer.ask"} <= names
    assert not {"offer.accept", "offer.decline", "offer.redirect"} & names


def test_a_coordinator_redirects_for_a_silent_unit_but_does_not_accept_for_it() -> None:
    case = _case(ReferralState.OPEN, _offer(OfferState.OFFERED))
    names = _names(case, COORDINATOR)
    assert "offer.redirect" in names
    assert "offer.accept" not in names


def test_after_three_hops_only_the_coordinator_passes_on() -> None:
    case = _case(ReferralState.OPEN, _offer(OfferState.ACKNOWLEDGED, hop=3))
    assert "offer.redirect" not in _names(case, EXPERT)
    assert "offer.redirect" in _names(case, COORDINATOR)


def test_what_an_answer_needs_depends_on_the_case() -> None:
    case = _case(ReferralState.OPEN, _offer(OfferState.ACKNOWLEDGED, neonatal="awaited"))
    needs = {item.action: item.needs for item in allowed(case, EXPERT)}
    assert needs["accept"] == ("bed|no_bed_accept_to", "neonatal_accepted")
    assert needs["decline"] == ("code", "supervisor", "remote_advice")
    plain = _case(ReferralState.OPEN, _offer(OfferState.ACKNOWLEDGED, designated=False))
    assert {i.action: i.needs for i in allowed(plain, EXPERT)}["decline"] == ("code",)


def test_each_side_signs_only_its_own_half() -> None:
    leg = LegFacts(uuid4(), CITY, LegState.ARRIVED, signed=frozenset({Side.RECEIVER}))
    case = _case(ReferralState.MOVING, legs=(leg,), receiver_id=CITY)
    assert "leg.sign_handover" in _names(case, SENDER)
    assert "leg.sign_handover" not in _names(case, EXPERT)


def test_system_edges_are_never_offered_to_people() -> None:
    for state in OfferState:
        case = _case(ReferralState.OPEN, _offer(state))
        for view in (SENDER, EXPERT, COORDINATOR, Viewpoint(system=True)):
            shown = {item.action for item in allowed(case, view)}
            assert not {"deliver", "expire", "withdraw", "hand_over"} & shown


@pytest.mark.parametrize(
    ("case", "code", "minutes"),
    [
        (_case(ReferralState.DRAFT), "send", 0),
        (_case(ReferralState.OPEN), "destination", 0),
        (_case(ReferralState.OPEN, _offer(OfferState.OFFERED)), "acknowledgement", 0),
        (
            _case(
                ReferralState.OPEN,
                _offer(OfferState.ACKNOWLEDGED, acknowledged_at=AT + timedelta(minutes=2)),
            ),
            "decision",
            2,
        ),
        (
            _case(
                ReferralState.OPEN,
                _offer(OfferState.INFO_REQUESTED, asked_at=AT + timedelta(minutes=3)),
            ),
            "answer",
            3,
        ),
        (
            _case(
                ReferralState.OPEN,
                _offer(OfferState.ACCEPTED, answered_at=AT + timedelta(minutes=4)),
            ),
            "commitment",
            4,
        ),
        (_case(ReferralState.COMMITTED, committed_at=AT + timedelta(minutes=5)), "departure", 5),
        (
            _case(
                ReferralState.MOVING,
                legs=(
                    LegFacts(
                        uuid4(), CITY, LegState.DEPARTED, departed_at=AT + timedelta(minutes=6)
                    ),
                ),
            ),
            "arrival",
            6,
        ),
        (
            _case(
                ReferralState.MOVING,
                legs=(
                    LegFacts(uuid4(), CITY, LegState.ARRIVED, arrived_at=AT + timedelta(minutes=7)),
                ),
            ),
            "handover",
            7,
        ),
        (_case(ReferralState.HANDED_OVER), "outcome", 0),
        (
            _case(ReferralState.GUIDED_IN_PLACE, guided_since=AT + timedelta(minutes=8)),
            "guidance_review",
            8,
        ),
        (
            _case(
                ReferralState.CANCELLED,
                _offer(OfferState.WITHDRAWN, withdrawn_at=AT + timedelta(minutes=9)),
            ),
            "withdrawal_acknowledgement",
            9,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_a_case_waits_for(case: CaseFacts, code: str, minutes: int) -> None:
    step = waiting(case)
    assert (step.code, step.since) == (code, AT + timedelta(minutes=minutes))


def test_a_closed_case_waits_for_nothing() -> None:
    assert waiting(_case(ReferralState.CLOSED)).code == "nothing"


def test_the_oldest_of_several_steps_counts() -> None:
    case = _case(
        ReferralState.OPEN,
        _offer(OfferState.ACKNOWLEDGED, acknowledged_at=AT + timedelta(minutes=9)),
        _offer(OfferState.OFFERED, PROVINCE, offered_at=AT + timedelta(minutes=1)),
    )
    assert waiting(case).code == "acknowledgement"


@pytest.mark.parametrize(
    ("receiver", "lead", "sends_back"),
    [(CITY, None, True), (PROVINCE, CITY, False), (None, CITY, False)],
)
def test_only_who_has_her_sends_her_back(
    receiver: UUID | None, lead: UUID | None, sends_back: bool
) -> None:
    case = _case(ReferralState.CLOSED, receiver_id=receiver, lead_facility_id=lead)
    assert ("back_refer" in {item.action for item in allowed(case, EXPERT)}) is sends_back
