"""Near-miss: found by rules whenever something becomes known, confirmed or rejected by a person."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, new_id
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from referral.aftermath.commands import CriticalFacts, Decide
from referral.aftermath.errors import AlreadyDecided, NothingEntered, NotMaternal, ReasonNeeded
from referral.aftermath.models import ProposalRow, VerdictRow
from referral.aftermath.near_miss import CRITERIA, Findings
from referral.aftermath.repository import AftermathRepository
from referral.commands.fields import Act, Vitals
from referral.errors import PhysicianDecides, WrongSide
from referral.models import RecordRow, ReferralRow
from referral.repository import CaseRepository, CaseRows
from referral.rules.facts import sides
from referral.service.ask import tell
from referral.service.desk import Desk, at_desk

CRITICAL = "critical"
"""Where a record entry keeps what was entered as `CriticalFacts`."""

LABS = ("hb_g_per_l", "plt_10e9_per_l", "fibrinogen_g_per_l")
DECIDERS = (Role.EXPERT, Role.COORDINATOR, Role.REFERRING_CLINICIAN)

RELEVANT = frozenset(
    {
        "referral.requested",
        "referral.record_completed",
        "referral.closed",
        "referral.guided_ended",
        "leg.reported",
        "leg.deteriorated",
        "leg.handover_signed",
        "observation.recorded",
        "observations.recorded",
    }
)
"""Events after which more may be known about her."""


async def record_critical(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: CriticalFacts
) -> CaseId:
    """What happened to her that no monitor tells: units given, ventilation, hysterectomy.

    Raises:
        NothingEntered: the form came empty.
        NotMaternal: the case transfers a newborn alone.
        WrongSide: the viewer does not treat her.
        TimelineFrozen: she died.
    """
    given = {name: value for name, value in msgspec.to_builtins(order).items() if value is not None}
    async with _desk(session, clock, viewer, case_id) as desk:
        if not given:
            raise NothingEntered()
        _must_be_maternal(desk.rows.referral)
        _must_treat(desk, "critical_facts")
        desk.remember("completion", {CRITICAL: given})
        await desk.write("near_miss.facts_recorded", {"fields": sorted(given)})
        await session.flush()  # the evaluation reads the record
        await _propose(desk)
    return desk.case_id


async def evaluate(session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID) -> bool:
    """Look at what is known now; True if there is a new proposal. Repeats change nothing."""
    try:
        rows = await CaseRepository(session, viewer).get(case_id)
    except NotFound:  # voided since
        return False
    if not _applies(rows, clock) or not await _news(session, viewer, rows.referral):
        return False
    async with _desk(session, clock, viewer, case_id) as desk:
        return await _propose(desk)


def _applies(rows: CaseRows, clock: Clock) -> bool:
    case = rows.referral
    maternal = case.subject != "newborn" and case.direction == "up"
    return maternal and not rows.facts().frozen and case.simulated == clock.simulated


async def _news(session: AsyncSession, viewer: Viewer, case: ReferralRow) -> Findings | None:
    """Findings that nobody has been asked about; None if there are none."""
    found = await findings(session, viewer, case)
    known = await AftermathRepository(session, viewer).proposals(case.id)
    asked = {bytes(row.fingerprint) for row in known}
    return found if found.fired and found.fingerprint not in asked else None


def _desk(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID
) -> AbstractAsyncContextManager[Desk]:
    act = Act(version=0)
    return at_desk(session, clock, viewer, case_id, act, check_version=False, bump=False)


async def _propose(desk: Desk) -> bool:
    found = await _news(desk.session, desk.viewer, desk.rows.referral)
    if found is None:
        return False
    row = ProposalRow(
        id=new_id(),
        case_id=desk.case_id,
        ruleset=found.ruleset,
        fingerprint=found.fingerprint,
        criteria=[{"code": item.code, "values": dict(item.values)} for item in found.fired],
        proposed_at=desk.moment.entered_at,
    )
    desk.session.add(row)
    codes = [item.code for item in found.fired]
    facts = {"proposal_id": row.id, "criteria": codes, "ruleset": found.ruleset}
    await desk.write("near_miss.proposed", facts, auto=True)
    case = desk.rows.referral
    ends = [id_ for id_ in (case.receiver_id, case.origin_id) if id_ is not None]
    await tell(desk, "near_miss.proposed", ends[:1], {})
    return True


async def findings(session: AsyncSession, viewer: Viewer, case: ReferralRow) -> Findings:
    """What the criteria say about everything that was ever recorded in this case."""
    record = await CaseRepository(session, viewer).record(case.id)
    return CRITERIA.over(standing(case, record), moments(record))


def standing(case: ReferralRow, record: Sequence[RecordRow]) -> dict[str, object]:
    """What stays true once it was: entered facts, each as it was said last."""
    known: dict[str, object] = {"condition": case.condition}
    for entry in record:
        known |= entry.data.get(CRITICAL) or {}
    return known


def moments(record: Sequence[RecordRow]) -> list[dict[str, object]]:
    """Vital signs and laboratory values, one set per entry: any one of them may be the worst."""
    found = []
    for entry in record:
        seen: dict[str, object] = {
            name: entry.data[name] for name in LABS if entry.data.get(name) is not None
        }
        if entry.data.get("vitals"):
            seen |= _vitals(entry.data["vitals"])
        if seen:
            found.append(seen)
    return found


def _vitals(raw: Mapping[str, Any]) -> dict[str, object]:
    signs = msgspec.convert(raw, Vitals)
    return {
        name: value
        for name in signs.__struct_fields__
        if (value := getattr(signs, name)) is not None
    }


async def decide(
    session: AsyncSession, clock: Clock, viewer: Viewer, proposal_id: UUID, order: Decide
) -> CaseId:
    """A person's word on a proposal; why somebody rejects stays off the chain.

    Raises:
        NotFound: no such proposal, or not open to the viewer.
        AlreadyDecided: somebody was faster.
        ReasonNeeded: a rejection without one.
        PhysicianDecides: a duty desk or crew wants to decide.
        WrongSide: the viewer neither treats nor coordinates.
    """
    repository = AftermathRepository(session, viewer)
    proposal = await repository.proposal(proposal_id)
    if order.verdict == "rejected" and not order.reason:
        raise ReasonNeeded()
    async with _desk(session, clock, viewer, proposal.case_id) as desk:
        _must_treat(desk, "decide")
        if not viewer.has(*DECIDERS):
            raise PhysicianDecides(action="decide")
        said = await repository.verdicts([proposal.id])
        if proposal.id in said:
            raise AlreadyDecided(verdict=said[proposal.id].verdict)
        row = VerdictRow(
            proposal_id=proposal.id,
            case_id=proposal.case_id,
            verdict=order.verdict,
            reason=order.reason,
            at=clock.now(),
            person_id=viewer.person_id,
            facility_id=viewer.facility_id,
        )
        session.add(row)
        criteria = [item["code"] for item in proposal.criteria]
        facts = {"proposal_id": proposal.id, "criteria": criteria, "ruleset": proposal.ruleset}
        await desk.write(f"near_miss.{order.verdict}", facts)
    return desk.case_id


def _must_treat(desk: Desk, action: str) -> None:
    facts = desk.facts()
    asked = frozenset(offer.facility_id for offer in facts.offers)
    if not desk.viewer.has(*CLINICAL_ROLES) or not sides(facts, desk.view, facts.receivers | asked):
        raise WrongSide(action=action, sides="origin/receiver/coordinator")


def _must_be_maternal(case: ReferralRow) -> None:
    if case.subject == "newborn":
        raise NotMaternal()
