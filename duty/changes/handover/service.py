"""Commands on handovers. Whoever holds the row decides how it ends."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes.handover import repository
from duty.changes.handover.cases import OpenCase, OpenCases
from duty.changes.handover.errors import CasesChanged, HandoverEarly
from duty.changes.handover.notices import announce
from duty.changes.handover.repository import HandoverRow
from duty.changes.handover.states import HANDOVER, HandoverAction, Side
from duty.changes.policies import works_at
from duty.rosters import repository as rosters
from duty.rosters.oncall import DutyTier
from kernel.clock import Clock
from kernel.errors import NotAllowed, NotFound
from kernel.ids import CaseId, HandoverId
from kernel.viewer import Role, Viewer

HEADS = frozenset({DutyTier.LEAD, DutyTier.GENERAL_DUTY})


async def accept(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    open_cases: OpenCases,
    handover_id: HandoverId,
    *,
    case_ids: Collection[CaseId],
) -> None:
    """The incoming person has read the list and takes the duty; only they are rung from now on.

    Raises:
        CasesChanged: a case is open that was not on the list they read.
        HandoverEarly: the hour has not come.
        NotAllowed: the viewer is not the incoming person.
    """
    row, now = await _locked(session, clock, handover_id)
    if viewer.person_id != row.incoming_id:
        raise NotAllowed(reason="not_incoming")
    to = HANDOVER.edge(row.state, HandoverAction.ACCEPT).to
    if now < row.at:
        raise HandoverEarly()
    cases = await cases_now(session, viewer, open_cases)
    unread = [one for one in cases if one.case_id not in case_ids]
    if unread:
        raise CasesChanged(count=len(unread))
    await repository.keep_cases(session, row.id, cases)
    await repository.end(session, row.id, to, now, by=viewer.person_id)
    await announce(session, row.id, str(to))


async def settle(
    session: AsyncSession, clock: Clock, viewer: Viewer, handover_id: HandoverId, *, note: str
) -> None:
    """The group lead, 总值班 or whoever keeps the roster answers for the two of them.

    Raises:
        NotAllowed: the viewer is none of these.
    """
    row, now = await _locked(session, clock, handover_id)
    if Side.HEAD not in await sides(session, viewer, row, now):
        raise NotAllowed(reason="head_needed")
    to = HANDOVER.edge(row.state, HandoverAction.SETTLE).to
    if now < row.at:
        raise HandoverEarly()
    await repository.end(session, row.id, to, now, by=viewer.person_id, note=note)
    await announce(session, row.id, str(to))


async def add_note(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    open_cases: OpenCases,
    handover_id: HandoverId,
    *,
    text: str,
    case_id: CaseId | None = None,
) -> None:
    """The outgoing person (or a head) writes a line for the next one.

    Raises:
        NotFound: no such handover, or no such open case for the viewer.
        NotAllowed: the viewer is neither of the two nor a head.
    """
    row, now = await _locked(session, clock, handover_id)
    if not await sides(session, viewer, row, now):
        raise NotAllowed(reason="not_your_handover")
    if case_id is not None and all(
        one.case_id != case_id for one in await open_cases(session, viewer)
    ):
        raise NotFound()
    await repository.add_note(session, row.id, viewer.person_id, case_id, text, now)


async def cases_now(session: AsyncSession, viewer: Viewer, open_cases: OpenCases) -> list[OpenCase]:
    """What is open at the viewer's facility, with the pages that ring."""
    found = await open_cases(session, viewer)
    houses = viewer.facility_ids | {viewer.facility_id}
    ringing = await repository.ringing(session, houses)
    return [replace(one, pages=ringing.get(one.case_id, 0)) for one in found]


async def sides(
    session: AsyncSession, viewer: Viewer, row: HandoverRow, at: datetime
) -> frozenset[Side]:
    """On which sides of a handover the viewer stands."""
    found = set()
    if viewer.person_id == row.incoming_id:
        found.add(Side.INCOMING)
    if viewer.person_id == row.outgoing_id:
        found.add(Side.OUTGOING)
    if await _is_head(session, viewer, row, at):
        found.add(Side.HEAD)
    return frozenset(found)


async def _is_head(session: AsyncSession, viewer: Viewer, row: HandoverRow, at: datetime) -> bool:
    if viewer.person_id == row.incoming_id or not works_at(viewer, row.facility_id):
        return False
    if viewer.has(Role.COORDINATOR, Role.DUTY_DESK):
        return True
    roster = await rosters.roster(session, row.facility_id, at)
    return any(one.person_id == viewer.person_id and one.slot.tier in HEADS for one in roster)


async def _locked(
    session: AsyncSession, clock: Clock, handover_id: HandoverId
) -> tuple[HandoverRow, datetime]:
    row = await repository.lock(session, handover_id)
    if row is None:
        raise NotFound()
    return row, clock.now() if clock.simulated else row.now
