"""临时指派: the desk puts somebody on a place outside any plan, from now on if it has begun.

For gaps and sudden need, where no plan can be in time. It says why, holds at once and is approved
afterwards, as a take-over; pages that ring whoever was replaced ring the new one too.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes import repository, rulebook
from duty.changes.notices import announce
from duty.changes.repository import NewChange
from duty.changes.rules import Stint
from duty.changes.states import TAKEOVER
from duty.rosters import repository as rosters
from duty.rosters import service
from duty.rosters.oncall import Shift
from duty.rosters.replacing import ring_instead
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import ChangeId, PersonId, ShiftId, SlotId, new_id
from kernel.viewer import Viewer


async def assign(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    *,
    slot_id: SlotId,
    person_id: PersonId,
    start: datetime,
    end: datetime,
    reason: str,
    note: str | None = None,
    instead: bool = False,
) -> tuple[ChangeId, ShiftId]:
    """Put somebody on a place; the change that waits for its approval, and the new shift.

    Args:
        instead: whoever stands there is replaced; otherwise the place must be free.

    Raises:
        NotFound: no such place.
        NotAllowed: the viewer does not keep that roster.
        ShiftInThePast, ShiftOverlaps: not then.
        PersonBusy, PersonOnLeave, PersonUnfit, TitleTooLow: not this person.
    """
    row = await rosters.slot(session, slot_id)
    if row is None:
        raise NotFound()
    now = await repository.moment(session, clock)
    ahead = (max(start, now), end)
    before = [] if ahead[0] >= end else await rosters.shifts_between(session, [row], ahead)
    command = service.cover if instead else service.put_shift
    shift_id = await command(
        session, clock, viewer, slot_id=slot_id, person_id=person_id, start=start, end=end
    )
    made = await repository.shift(session, shift_id)
    assert made is not None  # noqa: S101  (it was recorded above)
    replaced = [one.shift for one in before if one.shift.person_id != person_id]
    change = await _recorded(session, viewer, made, replaced, (reason, note))
    at = made.recorded_at
    for old in replaced:
        if old.covers(at) and made.covers(at):
            await ring_instead(session, clock, old, person_id, shift_id, at)
    return change.id, shift_id


async def _recorded(
    session: AsyncSession,
    viewer: Viewer,
    made: Shift,
    replaced: Sequence[Shift],
    why: tuple[str, str | None],
) -> NewChange:
    """The request that 医务科 approves afterwards; in a gap nobody is replaced but the new one."""
    row = await rosters.slot(session, made.slot_id)
    assert row is not None  # noqa: S101  (a shift has a place)
    rule = await rulebook.choose(session, row.facility_id)
    holder = replaced[0] if replaced else made
    change = NewChange(
        id=ChangeId(new_id()),
        kind="assignment",
        state=TAKEOVER.initial,
        facility_id=row.facility_id,
        rule_id=rule.id,
        requested_by=viewer.person_id,
        requested_at=made.recorded_at,
        reason=why[0],
        note=why[1],
        given=Stint(holder, made.start, made.end),
        options=[(made.person_id, None)],
        taken_option=1,
        approve_by=made.recorded_at + rule.approve_within,
        remind_at=made.recorded_at + rule.remind_after,
    )
    await repository.insert(session, change, "assign")
    await announce(session, change.id, "assigned", 1)
    return change
