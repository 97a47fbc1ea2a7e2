"""Writing a change into the roster: shifts are superseded and written anew, never altered.

Lock order: the request, then the places by number, then the people by id. Everything that made
the change possible is looked at again here, under these locks: who stands there, titles, leave,
double booking.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes.errors import PersonGone, RestTooShort, ShiftMoved
from duty.changes.rules import Stint
from duty.rosters import fitness, recording
from duty.rosters import repository as rosters
from duty.rosters.errors import PersonBusy
from duty.rosters.recording import Assignment, Recording
from duty.rosters.repository import SlotRow
from kernel.errors import NotFound
from kernel.ids import PersonId, ShiftId
from kernel.viewer import Viewer
from registry.people import queries as people

ORIGINS = {"swap": "swap", "substitute": "cover", "takeover": "takeover"}
"""Why a shift was written, by the kind of change; see the roster's own origins."""

_QUEUE_PERSON = text("SELECT pg_advisory_xact_lock(7283019, hashtext(CAST(:person AS text)))")
_STANDS = text("SELECT id FROM shift WHERE id = ANY(:ids) AND status = 'active'")
_BUSY = text(
    "SELECT id FROM shift WHERE person_id = :person_id AND status = 'active'"
    " AND exclusive AND during && tstzrange(:start, :end) AND NOT (id = ANY(:besides)) LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Reassignment:
    """`person_id` stands where and when `stint` says, instead of its holder."""

    stint: Stint
    person_id: PersonId
    origin: str


async def place(session: AsyncSession, stint: Stint) -> SlotRow:
    """The slot of a stint."""
    found = await rosters.slot(session, stint.slot_id)
    if found is None:
        raise NotFound()
    return found


async def may_stand(
    session: AsyncSession,
    slot: SlotRow,
    person_id: PersonId,
    start: datetime,
    end: datetime,
    *,
    besides: Sequence[ShiftId] = (),
) -> None:
    """Whether somebody may fill a place in a period.

    Args:
        besides: shifts that they give away in the same change.

    Raises:
        PersonGone: they have left.
        TitleTooLow, PersonUnfit, PersonOnLeave: they may not, or are away.
        PersonBusy: another place needs them whole at that time.
    """
    if await people.gone(session, [person_id]):
        raise PersonGone()
    await fitness.must_fit(session, [Assignment(slot, person_id, (start, end))])
    if not slot.exclusive:
        return
    busy = await session.execute(
        _BUSY, {"person_id": person_id, "start": start, "end": end, "besides": list(besides)}
    )
    if busy.one_or_none() is not None:
        raise PersonBusy()


async def must_rest(
    session: AsyncSession,
    slot: SlotRow,
    change: Reassignment,
    rest: timedelta,
    *,
    besides: Sequence[ShiftId] = (),
) -> None:
    """Whether `rest` lies between this duty and the person's others that need them whole.

    Raises:
        RestTooShort: another duty ends or begins too near.
    """
    if not slot.exclusive or not rest:
        return
    values = {
        "person_id": change.person_id,
        "start": change.stint.start - rest,
        "end": change.stint.end + rest,
        "besides": list(besides),
    }
    if (await session.execute(_BUSY, values)).one_or_none() is not None:
        raise RestTooShort(hours=f"{rest / timedelta(hours=1):g}")


async def reassign(
    session: AsyncSession,
    viewer: Viewer,
    changes: Sequence[Reassignment],
    now: datetime,
    *,
    rest: timedelta = timedelta(0),
) -> list[ShiftId]:
    """Carry out all of `changes` or none; returns the new shifts in their order.

    Args:
        rest: what must lie between two duties of one person; who takes over now asks for none.

    Raises:
        ShiftMoved: a shift no longer stands as it did when the change was asked for.
        PersonGone, TitleTooLow, PersonUnfit, PersonOnLeave, PersonBusy: see `may_stand`.
        RestTooShort: see `must_rest`.
    """
    slots = {one.stint.slot_id: await place(session, one.stint) for one in changes}
    await recording.queue_up(session, list(slots.values()))
    for person_id in sorted({one.person_id for one in changes}):
        await session.execute(_QUEUE_PERSON, {"person": str(person_id)})
    given = [one.stint.shift.id for one in changes]
    stands = await session.execute(_STANDS, {"ids": given})
    if {row.id for row in stands} != set(given):
        raise ShiftMoved()
    for one in changes:
        slot, stint = slots[one.stint.slot_id], one.stint
        await may_stand(session, slot, one.person_id, stint.start, stint.end, besides=given)
        await must_rest(session, slot, one, rest, besides=given)
    (origin,) = {one.origin for one in changes}
    by = None if viewer.is_process else viewer.person_id
    assignments = [
        Assignment(slots[one.stint.slot_id], one.person_id, (one.stint.start, one.stint.end))
        for one in changes
    ]
    return await recording.record(session, assignments, Recording(origin, by, now), replace=True)
