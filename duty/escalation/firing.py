"""Ringing one step: targets, messages and inbox items, in the caller's transaction."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import audience, repository
from duty.escalation.ladder import Move
from duty.escalation.repository import PageRow
from duty.notify import inbox, outgoing
from kernel import parties
from kernel.ids import PersonId
from kernel.parties import PartyRole


async def ring(session: AsyncSession, page: PageRow, move: Move, at: datetime) -> list[PersonId]:
    """Write the targets of `move`, open the case to them and put the page before them.

    Made-up time (a generated past) records whom it would have rung, and rings nobody.
    """
    people: list[PersonId] = []
    if move.targets:
        people = await repository.add_targets(session, page, move.step, move.targets, at)
    for person_id in people:
        await parties.add_person(session, page.case_id, person_id, PartyRole.EXPERT)
    if page.simulated:
        return people
    if people:
        await outgoing.queue(
            session,
            page_id=page.id,
            step=move.step,
            case_id=page.case_id,
            facility_id=page.facility_id,
            people=people,
        )
        await inbox.post(session, people, "page", page.case_id, page_facts(page, move.step))
    if move.skipped:
        await _alarm(session, page, move, at)
    return people


def page_facts(page: PageRow, step: int) -> dict[str, object]:
    """What a page says: level and case number, never who the patient is."""
    return {
        "page_id": page.id,
        "facility_id": page.facility_id,
        "from_facility_id": page.from_facility_id,
        "event": page.event,
        "level": page.level,
        "title": page.title,
        "step": step,
    }


async def tell(
    session: AsyncSession,
    page: PageRow,
    at: datetime,
    facts: dict[str, object],
    *,
    also: "set[PersonId] | frozenset[PersonId]" = frozenset(),
) -> None:
    """Let the sender's side (and `also`) see the new state of the page at once."""
    if page.simulated:
        return
    people = await audience.sender_side(session, page, at) | also
    data: dict[str, object] = {"page_id": page.id, "facility_id": page.facility_id, "at": at}
    await inbox.post(session, people, "page_update", page.case_id, data | facts)


async def _alarm(session: AsyncSession, page: PageRow, move: Move, at: datetime) -> None:
    """A step without people is a hole in the roster: its desk and the sender hear of it now."""
    people = await audience.desk(session, page.facility_id, at)
    people |= await audience.sender_side(session, page, at)
    await inbox.post(
        session,
        people,
        "notice",
        page.case_id,
        {
            "code": "duty.step_empty" if move.targets else "duty.nobody_on_call",
            "page_id": page.id,
            "facility_id": page.facility_id,
            "title": page.title,
            "steps": list(move.skipped),
        },
    )
