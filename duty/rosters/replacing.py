"""Somebody has a place instead of somebody else from this moment on: pages follow.

The roster is written already; pages that ring the one replaced must ring the new one too.
"""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters.oncall import Shift
from kernel import outbox
from kernel.clock import Clock
from kernel.ids import PersonId, ShiftId

TAKEN_OVER = "duty.taken_over"
"""Outbox topic: pages that ring the person replaced must ring the new one too."""

LOOK_AGAIN = (timedelta(0), timedelta(seconds=5), timedelta(seconds=35))
"""A page that read the roster just before, and commits just after, is found by a later look: no
transaction lives longer than its statement's time limit."""


async def ring_instead(
    session: AsyncSession,
    clock: Clock,
    replaced: Shift,
    person_id: PersonId,
    shift_id: ShiftId,
    at: datetime,
) -> None:
    """Have pages that ring the holder of `replaced` ring `person_id` too, now and a little later.

    Args:
        shift_id: the new shift, by which they have the place since `at`.
    """
    if clock.simulated:
        return
    payload = {
        "slot_id": str(replaced.slot_id),
        "instead_of": str(replaced.person_id),
        "person_id": str(person_id),
        "shift_id": str(shift_id),
    }
    for number, pause in enumerate(LOOK_AGAIN):
        key = f"{shift_id}:{number}"
        await outbox.enqueue(session, TAKEN_OVER, payload, key=key, available_at=at + pause)
