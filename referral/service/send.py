"""A case comes into being: drafted, sent, arrived by herself, or sent back down."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import outbox, parties
from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import CaseId, FacilityId, PregnancyId, new_id
from kernel.parties import PartyRole
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral import policies
from referral.commands.on_case import BackRefer, Send
from referral.commands.sending import SelfArrival, SendReferral
from referral.errors import (
    ConditionUnknown,
    DestinationUnknown,
    Incomplete,
    NoOriginFacility,
)
from referral.models import ReferralRow, SnapshotRow
from referral.repository import CaseRepository, CaseRows
from referral.rules.conditions import CATALOGUE
from referral.service.ask import designated_for_origin, make_offer, tell
from referral.service.choose import ranked
from referral.service.consent import consent_row
from referral.service.desk import Desk, Moment, at_desk, moment
from referral.service.duplicates import refuse_duplicate
from referral.service.observe import observe
from referral.service.snapshot import freeze
from referral.states import ReferralAction, ReferralState
from registry.facilities import queries as facilities
from registry.pregnancies import queries as pregnancies
from registry.pregnancies import service as registry
from registry.pregnancies.access import Purpose
from registry.pregnancies.schemas import PregnancyOut


async def send_referral(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    order: SendReferral,
    *,
    demo: bool | None = None,
) -> CaseId:
    """Open a case and, unless it is a draft, send it (1): snapshot, chain, offers, page step 0.

    Args:
        demo: marks a synthetic case; default: whether the viewer is a demo account.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
        Incomplete: consent (or its emergency waiver) is missing.
        NoDesignatedCentre: no destination is named and nobody answers for the area.
        BadInput: a draft names destinations, which only sending asks for.
    """
    if order.destinations and not order.send:
        raise BadInput(field="destinations", reason="草稿不保存接收单位 / a draft keeps none")
    origin = _origin(viewer)
    desk, woman = await _open(
        session, clock, viewer, sealer, order, origin=origin, opened_by=origin, demo=demo
    )
    desk.rows.referral.consent = order.consent
    desk.rows.referral.needs_neonatal = order.needs_neonatal
    if order.send:
        await _send(desk, woman, order.destinations)
    else:
        await desk.write("referral.drafted", {"condition": order.condition})
    await session.flush()  # constraints refuse here, while the command can still be named
    return desk.case_id


async def send_draft(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    case_id: UUID,
    order: Send,
) -> CaseId:
    """Send a draft (1)."""
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        case = desk.rows.referral
        case.consent = order.consent or case.consent
        woman = await pregnancies.open_pregnancy(
            session,
            clock,
            viewer,
            sealer,
            PregnancyId(case.pregnancy_id),
            purpose=Purpose.CASE,
            case_id=desk.case_id,
        )
        await _send(desk, woman, order.destinations)
    return desk.case_id


def _origin(viewer: Viewer) -> FacilityId:
    if viewer.facility_id in viewer.facility_ids:
        return viewer.facility_id
    if len(viewer.facility_ids) == 1:
        return next(iter(viewer.facility_ids))
    raise NoOriginFacility()


async def _open(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    order: SendReferral | SelfArrival,
    *,
    origin: FacilityId,
    opened_by: FacilityId,
    demo: bool | None,
    changes: Mapping[str, Any] | None = None,
) -> tuple[Desk, PregnancyOut]:
    """The case row as a draft, its first party, whose it is, and what was said first."""
    if order.condition not in CATALOGUE:
        raise ConditionUnknown(condition=order.condition)
    when = moment(clock, order.event_at, order.late_reason)
    case_id = CaseId(new_id())
    region = await facilities.region_of(session, opened_by)
    await parties.add_facility(session, case_id, opened_by, PartyRole.ORIGIN, region)
    if origin != opened_by:
        region = await facilities.region_of(session, origin)
        await parties.add_facility(session, case_id, origin, PartyRole.ORIGIN, region)
    pregnancy_id = PregnancyId(order.pregnancy_id)
    woman = await pregnancies.open_pregnancy(
        session, clock, viewer, sealer, pregnancy_id, purpose=Purpose.CASE, case_id=case_id
    )
    await registry.link_case(session, viewer, case_id, pregnancy_id)
    row = _draft(clock, viewer, order, case_id, woman, when)
    row.number = await CaseRepository(session, viewer).next_number(when.at)
    row.origin_id, row.origin_region_id = origin, region
    row.demo = viewer.demo if demo is None else demo
    for name, value in (changes or {}).items():
        setattr(row, name, value)
    session.add(row)
    await session.flush()  # records and offers refer to the case
    view = policies.viewpoint(viewer, coordinates=False, rides=False)
    desk = Desk(session, clock, viewer, CaseRows(row), when, view)
    vitals = None if order.vitals is None else msgspec.to_builtins(order.vitals)
    desk.remember("first", {"reason": order.reason, "vitals": vitals})
    await observe(desk, order.vitals)
    return desk, woman


def _draft(
    clock: Clock,
    viewer: Viewer,
    order: SendReferral | SelfArrival,
    case_id: CaseId,
    woman: PregnancyOut,
    when: Moment,
) -> ReferralRow:
    return ReferralRow(
        id=case_id,
        state=ReferralState.DRAFT,
        version=1,
        direction="up",
        patient_id=woman.patient_id,
        pregnancy_id=woman.id,
        subject=order.subject,
        condition=order.condition,
        acuity=order.acuity,
        risk_colour=order.risk_colour,
        purple=order.purple,
        needs_neonatal=False,
        cots_needed=woman.plurality or 1,
        drill=order.drill,
        simulated=clock.simulated,
        created_by=viewer.person_id,
        created_at=when.at,
        team_travelling=False,
        needs_review=False,
    )


async def _send(desk: Desk, woman: PregnancyOut, destinations: list[UUID]) -> None:
    """Draft → open with everything that follows, in the caller's transaction."""
    case = desk.rows.referral
    if case.consent is None:
        raise Incomplete(missing="consent")
    await refuse_duplicate(desk)
    side = desk.move_case(ReferralAction.SEND)
    case.sent_at = desk.at
    if case.direction == "up":
        desk.session.add(consent_row(desk, case.consent))
    await _freeze(desk, woman)
    await desk.write("referral.requested", requested_facts(case), side=side)
    for facility_id in list(dict.fromkeys(destinations)) or await _whom_to_ask(desk):
        await make_offer(desk, facility_id)


