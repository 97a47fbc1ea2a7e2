"""From stored cases to rows of the board."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import queries as pages
from duty.escalation.schemas import ReachCounts
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral import policies
from referral.models import ReferralRow
from referral.readmodel.board import Action, BoardRow, PatientRef
from referral.repository import CaseRows
from referral.rules.allowed import URGENCY, Allowed, allowed
from referral.rules.facts import CaseFacts, Viewpoint, sides
from referral.rules.waiting import waiting
from referral.states import LegState, ReferralState, Side
from registry.facilities import queries as facilities
from registry.facilities.schemas import FacilityRef
from registry.pregnancies import queries as pregnancies
from registry.pregnancies.queries import CaseSubject

_OWNERS = {(machine, action): owners for machine, action, owners in URGENCY}
_SIDES = (Side.RECEIVER, Side.ORIGIN, Side.CREW, Side.COORDINATOR, Side.ADMIN)


@dataclass(frozen=True, slots=True)
class Around:
    """What rows need besides the cases, read once for all of them."""

    places: Mapping[FacilityId, FacilityRef]
    subjects: Mapping[CaseId, CaseSubject]
    reach: Mapping[CaseId, ReachCounts]
    lacking: Mapping[CaseId, list[str]]


async def around(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    cases: Sequence[CaseRows],
    named: Collection[UUID] = (),
) -> Around:
    """Places (also those in `named`), short names of patients, reach, and whom pages lack."""
    wanted: set[FacilityId] = set()
    for case in cases:
        row = case.referral
        wanted |= {
            FacilityId(id_)
            for id_ in (row.origin_id, row.receiver_id, row.lead_facility_id)
            if id_ is not None
        }
        wanted |= {FacilityId(offer.facility_id) for offer in case.offers}
        wanted |= {FacilityId(offer.onward_id) for offer in case.offers if offer.onward_id}
    wanted |= {FacilityId(id_) for id_ in named}
    ids = [CaseId(case.referral.id) for case in cases]
    return Around(
        places=await facilities.get_many(session, wanted),
        subjects=await pregnancies.subjects(session, clock, viewer, sealer, ids),
        reach=await pages.reach(session, ids),
        lacking=await pages.lacking(session, ids),
    )


def view_of(case: CaseRows, viewer: Viewer) -> Viewpoint:
    """How the viewer stands to the case."""
    return policies.viewpoint(
        viewer, coordinates=case.coordinates, rides=case.rides, stands_for=case.stands_for
    )


def row_fields(case: CaseRows, facts: CaseFacts, view: Viewpoint, others: Around) -> dict[str, Any]:
    """Everything a board row says; a whole case says it too."""
    row = case.referral
    step = waiting(facts)
    items = allowed(facts, view)
    return {
        "id": row.id,
        "number": row.number,
        "state": ReferralState(row.state),
        "direction": row.direction,
        "acuity": row.acuity,
        "condition": row.condition,
        "risk_colour": row.risk_colour,
        "purple": row.purple,
        "subject": row.subject,
        "patient": _patient(others.subjects.get(CaseId(row.id))),
        "origin": place(others, row.origin_id),
        "receiver": None if row.receiver_id is None else place(others, row.receiver_id),
        "oldest_unanswered_at": step.since,
        "waiting_for": step.code,
        "reach": others.reach.get(CaseId(row.id), ReachCounts()),
        "lacking": others.lacking.get(CaseId(row.id), []),
        "eta": _eta(case),
        "sent_at": row.sent_at,
        "created_at": row.created_at,
        "version": row.version,
        "drill": row.drill,
        "demo": row.demo,
        "my_side": _my_side(facts, view),
        "to_act": any(_mine_to_do(item, facts) for item in items),
        "allowed": [action(item, row) for item in items],
    }


def board_row(case: CaseRows, viewer: Viewer, others: Around) -> BoardRow:
    """One line of the board."""
    return BoardRow(**row_fields(case, case.facts(), view_of(case, viewer), others))


def place(others: Around, facility_id: UUID) -> FacilityRef:
    """A facility by name; one that is unknown keeps its id."""
    known = others.places.get(FacilityId(facility_id))
    return known or FacilityRef(facility_id, "—", "—", "township")


def _patient(subject: CaseSubject | None) -> PatientRef:
    """Identity closed to the viewer: a blank, not a refusal (the commission's view)."""
    if subject is None:
        return PatientRef(name_short="*", age=None, gestation_days=None)
    return PatientRef(
        name_short=subject.name_short, age=subject.age, gestation_days=subject.gestation_days
    )


def _eta(case: CaseRows) -> datetime | None:
    over = (LegState.ARRIVED, LegState.HANDED_OVER, LegState.DIED_IN_TRANSIT)
    return next((leg.eta for leg in reversed(case.legs) if leg.state not in over), None)


def _my_side(facts: CaseFacts, view: Viewpoint) -> str:
    receivers = facts.receivers | {offer.facility_id for offer in facts.offers}
    mine = sides(facts, view, receivers)
    if Side.ORIGIN in mine and facts.origin_id in view.facility_ids:
        return "origin"
    return next((str(side) for side in _SIDES if side in mine), "observer")


def _mine_to_do(item: Allowed, facts: CaseFacts) -> bool:
    owners = _OWNERS.get((item.machine, item.action))
    if owners is None or item.side not in owners:
        return False
    return item.action != "add_offer" or not any(offer.live for offer in facts.offers)


_PATHS = {"referral": "referrals", "offer": "offers", "leg": "legs", "hold": "holds"}


def action(item: Allowed, row: ReferralRow) -> Action:
    """An allowed action as the client gets it, with where to send it."""
    path = f"/api/{_PATHS[item.machine]}/{item.target_id}/actions/{item.action}"
    if item.action == "add_offer":
        path = f"/api/referrals/{item.target_id}/offers"
    elif item.action == "complete_record":
        path = f"/api/referrals/{item.target_id}/record"
    return Action(
        machine=item.machine,  # type: ignore[arg-type]
        target_id=item.target_id,
        action=item.action,
        path=path,
        version=row.version,
        number=item.number,
        primary=item.primary,
        danger=item.danger,
        needs=list(item.needs),
    )
