"""What becomes known after sending: the record, notes, moments on the green-channel clock."""

from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId, new_id
from kernel.viewer import Viewer
from referral.commands.fields import Act
from referral.commands.on_case import AddNote, CompleteRecord, Milestone
from referral.errors import Incomplete, WrongMoment, WrongSide
from referral.models import NoteRow
from referral.rules.facts import sides
from referral.service.desk import Desk, at_desk
from referral.service.observe import observe
from referral.states import LIVE_REFERRAL, ReferralAction, ReferralState

_ENVELOPE = ("version", "event_at", "late_reason")


async def complete_record(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: CompleteRecord
) -> CaseId:
    """Add to the record; what stood before stays readable, the frozen snapshot never changes."""
    async with at_desk(session, clock, viewer, case_id, order) as desk:
        side = desk.move_case(ReferralAction.COMPLETE_RECORD)
        given = {
            name: value
            for name, value in msgspec.to_builtins(order).items()
            if value is not None and name not in _ENVELOPE
        }
        if not given:
            raise Incomplete(missing="record")
        desk.remember("completion", given)
        await observe(desk, order)
        await desk.write("referral.record_completed", {"fields": sorted(given)}, side=side)
    return desk.case_id


async def add_note(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: AddNote
) -> CaseId:
    """A line in the conversation; everybody who sees the case clinically may write one."""
    act = Act(version=0)
    async with at_desk(
        session, clock, viewer, case_id, act, check_version=False, bump=False
    ) as desk:
        if desk.rows.referral.state not in (*LIVE_REFERRAL, ReferralState.CLOSED):
            raise WrongMoment(machine="referral", action="note")
        row = NoteRow(
            id=new_id(),
            case_id=desk.case_id,
            at=desk.at,
            person_id=viewer.person_id,
            facility_id=viewer.facility_id,
            text=order.text,
        )
        session.add(row)
        await desk.write("referral.note", {"note_id": row.id})
    return desk.case_id


async def add_milestone(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: Milestone
) -> CaseId:
    """A moment told by a person: counted apart from what machines saw.

    Raises:
        Incomplete: a decision for caesarean without its urgency class.
        WrongSide: the viewer treats her on neither side.
        WrongMoment: the case is not sent, or its timeline is frozen.
    """
    act = Act(version=0, event_at=order.at, late_reason=order.late_reason)
    async with at_desk(
        session, clock, viewer, case_id, act, check_version=False, bump=False
    ) as desk:
        must_treat(desk, "milestone")
        state = desk.rows.referral.state
        if state not in (*LIVE_REFERRAL, ReferralState.CLOSED) or state == ReferralState.DRAFT:
            raise WrongMoment(machine="referral", action=order.kind)
        if order.kind == "decision_for_cs" and order.urgency_class is None:
            raise Incomplete(missing="urgency_class")
        facts: dict[str, object] = {"supplement": True}
        for name in ("urgency_class", "place", "anaesthesia"):
            if (value := getattr(order, name)) is not None:
                facts[name] = value
        if order.note:
            desk.remember("completion", {"milestone": order.kind, "milestone_note": order.note})
        await desk.write(f"milestone.{order.kind}", facts)
    return desk.case_id


def must_treat(desk: Desk, action: str) -> None:
    """Refuse somebody who stands on no side of the case.

    Raises:
        WrongSide: the viewer treats her on neither side.
    """
    facts = desk.facts()
    if not sides(facts, desk.view, facts.receivers):
        raise WrongSide(action=action, sides="origin/receiver/crew/coordinator")