async def _whom_to_ask(desk: Desk) -> list[UUID]:
    """Nobody named a destination: the rules do (`candidates.toml`).

    Raises:
        NoDesignatedCentre: nobody answers for where she is; then a person chooses.
    """
    await designated_for_origin(desk)
    await desk.session.flush()  # the search reads the snapshot
    return (await ranked(desk)).first()


def requested_facts(case: ReferralRow) -> dict[str, object]:
    """What the chain's first milestone says: codes only."""
    return {
        "number": case.number,
        "origin_facility": case.origin_id,
        "acuity": case.acuity,
        "condition": case.condition,
        "subject": case.subject,
        "risk_colour": case.risk_colour,
        "purple": case.purple,
        "direction": case.direction,
        "consent": case.consent,
        "drill": case.drill,
        "demo": case.demo,
    }


async def _freeze(desk: Desk, woman: PregnancyOut) -> None:
    record = await CaseRepository(desk.session, desk.viewer).record(desk.case_id)
    sbar = await freeze(desk, woman, record)
    desk.session.add(
        SnapshotRow(case_id=desk.case_id, taken_at=desk.at, sbar=msgspec.to_builtins(sbar))
    )


async def arrive_by_herself(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, order: SelfArrival
) -> CaseId:
    """A woman at the door with no offer before (21): an arrived case; the sender is told back."""
    receiver = _origin(viewer)
    origin = FacilityId(order.origin_facility_id or receiver)
    if not await facilities.get_many(session, [origin]):
        raise DestinationUnknown(facility_id=str(origin))
    desk, woman = await _open(
        session,
        clock,
        viewer,
        sealer,
        order,
        origin=origin,
        opened_by=receiver,
        demo=None,
        changes={"receiver_id": receiver},
    )
    case = desk.rows.referral
    await parties.add_facility(session, desk.case_id, receiver, PartyRole.RECEIVER)
    side = desk.move_case(ReferralAction.SELF_ARRIVE)
    case.sent_at = desk.at
    await _freeze(desk, woman)
    facts = {**requested_facts(case), "receiver_facility": receiver}
    await desk.write("referral.self_arrival", facts, side=side)
    desk.due(case, "outcome")
    if origin != receiver:
        await tell(desk, "referral.self_arrival", [origin], {"facility_id": receiver})
    await session.flush()  # constraints refuse here, while the command can still be named
    return desk.case_id


