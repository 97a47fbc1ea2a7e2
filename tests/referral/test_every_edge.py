"""Every state × action × side of the four machines, at the desk where every command works.

Legal for that side: the state column moves along the edge. Legal for others only: refused with the
sides whose move it is. No such edge: refused as illegal. Whatever is refused changes nothing. And
the list of allowed actions that the API returns says the same as the desk does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from kernel.clock import SimulatedClock
from kernel.errors import IllegalTransition
from kernel.states import StateTable
from kernel.viewer import Viewer
from referral.errors import WrongSide
from referral.models import HoldRow, LegRow, OfferRow, ReferralRow
from referral.repository import CaseRows
from referral.rules.allowed import allowed
from referral.rules.facts import Viewpoint
from referral.service.desk import Desk, Moment
from referral.states import (
    HOLD,
    LEG,
    OFFER,
    REFERRAL,
    HoldState,
    LegAction,
    LegState,
    OfferState,
    ReferralState,
    Side,
)

AT = datetime(2026, 11, 25, 3, 7, tzinfo=UTC)
ORIGIN, RECEIVER = uuid4(), uuid4()
MACHINES: tuple[StateTable[Any, Any, Side], ...] = (REFERRAL, OFFER, LEG, HOLD)
STATES = {"referral": ReferralState, "offer": OfferState, "leg": LegState, "hold": HoldState}

VIEWS = {
    Side.ORIGIN: Viewpoint(facility_ids=frozenset({ORIGIN}), answers=True, receives=True),
    Side.RECEIVER: Viewpoint(facility_ids=frozenset({RECEIVER}), answers=True, receives=True),
    Side.COORDINATOR: Viewpoint(coordinates=True, answers=True, receives=True),
    Side.CREW: Viewpoint(rides=True),
    Side.ADMIN: Viewpoint(administers=True),
    Side.SYSTEM: Viewpoint(system=True),
}
"""One viewer who stands on exactly one side."""


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt of one side in one state."""

    table: StateTable[Any, Any, Side]
    state: Any
    action: Any
    side: Side

    def desk(self) -> tuple[Desk, Any]:
        """A case that stands in the way of nothing, and the row whose state is tried."""
        rows = _rows(self.table, self.state, self.action)
        row = {
            "referral": rows.referral,
            "offer": rows.offers and rows.offers[0],
            "leg": rows.legs and rows.legs[0],
            "hold": rows.holds and rows.holds[0],
        }[self.table.name]
        clock = SimulatedClock(AT)
        viewer = Viewer.system("test")
        desk = Desk(None, clock, viewer, rows, Moment(AT, AT), VIEWS[self.side])  # type: ignore[arg-type]
        return desk, row

    def take(self) -> Any:
        """Do it and give the row; raises what the desk refuses."""
        desk, row = self.desk()
        system = self.side is Side.SYSTEM
        try:
            if self.table is REFERRAL:
                desk.move_case(self.action, system=system)
            else:
                getattr(desk, f"move_{self.table.name}")(row, self.action, system=system)
        except Exception:
            assert row.state == self.state, "a refusal moved the state"
            raise
        return row


def _rows(table: StateTable[Any, Any, Side], state: Any, action: Any) -> CaseRows:
    """The machine under test in `state`, the others where they let everything happen."""
    before = table is LEG and action in (LegAction.REPLAN, LegAction.READY, LegAction.DEPART)
    case_state = {
        "referral": state,
        "offer": ReferralState.OPEN,
        "leg": ReferralState.COMMITTED if before else ReferralState.MOVING,
        "hold": ReferralState.OPEN,
    }[table.name]
    offer = _offer(state if table is OFFER else OfferState.ACKNOWLEDGED)
    leg = LegRow(id=uuid4(), offer_id=offer.id, destination_id=RECEIVER, state=state)
    hold = HoldRow(id=uuid4(), offer_id=offer.id, facility_id=RECEIVER, state=state, kind="blood")
    hold.requested_at = AT
    chosen = _offer(OfferState.ACCEPTED)
    chosen.purpose = "diversion"
    return CaseRows(
        ReferralRow(
            id=uuid4(),
            state=case_state,
            version=1,
            direction="up",
            origin_id=ORIGIN,
            receiver_id=RECEIVER,
            created_at=AT,
        ),
        offers=[offer, chosen] if table is LEG else [offer],
        legs=[leg] if table is LEG else [],
        holds=[hold] if table is HOLD else [],
    )


def _offer(state: Any) -> OfferRow:
    return OfferRow(
        id=uuid4(),
        facility_id=RECEIVER,
        state=state,
        purpose="transfer",
        designated=True,
        hop=1,
        neonatal="awaited" if state != OfferState.ACCEPTED else "accepted",
        offered_at=AT,
    )


def _tries(table: StateTable[Any, Any, Side], state: Any) -> Iterator[Try]:
    actions = dict.fromkeys(action for _, action, _ in table)
    for action in actions:
        for side in Side:
            yield Try(table, state, action, side)


CASES = [
    pytest.param(table, state, id=f"{table.name}-{state}")
    for table in MACHINES
    for state in STATES[table.name]
]


@pytest.mark.parametrize(("table", "state"), CASES)
def test_every_action_of_every_side(table: StateTable[Any, Any, Side], state: Any) -> None:
    edges = {(s, action): edge for s, action, edge in table}
    for attempt in _tries(table, state):
        edge = edges.get((state, attempt.action))
        if edge is None:
            with pytest.raises(IllegalTransition) as illegal:
                attempt.take()
            assert illegal.value.fields["state"] == str(state)
        elif attempt.side not in edge.actors:
            with pytest.raises(WrongSide) as wrong:
                attempt.take()
            assert wrong.value.fields["sides"].split("/") == sorted(map(str, edge.actors))
        else:
            assert attempt.take().state == edge.to, attempt


@pytest.mark.parametrize(("table", "state"), CASES)
def test_what_is_offered_can_be_done_and_what_cannot_is_not_offered(
    table: StateTable[Any, Any, Side], state: Any
) -> None:
    for attempt in _tries(table, state):
        if attempt.side is Side.SYSTEM:
            continue
        desk, row = attempt.desk()
        shown = {
            item.action
            for item in allowed(desk.facts(), desk.view)
            if item.machine == table.name and item.target_id == row.id
        }
        if str(attempt.action) in shown:
            attempt.take()


def test_a_final_state_is_the_end() -> None:
    for table in MACHINES:
        for state in table.final:
            assert table.actions(state) == []


def test_every_state_can_be_reached_and_every_other_left() -> None:
    for table in MACHINES:
        reached = {table.initial}
        while True:
            more = {edge.to for state, _, edge in table if state in reached} - reached
            if not more:
                break
            reached |= more
        assert reached == set(STATES[table.name]), table.name
        leavable = {state for state, _, edge in table if edge.to is not state}
        assert set(STATES[table.name]) - leavable <= {
            *table.final,
            OfferState.WITHDRAWN,
            LegState.HANDED_OVER,
        }, table.name
