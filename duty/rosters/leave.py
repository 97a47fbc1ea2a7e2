"""Leave: it keeps people off the roster and names who stands in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import repository
from duty.rosters.policies import may_edit
from duty.rosters.replacing import ring_instead
from duty.rosters.repository import StandingShift
from duty.rosters.rules import Period
from duty.rosters.service import Wanted, moment, supersede_with
from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import FacilityId, PersonId, new_id
from kernel.viewer import Viewer
from registry.people import queries as people

Kind = Literal["annual", "sick", "maternity", "training", "compensation", "other"]
"""年休假、病假、产假、外出学习、补休、其他."""

LONGEST = timedelta(days=400)
"""A leave is recorded for at most a year and a month at once."""

_INSERT = text(
    "INSERT INTO roster_leave (id, person_id, facility_id, during, kind, substitute_id,"
    "  recorded_by, recorded_at)"
    " VALUES (:id, :person_id, :facility_id, tstzrange(:start, :end), :kind, :substitute_id,"
    "  :by, :at)"
)
_COLUMNS = (
    'SELECT id, person_id, facility_id, lower(during) AS start, upper(during) AS "end", kind,'
    "  substitute_id, recorded_by, recorded_at FROM roster_leave"
)
_BETWEEN = text(
    _COLUMNS + " WHERE facility_id = :facility_id AND cancelled_at IS NULL"
    "  AND during && tstzrange(:start, :end) ORDER BY lower(during), id"
)
_GET = text(_COLUMNS + " WHERE id = :id AND cancelled_at IS NULL FOR UPDATE")
_CANCEL = text("UPDATE roster_leave SET cancelled_by = :by, cancelled_at = :at WHERE id = :id")


@dataclass(frozen=True, slots=True)
class RecordedLeave:
    """Somebody's leave as those see it who roster there."""

    id: UUID
    person_id: PersonId
    facility_id: FacilityId
    period: Period
    kind: Kind
    substitute_id: PersonId | None
    recorded_by: PersonId | None
    recorded_at: datetime


async def record(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    *,
    person_id: PersonId,
    period: Period,
    kind: Kind,
    substitute_id: PersonId | None = None,
    hand_over: bool = False,
) -> UUID:
    """Note that somebody is away.

    Args:
        hand_over: the substitute takes over the shifts that stand in the leave, from now on, and
            pages that ring now; otherwise they stay, and show, until somebody changes them.

    Raises:
        NotFound: no such person.
        BadInput: over, or without the substitute that is to take over.
        PersonBusy, PersonOnLeave, PersonUnfit, TitleTooLow: the substitute cannot.
    """
    known = await people.get_many(session, [one for one in (person_id, substitute_id) if one])
    if person_id not in known or (substitute_id is not None and substitute_id not in known):
        raise NotFound()
    facility_id = FacilityId(known[person_id].facility_id)
    may_edit(viewer, facility_id)
    now = await moment(session, clock)
    if period[1] <= now:
        raise BadInput(field="to", reason="over")
    if substitute_id == person_id or (hand_over and substitute_id is None):
        raise BadInput(field="substitute_id", reason="needed")
    id_ = new_id()
    await session.execute(
        _INSERT,
        {
            "id": id_,
            "person_id": person_id,
            "facility_id": facility_id,
            "start": period[0],
            "end": period[1],
            "kind": kind,
            "substitute_id": substitute_id,
            "by": None if viewer.is_process else viewer.person_id,
            "at": now,
        },
    )
    if hand_over and substitute_id is not None:
        await _hand_over(session, clock, viewer, person_id, substitute_id, period)
    return id_


async def hit(session: AsyncSession, person_id: PersonId, period: Period) -> list[StandingShift]:
    """Shifts that stand although their holder is away."""
    return await repository.shifts_of_people(session, [person_id], period)


async def cancel(session: AsyncSession, clock: Clock, viewer: Viewer, leave_id: UUID) -> None:
    """The leave is off; what was handed over stays with whoever has it."""
    row = (await session.execute(_GET, {"id": leave_id})).one_or_none()
    if row is None:
        raise NotFound()
    may_edit(viewer, FacilityId(row.facility_id))
    by = None if viewer.is_process else viewer.person_id
    at = await moment(session, clock)
    await session.execute(_CANCEL, {"id": leave_id, "by": by, "at": at})


async def between(
    session: AsyncSession, facility_id: FacilityId, window: Period
) -> list[RecordedLeave]:
    """Leave of a facility's people that the viewer may see: one's own, or all for who rosters."""
    values = {"facility_id": facility_id, "start": window[0], "end": window[1]}
    return [_leave(row) for row in await session.execute(_BETWEEN, values)]


async def _hand_over(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    person_id: PersonId,
    substitute_id: PersonId,
    period: Period,
) -> None:
    now = await moment(session, clock)
    found = await hit(session, person_id, (max(period[0], now), period[1]))
    standing = [one.shift for one in found]
    wanted = [
        Wanted(
            one.slot_id,
            substitute_id,
            max(one.start, period[0], now),
            min(one.end, period[1]),
        )
        for one in standing
    ]
    rows = await repository.slots_named(session, {one.slot_id for one in wanted})
    for row in rows.values():
        may_edit(viewer, row.facility_id)
    made = []
    if wanted:
        made = await supersede_with(session, clock, viewer, wanted, origin="leave")
    for old, new, taken in zip(standing, made, wanted, strict=True):
        if taken.start <= now:
            await ring_instead(session, clock, old, substitute_id, new, now)


def _leave(row: Row[Any]) -> RecordedLeave:
    return RecordedLeave(
        row.id,
        PersonId(row.person_id),
        FacilityId(row.facility_id),
        (row.start, row.end),
        row.kind,
        row.substitute_id,
        row.recorded_by,
        row.recorded_at,
    )
