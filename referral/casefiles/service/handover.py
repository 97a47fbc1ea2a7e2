"""Who is responsible: assigned within a house, handed over between houses, always by name.

A hand-over goes any way (township → county → city, and back). Until somebody of the other house
takes it by name, the former owner stays responsible and every limit runs on.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel import parties
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, PersonId, new_id
from kernel.parties import PartyRole
from kernel.viewer import Viewer
from referral.casefiles.commands import (
    AcceptHandover,
    AssignOwner,
    DeclineHandover,
    ProposeHandover,
    WithdrawHandover,
)
from referral.casefiles.errors import HandoverOpen, PlaceUnknown
from referral.casefiles.models import FileHandoverRow
from referral.casefiles.rules.deadlines import first_look
from referral.casefiles.service.file_desk import at_file, at_part
from referral.casefiles.service.opening import admit, must_work_at, place
from referral.casefiles.states import FileAction, HandoverAction, HandoverState
from registry.facilities import queries as facilities


async def assign_owner(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: AssignOwner
) -> CaseId:
    """Another colleague of the same house.

    Raises:
        OwnerUnknown: no such colleague here.
    """
    async with at_file(session, clock, viewer, case_id, order) as desk:
        side = desk.move_file(FileAction.ASSIGN)
        file = desk.rows.file
        await must_work_at(session, PersonId(order.owner_id), file.facility_id, "owner_id")
        former, file.owner_id = file.owner_id, order.owner_id
        desk.remember("handover", {"assigned": str(order.owner_id), "reason": order.reason})
        facts = {"owner_person": order.owner_id, "former_person": former}
        await desk.write("casefile.assigned", facts, side=side)
        await desk.tell("casefile.assigned", {}, people_ids=[order.owner_id, former])
    return desk.case_id


async def propose_handover(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: ProposeHandover
) -> CaseId:
    """Ask another house to be responsible; it sees the file from now on.

    Raises:
        HandoverOpen: somebody is asked already.
        PlaceUnknown: no such house, or it is the one responsible.
    """
    async with at_file(session, clock, viewer, case_id, order) as desk:
        side = desk.move_file(FileAction.PROPOSE_HANDOVER)
        file = desk.rows.file
        waiting = desk.facts().proposed
        known = await facilities.get_many(session, [FacilityId(order.facility_id)])
        if waiting is not None:
            raise HandoverOpen(facility=str(waiting.to_id))
        if not known or order.facility_id == file.facility_id:
            raise PlaceUnknown(field="facility_id")
        row = FileHandoverRow(
            id=new_id(),
            case_id=desk.case_id,
            state=HandoverState.PROPOSED,
            from_id=file.facility_id,
            to_id=order.facility_id,
            from_person_id=file.owner_id,
            proposed_at=desk.now,
            proposed_by=viewer.person_id,
            step=0,
            next_at=first_look(desk.rules.escalation["handover"], desk.now),
        )
        session.add(row)
        desk.rows.handovers.append(row)
        heir = FacilityId(order.facility_id)
        await parties.add_facility(session, desk.case_id, heir, PartyRole.RECEIVER)
        desk.remember("handover", {"reason": order.reason}, row.id)
        facts = {"handover_id": row.id, "from_facility": row.from_id, "to_facility": row.to_id}
        await desk.write("casefile.handover_proposed", facts, side=side)
        await desk.tell_post("casefile.handover_proposed", facts, row.to_id)
    return desk.case_id


async def accept_handover(
    session: AsyncSession, clock: Clock, viewer: Viewer, handover_id: UUID, order: AcceptHandover
) -> CaseId:
    """Take the file by name: from here on the new house is responsible.

    Raises:
        OwnerUnknown: the person named works elsewhere.
    """
    async with at_part(session, clock, viewer, FileHandoverRow, handover_id, order) as desk:
        row, file = desk.handover(handover_id), desk.rows.file
        side = desk.move_handover(row, HandoverAction.ACCEPT)
        owner = order.owner_id or viewer.person_id
        # Named before anything is read: what is accepted has a person, also halfway.
        row.to_person_id, row.next_at = owner, None
        if owner != viewer.person_id:
            await must_work_at(session, PersonId(owner), row.to_id, "owner_id")
        row.answered_at, row.answered_by = desk.at, viewer.person_id
        former, upper = file.owner_id, file.upper_id
        file.facility_id, file.owner_id = row.to_id, owner
        await place(session, file, desk.now)
        # At the top of the network nobody stands above: the centre that agreed stays the partner.
        file.upper_id = file.upper_id or (upper if upper != file.facility_id else None)
        heir, region = FacilityId(row.to_id), file.region_id
        await parties.add_facility(
            session, desk.case_id, heir, PartyRole.ORIGIN, await facilities.region_of(session, heir)
        )
        await admit(desk)
        facts = {
            "handover_id": row.id,
            "from_facility": row.from_id,
            "to_facility": row.to_id,
            "owner_person": owner,
            "former_person": former,
            "upper_facility": file.upper_id,
            "county_facility": file.county_id,
            "region": region,
        }
        await desk.write("casefile.handover_accepted", facts, side=side)
        told = {"handover_id": row.id}
        await desk.tell("casefile.handover_accepted", told, people_ids=[former, owner], county=True)
    return desk.case_id


async def decline_handover(
    session: AsyncSession, clock: Clock, viewer: Viewer, handover_id: UUID, order: DeclineHandover
) -> CaseId:
    """Not taken; the former owner stays responsible."""
    async with at_part(session, clock, viewer, FileHandoverRow, handover_id, order) as desk:
        row = desk.handover(handover_id)
        side = desk.move_handover(row, HandoverAction.DECLINE)
        row.answered_at, row.answered_by, row.next_at = desk.at, viewer.person_id, None
        desk.remember("handover", {"declined": order.reason}, row.id)
        facts = {"handover_id": row.id, "to_facility": row.to_id}
        await desk.write("casefile.handover_declined", facts, side=side)
        people = [desk.rows.file.owner_id, row.proposed_by]
        await desk.tell("casefile.handover_declined", facts, people_ids=people, county=True)
    return desk.case_id


async def withdraw_handover(
    session: AsyncSession, clock: Clock, viewer: Viewer, handover_id: UUID, order: WithdrawHandover
) -> CaseId:
    """Not offered any more."""
    async with at_part(session, clock, viewer, FileHandoverRow, handover_id, order) as desk:
        row = desk.handover(handover_id)
        side = desk.move_handover(row, HandoverAction.WITHDRAW)
        row.answered_at, row.answered_by, row.next_at = desk.at, viewer.person_id, None
        desk.remember("handover", {"withdrawn": order.reason}, row.id)
        facts = {"handover_id": row.id, "to_facility": row.to_id}
        await desk.write("casefile.handover_withdrawn", facts, side=side)
        await desk.tell_post("casefile.handover_withdrawn", facts, row.to_id)
    return desk.case_id