async def back_refer(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    case_id: UUID,
    order: BackRefer,
) -> CaseId:
    """Down again with plan and red flags (20): a new case that replaces the closed one."""
    async with at_desk(session, clock, viewer, case_id, order) as old:
        former = old.rows.referral
        side = old.move_case(ReferralAction.BACK_REFER)
        (has_her,) = old.facts().receivers_of(ReferralAction.BACK_REFER)
        sender = FacilityId(has_her)
        new_order = SendReferral(
            pregnancy_id=former.pregnancy_id,
            subject=former.subject,  # type: ignore[arg-type]
            condition=former.condition,
            acuity="stable",
            risk_colour=order.risk_colour,
            purple=former.purple,
            reason=order.plan,
            drill=former.drill,
            event_at=order.event_at,
            late_reason=order.late_reason,
        )
        desk, woman = await _open(
            session,
            clock,
            viewer,
            sealer,
            new_order,
            origin=sender,
            opened_by=sender,
            demo=former.demo,
            changes={"direction": "back", "replaces_id": former.id, "consent": "verbal"},
        )
        await _check_plan(session, order, woman)
        down = order.facility_id or former.origin_id
        desk.remember("plan", back_plan(order, down))
        await _send(desk, woman, [down])
        facts = {"new_case_id": desk.case_id}
        await old.write("referral.back_referred", facts, side=side)
        await outbox.enqueue(session, BACK_REFERRED, _back_referred(desk, order, down))
    return desk.case_id


BACK_REFERRED = "referral.back_referred"
"""Outbox topic: she goes back down; who keeps her file plans the follow-up."""


def back_plan(order: BackRefer, down: UUID) -> dict[str, Any]:
    """What the local unit is asked to do, as it is kept in the record."""
    return {
        "plan": order.plan,
        "red_flags": order.red_flags,
        "drugs": order.drugs,
        "risk_colour": order.risk_colour,
        "follow_up_facility_id": str(order.follow_up_facility_id or down),
        "follow_up_on": None if order.follow_up_on is None else order.follow_up_on.isoformat(),
        "newborns": msgspec.to_builtins(order.newborns),
    }


def _back_referred(desk: Desk, order: BackRefer, down: UUID) -> dict[str, Any]:
    """Ids, codes and dates: the plan's words stay in the record."""
    case = desk.rows.referral
    return {
        "case_id": str(case.id),
        "pregnancy_id": str(case.pregnancy_id),
        "facility_id": str(order.follow_up_facility_id or down),
        "follow_up_on": None if order.follow_up_on is None else order.follow_up_on.isoformat(),
        "risk_colour": order.risk_colour,
        "newborn_ids": [str(item.newborn_id) for item in order.newborns],
        "drill": case.drill,
    }


async def _check_plan(session: AsyncSession, order: BackRefer, woman: PregnancyOut) -> None:
    follow_up = order.follow_up_facility_id
    if follow_up and not await facilities.get_many(session, [FacilityId(follow_up)]):
        raise DestinationUnknown(facility_id=str(follow_up))
    hers = {child.id for child in woman.newborns}
    if any(item.newborn_id not in hers for item in order.newborns):
        raise NotFound()
