"""Ringing one step: targets, messages and inbox items, in the caller's transaction."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes.handover import holding
from duty.escalation import audience, repository
from duty.escalation.ladder import At, Move, Target
from duty.escalation.repository import PageRow
from duty.escalation.states import PageState, ReachState
from duty.notify import inbox, outgoing
from kernel.ids import FacilityId, PersonId


async def ring(session: AsyncSession, page: PageRow, move: Move, at: datetime) -> list[PersonId]:
    """Write the targets of `move`, open the case to them and put the page before them.

    Made-up time (a generated past) records whom it would have rung, and rings nobody.
    """
    people: list[PersonId] = []
    move = await _with_outgoing(session, move, at)
    if move.targets:
        people = await repository.add_targets(session, page, move.step, move.targets, at)
    if page.simulated:
        return people
    for facility_id, those in _by_house(page, move.targets, people).items():
        await outgoing.queue(
            session,
            page_id=page.id,
            step=move.step,
            case_id=page.case_id,
            facility_id=facility_id,
            level=page.level,
            people=those,
        )
    if people:
        await inbox.post(session, people, "page", page.case_id, page_facts(page, move.step))
    if move.skipped or move.unfilled:
        await _alarm(session, page, move, at)
    return people


async def _with_outgoing(session: AsyncSession, move: Move, at: datetime) -> Move:
    """Where a handover is not accepted yet, whoever had the place before is rung as well."""
    shifts = [one.shift_id for one in move.targets if one.shift_id is not None]
    held = await holding.held(session, shifts, at)
    rings = {one.person_id for one in move.targets}
    also = [
        replace(one, person_id=old.person_id, shift_id=old.shift_id)
        for one in move.targets
        if one.shift_id is not None and (old := held.get(one.shift_id)) is not None
        if old.person_id not in rings
    ]
    return replace(move, targets=(*move.targets, *also)) if also else move


def _by_house(
    page: PageRow, targets: Sequence[Target], people: Collection[PersonId]
) -> dict[FacilityId, list[PersonId]]:
    """A house's own webhook serves those on its roster."""
    houses: dict[FacilityId, list[PersonId]] = {}
    for target in targets:
        if target.person_id in people:
            house = target.facility_id or page.facility_id
            houses.setdefault(house, []).append(target.person_id)
    return houses


def whence(move: Move) -> dict[str, object]:
    """What a record adds when it was not simply the house's own roster."""
    facts: dict[str, object] = {}
    if move.at is not At.OWN:
        facts["upper_facility_id"] = move.targets[0].facility_id
    if move.unfilled:
        facts["unfilled"] = list(move.unfilled)
    return facts


def page_facts(page: PageRow, step: int) -> dict[str, object]:
    """What a page says: level and case number, never who the patient is."""
    return {
        "page_id": page.id,
        "facility_id": page.facility_id,
        "from_facility_id": page.from_facility_id,
        "event": page.event,
        "level": page.level,
        "title": page.title,
        "drill": page.drill,
        "step": step,
    }


def moved(
    person_id: PersonId, state: ReachState, page: PageState | None = None
) -> dict[str, object]:
    """What an update says: who stands where now, and the page if that moved too."""
    facts: dict[str, object] = {"person_id": person_id, "state": str(state)}
    if page is not None:
        facts["page_state"] = str(page)
    return facts


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
    """A step or a needed specialty without people is a hole in the roster: its desk and the
    sender hear of it now."""
    people = await audience.desk(session, page.facility_id, at)
    people |= await audience.sender_side(session, page, at)
    await inbox.post(
        session,
        people,
        "notice",
        page.case_id,
        {
            "code": _hole(move),
            "page_id": page.id,
            "facility_id": page.facility_id,
            "title": page.title,
            "steps": list(move.skipped),
            "specialties": list(move.unfilled),
        },
    )


def _hole(move: Move) -> str:
    if not move.targets:
        return "duty.nobody_on_call"
    return "duty.step_empty" if move.skipped else "duty.specialty_empty"
