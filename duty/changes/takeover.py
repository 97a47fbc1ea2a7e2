"""突发替班: somebody on duty falls ill; a colleague takes over with one press, from this moment.

The shift is split at now, so the past keeps who was on call. Colleagues hear of it at once, pages
that ring the person replaced ring the new one too, and 医务科 approves afterwards.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes import applying, policies, repository, rulebook
from duty.changes.applying import Reassignment
from duty.changes.errors import NothingToSwap, NotOnDutyNow
from duty.changes.notices import announce
from duty.changes.repository import NewChange
from duty.changes.rules import Stint
from duty.changes.states import TAKEOVER
from duty.rosters.replacing import ring_instead
from kernel.clock import Clock
from kernel.errors import NotAllowed, NotFound
from kernel.ids import ChangeId, ShiftId, new_id
from kernel.viewer import Viewer


async def take_over(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    *,
    shift_id: ShiftId,
    reason: str,
    note: str | None = None,
) -> ChangeId:
    """The viewer stands in for whoever has the shift, from now until its end.

    Raises:
        NotOnDutyNow: the shift does not run now, or no longer stands.
        NothingToSwap: it is the viewer's own.
        NotAllowed: the viewer does not work at the facility.
        ShiftMoved: a colleague was faster.
        PersonGone, TitleTooLow, PersonUnfit, PersonOnLeave, PersonBusy: the viewer may not
            stand there.
    """
    shift = await repository.shift(session, shift_id)
    if shift is None:
        raise NotFound()
    now = await repository.moment(session, clock)
    if shift.superseded_at is not None or not shift.covers(now):
        raise NotOnDutyNow()
    if shift.person_id == viewer.person_id:
        raise NothingToSwap(reason="same_person")
    stint = Stint(shift, now, shift.end)
    slot = await applying.place(session, stint)
    if not policies.works_at(viewer, slot.facility_id):
        raise NotAllowed(reason="not_your_facility")
    rule = await rulebook.choose(session, slot.facility_id)
    taking = [Reassignment(stint, viewer.person_id, applying.ORIGINS["takeover"])]
    (new_shift,) = await applying.reassign(session, viewer, taking, now)
    change = NewChange(
        id=ChangeId(new_id()),
        kind="takeover",
        state=TAKEOVER.initial,
        facility_id=slot.facility_id,
        rule_id=rule.id,
        requested_by=viewer.person_id,
        requested_at=now,
        reason=reason,
        note=note,
        given=stint,
        options=[(viewer.person_id, None)],
        taken_option=1,
        approve_by=now + rule.approve_within,
        remind_at=now + rule.remind_after,
    )
    await repository.insert(session, change, "take_over")
    await announce(session, change.id, "taken_over", 1)
    await ring_instead(session, clock, shift, viewer.person_id, new_shift, now)
    return change.id
