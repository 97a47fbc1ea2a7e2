"""Commands on rosters. What has been is never changed: a shift is superseded and split at now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import fitness, recording, repository
from duty.rosters.errors import ShiftInThePast
from duty.rosters.oncall import DutyTier
from duty.rosters.policies import may_edit
from duty.rosters.recording import Assignment, Recording
from duty.rosters.repository import SlotRow, SlotTerms
from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import FacilityId, GroupId, PersonId, ShiftId, SlotId
from kernel.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody is to fill a place from `start` until just before `end`."""

    slot_id: SlotId
    person_id: PersonId
    start: datetime
    end: datetime


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
    exclusive: bool | None = None,
    qualification: str | None = None,
    founded_at: datetime | None = None,
) -> SlotId:
    """Add a place that somebody must fill to a group of the facility.

    Args:
        exclusive: who fills it can be nowhere else; by default every tier but 三线.
        founded_at: before this moment the place does not exist and is no gap; None for ever.
    """
    may_edit(viewer, facility_id)
    alone = tier is not DutyTier.THIRD if exclusive is None else exclusive
    terms = SlotTerms(min_title, required, alone, qualification)
    return await repository.insert_slot(
        session, facility_id, group_id, specialty, tier, terms, founded_at
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
        PersonBusy, PersonOnLeave, PersonUnfit, TitleTooLow: not this person, not then.
    """
    (assignment,), now = await _prepared(session, clock, [Wanted(slot_id, person_id, start, end)])
    may_edit(viewer, assignment.row.facility_id)
    await fitness.must_fit(session, [assignment])
    if start < now:
        raise ShiftInThePast()
    said = Recording("plan", _author(viewer), now)
    (shift_id,) = await recording.record(session, [assignment], said, replace=False)
    return shift_id


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

    Raises:
        ShiftInThePast: the period is over.
        PersonBusy, PersonOnLeave, PersonUnfit, TitleTooLow: not this person, not then.
    """
    row = await repository.slot(session, slot_id)
    if row is not None:
        may_edit(viewer, row.facility_id)
    wanted = [Wanted(slot_id, person_id, start, end)]
    (shift_id,) = await supersede_with(session, clock, viewer, wanted, origin="cover")
    return shift_id


async def supersede_with(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    wanted: Sequence[Wanted],
    *,
    origin: str,
    plan_id: UUID | None = None,
    fit: bool = True,
) -> list[ShiftId]:
    """Put people on places whoever stands there, from now on where the period has begun.

    The caller has decided that `viewer` may. Shifts in the way are superseded; what they keep,
    before and after, is written anew. The past keeps the person who was on call, and the old rows
    keep what was believed when. All of `wanted` happens together, so two people may change places.

    Args:
        origin: cover, swap, takeover, leave or import; see the table's own list.
        fit: False where a sudden need goes before titles, qualifications and leave.

    Raises:
        ShiftInThePast: a period is over.
        ShiftOverlaps: `wanted` itself claims a place twice.
        PersonBusy: somebody would be in two exclusive places at once.
        PersonOnLeave, PersonUnfit, TitleTooLow: not this person, not then.
    """
    assignments, now = await _prepared(session, clock, wanted)
    ahead = [
        Assignment(one.row, one.person_id, (max(one.period[0], now), one.period[1]))
        for one in assignments
    ]
    if any(one.period[0] >= one.period[1] for one in ahead):
        raise ShiftInThePast()
    if fit:
        await fitness.must_fit(session, ahead)
    said = Recording(origin, _author(viewer), now, plan_id)
    return await recording.record(session, ahead, said, replace=True)


async def moment(session: AsyncSession, clock: Clock) -> datetime:
    """By which clock shifts are recorded: the database's, or that of a story."""
    return clock.now() if clock.simulated else await repository.database_now(session)


async def _prepared(
    session: AsyncSession, clock: Clock, wanted: Sequence[Wanted]
) -> tuple[list[Assignment], datetime]:
    """The places with their writers queued up, and the moment after the queue."""
    if any(one.start >= one.end for one in wanted):
        raise BadInput(field="to", reason="end_before_start")
    rows = await _places(session, wanted)
    await recording.queue_up(session, list(rows.values()))
    assignments = [
        Assignment(rows[one.slot_id], one.person_id, (one.start, one.end)) for one in wanted
    ]
    return assignments, await moment(session, clock)


async def _places(session: AsyncSession, wanted: Sequence[Wanted]) -> dict[SlotId, SlotRow]:
    rows = await repository.slots_named(session, {one.slot_id for one in wanted})
    if any(one.slot_id not in rows for one in wanted):
        raise NotFound()
    return rows


def _author(viewer: Viewer) -> PersonId | None:
    return None if viewer.is_process else viewer.person_id
