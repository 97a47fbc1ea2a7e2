"""Commands on rosters. What has been is never changed: a shift is superseded and split at now."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import repository
from duty.rosters.errors import ShiftInThePast, ShiftOverlaps, TitleTooLow
from duty.rosters.oncall import DutyTier
from duty.rosters.policies import may_edit
from duty.rosters.repository import NewShift, SlotRow
from duty.rosters.rules import Period, remainders, title_suffices
from kernel.clock import Clock
from kernel.database import constraint_of
from kernel.errors import BadInput, NotFound
from kernel.ids import FacilityId, GroupId, PersonId, ShiftId, SlotId
from kernel.viewer import Viewer
from registry.people import queries as people


async def create_group(
    session: AsyncSession, viewer: Viewer, *, facility_id: FacilityId, code: str, name: str
) -> GroupId:
    """Found an expert group at a facility."""
    may_edit(viewer, facility_id)
    return await repository.insert_group(session, facility_id, code, name)


async def create_slot(
    session: AsyncSession,
    viewer: Viewer,
    *,
    facility_id: FacilityId,
    group_id: GroupId,
    specialty: str,
    tier: DutyTier,
    min_title: str | None = None,
    required: bool = True,
) -> SlotId:
    """Add a place that somebody must fill to a group of the facility."""
    may_edit(viewer, facility_id)
    return await repository.insert_slot(
        session, facility_id, group_id, specialty, tier, min_title, required
    )


async def put_shift(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    *,
    slot_id: SlotId,
    person_id: PersonId,
    start: datetime,
    end: datetime,
) -> ShiftId:
    """Put somebody on a free place of the roster.

    Raises:
        ShiftInThePast: the period begins before now.
        ShiftOverlaps: somebody fills part of it; `cover` replaces them.
        TitleTooLow: the slot asks for a higher title.
    """
    row, now = await _prepared(session, clock, viewer, slot_id, person_id, (start, end))
    if start < now:
        raise ShiftInThePast()
    return await _insert(session, row, person_id, (start, end), "plan", viewer, now)


async def cover(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    *,
    slot_id: SlotId,
    person_id: PersonId,
    start: datetime,
    end: datetime,
) -> ShiftId:
    """Somebody takes over a period (替班), from now on if it has begun.

    Shifts in the way are superseded; what they keep, before and after, is written anew. The past
    keeps the person who was on call, and the old rows keep what was believed when.

    Raises:
        ShiftInThePast: the period is over.
        TitleTooLow: the slot asks for a higher title.
    """
    row, now = await _prepared(session, clock, viewer, slot_id, person_id, (start, end))
    period = (max(start, now), end)
    if period[0] >= period[1]:
        raise ShiftInThePast()
    for old in await repository.supersede(session, row.slot_no, period, now):
        for kept in remainders((old.start, old.end), period):
            await _insert(session, row, old.person_id, kept, "split", viewer, now, old.id)
    return await _insert(session, row, person_id, period, "cover", viewer, now)


async def _prepared(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    slot_id: SlotId,
    person_id: PersonId,
    period: Period,
) -> tuple[SlotRow, datetime]:
    if period[0] >= period[1]:
        raise BadInput(field="to", reason="end_before_start")
    row = await repository.slot(session, slot_id)
    if row is None:
        raise NotFound()
    may_edit(viewer, row.facility_id)
    person = await people.get(session, person_id)
    if not title_suffices(person.title, row.min_title):
        raise TitleTooLow(min_title=row.min_title, title=person.title)
    await repository.queue_up(session, row.slot_no)
    now = clock.now() if clock.simulated else await repository.database_now(session)
    return row, now


async def _insert(
    session: AsyncSession,
    row: SlotRow,
    person_id: PersonId,
    period: Period,
    origin: str,
    viewer: Viewer,
    now: datetime,
    supersedes: ShiftId | None = None,
) -> ShiftId:
    shift = NewShift(
        slot_id=row.slot.id,
        slot_no=row.slot_no,
        person_id=person_id,
        start=period[0],
        end=period[1],
        origin=origin,
        recorded_by=None if viewer.is_process else viewer.person_id,
        recorded_at=now,
        supersedes_id=supersedes,
    )
    try:
        return await repository.insert_shift(session, shift)
    except IntegrityError as error:
        if constraint_of(error) == "shift_one_person":
            raise ShiftOverlaps() from error
        raise
