"""Who still holds a place because the one after them has not said "I have it".

`on_call` stays what it is: the roster's answer, pure and the same for everybody. A page asks here
beside it, and rings the outgoing person as well: at the hour of handover nobody falls between two.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import PersonId, ShiftId

# The newest handover of the place that has come; a former one says nothing any more.
_HELD = text(
    """
    SELECT x.shift_id, x.outgoing_id, x.outgoing_shift_id FROM (
      SELECT DISTINCT ON (h.slot_id) s.id AS shift_id, s.person_id, h.state, h.incoming_id,
             h.outgoing_id, h.outgoing_shift_id
        FROM shift s JOIN duty_handover h ON h.slot_id = s.slot_id
       WHERE s.id = ANY(:shifts) AND h.at <= :at
       ORDER BY h.slot_id, h.at DESC, h.opened_at DESC) x
     WHERE x.state = 'open' AND x.incoming_id = x.person_id
    """
)


@dataclass(frozen=True, slots=True)
class Held:
    """`person_id` had the place until its handover, and is still to be rung."""

    person_id: PersonId
    shift_id: ShiftId


async def held(
    session: AsyncSession, shifts: Collection[ShiftId], at: datetime
) -> dict[ShiftId, Held]:
    """For each of these shifts whose handover is not accepted: who still holds its place."""
    if not shifts:
        return {}
    rows = await session.execute(_HELD, {"shifts": list(shifts), "at": at})
    return {
        ShiftId(row.shift_id): Held(PersonId(row.outgoing_id), ShiftId(row.outgoing_shift_id))
        for row in rows
    }
